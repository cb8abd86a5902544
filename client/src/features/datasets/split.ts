// The split of a dataset as a person edits it, and as the server wants it.
import type { Split } from "@/lib/wire";

export interface SplitTexts {
  kind: Split["kind"];
  /** Empty means auto. */
  fraction: string;
  seed: string;
  documentId: string;
}

export const emptySplit: SplitTexts = { kind: "fraction", fraction: "", seed: "", documentId: "" };
const HIGHEST_SEED = 2 ** 31 - 1;

/** The split, or what is wrong with it by field. `trainedOn` cannot be measured on as well. */
export function readSplit({ kind, fraction, seed, documentId }: SplitTexts, trainedOn: readonly string[]): { value: Split | null; errors: Record<string, string> } {
  if (kind === "document") {
    const usable = documentId !== "" && !trainedOn.includes(documentId);
    return usable
      ? { value: { kind, document_id: documentId }, errors: {} }
      : { value: null, errors: { "split.document_id": "Choose a document that is not trained on." } };
  }
  const share = autoOr(fraction.trim().replace(",", "."));
  const number = autoOr(seed.trim());
  const errors: Record<string, string> = {};
  if (share !== "auto" && !(share >= 0 && share <= 0.5)) errors["split.fraction"] = "Write a number from 0 to 0.5, or leave it empty for auto.";
  if (number !== "auto" && !(Number.isInteger(number) && number >= 0 && number <= HIGHEST_SEED)) {
    errors["split.seed"] = `Write a whole number from 0 to ${HIGHEST_SEED}, or leave it empty for auto.`;
  }
  return { value: Object.keys(errors).length > 0 ? null : { kind, fraction: share, seed: number }, errors };
}

function autoOr(text: string): number | "auto" {
  return text === "" || text === "auto" ? "auto" : Number(text);
}

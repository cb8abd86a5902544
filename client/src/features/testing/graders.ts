// The ways to grade an answer, in words, and what can be set about each. Which one fits is the server's to find; this is for changing it.
import { readScore } from "@/lib/scores";
import type { Grader } from "@/lib/wire";

export type GraderKind = Grader["kind"];

interface GraderWords {
  kind: GraderKind;
  name: string;
  /** One sentence: what counts. */
  means: string;
  needs: "score" | "answer" | "nothing";
}

export const GRADERS: readonly GraderWords[] = [
  { kind: "score", name: "Score", means: "The model gives a score, and what counts is how far it is from the one you expect.", needs: "score" },
  { kind: "exact", name: "Same answer", means: "Right when the answer is the expected text and nothing else.", needs: "answer" },
  { kind: "contains", name: "Contains", means: "Right when the expected text stands somewhere in the answer.", needs: "answer" },
  { kind: "numeric", name: "Number", means: "Right when the last number of the answer is close enough to the expected one.", needs: "answer" },
  { kind: "choice", name: "One of several", means: "Right when the model finds the expected choice likelier than the others.", needs: "answer" },
  { kind: "chrf", name: "Similar wording", means: "How much of the expected text's letters and words the answer has. Good for free text.", needs: "answer" },
  { kind: "rouge_l", name: "Same words in order", means: "How many of the expected words the answer has, in the same order. Good for summaries.", needs: "answer" },
  { kind: "regex", name: "Pattern", means: "Right when a regular expression is found in the answer.", needs: "answer" },
  { kind: "json_schema", name: "JSON", means: "Right when the answer is JSON that fits a schema. No expected answer is needed.", needs: "nothing" },
];

export function graderName(kind: GraderKind): string {
  return GRADERS.find((one) => one.kind === kind)?.name ?? kind;
}

export function graderMeans(kind: GraderKind): string {
  return GRADERS.find((one) => one.kind === kind)?.means ?? "";
}

/** A grader as a person edits it: everything is text, or a switch. */
export interface GraderTexts {
  kind: GraderKind;
  lowest: string;
  highest: string;
  step: string;
  readAs: "mean" | "mode";
  /** How a score is written in the answer that is read; stays as it was found. */
  writtenAs: string;
  tolerance: string;
  choices: string;
  pattern: string;
  schema: string;
  ignoreCase: boolean;
}

const EMPTY: Omit<GraderTexts, "kind"> = {
  lowest: "0",
  highest: "10",
  step: "1",
  readAs: "mean",
  writtenAs: "{score}",
  tolerance: "0",
  choices: "",
  pattern: "",
  schema: '{\n  "type": "object"\n}',
  ignoreCase: true,
};

/** How a grader is edited; one kind alone starts from what is usual. */
export function graderTexts(grader: Grader): GraderTexts {
  const texts: GraderTexts = { ...EMPTY, kind: grader.kind };
  switch (grader.kind) {
    case "score":
      return { ...texts, lowest: String(grader.lowest), highest: String(grader.highest), step: String(grader.step), readAs: grader.read_as, writtenAs: grader.written_as };
    case "numeric":
      return { ...texts, tolerance: String(grader.tolerance) };
    case "choice":
      return { ...texts, choices: grader.choices.join("\n") };
    case "regex":
      return { ...texts, pattern: grader.pattern ?? "", ignoreCase: grader.ignore_case };
    case "json_schema":
      return { ...texts, schema: JSON.stringify(grader.json_schema, null, 2) };
    case "exact":
    case "contains":
      return { ...texts, ignoreCase: grader.ignore_case };
    default:
      return texts;
  }
}

export type GraderField = Exclude<keyof GraderTexts, "kind" | "readAs" | "writtenAs" | "ignoreCase">;
export type GraderErrors = Partial<Record<GraderField, string>>;

const MOST_SCORES = 201;

/** The grader, or what is wrong with it by field. */
export function readGrader(texts: GraderTexts): { value: Grader | null; errors: GraderErrors } {
  const { kind, ignoreCase } = texts;
  switch (kind) {
    case "score":
      return readScale(texts);
    case "numeric": {
      const tolerance = readScore(texts.tolerance);
      if (!tolerance.ok || (tolerance.value ?? 0) < 0) return { value: null, errors: { tolerance: "Write 0 or a number above it." } };
      return right({ kind, tolerance: tolerance.value ?? 0, relative: false });
    }
    case "choice": {
      const choices = texts.choices.split("\n").map((line) => line.trim()).filter((line) => line !== "");
      if (choices.length < 2) return { value: null, errors: { choices: "Write at least two choices, each on a line of its own." } };
      if (new Set(choices.map((one) => one.toLowerCase())).size < choices.length) return { value: null, errors: { choices: "Two of the choices are the same." } };
      return right({ kind, choices });
    }
    case "regex":
      return right({ kind, pattern: texts.pattern === "" ? null : texts.pattern, ignore_case: ignoreCase });
    case "json_schema": {
      const schema = jsonObject(texts.schema);
      return schema === null ? { value: null, errors: { schema: "This is no JSON object." } } : right({ kind, json_schema: schema });
    }
    case "exact":
    case "contains":
      return right({ kind, ignore_case: ignoreCase });
    case "chrf":
    case "rouge_l":
      return right({ kind });
  }
}

function readScale({ lowest, highest, step, readAs, writtenAs }: GraderTexts): { value: Grader | null; errors: GraderErrors } {
  const [low, high, each] = [readScore(lowest), readScore(highest), readScore(step)];
  const errors: GraderErrors = {};
  if (!low.ok || low.value === null) errors.lowest = "Write the lowest score.";
  if (!high.ok || high.value === null) errors.highest = "Write the highest score.";
  if (!each.ok || each.value === null || each.value <= 0) errors.step = "Write a number above 0.";
  if (Object.keys(errors).length > 0 || !low.ok || !high.ok || !each.ok) return { value: null, errors };
  const [from, to, by] = [low.value ?? 0, high.value ?? 0, each.value ?? 1];
  if (from >= to) return { value: null, errors: { highest: "This must be above the lowest score." } };
  const steps = (to - from) / by;
  if (Math.abs(steps - Math.round(steps)) > 1e-6 * Math.max(1, steps)) return { value: null, errors: { step: "The highest score must be a whole number of steps above the lowest." } };
  if (Math.round(steps) + 1 > MOST_SCORES) return { value: null, errors: { step: `These are more than ${MOST_SCORES} different scores. Write a larger step.` } };
  return right({ kind: "score", lowest: from, highest: to, step: by, read_as: readAs, written_as: writtenAs });
}

function right(value: Grader): { value: Grader; errors: GraderErrors } {
  return { value, errors: {} };
}

function jsonObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** "0 to 10", "within 0.5": what is set about it, for one line. */
export function graderSettings(grader: Grader): string {
  switch (grader.kind) {
    case "score":
      return `from ${grader.lowest} to ${grader.highest} in steps of ${grader.step}`;
    case "numeric":
      return grader.tolerance > 0 ? `within ${grader.tolerance}` : "exactly";
    case "choice":
      return grader.choices.join(", ");
    default:
      return "";
  }
}

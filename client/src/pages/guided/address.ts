// The four steps of the guided workflow as they stand in the address, so that a reload or a kept link goes on where one was.
import { ids, text } from "@/lib/search";

export const STEPS = ["guide", "train", "test", "report"] as const;
export type Step = (typeof STEPS)[number];

export interface GuidedSearch {
  step?: Step;
  /** Ids with commas between them. */
  guide?: string;
  /** Other documents to learn from. */
  document?: string;
  dataset?: string;
  job?: string;
  /** What the model is tested with, before it is a test set: single documents, or a table. */
  submission?: string;
  table?: string;
  "test-set"?: string;
  /** NEW_TEST: another one than the job's own is being made. */
  evaluation?: string;
  report?: string;
}

export const NEW_TEST = "new";
export const MOST_GUIDES = 20;
export const MOST_DOCUMENTS = 30;
/** More would make an address longer than servers take; a table holds thousands. */
export const MOST_SUBMISSIONS = 100;
/** In the place of their ids: all that are here. */
export const ALL_SUBMISSIONS = "all";

export function guidedSearch(search: Record<string, unknown>): GuidedSearch {
  const step = STEPS.find((one) => one === search.step);
  return {
    ...(step && { step }),
    ...ids(search, "guide", MOST_GUIDES),
    ...ids(search, "document", MOST_DOCUMENTS),
    ...text(search, "dataset"),
    ...text(search, "job"),
    ...ids(search, "submission", MOST_SUBMISSIONS),
    ...text(search, "table"),
    ...text(search, "test-set"),
    ...text(search, "evaluation"),
    ...text(search, "report"),
  };
}

/** The step that an address is at; one that names none is at the last for which it has something. */
export function stepOf(search: GuidedSearch): Step {
  if (search.step) return search.step;
  if (search.report) return "report";
  if (search.evaluation || search["test-set"] || search.submission || search.table) return "test";
  return search.job || search.dataset ? "train" : "guide";
}

export type Change = { [K in keyof GuidedSearch]?: GuidedSearch[K] | undefined };

/** What hangs on each part: another guide is another dataset, another dataset another job, and so on. */
const FORGETS: readonly (readonly [part: keyof GuidedSearch, forgets: readonly (keyof GuidedSearch)[]])[] = [
  ["guide", ["dataset"]],
  ["document", ["dataset"]],
  ["dataset", ["job"]],
  ["job", ["evaluation", "test-set", "report"]],
  ["evaluation", ["report"]],
];

/** The address after a change; what was made of something that is another now is forgotten, unless the change says what it is. */
export function changed(search: GuidedSearch, change: Change): GuidedSearch {
  const merged: Change = { ...search, ...change };
  const forgotten = new Set<string>();
  for (const [part, forgets] of FORGETS) {
    const now = forgotten.has(part) ? undefined : merged[part];
    if (now !== search[part]) for (const one of forgets) if (!(one in change)) forgotten.add(one);
  }
  return Object.fromEntries(Object.entries(merged).filter(([key, value]) => value !== undefined && value !== "" && !forgotten.has(key))) as GuidedSearch;
}

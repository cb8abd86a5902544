// How far each of the four steps is, from what the address names and what the server says of it.
import { fractionOf } from "@/features/jobs/states";
import { countingVerdict, VERDICT_WORDS } from "@/features/testing/verdicts";
import { counted, percent } from "@/lib/format";
import { idsOf } from "@/lib/search";
import type { Evaluation, Guide, Job, Report } from "@/lib/wire";
import { NEW_TEST, type GuidedSearch, type Step } from "./address";

export type StepState = "not_begun" | "in_progress" | "done" | "attention";

export interface StepStatus {
  state: StepState;
  /** A few words for people. */
  words: string;
}

/** What is known so far; undefined while it is loading or where there is none. */
export interface Known {
  guides: readonly Guide[];
  job: Job | undefined;
  evaluation: Evaluation | undefined;
  report: Report | undefined;
}

const NOT_BEGUN: StepStatus = { state: "not_begun", words: "Not begun" };

export function statesOf(search: GuidedSearch, known: Known): Record<Step, StepStatus> {
  return { guide: guideState(search, known), train: trainState(search, known), test: testState(search, known), report: reportState(search, known) };
}

function guideState(search: GuidedSearch, { guides }: Known): StepStatus {
  const chosen = idsOf(search.guide).length;
  const empty = guides.some(({ num_passages, num_scored_items }) => num_passages + num_scored_items === 0);
  if (empty && !search.dataset && !search.job) return { state: "attention", words: "Nothing was found in a file" };
  if (search.dataset || search.job) return { state: "done", words: chosen > 0 ? counted(chosen, "guide") : "Done" };
  return chosen > 0 || search.document ? { state: "in_progress", words: "To be confirmed" } : NOT_BEGUN;
}

function trainState(search: GuidedSearch, { job }: Known): StepStatus {
  if (!search.job) return NOT_BEGUN;
  if (!job) return { state: "in_progress", words: "Loading" };
  const fraction = fractionOf(job);
  switch (job.state) {
    case "queued":
      return { state: "in_progress", words: "In line" };
    case "running":
      return { state: "in_progress", words: fraction === null ? "Running" : percent(fraction) };
    case "paused":
      return { state: "attention", words: "Paused" };
    case "failed":
      return { state: "attention", words: "Failed" };
    case "cancelled":
      return { state: "attention", words: "Cancelled" };
    case "succeeded":
      return { state: "done", words: "Done" };
  }
}

function testState(search: GuidedSearch, { evaluation }: Known): StepStatus {
  const begun = search.evaluation === NEW_TEST || search.submission || search.table || search["test-set"];
  if (!evaluation || search.evaluation === NEW_TEST) return begun || search.evaluation ? { state: "in_progress", words: "To be run" } : NOT_BEGUN;
  const comparison = evaluation.results?.comparisons[0];
  switch (evaluation.state) {
    case "queued":
    case "running": {
      const { progress } = evaluation;
      return { state: "in_progress", words: progress?.total ? percent(progress.done / progress.total) : "Running" };
    }
    case "failed":
      return { state: "attention", words: "Failed" };
    case "cancelled":
      return { state: "attention", words: "Cancelled" };
    case "succeeded":
      return { state: "done", words: comparison ? VERDICT_WORDS[countingVerdict(comparison).verdict.verdict].word : "Done" };
  }
}

function reportState(search: GuidedSearch, { report }: Known): StepStatus {
  if (!search.report) return NOT_BEGUN;
  return report ? { state: "done", words: "Made" } : { state: "in_progress", words: "Loading" };
}

/** The evaluation that the test step is about: the one in the address, or the one that began by itself when the job had succeeded. */
export function evaluationIdOf(search: GuidedSearch, job: Pick<Job, "evaluation_id"> | undefined): string | undefined {
  if (search.evaluation === NEW_TEST) return undefined;
  return search.evaluation ?? job?.evaluation_id ?? undefined;
}

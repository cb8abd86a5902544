// What several runs have in common and what not.
import type { Dataset, Job, MetricPoint } from "@/lib/wire";
import { methodName } from "@/lib/format";
import { bestOf } from "./chart-points";
import { isLoraOnly, SETTINGS, settingLabel, settingValue } from "./settings";

export interface ComparedRun {
  job: Job;
  points: readonly MetricPoint[];
  /** What it was trained on, while that is still known. */
  dataset?: Dataset | undefined;
}

/** One thing in which the runs differ, with the value of each in their order. */
export interface Difference {
  name: string;
  values: readonly string[];
}

export interface Differences {
  differing: readonly Difference[];
  /** How many were looked at and are the same everywhere. */
  numSame: number;
}

const NOTHING = "–";

/** Base, method, data and every setting that a run really used. What only LoRA knows is no difference to a run without it, but has no value there. */
export function differencesOf(runs: readonly ComparedRun[]): Differences {
  const rows: Difference[] = [
    { name: "Base model", values: runs.map(({ job }) => job.base_model) },
    { name: "Method", values: runs.map(({ job }) => methodName(job.method)) },
    { name: "Data", values: dataNames(runs) },
    ...SETTINGS.filter(({ name }) => runs.some(({ job }) => name in job.resolved)).map(({ name }) => ({
      name: settingLabel(name),
      values: runs.map(({ job }) => usedValue(job, name)),
    })),
  ];
  const differing = rows.filter(({ values }) => new Set(values).size > 1);
  return { differing, numSame: rows.length - differing.length };
}

function usedValue(job: Job, name: string): string {
  const used = job.resolved[name];
  return used === undefined || (isLoraOnly(name) && job.method !== "lora") ? NOTHING : settingValue(name, used.value);
}

/** The same content is the same data, whatever it is called. */
function dataNames(runs: readonly ComparedRun[]): string[] {
  const contents = [...new Set(runs.map(({ job }) => job.content_sha256))];
  return runs.map(({ job: { content_sha256: content } }) => {
    const named = runs.find(({ job, dataset }) => job.content_sha256 === content && dataset !== undefined)?.dataset?.name;
    return named ?? `data ${contents.indexOf(content) + 1}`;
  });
}

export interface Outcome {
  trainingLoss: number | null;
  bestValidationLoss: number | null;
  bestStep: number | null;
  lastStep: number | null;
  seconds: number | null;
}

export function outcomeOf({ points }: ComparedRun): Outcome {
  const best = bestOf(points);
  const last = points.at(-1);
  return {
    trainingLoss: points.findLast(({ loss }) => loss !== null && loss !== undefined)?.loss ?? null,
    bestValidationLoss: best?.validation_loss ?? null,
    bestStep: best?.step ?? null,
    lastStep: last?.step ?? null,
    seconds: last?.elapsed_s ?? null,
  };
}

/** One axis for all curves: every place where one of them has a value, and each curve's values there. */
export function joined(curves: readonly { x: readonly number[]; y: readonly (number | null)[] }[]): { x: number[]; columns: (number | null)[][] } {
  const x = [...new Set(curves.flatMap((curve) => curve.x))].sort((one, other) => one - other);
  const columns = curves.map((curve) => {
    const at = new Map(curve.x.map((place, index) => [place, curve.y[index] ?? null]));
    return x.map((place) => at.get(place) ?? null);
  });
  return { x, columns };
}

// A run's measurements as a table to take away: every point that is here, as measured, and what the smoothing made of its loss.
import { toCsv } from "@/lib/csv";
import type { MetricPoint } from "@/lib/wire";
import { smooth } from "./smoothing";

const COLUMNS = [
  "step",
  "elapsed_s",
  "loss",
  "validation_loss",
  "learning_rate",
  "grad_norm",
  "tokens_per_s",
  "memory_bytes",
  "cpu_percent",
  "gpu_percent",
  "reward_margin",
  "preference_accuracy",
  "validation_reward_margin",
  "validation_preference_accuracy",
] as const satisfies readonly (keyof MetricPoint)[];

/** Columns in which nothing was measured are left out. */
export function pointsCsv(points: readonly MetricPoint[], smoothing: number): string {
  const used = COLUMNS.filter((name) => points.some((point) => point[name] !== null && point[name] !== undefined));
  const smoothed = smooth(
    points.map(({ step }) => step),
    points.map(({ loss }) => loss ?? null),
    smoothing,
  );
  return toCsv(
    [...used, "loss_smoothed"],
    points.map((point, index) => [...used.map((name) => point[name]), smoothed[index]]),
  );
}

// A verdict in words and as places on a line. "Better" always points the same way, whether the metric wants to be high or low.
import type { Comparison, Metric, Verdict } from "@/lib/wire";
import type { IconName } from "@/ui/icon";
import type { Tone } from "@/ui/text";

export const VERDICT_WORDS: Record<Verdict["verdict"], { word: string; tone: Tone; icon: IconName; means: string }> = {
  improved: { word: "Improved", tone: "good", icon: "up", means: "Training made it better at this." },
  no_change: { word: "No change", tone: "neutral", icon: "equal", means: "This test cannot tell it from its base." },
  regressed: { word: "Regressed", tone: "bad", icon: "down", means: "Training made it worse at this." },
};

/** A value of a metric, with as many digits as say something. */
export function metricValue(metric: Metric, value: number | null): string {
  if (value === null) return "–";
  if (metric.name === "accuracy") return `${(value * 100).toFixed(value === 0 || value === 1 ? 0 : 1)}\u00a0%`;
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

/** How much better the tuned model is, and from where to where that may be; below 0 is worse. */
export interface Gain {
  low: number;
  middle: number;
  high: number;
}

export function gainOf({ metric, difference, interval }: Verdict): Gain {
  // 0 - x and not -x: there is no "minus nothing" for people.
  return metric.higher_is_better
    ? { low: interval.low, middle: difference, high: interval.high }
    : { low: 0 - interval.high, middle: 0 - difference, high: 0 - interval.low };
}

/** Per cent of the width of a line with 0 in its middle, on which the gain has room. */
export function onLine({ low, middle, high }: Gain): { from: number; to: number; at: number } {
  const reach = 1.15 * Math.max(Math.abs(low), Math.abs(middle), Math.abs(high)) || 1;
  const place = (value: number) => Math.round((50 + (50 * value) / reach) * 100) / 100;
  return { from: place(low), to: place(high), at: place(middle) };
}

/** "0.31 to 0.52 better", "from 0.10 worse to 0.30 better". */
export function gainWords(metric: Metric, { low, high }: Gain): string {
  const size = (value: number) => metricValue(metric, Math.abs(value));
  if (low >= 0) return `${size(low)} to ${size(high)} better`;
  if (high <= 0) return `${size(high)} to ${size(low)} worse`;
  return `from ${size(low)} worse to ${size(high)} better`;
}

/** The verdict that counts: where test items stand in the training data, the one without them. */
export function countingVerdict({ verdict, without_leaks: clean }: Comparison): { verdict: Verdict; without: boolean } {
  return clean ? { verdict: clean, without: true } : { verdict, without: false };
}

/** "half the error", said as a share where there is something to compare with. */
export function shareWords({ metric, base, tuned }: Verdict): string | null {
  if (metric.higher_is_better || base === null || tuned === null || base <= 0 || tuned >= base) return null;
  return `${Math.round((1 - tuned / base) * 100)}\u00a0% less`;
}

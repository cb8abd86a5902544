// A scored item as a person edits it, and what is wrong with it before the server is asked.
import { readScore, scoreText } from "@/lib/scores";
import type { ScoredItem, ScoredItemRequest } from "@/lib/wire";

export interface ItemTexts {
  text: string;
  score: string;
  outOf: string;
}

export const emptyItem: ItemTexts = { text: "", score: "", outOf: "" };

export function textsOf({ text, score, out_of }: Pick<ScoredItem, "text" | "score" | "out_of">): ItemTexts {
  return { text, score: scoreText(score), outOf: out_of === null ? "" : scoreText(out_of) };
}

export type ItemErrors = Partial<Record<keyof ItemTexts, string>>;

/** The item, or what is wrong with it by field. */
export function readItem({ text, score, outOf }: ItemTexts): { value: ScoredItemRequest | null; errors: ItemErrors } {
  const [points, most] = [readScore(score), readScore(outOf)];
  const errors: ItemErrors = {};
  if (text.trim() === "") errors.text = "Write what was scored.";
  if (!points.ok) errors.score = points.message;
  else if (points.value === null) errors.score = "Write its score.";
  if (!most.ok) errors.outOf = most.message;
  else if (most.value !== null && most.value <= 0) errors.outOf = "Write a number above 0.";
  else if (most.value !== null && points.ok && points.value !== null && points.value > most.value) errors.score = `This is above the highest score, ${scoreText(most.value)}.`;
  if (Object.keys(errors).length > 0 || !points.ok || !most.ok || points.value === null) return { value: null, errors };
  return { value: { text: text.trim(), score: points.value, out_of: most.value }, errors };
}

/** "0 to 10", the scale that the items are on. */
export function scaleWords({ lowest_score: low, highest_score: high }: { lowest_score: number | null; highest_score: number | null }): string {
  if (low === null || high === null) return "none";
  return low === high ? scoreText(low) : `${scoreText(low)} to ${scoreText(high)}`;
}

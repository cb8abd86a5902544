import { describe, expect, test } from "vitest";
import { readScore, scoreText } from "@/lib/scores";
import { scoredItem } from "@/test/guided-samples";
import { readItem, scaleWords, textsOf } from "./item-fields";

describe("a scored item as it is edited", () => {
  test("comes back as it was", () => {
    expect(readItem(textsOf(scoredItem))).toEqual({ value: { text: scoredItem.text, score: 3, out_of: 10 }, errors: {} });
  });

  test("needs a text and a score, no higher than the highest", () => {
    expect(readItem({ text: " ", score: "", outOf: "" }).errors).toEqual({ text: "Write what was scored.", score: "Write its score." });
    expect(readItem({ text: "a", score: "11", outOf: "10" }).errors.score).toMatch(/above the highest score, 10/);
    expect(readItem({ text: "a", score: "1", outOf: "0" }).errors.outOf).toMatch(/above 0/);
    expect(readItem({ text: "a", score: "good", outOf: "" }).errors.score).toMatch(/Write a number/);
  });

  test("may stay without a highest score", () => {
    expect(readItem({ text: "a", score: "7,5", outOf: "" }).value).toEqual({ text: "a", score: 7.5, out_of: null });
  });
});

test("scores are read with a comma or a point, and two numbers are none", () => {
  expect(readScore("7,5")).toEqual({ ok: true, value: 7.5 });
  expect(readScore("-2")).toEqual({ ok: true, value: -2 });
  expect(readScore(" ")).toEqual({ ok: true, value: null });
  expect(readScore("7/10").ok).toBe(false);
  expect(readScore("1e20").ok).toBe(false);
  expect(scoreText(7.50001)).toBe("7.5");
});

test("the scale is said as the items have it", () => {
  expect(scaleWords({ lowest_score: 3, highest_score: 8 })).toBe("3 to 8");
  expect(scaleWords({ lowest_score: 4, highest_score: 4 })).toBe("4");
  expect(scaleWords({ lowest_score: null, highest_score: null })).toBe("none");
});

import { describe, expect, test } from "vitest";
import { comparison, verdict } from "@/test/guided-samples";
import { countingVerdict, gainOf, gainWords, metricValue, onLine, shareWords } from "./verdicts";

describe("a verdict", () => {
  test("points the same way for metrics that want to be low and to be high", () => {
    expect(gainOf(verdict)).toEqual({ low: 1.1, middle: 1.8, high: 2.3 });
    const accuracy = { ...verdict, metric: { ...verdict.metric, name: "accuracy" as const, higher_is_better: true }, difference: 0.2, interval: { low: 0.1, high: 0.3 } };
    expect(gainOf(accuracy)).toEqual({ low: 0.1, middle: 0.2, high: 0.3 });
  });

  test("is said in words on both sides of nothing", () => {
    expect(gainWords(verdict.metric, { low: 1.1, middle: 1.8, high: 2.3 })).toBe("1.10 to 2.30 better");
    expect(gainWords(verdict.metric, { low: -2.3, middle: -1.8, high: -1.1 })).toBe("1.10 to 2.30 worse");
    expect(gainWords(verdict.metric, { low: -0.5, middle: 0.1, high: 0.7 })).toBe("from 0.50 worse to 0.70 better");
  });

  test("is drawn around the middle, with room at both ends", () => {
    const { from, at, to } = onLine({ low: 1.1, middle: 1.8, high: 2.3 });
    expect(from).toBeGreaterThan(50);
    expect(at).toBeGreaterThan(from);
    expect(to).toBeGreaterThan(at);
    expect(to).toBeLessThan(100);
    const around = onLine({ low: -1, middle: 0, high: 1 });
    expect(around.at).toBe(50);
    expect(around.from).toBeCloseTo(100 - around.to);
    expect(onLine({ low: 0, middle: 0, high: 0 })).toEqual({ from: 50, at: 50, to: 50 });
  });

  test("counts without the items that stand in the training data", () => {
    expect(countingVerdict(comparison)).toEqual({ verdict, without: false });
    const clean = { ...verdict, verdict: "no_change" as const };
    expect(countingVerdict({ ...comparison, without_leaks: clean })).toEqual({ verdict: clean, without: true });
  });

  test("says a smaller error as a share, and nothing where there is none", () => {
    expect(shareWords(verdict)).toMatch(/^60\s% less$/);
    expect(shareWords({ ...verdict, tuned: 3.5 })).toBeNull();
    expect(shareWords({ ...verdict, base: 0 })).toBeNull();
  });

  test("shows shares of right answers as per cent and scores with two digits", () => {
    expect(metricValue({ name: "accuracy", words: "", higher_is_better: true }, 0.745)).toMatch(/^74\.5\s%$/);
    expect(metricValue(verdict.metric, 1.234)).toBe("1.23");
    expect(metricValue(verdict.metric, null)).toBe("–");
  });
});

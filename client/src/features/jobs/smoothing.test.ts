import { describe, expect, test } from "vitest";
import { smooth } from "./smoothing";

const steps = [1, 2, 3, 4, 5];

describe("smoothing", () => {
  test("at 0 changes nothing", () => expect(smooth(steps, [5, 1, 4, 2, 3], 0)).toEqual([5, 1, 4, 2, 3]));

  test("starts at the first value, not at zero", () => expect(smooth(steps, [5, 5, 5, 5, 5], 0.9).map((one) => one?.toFixed(6))).toEqual(Array(5).fill("5.000000")));

  test("calms a noisy curve", () => {
    const values = smooth(steps, [4, 2, 4, 2, 4], 0.8);
    const spread = Math.max(...values.map(Number)) - Math.min(...values.map(Number));
    expect(spread).toBeLessThan(1.2);
  });

  test("forgets more over a longer gap", () => {
    const near = smooth([1, 2, 3, 4], [4, 4, 4, 2], 0.9).at(-1);
    const far = smooth([1, 2, 3, 30], [4, 4, 4, 2], 0.9).at(-1);
    expect(far).toBeLessThan(near ?? 0);
  });

  test("leaves absent values absent", () => expect(smooth(steps, [4, null, 2, null, 1], 0.5).map((one) => one === null)).toEqual([false, true, false, true, false]));
});

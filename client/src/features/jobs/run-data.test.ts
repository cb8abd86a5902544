import { expect, test } from "vitest";
import { addLines, addPoints } from "./run-book";

const page = (...data: object[]) => ({ object: "metrics" as const, data: data as never[], generations: [], next: 9 });

test("training and validation of one step become one point, in order of steps", () => {
  const before = { points: [], generations: [], next: 0 };
  const first = addPoints(before, page({ step: 2, elapsed_s: 2, loss: 3, validation_loss: null }, { step: 1, elapsed_s: 1, loss: 4, validation_loss: null }));
  const { points, next } = addPoints(first, page({ step: 2, elapsed_s: 3, loss: null, validation_loss: 3.5 }));
  expect(points.map(({ step, loss, validation_loss }) => [step, loss, validation_loss])).toEqual([
    [1, 4, null],
    [2, 3, 3.5],
  ]);
  expect(next).toBe(9);
});

test("lines are added behind, and nothing new keeps the same list", () => {
  const line = { cursor: 1, at: "2026-11-22T10:00:00Z", level: "info" as const, text: "one" };
  const book = addLines({ lines: [], next: 0, live: true }, { object: "log", lines: [line], next: 1, live: true });
  expect(book.lines).toEqual([line]);
  const same = addLines(book, { object: "log", lines: [], next: 1, live: false });
  expect(same.lines).toBe(book.lines);
  expect(same.live).toBe(false);
});

import { describe, expect, test } from "vitest";
import type { LogLine, MetricPoint, Metrics, SampleGeneration } from "@/lib/wire";
import { point } from "@/test/samples";
import { addEarlier, addLines, addPoints, EMPTY_BOOK, NO_METRICS } from "./run-book";

const line = (cursor: number): LogLine => ({ cursor, at: "2026-11-22T10:00:00Z", level: "info", text: `line ${cursor}` });
const cursors = ({ lines }: { lines: readonly LogLine[] }) => lines.map(({ cursor }) => cursor);

describe("the log", () => {
  test("takes each line once and in order, however often pieces overlap", () => {
    let book = addLines(EMPTY_BOOK, { lines: [line(10), line(20)], next: 20, live: true });
    book = addLines(book, { lines: [line(20), line(30)], next: 30, live: true });
    book = addLines(book, { lines: [line(10), line(20), line(30)], next: 30, live: true });
    expect(cursors(book)).toEqual([10, 20, 30]);
    expect(book.next).toBe(30);
  });

  test("never goes back, also when an answer comes late", () => {
    const book = addLines({ ...EMPTY_BOOK, lines: [line(30)], next: 30 }, { lines: [line(20)], next: 20, live: true });
    expect(cursors(book)).toEqual([30]);
    expect(book.next).toBe(30);
  });

  test("stays the same list when nothing is new", () => {
    const book = addLines(EMPTY_BOOK, { lines: [line(10)], next: 10, live: true });
    const same = addLines(book, { lines: [], next: 12, live: false });
    expect(same.lines).toBe(book.lines);
    expect(same).toMatchObject({ next: 12, live: false });
  });

  test("grows at its beginning by what was left out when it was opened", () => {
    const tail = { lines: [line(30), line(40)], start: 20, next: 40, live: false };
    const whole = addEarlier(tail, { lines: [line(10), line(20)], start: 0 });
    expect(cursors(whole)).toEqual([10, 20, 30, 40]);
    expect(whole.start).toBe(0);
    expect(addEarlier(whole, { lines: [line(10)], start: 0 })).toBe(whole);
  });
});

describe("the points", () => {
  const page = (next: number, data: MetricPoint[], rest: Partial<Metrics> = {}): Metrics => ({ object: "metrics", data, generations: [], rewound_to: null, next, ...rest });
  const said = (step: number, text: string): SampleGeneration => ({ step, prompt: "Hello", text });

  test("of training and validation at one step are one, in order of steps", () => {
    const first = addPoints(NO_METRICS, page(5, [point(2, { loss: 3 }), point(1, { loss: 4 })]));
    const { points, next } = addPoints(first, page(9, [point(2, { validation_loss: 3.5 })]));
    expect(points.map(({ step, loss, validation_loss }) => [step, loss, validation_loss])).toEqual([
      [1, 4, null],
      [2, 3, 3.5],
    ]);
    expect(next).toBe(9);
  });

  test("beyond a checkpoint that the run went back to are forgotten, with what the model wrote there", () => {
    const before = addPoints(NO_METRICS, page(50, [1, 2, 3, 4].map((step) => point(step, { loss: 10 - step })), { generations: [said(2, "Hi"), said(4, "Ho")] }));
    const after = addPoints(before, page(80, [point(3, { loss: 1 })], { rewound_to: 2, generations: [said(3, "He")] }));
    expect(after.points.map(({ step, loss }) => [step, loss])).toEqual([
      [1, 9],
      [2, 8],
      [3, 1],
    ]);
    expect(after.generations).toEqual([said(2, "Hi"), said(3, "He")]);
  });

  test("that come again change nothing", () => {
    const once = addPoints(NO_METRICS, page(50, [point(1, { loss: 3 })], { generations: [said(1, "Hi")] }));
    const twice = addPoints(once, page(50, [point(1, { loss: 3 })], { generations: [said(1, "Hi")] }));
    expect(twice).toEqual(once);
  });

  test("of an answer that comes late do not undo newer ones", () => {
    const now = addPoints(NO_METRICS, page(80, [point(1, { loss: 3 }), point(2, { loss: 2 })]));
    expect(addPoints(now, page(50, [], { rewound_to: 0 }))).toBe(now);
  });
});

import { describe, expect, test } from "vitest";
import { point } from "@/test/samples";
import { axisOf, bestOf, drawn } from "./chart-points";
import { chartSearch, searchFrom, USUAL_VIEW, viewFrom } from "./chart-view";
import { pointsCsv } from "./points-csv";

describe("the view of a chart", () => {
  test("stands in the address only where it is not as usual, and comes back from it", () => {
    expect(searchFrom(USUAL_VIEW)).toEqual({});
    const view = { smoothing: 0.9, log: true, by: "time" as const, zoom: [10, 25.5] as const };
    expect(viewFrom(chartSearch({ ...searchFrom(view) }))).toEqual(view);
  });

  test("ignores what somebody mistyped", () => expect(chartSearch({ smooth: 7, log: "yes", by: "moon", from: 9, to: 3 })).toEqual({}));
});

describe("what is drawn", () => {
  const many = Array.from({ length: 20_000 }, (_, step) => point(step, { loss: step === 7_777 ? 99 : 1 + (step % 3) }));

  test("is few points, with the extremes among them", () => {
    const seen = drawn(many.map((one, step) => (step % 1_000 === 0 ? one : { ...one, loss: one.loss! + step / 1e6 })), USUAL_VIEW);
    expect(seen.length).toBeLessThan(4_000);
    expect(seen.some(({ loss }) => loss! > 90)).toBe(true);
    expect([seen[0]!.step, seen.at(-1)!.step]).toEqual([0, 19_999]);
  });

  test("is, zoomed in, every point of that part and a neighbour on each side", () => {
    const seen = drawn(many, { by: "step", zoom: [100, 110] });
    expect([seen[0]!.step, seen.at(-1)!.step, seen.length]).toEqual([99, 111, 13]);
  });

  test("never runs backwards in time", () => expect(axisOf([point(1, { elapsed_s: 5 }), point(2, { elapsed_s: 3 })], "time")).toEqual([5, 5]));

  test("marks the lowest validation loss", () => {
    expect(bestOf([point(1)])).toBeNull();
    expect(bestOf([point(1, { validation_loss: 3 }), point(2, { validation_loss: 2 }), point(3, { validation_loss: 4 })])).toMatchObject({ step: 2, validation_loss: 2 });
  });
});

test("a run's points as CSV: what was measured, and nothing that was not", () => {
  expect(pointsCsv([point(1, { loss: 4 }), point(2, { loss: 2, validation_loss: 3 })], 0)).toBe(
    "step,elapsed_s,loss,validation_loss,loss_smoothed\r\n1,1,4,,4\r\n2,2,2,3,2\r\n",
  );
});

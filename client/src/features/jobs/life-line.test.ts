import { expect, test } from "vitest";
import { job } from "@/test/samples";
import type { JobMove } from "@/lib/wire";
import { momentsOf } from "./life-line";
import { fractionOf, windowTitle } from "./states";

const move = (state: JobMove["state"], minute: number, reason: string | null = null): JobMove => ({ state, at: `2026-11-22T10:${String(minute).padStart(2, "0")}:00Z`, reason });

test("a life tells of an interruption with its reason, and what follows", () => {
  const moments = momentsOf({
    ...job,
    history: [move("queued", 0), move("running", 1), move("queued", 5, "The trainer was killed; it goes on from step 40."), move("running", 6)],
  });
  expect(moments.map(({ word }) => word)).toEqual(["Queued", "Started", "Interrupted", "Running again", "Finished"]);
  expect(moments[1]!.note).toMatch(/^waited 1\smin$/);
  expect(moments[2]).toMatchObject({ note: "The trainer was killed; it goes on from step 40.", look: "bad" });
  expect(moments[4]!.note).toMatch(/^in 1\smin 15\ss$/);
});

test("a job from before the moves were kept has its three times", () =>
  expect(momentsOf({ ...job, state: "succeeded", finished_at: "2026-11-22T10:05:00Z" }).map(({ word }) => word)).toEqual(["Queued", "Started", "Succeeded"]));

test("the window's title says how far a job is and how long it takes", () => {
  const progress = { ...job.progress!, step: 42, num_steps: 100, eta_s: 75 };
  expect(windowTitle({ name: "Terse", state: "running", progress })).toMatch(/^42\s?%, 1\smin 15\ss left - Terse$/);
  expect(windowTitle({ name: "Terse", state: "paused", progress })).toMatch(/^42\s?% - Terse$/);
  expect(windowTitle({ name: "Terse", state: "succeeded", progress })).toBe("Terse");
});

test("nothing is whole before it is done", () => {
  const progress = { ...job.progress!, step: 100, num_steps: 100, stage_fraction: 1 };
  expect(fractionOf({ state: "running", progress })).toBe(0.99);
  expect(fractionOf({ state: "running", progress: { ...progress, step: 0 } })).toBe(0.99);
  expect(fractionOf({ state: "succeeded", progress })).toBe(1);
});

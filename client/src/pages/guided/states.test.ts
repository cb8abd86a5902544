import { describe, expect, test } from "vitest";
import type { Job } from "@/lib/wire";
import { comparison, evaluation, guide, report, verdict } from "@/test/guided-samples";
import { baseModel, job } from "@/test/samples";
import { NEW_TEST } from "./address";
import { recommended } from "./recommended";
import { evaluationIdOf, statesOf, type Known } from "./states";

const nothing: Known = { guides: [], job: undefined, evaluation: undefined, report: undefined };

describe("the four steps", () => {
  test("are not begun on an empty page", () => {
    const states = statesOf({}, nothing);
    expect(Object.values(states).map(({ state }) => state)).toEqual(["not_begun", "not_begun", "not_begun", "not_begun"]);
  });

  test("a guide is in progress until it is confirmed, and wants attention when nothing was found in it", () => {
    expect(statesOf({ guide: "gde-1" }, { ...nothing, guides: [guide] }).guide.state).toBe("in_progress");
    expect(statesOf({ guide: "gde-1" }, { ...nothing, guides: [{ ...guide, num_passages: 0, num_scored_items: 0 }] }).guide.state).toBe("attention");
    expect(statesOf({ guide: "gde-1", dataset: "dst-1" }, { ...nothing, guides: [guide] }).guide).toEqual({ state: "done", words: expect.stringMatching(/^1\sguide$/) });
  });

  test.each([
    ["queued", "in_progress"],
    ["running", "in_progress"],
    ["paused", "attention"],
    ["failed", "attention"],
    ["cancelled", "attention"],
    ["succeeded", "done"],
  ] as const)("a training that is %s is %s", (state, expected) => {
    expect(statesOf({ job: "job-1" }, { ...nothing, job: { ...job, state } as Job }).train.state).toBe(expected);
  });

  test("a running training says how far it is", () => {
    expect(statesOf({ job: "job-1" }, { ...nothing, job }).train.words).toMatch(/^42\s%$/);
  });

  test("a test says its verdict, and without items from the training data where there are some", () => {
    expect(statesOf({ evaluation: "evl-1" }, { ...nothing, evaluation }).test).toEqual({ state: "done", words: "Improved" });
    const results = { ...evaluation.results!, comparisons: [{ ...comparison, without_leaks: { ...verdict, verdict: "no_change" as const } }] };
    expect(statesOf({ evaluation: "evl-1" }, { ...nothing, evaluation: { ...evaluation, results } }).test.words).toBe("No change");
  });

  test("a test that is being put together is in progress, and a failed one wants attention", () => {
    expect(statesOf({ submission: "sub-1" }, nothing).test.state).toBe("in_progress");
    expect(statesOf({ evaluation: NEW_TEST }, { ...nothing, evaluation }).test.state).toBe("in_progress");
    expect(statesOf({ evaluation: "evl-1" }, { ...nothing, evaluation: { ...evaluation, state: "failed", results: null } }).test.state).toBe("attention");
  });

  test("a report is done when it is made", () => {
    expect(statesOf({ report: "rpt-1" }, { ...nothing, report }).report.state).toBe("done");
  });
});

test("the test step is about the test that began by itself, until another one is asked for", () => {
  expect(evaluationIdOf({}, { evaluation_id: "evl-2" })).toBe("evl-2");
  expect(evaluationIdOf({ evaluation: "evl-1" }, { evaluation_id: "evl-2" })).toBe("evl-1");
  expect(evaluationIdOf({ evaluation: NEW_TEST }, { evaluation_id: "evl-2" })).toBeUndefined();
  expect(evaluationIdOf({}, undefined)).toBeUndefined();
});

describe("the recommended model", () => {
  const scratch = { ...baseModel, id: "gpt2-scratch-1m", from_scratch: true };
  test("already speaks, and is here", () => {
    expect(recommended([scratch, { ...baseModel, id: "far", availability: "downloadable" }, baseModel])?.id).toBe(baseModel.id);
  });
  test("is one from scratch where nothing else is here, and never one's own", () => {
    expect(recommended([{ ...baseModel, id: "ft:mine" }, { ...baseModel, availability: "unavailable" }, scratch])?.id).toBe(scratch.id);
    expect(recommended([])).toBeUndefined();
  });
});

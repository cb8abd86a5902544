import { describe, expect, test } from "vitest";
import { changed, guidedSearch, MOST_SUBMISSIONS, stepOf } from "./address";

describe("the address of the guided workflow", () => {
  test("keeps what it knows and drops what does not fit", () => {
    expect(guidedSearch({ step: "test", job: "job-1", guide: "gde-1,gde-1,gde-2", nonsense: 1, report: "" })).toEqual({ step: "test", job: "job-1", guide: "gde-1,gde-2" });
    expect(guidedSearch({ step: "later" })).toEqual({});
  });

  test("never names more submissions than an address can hold", () => {
    const many = Array.from({ length: 300 }, (_, index) => `sub-${index}`).join(",");
    expect(guidedSearch({ submission: many }).submission?.split(",")).toHaveLength(MOST_SUBMISSIONS);
  });

  test("without a step is at the last one for which it has something", () => {
    expect(stepOf({})).toBe("guide");
    expect(stepOf({ guide: "gde-1" })).toBe("guide");
    expect(stepOf({ dataset: "dst-1" })).toBe("train");
    expect(stepOf({ job: "job-1" })).toBe("train");
    expect(stepOf({ job: "job-1", submission: "sub-1" })).toBe("test");
    expect(stepOf({ job: "job-1", evaluation: "evl-1" })).toBe("test");
    expect(stepOf({ job: "job-1", evaluation: "evl-1", report: "rpt-1" })).toBe("report");
    expect(stepOf({ step: "guide", report: "rpt-1" })).toBe("guide");
  });

  test("forgets what was made of something that is another now, all the way down", () => {
    const whole = { guide: "gde-1", dataset: "dst-1", job: "job-1", submission: "sub-1", "test-set": "tst-1", evaluation: "evl-1", report: "rpt-1" };
    expect(changed(whole, { guide: "gde-1,gde-2" })).toEqual({ guide: "gde-1,gde-2", submission: "sub-1" });
    expect(changed(whole, { job: undefined })).toEqual({ guide: "gde-1", dataset: "dst-1", submission: "sub-1" });
    expect(changed(whole, { evaluation: "new", "test-set": undefined })).toEqual({ guide: "gde-1", dataset: "dst-1", job: "job-1", submission: "sub-1", evaluation: "new" });
  });

  test("keeps everything when the same is confirmed again, or another step is looked at", () => {
    const whole = { guide: "gde-1", dataset: "dst-1", job: "job-1", report: "rpt-1" };
    expect(changed(whole, { dataset: "dst-1", step: "train" })).toEqual({ ...whole, step: "train" });
  });

  test("takes what a change names even when something above it changes", () => {
    expect(changed({ job: "job-1", evaluation: "evl-1" }, { job: "job-2", evaluation: "evl-2" })).toEqual({ job: "job-2", evaluation: "evl-2" });
  });
});

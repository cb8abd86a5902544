import { describe, expect, test } from "vitest";
import { GRADERS, graderTexts, readGrader, type GraderTexts } from "./graders";

const score = graderTexts({ kind: "score", lowest: 0, highest: 10, step: 1, read_as: "mean", written_as: "{score}" });
const of = (change: Partial<GraderTexts>) => readGrader({ ...score, ...change });

describe("a grader as it is edited", () => {
  test.each(GRADERS.map(({ kind }) => kind))("%s comes back as it was", (kind) => {
    const { value } = of({ kind, choices: "yes\nno" });
    expect(value?.kind).toBe(kind);
    expect(readGrader(graderTexts(value!)).value).toEqual(value);
  });

  test("a scale has its highest score above its lowest, in whole steps, and not too many", () => {
    expect(of({ lowest: "5", highest: "5" }).errors.highest).toMatch(/above the lowest/);
    expect(of({ step: "3" }).errors.step).toMatch(/whole number of steps/);
    expect(of({ highest: "1000" }).errors.step).toMatch(/larger step/);
    expect(of({ step: "0" }).errors.step).toMatch(/above 0/);
    expect(of({ lowest: "" }).errors.lowest).toBeDefined();
    expect(of({ highest: "5", step: "0,5" }).value).toEqual({ kind: "score", lowest: 0, highest: 5, step: 0.5, read_as: "mean", written_as: "{score}" });
  });

  test("choices are at least two and not the same", () => {
    expect(of({ kind: "choice", choices: "yes" }).errors.choices).toMatch(/at least two/);
    expect(of({ kind: "choice", choices: "Yes\nyes" }).errors.choices).toMatch(/the same/);
    expect(of({ kind: "choice", choices: " yes \n\nno" }).value).toEqual({ kind: "choice", choices: ["yes", "no"] });
  });

  test("a schema is a JSON object and a tolerance is no less than 0", () => {
    expect(of({ kind: "json_schema", schema: "[1]" }).value).toBeNull();
    expect(of({ kind: "numeric", tolerance: "-1" }).errors.tolerance).toBeDefined();
  });
});

import { describe, expect, test } from "vitest";
import { job, point } from "@/test/samples";
import { differencesOf, joined, outcomeOf, type ComparedRun } from "./comparison";

const run = (values: Record<string, number | string>, rest: Partial<ComparedRun["job"]> = {}, points: ComparedRun["points"] = []): ComparedRun => ({
  job: { ...job, resolved: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, reason: "" }])), ...rest },
  points,
});

describe("compared runs", () => {
  test("differ in what was set otherwise, and only in that", () => {
    const { differing, numSame } = differencesOf([run({ batch_size: 4, seed: 42 }), run({ batch_size: 8, seed: 42 })]);
    expect(differing).toEqual([{ name: "Batch size", values: ["4", "8"] }]);
    expect(numSame).toBe(4);
  });

  test("of which only one is LoRA do not differ in a rank that the other has not used", () => {
    const { differing } = differencesOf([run({ lora_r: 16 }), run({ lora_r: 16 }, { method: "full" })]);
    expect(differing.map(({ name, values }) => [name, ...values])).toEqual([
      ["Method", "LoRA", "full"],
      ["LoRA rank", "16", "–"],
    ]);
  });

  test("learned from the same data when its content is the same", () => {
    expect(differencesOf([run({}, { dataset_id: "dst-1" }), run({}, { dataset_id: "dst-2" })]).differing).toEqual([]);
    expect(differencesOf([run({}), run({}, { content_sha256: "1".repeat(64) })]).differing).toEqual([{ name: "Data", values: ["data 1", "data 2"] }]);
  });

  test("end with their last training and their best validation loss", () => {
    const points = [point(10, { loss: 3, validation_loss: 2.5 }), point(20, { loss: 2, validation_loss: 2.7 }), point(21, { elapsed_s: 63 })];
    expect(outcomeOf(run({}, {}, points))).toEqual({ trainingLoss: 2, bestValidationLoss: 2.5, bestStep: 10, lastStep: 21, seconds: 63 });
  });

  test("stand on one axis, each with its own values", () => {
    expect(joined([{ x: [1, 3], y: [5, 4] }, { x: [2, 3], y: [7, 6] }])).toEqual({
      x: [1, 2, 3],
      columns: [
        [5, null, 4],
        [null, 7, 6],
      ],
    });
  });
});

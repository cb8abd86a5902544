import { describe, expect, test } from "vitest";
import { jobState, safeNext, text } from "@/lib/search";

describe("the address to return to", () => {
  test.each(["/jobs/job-1", "/jobs?state=failed", "/"])("%s is within the page", (next) => expect(safeNext(next)).toBe(next));

  test.each(["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", undefined])("%s leads home instead", (next) =>
    expect(safeNext(next)).toBe("/"),
  );
});

test("an unknown state in the address is dropped", () => {
  expect(jobState({ state: "failed" })).toEqual({ state: "failed" });
  expect(jobState({ state: "exploded" })).toEqual({});
});

test("a search for digits stays text", () => {
  expect(text({ q: 42 }, "q")).toEqual({ q: "42" });
  expect(text({ q: "" }, "q")).toEqual({});
});

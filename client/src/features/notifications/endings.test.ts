import { beforeEach, expect, test } from "vitest";
import type { Job } from "@/lib/wire";
import { job, listOf } from "@/test/samples";
import type { Ended } from "./browser";
import { watchEndings, type Endings } from "./endings";

let ended: Ended[];
let endings: Endings;
const at = (state: Job["state"], id = "job-1"): Job => ({ ...job, id, state });

beforeEach(() => {
  ended = [];
  endings = watchEndings((one) => ended.push(one));
});

test("a job that was seen alive and then ended is told once", () => {
  endings.see(at("running"));
  endings.see(at("succeeded"));
  endings.see(at("succeeded"));
  expect(ended).toEqual([{ id: "job-1", name: "Kettle", state: "succeeded" }]);
});

test("jobs that had ended before anybody looked are old news", () => {
  endings.see({ pages: [listOf(at("failed"), at("succeeded", "job-2"))], pageParams: [null] });
  expect(ended).toEqual([]);
});

test("lists and single jobs count alike", () => {
  endings.see({ pages: [listOf(at("queued"), at("running", "job-2"))], pageParams: [null] });
  expect(endings.live()).toEqual(["job-1", "job-2"]);
  endings.see(at("cancelled", "job-2"));
  expect(ended.map(({ id }) => id)).toEqual(["job-2"]);
  expect(endings.live()).toEqual(["job-1"]);
});

test("a job that is tried again can end again", () => {
  for (const state of ["running", "failed", "queued", "running", "succeeded"] as const) endings.see(at(state));
  expect(ended.map(({ state }) => state)).toEqual(["failed", "succeeded"]);
});

test("a paused job does not end by itself, so nobody has to ask for it", () => {
  endings.see(at("paused"));
  expect(endings.live()).toEqual([]);
  endings.see(at("cancelled"));
  expect(ended).toHaveLength(1);
});

test("other answers about jobs are left alone", () => {
  for (const other of [undefined, null, "text", { lines: [], next: 0 }, { points: [], generations: [] }, { pages: "odd" }]) endings.see(other);
  expect(ended).toEqual([]);
});

import { beforeEach, expect, test } from "vitest";
import { returnedAnswer } from "@/lib/google";

const HANDOVER = "0123456789abcdef";

beforeEach(() => sessionStorage.setItem("llm-tuner-google", JSON.stringify({ handover: HANDOVER, search: "?next=%2Fjobs", invitation: "inv-1.code" })));

test("an answer that came back with the whole page brings along what was left behind", () => {
  expect(returnedAnswer(`#google=&handover=${HANDOVER}&code=tic-1`)).toEqual({ answer: { code: "tic-1" }, search: "?next=%2Fjobs", invitation: "inv-1.code" });
});

test("another browser's answer takes nobody's invitation", () => {
  expect(returnedAnswer("#google=&handover=of-somebody-else&code=tic-1")).toMatchObject({ answer: { problem: "accounts.google_lost" }, invitation: null });
});

test("an ordinary visit, with an invitation or without, is no answer", () => {
  expect(returnedAnswer("#token=inv-1.code")).toBeNull();
  expect(returnedAnswer("")).toBeNull();
});

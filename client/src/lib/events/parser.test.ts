import { expect, test } from "vitest";
import { createEventParser } from "./parser";

test("events come with their type, data and id", () => {
  expect(createEventParser().push('id: 12\nevent: log\ndata: {"a":1}\n\n')).toEqual([{ id: "12", type: "log", data: '{"a":1}' }]);
});

test("a piece may end anywhere", () => {
  const text = "id: 1\r\nevent: log\r\ndata: one\r\ndata: two\r\n\r\nid: 2\ndata: three\n\n";
  const whole = createEventParser().push(text);
  const parser = createEventParser();
  expect([...text].flatMap((letter) => parser.push(letter))).toEqual(whole);
  expect(whole).toEqual([
    { id: "1", type: "log", data: "one\ntwo" },
    { id: "2", type: "message", data: "three" },
  ]);
});

test("heartbeats and unknown fields are no events", () => {
  const parser = createEventParser();
  expect(parser.push(": still here\n\nretry: 5\nwhatever\n\n")).toEqual([]);
});

test("an event that is not whole yet waits", () => {
  const parser = createEventParser();
  expect(parser.push("data: one")).toEqual([]);
  expect(parser.push("\n")).toEqual([]);
  expect(parser.push("\n")).toEqual([{ id: "", type: "message", data: "one" }]);
});

import { expect, test } from "vitest";
import { toCsv } from "./csv";

test("commas, quotes and lines within a cell stay within it", () =>
  expect(toCsv(["a", "b"], [['one, "two"', "three\nfour"]])).toBe('a,b\r\n"one, ""two""","three\nfour"\r\n'));

test("no name is calculated by a spreadsheet", () => expect(toCsv(["=1+1"], [[null], [0]])).toBe("'=1+1\r\n\r\n0\r\n"));

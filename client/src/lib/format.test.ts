import { describe, expect, test } from "vitest";
import { ago, amount, bytes, change, counted, duration, loss, percent, setting } from "@/lib/format";

/** Hard spaces are shown as plain ones, to be read. */
const plain = (text: string) => text.replaceAll("\u00a0", " ");

describe("sizes", () => {
  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1 kB"],
    [52_340, "52.3 kB"],
    [999_700, "1 MB"],
    [10_000_000, "10 MB"],
    [2_147_483_648, "2.15 GB"],
  ])("%d bytes are %s", (value, words) => expect(plain(bytes(value))).toBe(words));

  test("have a hard space, so that number and unit stay together", () => expect(bytes(10_000_000)).toBe("10\u00a0MB"));
});

describe("amounts", () => {
  test.each([
    [4, "4"],
    [8192, "8,192"],
    [134_515_008, "135 M"],
    [1_711_376_384, "1.71 B"],
  ])("%d is %s", (value, words) => expect(plain(amount(value))).toBe(words));

  test("agree with their noun", () => {
    expect(plain(counted(1, "example"))).toBe("1 example");
    expect(plain(counted(1200, "example"))).toBe("1,200 examples");
  });
});

describe("durations", () => {
  test.each([
    [0.4, "under 1 s"],
    [42, "42 s"],
    [59.7, "1 min"],
    [250, "4 min 10 s"],
    [7500, "2 h 5 min"],
    [3600, "1 h"],
    [100_000, "1 d 3 h"],
  ])("%d s are %s", (value, words) => expect(plain(duration(value))).toBe(words));
});

describe("other numbers", () => {
  test("a share never claims to be whole before it is", () => {
    expect(plain(percent(0.999))).toBe("99 %");
    expect(plain(percent(1))).toBe("100 %");
  });

  test("an absent loss is a dash", () => {
    expect(loss(null)).toBe("–");
    expect(loss(2.34567)).toBe("2.346");
  });

  test.each([
    [0.0008, "0.0008"],
    [0.00002, "2e\u22125"],
    [0.05, "0.05"],
    [512, "512"],
    [0, "0"],
    ["cosine", "cosine"],
  ])("a setting of %s is written %s", (value, words) => expect(setting(value)).toBe(words));

  test("a change of loss says its direction", () => {
    expect(plain(change(2, 1.5))).toBe("25 % lower");
    expect(plain(change(2, 2.1))).toBe("5 % higher");
    expect(change(2, 2)).toBe("unchanged");
    expect(change(0, 1)).toBe("unchanged");
  });
});

describe("relative times", () => {
  const now = Date.parse("2026-11-22T12:00:00Z");
  test.each([
    ["2026-11-22T11:59:57Z", "3 seconds ago"],
    ["2026-11-22T12:00:02Z", "now"],
    ["2026-11-22T11:15:00Z", "45 minutes ago"],
    ["2026-11-21T12:00:00Z", "yesterday"],
    ["2026-08-01T12:00:00Z", "4 months ago"],
  ])("%s is %s", (at, words) => expect(ago(at, now)).toBe(words));
});

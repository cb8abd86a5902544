import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseSetting, readSettings, SETTINGS, settingTexts } from "./settings";

const openapi = JSON.parse(readFileSync("../shared/openapi.json", "utf8"));
const properties: Record<string, { anyOf: Bounds[] }> = (openapi.components.schemas["Hyperparameters"] ?? openapi.components.schemas["Hyperparameters-Input"]).properties;

interface Bounds {
  type: string;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  exclusiveMaximum?: number;
  enum?: string[];
}

const setting = (name: string) => SETTINGS.find((one) => one.name === name)!;

describe("the settings of the form", () => {
  test("are the server's, all of them", () => expect(SETTINGS.map(({ name }) => name).toSorted()).toEqual(Object.keys(properties).toSorted()));

  test.each(SETTINGS.map((one) => [one.name, one] as const))("%s has the server's bounds", (name, one) => {
    const [bounds] = properties[name]!.anyOf;
    if (one.kind === "choice") return expect(one.choices).toEqual(bounds!.enum);
    expect(one.whole).toBe(bounds!.type === "integer");
    expect(one.above ? bounds!.exclusiveMinimum : bounds!.minimum).toBe(one.least);
    expect(bounds!.maximum ?? bounds!.exclusiveMaximum! - 1).toBe(one.most);
  });
});

describe("a setting", () => {
  test.each([
    ["batch_size", "", "auto"],
    ["batch_size", " 4 ", 4],
    ["learning_rate", "8e-4", 0.0008],
    ["learning_rate", "0,001", 0.001],
    ["scheduler", "linear", "linear"],
  ])("%s of “%s” is read as %s", (name, text, value) => expect(parseSetting(setting(name), text)).toEqual({ ok: true, value }));

  test.each([
    ["batch_size", "0", /from 1 to 256/],
    ["batch_size", "2.5", /whole/],
    ["learning_rate", "NaN", /a number/],
    ["learning_rate", "0", /above 0/],
    ["epochs", "many", /a number/],
    ["seed", "-1", /from 0/],
  ])("%s of “%s” says what is wrong", (name, text, message) => {
    const parsed = parseSetting(setting(name), text);
    expect(parsed.ok ? "" : parsed.message).toMatch(message);
  });

  test("survives the way into the form and back", () => {
    const asked = { epochs: 3, scheduler: "linear" as const, learning_rate: "auto" as const };
    expect(readSettings(settingTexts(asked))).toEqual({ epochs: 3, scheduler: "linear" });
  });
});

// The settings of a job as a person edits them: their words, their bounds (the server's, checked by a test), and how text becomes a value.
import { setting as settingText } from "@/lib/format";
import type { HyperparameterName, Hyperparameters } from "@/lib/wire";

interface NumberSetting {
  kind: "number";
  name: HyperparameterName;
  label: string;
  help: string;
  whole: boolean;
  least: number;
  /** Whether `least` itself is too small. */
  above: boolean;
  most: number;
  advanced: boolean;
  /** Only LoRA uses it. */
  lora?: true;
}

interface ChoiceSetting {
  kind: "choice";
  name: HyperparameterName;
  label: string;
  help: string;
  choices: readonly string[];
  advanced: boolean;
  lora?: true;
}

export type Setting = NumberSetting | ChoiceSetting;

const number = (name: HyperparameterName, label: string, help: string, bounds: Partial<NumberSetting> & { least: number; most: number }): NumberSetting => ({
  kind: "number",
  name,
  label,
  help,
  whole: false,
  above: false,
  advanced: true,
  ...bounds,
});

export const SETTINGS: readonly Setting[] = [
  number("epochs", "Epochs", "How many times all examples are read.", { least: 0, above: true, most: 1000, advanced: false }),
  number("learning_rate", "Learning rate", "How far each step moves.", { least: 0, above: true, most: 1, advanced: false }),
  number("batch_size", "Batch size", "Blocks of text read at once.", { whole: true, least: 1, most: 256, advanced: false }),
  number("max_steps", "Most steps", "Stops here even if epochs are left.", { whole: true, least: 1, most: 1_000_000 }),
  number("block_size", "Block size", "Tokens the model sees at once.", { whole: true, least: 16, most: 131_072 }),
  number("gradient_accumulation", "Gradient accumulation", "Batches gathered before a step.", { whole: true, least: 1, most: 256 }),
  { kind: "choice", name: "scheduler", label: "Schedule", help: "How the learning rate changes.", choices: ["cosine", "linear", "constant"], advanced: true },
  number("warmup_ratio", "Warm-up", "Share of the steps in which the rate rises.", { least: 0, most: 0.5 }),
  number("weight_decay", "Weight decay", "Pulls weights towards zero.", { least: 0, most: 1 }),
  number("max_grad_norm", "Gradient limit", "Longest gradient that is followed.", { least: 0, above: true, most: 1000 }),
  number("lora_r", "LoRA rank", "How much an adapter can hold.", { whole: true, least: 1, most: 256, lora: true }),
  number("lora_alpha", "LoRA alpha", "How strongly an adapter speaks.", { least: 0, above: true, most: 1024, lora: true }),
  number("beta", "Beta", "On pairs of answers: how strongly the model is held to what it was.", { least: 0, above: true, most: 2 }),
  {
    kind: "choice",
    name: "lora_targets",
    label: "LoRA layers",
    help: "Which layers get adapters.",
    choices: ["all", "attention", "query_value"],
    advanced: true,
    lora: true,
  },
  {
    kind: "choice",
    name: "lora_scaling",
    label: "LoRA scaling",
    help: "What alpha is divided by: the rank, or its root.",
    choices: ["rank", "root"],
    advanced: true,
    lora: true,
  },
  number("lora_dropout", "LoRA dropout", "Share of its inputs an adapter misses.", { least: 0, most: 0.9, lora: true }),
  number("label_smoothing", "Label smoothing", "How much of the loss is for all other words.", { least: 0, most: 0.5 }),
  number("early_stopping", "Early stopping", "Validations in a row without a lower loss before it ends; 0 for never.", {
    whole: true,
    least: 0,
    most: 100,
  }),
  number("validation_fraction", "Validation share", "Share of the examples kept back to measure on.", { least: 0, most: 0.5, advanced: false }),
  {
    kind: "choice",
    name: "accelerator",
    label: "Computes on",
    help: "The processor, an NVIDIA card (cuda) or Apple's chip (mps).",
    choices: ["cpu", "cuda", "mps"],
    advanced: true,
  },
  number("seed", "Seed", "The same seed gives the same run.", { whole: true, least: 0, most: 2 ** 31 - 1, advanced: false }),
];

/** What is asked with the data while a share of it is kept back. */
export const SPLIT_SETTINGS: readonly HyperparameterName[] = ["validation_fraction", "seed"];

export function settingLabel(name: string): string {
  return SETTINGS.find((one) => one.name === name)?.label ?? name;
}

export function isLoraOnly(name: string): boolean {
  return SETTINGS.some((one) => one.name === name && one.lora === true);
}

/** A setting's value in words. */
export function settingValue(name: string, value: number | string): string {
  return name === "max_steps" && value === 0 ? "no limit" : settingText(value);
}

export type Parsed = { ok: true; value: number | string } | { ok: false; message: string };

/** Empty means "auto". A decimal comma is read as a point. */
export function parseSetting(setting: Setting, text: string): Parsed {
  const trimmed = text.trim();
  if (trimmed === "" || trimmed === "auto") return { ok: true, value: "auto" };
  if (setting.kind === "choice") return { ok: true, value: trimmed };
  const value = Number(/^-?\d*,\d+$/.test(trimmed) ? trimmed.replace(",", ".") : trimmed);
  const { whole, least, above, most } = setting;
  if (!Number.isFinite(value)) return { ok: false, message: "Write a number, or leave it empty for auto." };
  if (whole && !Number.isInteger(value)) return { ok: false, message: "Write a whole number." };
  if (value > most || value < least || (above && value === least)) {
    return { ok: false, message: above ? `Write a number above ${least}, up to ${most}.` : `Write a number from ${least} to ${most}.` };
  }
  return { ok: true, value };
}

export type SettingTexts = Partial<Record<HyperparameterName, string>>;

/** What was set, as the server wants it; null while something cannot be read. "auto" is left out. */
export function readSettings(texts: SettingTexts): Hyperparameters | null {
  const values: Record<string, number | string> = {};
  for (const setting of SETTINGS) {
    const parsed = parseSetting(setting, texts[setting.name] ?? "");
    if (!parsed.ok) return null;
    if (parsed.value !== "auto") values[setting.name] = parsed.value;
  }
  return values as Hyperparameters;
}

/** The other way round, for a form that starts from an earlier job. */
export function settingTexts(asked: Hyperparameters): SettingTexts {
  return Object.fromEntries(SETTINGS.map(({ name }) => [name, asked[name] === undefined || asked[name] === "auto" ? "" : String(asked[name])]));
}

// The settings of "Try it", from text to what the server takes.
import type { TextAsked } from "@/lib/api/texts";

export interface AskedFields {
  prompt: string;
  maxTokens: string;
  temperature: string;
  topP: string;
  seed: string;
}

type Errors = Partial<Record<keyof AskedFields, string>>;
export type Asked = Omit<TextAsked, "model" | "chat">;

/** What to ask, or what is wrong by field. */
export function readAsked(fields: AskedFields): { asked: Asked | null; errors: Errors } {
  const maxTokens = Number(fields.maxTokens);
  const temperature = decimal(fields.temperature);
  const topP = decimal(fields.topP);
  const seed = Number(fields.seed);
  const errors: Errors = {};
  if (fields.prompt.trim() === "") errors.prompt = "Write something to begin with.";
  if (!Number.isInteger(maxTokens) || maxTokens < 1 || maxTokens > 2048) errors.maxTokens = "A whole number from 1 to 2048.";
  if (!(temperature >= 0 && temperature <= 2)) errors.temperature = "A number from 0 to 2.";
  if (!(topP > 0 && topP <= 1)) errors.topP = "A number above 0, up to 1.";
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 31) errors.seed = "A whole number, 0 or more.";
  return { asked: Object.keys(errors).length === 0 ? { prompt: fields.prompt, maxTokens, temperature, topP, seed } : null, errors };
}

function decimal(text: string): number {
  return text.trim() === "" ? Number.NaN : Number(text.replace(",", "."));
}

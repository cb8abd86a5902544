// The settings of "Try it", from text to what the server takes.
import type { GenerateRequest } from "@/lib/wire";

export interface AskedFields {
  prompt: string;
  maxTokens: string;
  temperature: string;
  seed: string;
}

type Errors = Partial<Record<keyof AskedFields, string>>;
type Asked = Pick<GenerateRequest, "max_tokens" | "temperature" | "seed">;

/** What to ask, or what is wrong by field. */
export function readAsked(fields: AskedFields): { asked: Asked | null; errors: Errors } {
  const maxTokens = Number(fields.maxTokens);
  const temperature = Number(fields.temperature.replace(",", "."));
  const seed = Number(fields.seed);
  const errors: Errors = {};
  if (fields.prompt.trim() === "") errors.prompt = "Write something to begin with.";
  if (!Number.isInteger(maxTokens) || maxTokens < 1 || maxTokens > 2048) errors.maxTokens = "A whole number from 1 to 2048.";
  if (!(temperature >= 0 && temperature <= 2)) errors.temperature = "A number from 0 to 2.";
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 31) errors.seed = "A whole number, 0 or more.";
  return { asked: Object.keys(errors).length === 0 ? { max_tokens: maxTokens, temperature, seed } : null, errors };
}

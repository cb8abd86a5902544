// The fields of the new-job form, and their way to the server and back.
import type { UseFormSetError } from "react-hook-form";
import { fieldErrors, type FieldErrors } from "@/lib/errors";
import type { Job, JobRequest, Method } from "@/lib/wire";
import { parseSetting, readSettings, SETTINGS, settingTexts, type SettingTexts } from "./settings";

export interface JobFields {
  name: string;
  note: string;
  base_model: string;
  document_ids: string[];
  method: Method | "auto";
  hyperparameters: SettingTexts;
}

/** Every field that the server may name in a refusal, in the order of the screen. */
const FIELD_NAMES = [
  "document_ids",
  "base_model",
  "name",
  "method",
  ...SETTINGS.map(({ name }) => `hyperparameters.${name}` as const),
  "note",
] as const;

export function emptyFields(chosen: { documentIds: string[]; baseModel: string }): JobFields {
  return {
    name: "",
    note: "",
    base_model: chosen.baseModel,
    document_ids: chosen.documentIds,
    method: "auto",
    hyperparameters: settingTexts({}),
  };
}

/** The fields of an earlier job, for one that is like it. */
export function fieldsFrom(job: Job): JobFields {
  return {
    name: `${job.name} again`.slice(0, 200),
    note: job.note,
    base_model: job.base_model,
    document_ids: job.document_ids,
    method: job.method,
    hyperparameters: settingTexts(job.hyperparameters),
  };
}

/** The request that the fields make; null while something is missing or cannot be read. */
export function toRequest({ name, note, base_model, document_ids, method, hyperparameters }: JobFields): JobRequest | null {
  const settings = readSettings(hyperparameters);
  if (settings === null || base_model === "" || document_ids.length === 0) return null;
  return {
    ...(name.trim() === "" ? {} : { name: name.trim() }),
    ...(note.trim() === "" ? {} : { note }),
    base_model,
    document_ids,
    method,
    hyperparameters: settings,
  };
}

/** The forecast does not depend on words, so it is not asked for again while they are typed. */
export function toForecastRequest(fields: JobFields): JobRequest | null {
  return toRequest({ ...fields, name: "", note: "" });
}

export function liveErrors(error: unknown): FieldErrors {
  return error ? fieldErrors(error, FIELD_NAMES) : { fields: {}, general: null };
}

export function isAdvanced(field: string): boolean {
  return field === "note" || SETTINGS.some(({ name, advanced }) => advanced && field === `hyperparameters.${name}`);
}

export function hasAdvancedMistake({ hyperparameters }: JobFields): boolean {
  return SETTINGS.some((setting) => setting.advanced && !parseSetting(setting, hyperparameters[setting.name] ?? "").ok);
}

/** Puts a refusal beside its fields and focuses the first; returns what belongs to no field. `reveal` unfolds what is folded. */
export function showRefusal(error: unknown, setError: UseFormSetError<JobFields>, reveal: () => void): string | null {
  const { fields, general } = fieldErrors(error, FIELD_NAMES);
  const wrong = FIELD_NAMES.filter((name) => name in fields);
  if (wrong.some(isAdvanced)) reveal();
  wrong.forEach((name, index) => setError(name, { message: fields[name] ?? "" }, { shouldFocus: index === 0 }));
  return general;
}

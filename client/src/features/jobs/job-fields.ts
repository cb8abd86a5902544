// The fields of the new-job form, and their way to the server and back.
import type { UseFormSetError } from "react-hook-form";
import { ApiError, fieldErrors, type FieldErrors } from "@/lib/errors";
import type { Dataset, DatasetRequest, Hyperparameters, Job, JobChanges, JobRequest, LookRequest, Method, Objective } from "@/lib/wire";
import { parseSetting, readSettings, SETTINGS, settingTexts, type SettingTexts } from "./settings";

export interface JobFields {
  name: string;
  note: string;
  base_model: string;
  /** Empty: the documents below. */
  dataset_id: string;
  document_ids: string[];
  split: "share" | "document";
  validation_document_id: string;
  method: Method | "auto";
  objective: Objective | "auto";
  hyperparameters: SettingTexts;
  /** Empty: no test when it is done. */
  test_set_id: string;
  allow_short_run: boolean;
}

/** Every field that the server may name in a refusal, in the order of the screen. */
const FIELD_NAMES = [
  "dataset_id",
  "document_ids",
  "validation_document_id",
  "base_model",
  "name",
  "method",
  "objective",
  ...SETTINGS.map(({ name }) => `hyperparameters.${name}` as const),
  "test_set_id",
  "note",
] as const;

export function emptyFields(chosen: { documentIds: string[]; baseModel: string; datasetId?: string | undefined }): JobFields {
  return {
    name: "",
    note: "",
    base_model: chosen.baseModel,
    dataset_id: chosen.datasetId ?? "",
    document_ids: chosen.documentIds,
    split: "share",
    validation_document_id: "",
    method: "auto",
    objective: "auto",
    hyperparameters: settingTexts({}),
    test_set_id: "",
    allow_short_run: false,
  };
}

/** The fields of an earlier job, for one that is like it; `dataset` is what it was trained on, while that is still here. */
export function fieldsFrom(job: Job, dataset?: Dataset): JobFields {
  const split = dataset?.split;
  return {
    ...emptyFields({ documentIds: job.document_ids, baseModel: job.base_model }),
    name: `${job.name} again`.slice(0, 200),
    note: job.note,
    method: job.method,
    objective: job.objective === "preference" ? "auto" : job.objective,
    hyperparameters: settingTexts(job.hyperparameters),
    test_set_id: job.test_set_id ?? "",
    ...(split?.kind === "document" && { split: "document", validation_document_id: split.document_id }),
  };
}

/** Whether documents are chosen in the form, or a dataset that has chosen them. */
export function chosenData({ dataset_id }: Pick<JobFields, "dataset_id">): "dataset" | "documents" {
  return dataset_id === "" ? "documents" : "dataset";
}

/** The dataset that has to be made before a job with a document of its own to validate on; null when none has to be. */
export function datasetToMake(fields: JobFields): DatasetRequest | null {
  if (chosenData(fields) === "dataset" || fields.split === "share" || fields.validation_document_id === "") return null;
  return { document_ids: fields.document_ids, split: { kind: "document", document_id: fields.validation_document_id } };
}

/** The request that the fields make; null while something is missing or cannot be read. */
export function toRequest(fields: JobFields): JobRequest | null {
  const { name, note, base_model, method, objective, test_set_id, allow_short_run } = fields;
  const settings = readSettings(splitTexts(fields));
  const data = dataOf(fields);
  if (settings === null || base_model === "" || data === null) return null;
  return {
    ...(name.trim() === "" ? {} : { name: name.trim() }),
    ...(note.trim() === "" ? {} : { note }),
    base_model,
    ...data,
    method,
    ...(objective === "auto" ? {} : { objective }),
    hyperparameters: settings,
    ...(test_set_id === "" ? {} : { test_set_id }),
    ...(allow_short_run ? { allow_short_run } : {}),
  };
}

function dataOf(fields: JobFields): Pick<JobRequest, "dataset_id" | "document_ids"> | null {
  if (chosenData(fields) === "dataset") return { dataset_id: fields.dataset_id };
  return fields.document_ids.length === 0 ? null : { document_ids: fields.document_ids };
}

/** A dataset, and a document to validate on, leave nothing to say about the share. */
function splitTexts(fields: JobFields): SettingTexts {
  if (chosenData(fields) === "dataset") return { ...fields.hyperparameters, validation_fraction: "" };
  return fields.split === "document" ? { ...fields.hyperparameters, validation_fraction: "0" } : fields.hyperparameters;
}

/**
 * What a copy of the job that the form started from does otherwise; null when it is about other data, and so no copy.
 * Every setting is named, because a copy keeps what is not.
 */
export function changesOf(start: JobFields, fields: JobFields): JobChanges | null {
  const request = toRequest(fields);
  if (request === null || !isSameData(start, fields)) return null;
  // A copy keeps the test of its original: without one, it is no copy.
  if (start.test_set_id !== "" && fields.test_set_id === "") return null;
  const settings = { ...Object.fromEntries(SETTINGS.map(({ name }) => [name, "auto"])), ...request.hyperparameters } as Partial<Hyperparameters>;
  // Whoever measures on a document of its own keeps nothing else back, in the original as in the copy.
  if (fields.split === "document") delete settings.validation_fraction;
  return {
    ...(request.name === undefined ? {} : { name: request.name }),
    note: request.note ?? "",
    ...(fields.base_model === start.base_model ? {} : { base_model: fields.base_model }),
    method: fields.method,
    objective: fields.objective,
    hyperparameters: settings as Hyperparameters,
    ...(request.test_set_id == null || request.test_set_id === start.test_set_id ? {} : { test_set_id: request.test_set_id }),
    ...(fields.allow_short_run ? { allow_short_run: true } : {}),
  };
}

function isSameData(one: JobFields, other: JobFields): boolean {
  const data = ({ dataset_id, document_ids, split, validation_document_id }: JobFields) =>
    JSON.stringify([dataset_id, document_ids, split, split === "document" && validation_document_id]);
  return data(one) === data(other);
}

/** The forecast does not depend on words, so it is not asked for again while they are typed. */
export function toForecastRequest(fields: JobFields): JobRequest | null {
  return toRequest({ ...fields, name: "", note: "", test_set_id: "", allow_short_run: false });
}

/** What the look is asked about, before a dataset is made for it: the job that would start. */
export function toLookRequest(fields: JobFields): LookRequest | null {
  return toRequest({ ...fields, name: "", note: "", test_set_id: "", allow_short_run: false });
}

export function liveErrors(error: unknown): FieldErrors {
  return error ? fieldErrors(error, FIELD_NAMES) : { fields: {}, general: null };
}

export function isAdvanced(field: string): boolean {
  return field === "note" || field === "objective" || SETTINGS.some(({ name, advanced }) => advanced && field === `hyperparameters.${name}`);
}

export function hasAdvancedMistake({ hyperparameters }: JobFields): boolean {
  return SETTINGS.some((setting) => setting.advanced && !parseSetting(setting, hyperparameters[setting.name] ?? "").ok);
}

/** Whether a refusal can be overruled by the person. */
export function isShortRun(error: unknown): boolean {
  return error instanceof ApiError && error.param === "allow_short_run";
}

/** Puts a refusal beside its fields and focuses the first; returns what belongs to no field. `reveal` unfolds what is folded. */
export function showRefusal(error: unknown, setError: UseFormSetError<JobFields>, reveal: () => void): string | null {
  const { fields, general } = fieldErrors(error, FIELD_NAMES);
  const wrong = FIELD_NAMES.filter((name) => name in fields);
  if (wrong.some(isAdvanced)) reveal();
  wrong.forEach((name, index) => setError(name, { message: fields[name] ?? "" }, { shouldFocus: index === 0 }));
  return general;
}

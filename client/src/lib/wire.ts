// The server's words as the page names them. Everything here is generated from the server (scripts/gen_types.py); only the names are ours.
import type { components } from "@wire";

type Schemas = components["schemas"];

export type BaseModel = Schemas["BaseModelInfo"];
export type Credentials = Schemas["Credentials"];
export type Deleted = Schemas["Deleted"];
export type Document = Schemas["Document"];
export type DownloadLink = Schemas["DownloadLink"];
export type ErrorBody = Schemas["ErrorBody"];
export type ErrorDetail = Schemas["ErrorDetail"];
export type ErrorInfo = Schemas["ErrorInfo"];
export type Forecast = Schemas["Forecast"];
export type Generation = Schemas["Generation"];
export type Hyperparameters = Schemas["Hyperparameters"];
export type Installation = Schemas["Installation"];
export type Job = Schemas["Job"];
export type JobError = Schemas["JobError"];
export type JobState = Job["state"];
export type LogLine = Schemas["LogLine"];
export type LogPage = Schemas["LogPage"];
export type Method = Job["method"];
export type MetricPoint = Schemas["MetricPoint"];
export type Metrics = Schemas["Metrics"];
export type Preview = Schemas["Preview"];
export type PreviewExample = Schemas["PreviewExample"];
export type Progress = Schemas["Progress"];
export type Resolved = Schemas["Resolved"];
export type Sample = Schemas["Sample"];
export type SampleGeneration = Schemas["SampleGeneration"];
export type Session = Schemas["Session"];
export type TunedModel = Schemas["TunedModel"];
export type User = Schemas["User"];

/** One page of a collection, newest first. */
export interface ListOf<T> {
  data: T[];
  has_more: boolean;
}

/** What may be left out of a request is optional here, whatever the server fills in. */
export type GenerateRequest = Partial<Schemas["GenerateRequest"]>;
export type JobRequest = Pick<Schemas["JobRequest"], "base_model" | "document_ids"> & Partial<Schemas["JobRequest"]>;
export type JobPatch = Partial<Schemas["JobPatch"]>;

export type HyperparameterName = keyof Hyperparameters;

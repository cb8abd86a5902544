import { request, withQuery } from "@/lib/api/request";
import type {
  Checkpoint,
  Deleted,
  Forecast,
  GenerateRequest,
  Generation,
  Job,
  JobChanges,
  JobPatch,
  JobRequest,
  JobState,
  ListOf,
  LogPage,
  Metrics,
} from "@/lib/wire";

export function listJobs({ after, state }: { after: string | null; state?: JobState | undefined }, signal?: AbortSignal): Promise<ListOf<Job>> {
  return request(withQuery("/api/jobs", { limit: 50, after, state }), { signal });
}

export function getJob(id: string, signal?: AbortSignal): Promise<Job> {
  return request(jobPath(id), { signal });
}

/** `key` names the attempt: the same key never makes a second job. */
export function createJob(job: JobRequest, key: string): Promise<Job> {
  return request("/api/jobs", { method: "POST", body: job, headers: { "idempotency-key": key } });
}

export function changeJob(id: string, change: JobPatch): Promise<Job> {
  return request(jobPath(id), { method: "PATCH", body: change });
}

/** What a person may ask of a job that is there. The answer may still be on its way there: see `stopping`. */
export type JobOrder = "cancel" | "pause" | "resume" | "retry";

export function orderJob(id: string, order: JobOrder): Promise<Job> {
  return request(`${jobPath(id)}/${order}`, { method: "POST" });
}

/** A new job like this one, with changes. `key` as in `createJob`. */
export function cloneJob(id: string, changes: JobChanges, key?: string): Promise<Job> {
  return request(`${jobPath(id)}/clone`, { method: "POST", body: changes, ...(key === undefined ? {} : { headers: { "idempotency-key": key } }) });
}

export function deleteJob(id: string): Promise<Deleted> {
  return request(jobPath(id), { method: "DELETE" });
}

export function getLogs(id: string, range: { after?: number; before?: number; tail?: number; limit?: number }, signal?: AbortSignal): Promise<LogPage> {
  return request(withQuery(`${jobPath(id)}/logs`, range), { signal });
}

export function getMetrics(id: string, after: number, signal?: AbortSignal): Promise<Metrics> {
  return request(withQuery(`${jobPath(id)}/metrics`, { after }), { signal });
}

/** Lines, points and changes of the job, as they come. */
export function jobStreamPath(id: string): string {
  return `${jobPath(id)}/stream`;
}

export function listCheckpoints(id: string, signal?: AbortSignal): Promise<ListOf<Checkpoint>> {
  return request(`${jobPath(id)}/checkpoints`, { signal });
}

export function generateWithCheckpoint({ job_id, step }: Checkpoint, asked: GenerateRequest, signal?: AbortSignal): Promise<Generation> {
  return request(`${jobPath(job_id)}/checkpoints/${step}/generate`, { method: "POST", body: asked, signal });
}

export function getForecast(job: JobRequest, signal?: AbortSignal): Promise<Forecast> {
  return request("/api/forecasts", { method: "POST", body: job, signal });
}

function jobPath(id: string): string {
  return `/api/jobs/${encodeURIComponent(id)}`;
}

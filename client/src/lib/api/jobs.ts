import { request, withQuery } from "@/lib/api/request";
import type { Deleted, Forecast, Job, JobPatch, JobRequest, JobState, ListOf, LogPage, Metrics } from "@/lib/wire";

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

export function cancelJob(id: string): Promise<Job> {
  return request(`${jobPath(id)}/cancel`, { method: "POST" });
}

export function deleteJob(id: string): Promise<Deleted> {
  return request(jobPath(id), { method: "DELETE" });
}

export function getLogs(id: string, after: number, limit: number, signal?: AbortSignal): Promise<LogPage> {
  return request(withQuery(`${jobPath(id)}/logs`, { after, limit }), { signal });
}

export function getMetrics(id: string, after: number, signal?: AbortSignal): Promise<Metrics> {
  return request(withQuery(`${jobPath(id)}/metrics`, { after }), { signal });
}

export function getForecast(job: JobRequest, signal?: AbortSignal): Promise<Forecast> {
  return request("/api/forecasts", { method: "POST", body: job, signal });
}

function jobPath(id: string): string {
  return `/api/jobs/${encodeURIComponent(id)}`;
}

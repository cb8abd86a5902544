import { request, withQuery } from "@/lib/api/request";
import type { Dataset, DatasetRequest, Deleted, ListOf, Look, LookRequest } from "@/lib/wire";

export function listDatasets(after: string | null, signal?: AbortSignal): Promise<ListOf<Dataset>> {
  return request(withQuery("/api/datasets", { limit: 50, after }), { signal });
}

export function getDataset(id: string, signal?: AbortSignal): Promise<Dataset> {
  return request(`/api/datasets/${encodeURIComponent(id)}`, { signal });
}

/** Asking for the same again gives the same. */
export function createDataset(dataset: DatasetRequest): Promise<Dataset> {
  return request("/api/datasets", { method: "POST", body: dataset });
}

export function deleteDataset(id: string): Promise<Deleted> {
  return request(`/api/datasets/${encodeURIComponent(id)}`, { method: "DELETE" });
}

/** What a base model would see of the data. Takes seconds; makes nothing. */
export function getLook(look: LookRequest, signal?: AbortSignal): Promise<Look> {
  return request("/api/looks", { method: "POST", body: look, signal });
}

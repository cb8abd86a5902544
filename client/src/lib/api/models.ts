import { request, withQuery } from "@/lib/api/request";
import type { BaseModel, Deleted, DownloadLink, ListOf, TunedModel } from "@/lib/wire";

export function listBaseModels(signal?: AbortSignal): Promise<ListOf<BaseModel>> {
  return request("/api/base-models", { signal });
}

export function listTunedModels(after: string | null, signal?: AbortSignal): Promise<ListOf<TunedModel>> {
  return request(withQuery("/api/tuned-models", { limit: 50, after }), { signal });
}

export function getTunedModel(id: string, signal?: AbortSignal): Promise<TunedModel> {
  return request(tunedPath(id), { signal });
}

export function deleteTunedModel(id: string): Promise<Deleted> {
  return request(tunedPath(id), { method: "DELETE" });
}

/** An address that a plain browser download may use for a short while. */
export function getDownloadLink(id: string): Promise<DownloadLink> {
  return request(`${tunedPath(id)}/download-link`, { method: "POST" });
}

function tunedPath(id: string): string {
  return `/api/tuned-models/${encodeURIComponent(id)}`;
}

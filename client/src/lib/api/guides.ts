import { request, withQuery } from "@/lib/api/request";
import { sendWithProgress } from "@/lib/sending";
import type { Dataset, Deleted, Guide, GuideDatasetRequest, GuidePassage, GuidePatch, ListOf, ScoredItem, ScoredItemPatch, ScoredItemRequest } from "@/lib/wire";

export interface NewGuide {
  file: File;
  name: string;
  description: string;
}

/** Has the whole file read; the answer says what was found in it. */
export function sendGuide({ file, name, description }: NewGuide, onProgress: (sent: number) => void, signal: AbortSignal): Promise<Guide> {
  const form = new FormData();
  form.set("name", name);
  if (description !== "") form.set("description", description);
  form.set("file", file);
  return sendWithProgress({ method: "POST", path: "/api/guides", body: form }, onProgress, signal);
}

export function listGuides(after: string | null, signal?: AbortSignal): Promise<ListOf<Guide>> {
  return request(withQuery("/api/guides", { limit: 50, after }), { signal });
}

export function getGuide(id: string, signal?: AbortSignal): Promise<Guide> {
  return request(guidePath(id), { signal });
}

export function changeGuide(id: string, change: GuidePatch): Promise<Guide> {
  return request(guidePath(id), { method: "PATCH", body: change });
}

export function deleteGuide(id: string): Promise<Deleted> {
  return request(guidePath(id), { method: "DELETE" });
}

export function listPassages(id: string, after: string | null, signal?: AbortSignal): Promise<ListOf<GuidePassage>> {
  return request(withQuery(`${guidePath(id)}/passages`, { limit: 5, after }), { signal });
}

export function listScoredItems(id: string, after: string | null, signal?: AbortSignal): Promise<ListOf<ScoredItem>> {
  return request(withQuery(`${guidePath(id)}/scored-items`, { limit: 10, after }), { signal });
}

export function addScoredItem(id: string, item: ScoredItemRequest): Promise<ScoredItem> {
  return request(`${guidePath(id)}/scored-items`, { method: "POST", body: item });
}

export function changeScoredItem(id: string, itemId: string, change: ScoredItemPatch): Promise<ScoredItem> {
  return request(`${guidePath(id)}/scored-items/${encodeURIComponent(itemId)}`, { method: "PATCH", body: change });
}

/** Asking for the same again gives the same. */
export function createGuideDataset(asked: GuideDatasetRequest): Promise<Dataset> {
  return request("/api/guides/datasets", { method: "POST", body: asked });
}

function guidePath(id: string): string {
  return `/api/guides/${encodeURIComponent(id)}`;
}

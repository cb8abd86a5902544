import { request, withQuery } from "@/lib/api/request";
import { downloadBlob } from "@/lib/download";
import type { Deleted, Document, ListOf, Preview, Sample } from "@/lib/wire";

export function listDocuments(after: string | null, signal?: AbortSignal): Promise<ListOf<Document>> {
  return request(withQuery("/api/documents", { limit: 50, after }), { signal });
}

export function getDocument(id: string, signal?: AbortSignal): Promise<Document> {
  return request(`/api/documents/${encodeURIComponent(id)}`, { signal });
}

export function getPreview(id: string, limit: number, signal?: AbortSignal): Promise<Preview> {
  return request(withQuery(`/api/documents/${encodeURIComponent(id)}/preview`, { limit }), { signal });
}

export function deleteDocument(id: string): Promise<Deleted> {
  return request(`/api/documents/${encodeURIComponent(id)}`, { method: "DELETE" });
}

export function listSamples(signal?: AbortSignal): Promise<ListOf<Sample>> {
  return request("/api/samples", { signal });
}

export function copySample(id: string): Promise<Document> {
  return request(`/api/samples/${encodeURIComponent(id)}`, { method: "POST" });
}

/** Fetches the file with the token, then hands it to the browser. */
export async function downloadDocument(document: Document): Promise<void> {
  const content = await request<Blob>(`/api/documents/${encodeURIComponent(document.id)}/content`, { as: "blob" });
  downloadBlob(document.filename, content);
}

import { request, withQuery } from "@/lib/api/request";
import { downloadBlob, downloadFrom } from "@/lib/download";
import type { Deleted, Document, DocumentPatch, DownloadLink, ListOf, Preview, Sample } from "@/lib/wire";

export function listDocuments(after: string | null, signal?: AbortSignal): Promise<ListOf<Document>> {
  return request(withQuery("/api/documents", { limit: 50, after }), { signal });
}

export function getDocument(id: string, signal?: AbortSignal): Promise<Document> {
  return request(`/api/documents/${encodeURIComponent(id)}`, { signal });
}

export function getPreview(id: string, limit: number, signal?: AbortSignal): Promise<Preview> {
  return request(withQuery(`/api/documents/${encodeURIComponent(id)}/preview`, { limit }), { signal });
}

/** The beginning of what was extracted from a PDF, DOCX or HTML file. */
export function getDocumentText(id: string, signal?: AbortSignal): Promise<string> {
  return request(`/api/documents/${encodeURIComponent(id)}/text`, { signal, as: "text" });
}

/** Renames or describes; with `reading` the whole file is read again, which takes a moment. */
export function changeDocument(id: string, change: DocumentPatch): Promise<Document> {
  return request(`/api/documents/${encodeURIComponent(id)}`, { method: "PATCH", body: change });
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

/** Sends the browser to an address that is good for a moment: of ours, or of the store behind us. */
export async function downloadDocument(document: Document): Promise<void> {
  const link = await request<DownloadLink>(`/api/documents/${encodeURIComponent(document.id)}/download-link`, { method: "POST" });
  downloadFrom(link.url);
}

/** Everything that was noticed in the file, as a table. */
export async function downloadDocumentProblems(document: Document): Promise<void> {
  const content = await request<Blob>(`/api/documents/${encodeURIComponent(document.id)}/problems`, { as: "blob" });
  downloadBlob(`${document.filename} problems.csv`, content);
}

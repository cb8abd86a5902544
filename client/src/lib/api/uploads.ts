// Files that come in parts. The parts themselves are sent by lib/parts.
import { request } from "@/lib/api/request";
import { downloadBlob } from "@/lib/download";
import type { Deleted, Document, ListOf, ReadingOptions, Upload, Usage } from "@/lib/wire";

export function openUpload(file: { filename: string; size_bytes: number }, signal?: AbortSignal): Promise<Upload> {
  return request("/api/uploads", { method: "POST", body: file, signal });
}

/** Uploads that can be continued, newest first. */
export function listUploads(signal?: AbortSignal): Promise<ListOf<Upload>> {
  return request("/api/uploads", { signal });
}

export function getUpload(id: string, signal?: AbortSignal): Promise<Upload> {
  return request(path(id), { signal });
}

/** Has the whole file read; refused, its bytes stay and can be read again in another way. */
export function completeUpload(id: string, reading: ReadingOptions, signal?: AbortSignal): Promise<Document> {
  return request(`${path(id)}/complete`, { method: "POST", body: reading, signal });
}

export function abortUpload(id: string): Promise<Deleted> {
  return request(path(id), { method: "DELETE" });
}

export async function downloadUploadProblems(id: string, filename: string): Promise<void> {
  downloadBlob(`${filename} problems.csv`, await request<Blob>(`${path(id)}/problems`, { as: "blob" }));
}

export function getUsage(signal?: AbortSignal): Promise<Usage> {
  return request("/api/usage", { signal });
}

function path(id: string): string {
  return `/api/uploads/${encodeURIComponent(id)}`;
}

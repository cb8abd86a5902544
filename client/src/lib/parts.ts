// Sends one part of a file with progress.
import { sendWithProgress } from "@/lib/sending";
import type { Upload } from "@/lib/wire";

export interface Part {
  uploadId: string;
  /** From 1. */
  number: number;
  content: Blob;
}

/** Sends a part; sending one again does no harm. Fails as `sendWithProgress` does. */
export function sendPart({ uploadId, number, content }: Part, onProgress: (sent: number) => void, signal: AbortSignal): Promise<Upload> {
  const path = `/api/uploads/${encodeURIComponent(uploadId)}/parts/${number}`;
  return sendWithProgress({ method: "PUT", path, body: content, contentType: "application/octet-stream" }, onProgress, signal);
}

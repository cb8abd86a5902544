// Sends one part of a file with progress. XMLHttpRequest, because fetch tells nothing about what has been sent.
import { reportAnswer, reportSilence } from "@/lib/connection";
import { ConnectionError, toApiError } from "@/lib/errors";
import { session } from "@/lib/session";
import type { Upload } from "@/lib/wire";

export interface Part {
  uploadId: string;
  /** From 1. */
  number: number;
  content: Blob;
}

/**
 * Sends a part; sending one again does no harm. `onProgress` hears how many of its bytes have gone out.
 * Rejects with ApiError, ConnectionError, or an AbortError after `signal`.
 */
export async function sendPart(part: Part, onProgress: (sent: number) => void, signal: AbortSignal): Promise<Upload> {
  const token = await session.accessToken();
  const first = await put(part, token, onProgress, signal);
  if (first.status !== 401 || token === null) return read(first);
  await session.refresh(token);
  return read(await put(part, await session.accessToken(), onProgress, signal));
}

interface Answer {
  status: number;
  body: unknown;
  requestId: string | null;
}

function read({ status, body, requestId }: Answer): Upload {
  if (status < 200 || status >= 300 || body === null) throw toApiError(status, body, requestId);
  return body as Upload;
}

function put({ uploadId, number, content }: Part, token: string | null, onProgress: (sent: number) => void, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    const aborted = () => {
      xhr.abort();
      reject(new DOMException("The upload was stopped.", "AbortError"));
    };
    const silent = () => {
      reportSilence();
      reject(new ConnectionError());
    };
    if (signal.aborted) return aborted();
    xhr.upload.onprogress = (event) => onProgress(event.loaded);
    xhr.onload = () => {
      // A gateway that answers for a server that is away is no answer.
      if (xhr.status === 502 || xhr.status === 504) return silent();
      reportAnswer();
      resolve({ status: xhr.status, body: parsed(xhr.responseText), requestId: xhr.getResponseHeader("x-request-id") });
    };
    xhr.onerror = silent;
    signal.addEventListener("abort", aborted);
    xhr.onloadend = () => signal.removeEventListener("abort", aborted);
    xhr.open("PUT", `/api/uploads/${encodeURIComponent(uploadId)}/parts/${number}`);
    xhr.setRequestHeader("accept", "application/json");
    xhr.setRequestHeader("content-type", "application/octet-stream");
    if (token !== null) xhr.setRequestHeader("authorization", `Bearer ${token}`);
    xhr.send(content);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// Sends one file with progress. XMLHttpRequest, because fetch tells nothing about what has been sent.
import { reportAnswer, reportSilence } from "@/lib/connection";
import { ConnectionError, toApiError } from "@/lib/errors";
import { session } from "@/lib/session";
import type { Document } from "@/lib/wire";

export interface Sending {
  /** The document; rejects with ApiError, ConnectionError, or an AbortError after `abort`. */
  done: Promise<Document>;
  abort: () => void;
}

/** `onProgress` hears the bytes sent of the whole request; all of them sent means that the server is reading the file. */
export function uploadDocument(file: File, onProgress: (sent: number, total: number) => void): Sending {
  const aborter = new AbortController();
  return { done: upload(file, onProgress, aborter.signal), abort: () => aborter.abort() };
}

async function upload(file: File, onProgress: (sent: number, total: number) => void, signal: AbortSignal): Promise<Document> {
  const token = await session.accessToken();
  const first = await post(file, token, onProgress, signal);
  if (first.status !== 401 || token === null) return read(first);
  await session.refresh(token);
  return read(await post(file, await session.accessToken(), onProgress, signal));
}

function read({ status, body, requestId }: Answer): Document {
  if (status < 200 || status >= 300 || body === null) throw toApiError(status, body, requestId);
  return body as Document;
}

interface Answer {
  status: number;
  body: unknown;
  requestId: string | null;
}

function post(file: File, token: string | null, onProgress: (sent: number, total: number) => void, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    const aborted = () => reject(new DOMException("The upload was stopped.", "AbortError"));
    if (signal.aborted) return aborted();
    xhr.upload.onprogress = (event) => onProgress(event.loaded, event.total);
    xhr.onload = () => {
      reportAnswer();
      resolve({ status: xhr.status, body: parsed(xhr.responseText), requestId: xhr.getResponseHeader("x-request-id") });
    };
    xhr.onerror = () => {
      reportSilence();
      reject(new ConnectionError());
    };
    xhr.onabort = aborted;
    signal.addEventListener("abort", () => xhr.abort(), { once: true });
    const form = new FormData();
    form.append("file", file, file.name);
    xhr.open("POST", "/api/documents");
    xhr.setRequestHeader("accept", "application/json");
    if (token !== null) xhr.setRequestHeader("authorization", `Bearer ${token}`);
    xhr.send(form);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

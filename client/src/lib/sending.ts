// Sends a body with progress. XMLHttpRequest, because fetch tells nothing about what has been sent.
import { reportAnswer, reportSilence } from "@/lib/connection";
import { ConnectionError, toApiError } from "@/lib/errors";
import { session } from "@/lib/session";

export interface Sent {
  method: "POST" | "PUT";
  path: string;
  body: Blob | FormData;
  /** A form brings its own. */
  contentType?: string;
}

/**
 * Sends as the person who is signed in, once more after a refresh when the token was old. `onProgress` hears how many bytes have gone out.
 * Rejects with ApiError, ConnectionError, or an AbortError after `signal`.
 */
export async function sendWithProgress<T>(sent: Sent, onProgress: (bytes: number) => void, signal: AbortSignal): Promise<T> {
  const token = await session.accessToken();
  const first = await transmit(sent, token, onProgress, signal);
  if (first.status !== 401 || token === null) return read<T>(first);
  await session.refresh(token);
  return read<T>(await transmit(sent, await session.accessToken(), onProgress, signal));
}

interface Answer {
  status: number;
  body: unknown;
  requestId: string | null;
}

function read<T>({ status, body, requestId }: Answer): T {
  if (status < 200 || status >= 300 || body === null) throw toApiError(status, body, requestId);
  return body as T;
}

function transmit({ method, path, body, contentType }: Sent, token: string | null, onProgress: (bytes: number) => void, signal: AbortSignal): Promise<Answer> {
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
    xhr.open(method, path);
    xhr.setRequestHeader("accept", "application/json");
    if (contentType !== undefined) xhr.setRequestHeader("content-type", contentType);
    if (token !== null) xhr.setRequestHeader("authorization", `Bearer ${token}`);
    xhr.send(body);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

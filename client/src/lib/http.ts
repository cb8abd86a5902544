// One request and its answer, without a session. Only lib/ uses it; features call lib/api.
import { reportAnswer, reportSilence } from "@/lib/connection";
import { ConnectionError, toApiError } from "@/lib/errors";

export interface RequestOptions {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Sent as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** What the answer is read as; errors are always JSON. `stream`: its text piece by piece, as it comes. */
  as?: "json" | "blob" | "text" | "stream";
}

/** The answer (undefined for 204). Throws ApiError, ConnectionError, or the signal's AbortError. */
export async function send<T>(path: string, { method = "GET", body, headers, signal, as }: RequestOptions = {}): Promise<T> {
  const response = await reach(path, {
    method,
    headers: { accept: "application/json", ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  });
  if (response.ok && as === "blob") return (await response.blob()) as T;
  if (response.ok && as === "stream") return pieces(response) as T;
  if (response.ok && as === "text") return (await response.text()) as T;
  if (response.status === 204) return undefined as T;
  const parsed: unknown = await response.json().catch(() => null);
  if (!response.ok || parsed === null) throw toApiError(response.status, parsed, response.headers.get("x-request-id"));
  return parsed as T;
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    const response = await fetch(path, { credentials: "same-origin", ...init });
    // A gateway that answers for a server that is away is no answer.
    if (response.status === 502 || response.status === 504) throw new TypeError("no server behind the gateway");
    reportAnswer();
    return response;
  } catch (error) {
    if (init.signal?.aborted) throw error;
    reportSilence();
    throw new ConnectionError();
  }
}

async function* pieces(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    // Whoever stops listening ends the work behind it, too; nobody needs to wait for that.
    void reader.cancel().catch(() => undefined);
  }
}

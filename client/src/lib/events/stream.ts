// Follows a stream of server-sent events for as long as a screen wants it. `fetch` carries the access token, which EventSource cannot.
// A connection that breaks is taken up again where it ended, with growing pauses; a hidden tab holds none, because browsers allow only a
// few to one server.
import { connection, reportAnswer, reportSilence } from "@/lib/connection";
import { toApiError } from "@/lib/errors";
import { createEventParser, type ServerEvent } from "@/lib/events/parser";
import { session } from "@/lib/session";

/** `failing`: no event can be expected soon, so the screen has to ask by itself. The stream goes on trying all the same. */
export type StreamState = "opening" | "open" | "failing" | "ended";

interface Following {
  path: string;
  /** Where to go on, asked before each connection; null for the beginning. */
  lastId: () => string | null;
  /** What came together, in order. */
  onEvents: (events: ServerEvent[]) => void;
  onState: (state: StreamState) => void;
}

/** The server says something (an event or a heartbeat) every 15 s. When nothing comes for longer, something in between keeps it back. */
const SILENT_AFTER_MS = 20_000;
const SHORT_LIFE_MS = 2_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** The server's last event: nothing comes after it. */
const END = "end";

export function retryPause(failures: number, random: number): number {
  if (failures === 0) return random * 500;
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1)) * (0.5 + random / 2);
}

/** Starts following; returns the way to stop. */
export function follow({ path, lastId, onEvents, onState }: Following): () => void {
  let failures = 0;
  let done = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let current: AbortController | null = null;

  const mayConnect = () => !done && document.visibilityState !== "hidden" && connection.get().reachable;

  async function connect(): Promise<void> {
    clearTimeout(timer);
    if (!mayConnect() || current) return;
    const mine = new AbortController();
    current = mine;
    const began = Date.now();
    let ended = false;
    let heard = false;
    try {
      for await (const events of listen(path, lastId(), mine)) {
        if (mine !== current) return;
        if (!heard) onState("open");
        heard = true;
        if (events.length > 0) onEvents(events);
        ended ||= events.some(({ type }) => type === END);
        if (ended) break;
      }
    } catch {
      heard = false;
    }
    if (mine !== current) return;
    current = null;
    mine.abort();
    if (ended) {
      finish();
      onState("ended");
      return;
    }
    // A server closes a stream when the token is old; the next one opens at once, and nobody needs to notice.
    failures = heard && Date.now() - began >= SHORT_LIFE_MS ? 0 : failures + 1;
    if (failures > 0) onState("failing");
    timer = setTimeout(() => void connect(), retryPause(failures, Math.random()));
  }

  /** What may connect again does so now; what may not lets go. */
  function look(): void {
    if (mayConnect()) {
      failures = 0;
      void connect();
      return;
    }
    clearTimeout(timer);
    const left = current;
    current = null;
    left?.abort();
    onState("opening");
  }

  function finish(): void {
    done = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", look);
    stopConnection();
    current?.abort();
    current = null;
  }

  document.addEventListener("visibilitychange", look);
  const stopConnection = connection.subscribe(look);
  void connect();
  return finish;
}

/** Yields what comes, also for a heartbeat, which completes no event. Throws when the stream cannot be opened, breaks or falls silent. */
async function* listen(path: string, lastId: string | null, mine: AbortController): AsyncGenerator<ServerEvent[]> {
  let watch: ReturnType<typeof setTimeout> | undefined;
  const heard = () => {
    clearTimeout(watch);
    watch = setTimeout(() => mine.abort(), SILENT_AFTER_MS);
  };
  try {
    heard();
    const response = await open(path, lastId, mine.signal);
    if (!response.ok || !response.body) throw new Error(`The stream was refused (${response.status}).`);
    const reader = response.body.getReader();
    mine.signal.addEventListener("abort", () => void reader.cancel().catch(() => undefined));
    const decoder = new TextDecoder();
    const parser = createEventParser();
    for (;;) {
      const { done, value } = await reader.read();
      mine.signal.throwIfAborted();
      if (done) return;
      heard();
      yield parser.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    clearTimeout(watch);
    mine.abort();
  }
}

async function open(path: string, lastId: string | null, signal: AbortSignal): Promise<Response> {
  const token = await session.accessToken();
  const response = await reach(path, lastId, token, signal);
  if (response.status !== 401 || token === null) return response;
  session.refused(toApiError(response.status, await response.clone().json().catch(() => null), null));
  await session.refresh(token);
  return reach(path, lastId, await session.accessToken(), signal);
}

async function reach(path: string, lastId: string | null, token: string | null, signal: AbortSignal): Promise<Response> {
  try {
    const response = await fetch(path, {
      signal,
      credentials: "same-origin",
      cache: "no-store",
      headers: {
        accept: "text/event-stream",
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(lastId === null ? {} : { "last-event-id": lastId }),
      },
    });
    if (response.status !== 502 && response.status !== 504) reportAnswer();
    return response;
  } catch (error) {
    if (!signal.aborted) reportSilence();
    throw error;
  }
}

// Keeps at a piece of work while the line is down or the server stumbles. What the server refuses is not asked again.
import { connection, pauseAfter } from "@/lib/connection";
import { ApiError, ConnectionError } from "@/lib/errors";

const MOST_STUMBLES = 5;
const PASSING = new Set([408, 429, 500, 503]);

interface Keeping {
  signal: AbortSignal;
  /** Hears that nothing can be done for now. */
  onWaiting: () => void;
}

/** Repeats `work` until it succeeds; `moved` tells that it got on a little, so that the pauses start small again. */
export async function persistently<T>(work: (moved: () => void) => Promise<T>, { signal, onWaiting }: Keeping): Promise<T> {
  let failed = 0;
  for (;;) {
    try {
      return await work(() => {
        failed = 0;
      });
    } catch (error) {
      failed += 1;
      if (signal.aborted || !isPassing(error, failed)) throw error;
      onWaiting();
      await untilWorthATry(failed, signal);
    }
  }
}

function isPassing(error: unknown, failed: number): boolean {
  return error instanceof ConnectionError || (error instanceof ApiError && PASSING.has(error.status) && failed <= MOST_STUMBLES);
}

/** After a pause that grows, also in a hidden tab; or at once when the line comes back, but only the first time. */
function untilWorthATry(failed: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = connection.subscribe(() => {
      if (failed === 1 && connection.get().reachable) done();
    });
    const timer = setTimeout(done, pauseAfter(failed));
    const aborted = () => {
      leave();
      reject(new DOMException("The upload was stopped.", "AbortError"));
    };
    signal.addEventListener("abort", aborted, { once: true });
    function leave() {
      stop();
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
    }
    function done() {
      leave();
      resolve();
    }
  });
}

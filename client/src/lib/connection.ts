// Whether the server answers. Every request reports here; while nothing answers, one small probe asks again with growing pauses, only in a
// visible tab, and the screens wait for it instead of each retrying on its own.
import { createStore } from "@/lib/store";

export interface Connection {
  reachable: boolean;
  /** When the next probe goes out (ms since the epoch); null while reachable or hidden. */
  nextTryAt: number | null;
}

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 30_000;

export const connection = createStore<Connection>({ reachable: true, nextTryAt: null });

let failures = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

export function pauseAfter(failed: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, failed - 1));
}

export function reportAnswer(): void {
  failures = 0;
  clearTimeout(timer);
  if (!connection.get().reachable) connection.set({ reachable: true, nextTryAt: null });
}

export function reportSilence(): void {
  if (connection.get().reachable) {
    connection.set({ reachable: false, nextTryAt: null });
    plan();
  }
}

/** Asks now, for the impatient. */
export async function probe(): Promise<void> {
  clearTimeout(timer);
  try {
    await fetch("/api/installation", { cache: "no-store" });
    reportAnswer();
  } catch {
    plan();
  }
}

function plan(): void {
  clearTimeout(timer);
  if (document.visibilityState === "hidden") {
    connection.set({ reachable: false, nextTryAt: null });
    return;
  }
  failures += 1;
  const pause = pauseAfter(failures);
  connection.set({ reachable: false, nextTryAt: Date.now() + pause });
  timer = setTimeout(() => void probe(), pause);
}

function probeAgain(): void {
  if (!connection.get().reachable && document.visibilityState === "visible") void probe();
}

document.addEventListener("visibilitychange", probeAgain);
window.addEventListener("online", probeAgain);

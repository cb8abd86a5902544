// The time, for words such as "3 seconds ago". One timer for the whole page, and only while somebody reads it.
import { useSyncExternalStore } from "react";

let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (listeners.size === 1) {
    tick();
    timer = setInterval(tick, 1000);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) clearInterval(timer);
  };
}

function tick(): void {
  now = Date.now();
  for (const listener of [...listeners]) listener();
}

/** Milliseconds since the epoch, a second old at most. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

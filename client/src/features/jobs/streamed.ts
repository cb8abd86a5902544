// Which jobs' news come by a stream now, so that nobody polls for them.
import { createStore, useStore } from "@/lib/store";

const open = createStore<ReadonlySet<string>>(new Set());

export function isStreamed(id: string): boolean {
  return open.get().has(id);
}

/** The same for a screen, which is drawn again when it changes; its queries then plan their polls anew. */
export function useStreamed(id: string): boolean {
  return useStore(open).has(id);
}

export function setStreamed(id: string, streamed: boolean): void {
  if (isStreamed(id) === streamed) return;
  const next = new Set(open.get());
  if (streamed) next.add(id);
  else next.delete(id);
  open.set(next);
}

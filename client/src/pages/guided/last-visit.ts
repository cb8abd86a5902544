// Remembers in this browser where somebody was in the guided workflow, to offer to go on there.
import { guidedSearch, type GuidedSearch } from "./address";

const KEY = "llm-tuner-guided";

/** Nothing is kept of an address that names nothing. */
export function rememberVisit(userId: string, search: GuidedSearch): void {
  const hasSomething = Object.keys(search).some((key) => key !== "step");
  if (!hasSomething) return;
  try {
    localStorage.setItem(KEY, JSON.stringify({ user: userId, search }));
  } catch {
    // Without storage nothing is offered.
  }
}

/** Where this person was last; never where somebody else was. */
export function lastVisit(userId: string): GuidedSearch | null {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "null") as { user?: unknown; search?: unknown } | null;
    if (kept?.user !== userId || typeof kept.search !== "object" || kept.search === null) return null;
    return guidedSearch(kept.search as Record<string, unknown>);
  } catch {
    return null;
  }
}

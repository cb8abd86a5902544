// Reads the part of an address after the question mark. What does not fit is dropped, so that a mistyped address still opens.
import type { JobState } from "@/lib/wire";

export const JOB_STATES: readonly JobState[] = ["queued", "running", "paused", "succeeded", "failed", "cancelled"];

/** `{ [name]: value }` when the address has text of that name. Numbers in addresses are read as text again. */
export function text<N extends string>(search: Record<string, unknown>, name: N): { [K in N]?: string } {
  const value = search[name];
  if (typeof value !== "string" && typeof value !== "number") return {};
  return (value === "" ? {} : { [name]: String(value) }) as { [K in N]?: string };
}

export function jobState(search: Record<string, unknown>): { state?: JobState } {
  const state = JOB_STATES.find((one) => one === search.state);
  return state ? { state } : {};
}

/** Up to `most` ids with commas between them; none of an address that has none. */
export function ids<N extends string>(search: Record<string, unknown>, name: N, most: number): { [K in N]?: string } {
  const value = search[name];
  if (typeof value !== "string") return {};
  const found = [...new Set(value.split(",").filter((id) => id !== ""))].slice(0, most);
  return (found.length === 0 ? {} : { [name]: found.join(",") }) as { [K in N]?: string };
}

export function idsOf(list: string | undefined): string[] {
  return (list ?? "").split(",").filter((id) => id !== "");
}

/** An address within this page to go on to, or "/". Never another site's. */
export function safeNext(next: string | undefined): string {
  if (next === undefined || !/^\/(?![/\\])/.test(next)) return "/";
  return new URL(next, location.origin).origin === location.origin ? next : "/";
}

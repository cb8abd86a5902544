// Notices that a job which was seen alive is seen ended. Reads what the page has asked for anyway, whatever shape that is in.
import type { Job } from "@/lib/wire";
import type { Ended } from "./browser";

export interface Endings {
  /** Takes in an answer about jobs: a job, pages of jobs, or something else, which it leaves alone. */
  see: (data: unknown) => void;
  /** Ids of jobs that may end by themselves. */
  live: () => string[];
}

export function watchEndings(onEnd: (ended: Ended) => void): Endings {
  const states = new Map<string, Job["state"]>();

  function seeJob({ id, name, state }: Job) {
    const before = states.get(id);
    if (state === "succeeded" || state === "failed" || state === "cancelled") {
      states.delete(id);
      if (before !== undefined) onEnd({ id, name, state });
    } else {
      states.set(id, state);
    }
  }

  return {
    see: (data) => jobsIn(data).forEach(seeJob),
    live: () => [...states].filter(([, state]) => state !== "paused").map(([id]) => id),
  };
}

function jobsIn(data: unknown): Job[] {
  if (isJob(data)) return [data];
  const pages = (data as { pages?: unknown } | null | undefined)?.pages;
  if (!Array.isArray(pages)) return [];
  return pages.flatMap((page: { data?: unknown }) => (Array.isArray(page.data) ? page.data.filter(isJob) : []));
}

function isJob(data: unknown): data is Job {
  return (data as { object?: unknown } | null | undefined)?.object === "job";
}

// A run's log and metrics, asked for piece by piece: each request names where the last one ended, and the answer is added to what is here.
import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { getLogs, getMetrics } from "@/lib/api/jobs";
import { pollWhile } from "@/lib/queries";
import type { Job, LogLine, LogPage, MetricPoint, Metrics, SampleGeneration } from "@/lib/wire";
import { isLive } from "./states";

/** Long enough that a second reader on the screen does not ask again at once. */
const POLLED = 1_500;
const LINES_AT_ONCE = 1_000;
/** Older lines than these are left to the server; a log this long is read by search anyway. */
const MOST_LINES = 20_000;

export interface LogBook {
  lines: readonly LogLine[];
  next: number;
  live: boolean;
}

export interface RunMetrics {
  points: readonly MetricPoint[];
  generations: readonly SampleGeneration[];
  next: number;
}

export function addLines(book: LogBook, page: LogPage): LogBook {
  const lines = page.lines.length === 0 ? book.lines : [...book.lines, ...page.lines].slice(-MOST_LINES);
  return { lines, next: page.next, live: page.live };
}

/** Points of one step are one point: a later value wins, an absent one takes nothing away. */
export function addPoints(metrics: RunMetrics, page: Metrics): RunMetrics {
  const byStep = new Map(metrics.points.map((point) => [point.step, point]));
  for (const point of page.data) {
    const known = Object.entries(point).filter(([, value]) => value !== null);
    byStep.set(point.step, { ...(byStep.get(point.step) ?? point), ...Object.fromEntries(known) });
  }
  const generations = page.generations.length === 0 ? metrics.generations : [...metrics.generations, ...page.generations];
  return { points: [...byStep.values()].sort((one, other) => one.step - other.step), generations, next: page.next };
}

const logsQuery = (id: string) =>
  queryOptions({
    queryKey: ["jobs", "logs", id],
    queryFn: async ({ client, signal, queryKey }): Promise<LogBook> => {
      let book = client.getQueryData<LogBook>(queryKey) ?? { lines: [], next: 0, live: true };
      for (;;) {
        const page = await getLogs(id, book.next, LINES_AT_ONCE, signal);
        book = addLines(book, page);
        if (page.lines.length < LINES_AT_ONCE) return book;
      }
    },
    refetchInterval: ({ state: { data } }) => pollWhile(data?.live ?? false),
    refetchOnWindowFocus: ({ state: { data } }) => data?.live ?? false,
    structuralSharing: false,
    staleTime: POLLED,
  });

const metricsQuery = (id: string, live: boolean) =>
  queryOptions({
    queryKey: ["jobs", "metrics", id],
    queryFn: async ({ client, signal, queryKey }): Promise<RunMetrics> => {
      const before = client.getQueryData<RunMetrics>(queryKey) ?? { points: [], generations: [], next: 0 };
      return addPoints(before, await getMetrics(id, before.next, signal));
    },
    refetchInterval: () => pollWhile(live),
    refetchOnWindowFocus: live,
    structuralSharing: false,
    staleTime: POLLED,
  });

export function useLogs(job: Job) {
  const query = useQuery(logsQuery(job.id));
  useOnceMoreAtTheEnd(job, logsQuery(job.id).queryKey);
  return query;
}

export function useMetrics(job: Job) {
  const live = isLive(job.state);
  const query = useQuery(metricsQuery(job.id, live));
  useOnceMoreAtTheEnd(job, metricsQuery(job.id, live).queryKey);
  return query;
}

/** The last lines and points are written just before the state changes, so they are asked for once more after it did. */
function useOnceMoreAtTheEnd(job: Job, queryKey: readonly string[]): void {
  const client = useQueryClient();
  const wasLive = useRef(false);
  const live = isLive(job.state);
  useEffect(() => {
    if (wasLive.current && !live) void client.invalidateQueries({ queryKey });
    wasLive.current = live;
    // The key is made of the id and is the same for as long as the id is.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [client, live, job.id]);
}

// A run's log and metrics as the screen reads them: asked for once, then kept current by the stream or, where there is none, by polls that
// each name where the last answer ended.
import { queryOptions, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { getLogs, getMetrics } from "@/lib/api/jobs";
import { pollWhile } from "@/lib/queries";
import type { Job, LogLine } from "@/lib/wire";
import { addEarlier, addLines, addPoints, EMPTY_BOOK, NO_METRICS, type LogBook, type RunMetrics } from "./run-book";
import { isLive } from "./states";
import { isStreamed } from "./streamed";

/** Long enough that a second reader on the screen does not ask again at once. */
const POLLED = 1_500;
const LINES_AT_ONCE = 1_000;

export const logsQuery = (id: string) =>
  queryOptions({
    queryKey: ["jobs", "logs", id],
    queryFn: async ({ client, signal, queryKey }): Promise<LogBook> => {
      // Read again after each answer, because the stream may have added to it meanwhile.
      const book = () => client.getQueryData<LogBook>(queryKey) ?? EMPTY_BOOK;
      let here = book();
      if (here.next === 0) return openBook(id, signal);
      for (;;) {
        const page = await getLogs(id, { after: here.next, limit: LINES_AT_ONCE }, signal);
        here = addLines(here.next > book().next ? here : book(), page);
        if (page.lines.length < LINES_AT_ONCE) return here;
      }
    },
    refetchInterval: ({ state: { data } }) => !isStreamed(id) && pollWhile(data?.live ?? false),
    refetchOnWindowFocus: ({ state: { data } }) => data?.live ?? false,
    structuralSharing: false,
    staleTime: POLLED,
  });

/** A log is opened at its end, however long it is. */
async function openBook(id: string, signal: AbortSignal): Promise<LogBook> {
  const page = await getLogs(id, { tail: LINES_AT_ONCE }, signal);
  return { lines: page.lines, start: page.start, next: page.next, live: page.live };
}

export const metricsQuery = (id: string, live: boolean) =>
  queryOptions({
    queryKey: ["jobs", "metrics", id],
    queryFn: async ({ client, signal, queryKey }): Promise<RunMetrics> => {
      const known = () => client.getQueryData<RunMetrics>(queryKey) ?? NO_METRICS;
      const page = await getMetrics(id, known().next, signal);
      return addPoints(known(), page);
    },
    refetchInterval: () => !isStreamed(id) && pollWhile(live),
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

/** Fetches the part of the log before what is here; `busy` while it comes. */
export function useEarlierLines(id: string) {
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const load = useCallback(
    async (all: boolean) => {
      setBusy(true);
      try {
        await fetchEarlier(client, id, all);
      } finally {
        setBusy(false);
      }
    },
    [client, id],
  );
  return { busy, load };
}

/** Every line of a log, from its first. */
export async function wholeLog(id: string): Promise<readonly LogLine[]> {
  const lines: LogLine[] = [];
  for (let after = 0; ; ) {
    const page = await getLogs(id, { after, limit: LINES_AT_ONCE });
    for (const line of page.lines) lines.push(line);
    if (page.next === after) return lines;
    after = page.next;
  }
}

async function fetchEarlier(client: QueryClient, id: string, all: boolean): Promise<void> {
  const { queryKey } = logsQuery(id);
  const start = () => client.getQueryData(queryKey)?.start ?? 0;
  do {
    const page = await getLogs(id, { before: start(), limit: LINES_AT_ONCE });
    client.setQueryData(queryKey, (book) => book && addEarlier(book, page));
  } while (all && start() > 0);
}

/**
 * The last lines and points are written just before the state changes, so who polls asks for them once more after it did. The stream
 * brings them by itself.
 */
function useOnceMoreAtTheEnd({ id, state }: Job, queryKey: readonly string[]): void {
  const client = useQueryClient();
  const wasLive = useRef(false);
  const live = isLive(state);
  useEffect(() => {
    if (wasLive.current && !live && !isStreamed(id)) void client.invalidateQueries({ queryKey });
    wasLive.current = live;
    // The key is made of the id and is the same for as long as the id is.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [client, live, id]);
}

// Puts what a job's stream says where the screen reads it. While the stream is open nothing polls; when it fails, everything does again.
import { useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { jobStreamPath } from "@/lib/api/jobs";
import type { ServerEvent } from "@/lib/events/parser";
import { follow } from "@/lib/events/stream";
import type { Job, LogLine, Metrics } from "@/lib/wire";
import { jobQuery, takeJob } from "./queries";
import { addLines, addPoints } from "./run-book";
import { logsQuery, metricsQuery } from "./run-data";
import { isLive } from "./states";
import { setStreamed, useStreamed } from "./streamed";

/** A job as it is now: from its stream, and polled where there is none. */
export function useJob(id: string | undefined) {
  // When the stream opens or fails, the polls have to be planned anew.
  useStreamed(id ?? "");
  return useQuery({ ...jobQuery(id ?? ""), enabled: id !== undefined });
}

/** Follows the job while it is live. `ready`: what was there before has been loaded, and the stream can go on behind it. True while it works. */
export function useRunStream({ id, state }: Pick<Job, "id" | "state">, ready: boolean): boolean {
  const client = useQueryClient();
  const live = isLive(state);
  // The stream brings the last lines after the job has ended, so it stays until it says that it is over; a retry begins another.
  const [followed, setFollowed] = useState(live);
  const [wasLive, setWasLive] = useState(live);
  if (live !== wasLive) {
    setWasLive(live);
    if (live) setFollowed(true);
  }

  useEffect(() => {
    if (!ready || !followed) return;
    const stop = follow({
      path: jobStreamPath(id),
      lastId: () => String(positionIn(client, id)),
      onEvents: (events) => take(client, id, events),
      onState: (now) => {
        setStreamed(id, now === "open");
        if (now === "ended") setFollowed(false);
        if (now === "failing" && !isLive(client.getQueryData(jobQuery(id).queryKey)?.state)) {
          setFollowed(false);
          void client.invalidateQueries({ queryKey: logsQuery(id).queryKey });
          void client.invalidateQueries({ queryKey: metricsQuery(id, false).queryKey });
        }
      },
    });
    return () => {
      stop();
      setStreamed(id, false);
    };
  }, [client, id, ready, followed]);

  return useStreamed(id);
}

/** Up to here, both the log and the points are known. */
function positionIn(client: QueryClient, id: string): number {
  return Math.min(client.getQueryData(logsQuery(id).queryKey)?.next ?? 0, client.getQueryData(metricsQuery(id, true).queryKey)?.next ?? 0);
}

function take(client: QueryClient, id: string, events: readonly ServerEvent[]): void {
  const of = <T>(wanted: string) => events.filter(({ type }) => type === wanted).map(({ data }) => JSON.parse(data) as T);
  const lines = of<LogLine>("log");
  const last = lines.at(-1);
  if (last) {
    client.setQueryData(logsQuery(id).queryKey, (book) => book && addLines(book, { lines, next: last.cursor, live: book.live }));
  }
  const pages = of<Metrics>("metrics");
  if (pages.length > 0) {
    client.setQueryData(metricsQuery(id, true).queryKey, (metrics) => metrics && pages.reduce(addPoints, metrics));
  }
  const job = of<Job>("job").at(-1);
  if (job) takeJob(client, job);
}

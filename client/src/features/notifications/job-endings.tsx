// Tells by a notification of the browser that a job ended, while the page is open. Sits in the shell and shows nothing.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { getJob } from "@/lib/api/jobs";
import { connection } from "@/lib/connection";
import { JOBS } from "@/lib/queries";
import { useStore } from "@/lib/store";
import { permission, tell, type Ended } from "./browser";
import { watchEndings } from "./endings";
import { settingsQuery } from "./queries";

/** A hidden tab's own polls rest, and that is where a notification is for. */
const HIDDEN_POLL_MS = 10_000;
const MOST_ASKED = 5;

export function JobEndings() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const allowed = useStore(permission) === "granted";
  const { data: settings } = useQuery({ ...settingsQuery, enabled: allowed });
  const wanted = allowed && settings?.browser === true;
  const onEnd = useRef<(ended: Ended) => void>(() => undefined);
  useEffect(() => {
    onEnd.current = (ended) => {
      const { id, state } = ended;
      const isBeingRead = document.hasFocus() && location.pathname === `/jobs/${id}`;
      if (isBeingRead || !settings?.states.includes(state)) return;
      tell(ended, () => void navigate({ to: "/jobs/$jobId", params: { jobId: id } }));
    };
  });

  useEffect(() => {
    if (!wanted) return;
    const endings = watchEndings((ended) => onEnd.current(ended));
    const cache = client.getQueryCache();
    for (const query of cache.findAll({ queryKey: JOBS })) endings.see(query.state.data);
    const stopWatching = cache.subscribe((event) => {
      if (event.type === "updated" && event.action.type === "success" && event.query.queryKey[0] === JOBS[0]) endings.see(event.query.state.data);
    });
    const timer = setInterval(() => {
      if (document.visibilityState !== "hidden" || !connection.get().reachable) return;
      for (const id of endings.live().slice(0, MOST_ASKED)) getJob(id).then(endings.see, () => undefined);
    }, HIDDEN_POLL_MS);
    return () => {
      stopWatching();
      clearInterval(timer);
    };
  }, [client, wanted]);

  return null;
}

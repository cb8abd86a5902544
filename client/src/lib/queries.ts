// How server state is kept on the page. What one person has read is never shown to the next.
import { QueryClient } from "@tanstack/react-query";
import { connection } from "@/lib/connection";
import { ApiError } from "@/lib/errors";
import { session } from "@/lib/session";

/** Where everything that is known of jobs is kept. */
export const JOBS = ["jobs"] as const;

export const POLL_MS = 2_000;

/** The pause until the next poll, or false. Polls are for live things and a server that answers; react-query skips them in a hidden tab. */
export function pollWhile(live: boolean): number | false {
  return live && connection.get().reachable ? POLL_MS : false;
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        // The connection's own probe decides when to ask again; only a server that stumbles is asked once more.
        retry: (failed, error) => failed < 1 && error instanceof ApiError && error.status >= 500,
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
    },
  });
}

/** Refreshes what is on screen when the server is back, and forgets everything when the person changes. Returns the way to stop. */
export function followWorld(client: QueryClient): () => void {
  let reachable = connection.get().reachable;
  const stopConnection = connection.subscribe(() => {
    const now = connection.get().reachable;
    if (now && !reachable) void client.invalidateQueries();
    reachable = now;
  });
  let person = userId();
  const stopSession = session.state.subscribe(() => {
    const now = userId();
    if (person !== null && now !== person) client.clear();
    person = now;
  });
  return () => {
    stopConnection();
    stopSession();
  };
}

function userId(): string | null {
  const state = session.state.get();
  return state.status === "signed-in" ? state.user.id : null;
}

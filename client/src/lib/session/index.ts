// The session of this tab, and the hook that screens read it with.
import { send } from "@/lib/http";
import { exclusively } from "@/lib/session/locks";
import { createSession, type SessionState } from "@/lib/session/session";
import { useStore } from "@/lib/store";
import type { User } from "@/lib/wire";

export type { EndReason, SessionState } from "@/lib/session/session";

const CSRF_COOKIE = "llm_tuner_csrf";

export const session = createSession({
  send,
  exclusively,
  channel: new BroadcastChannel("llm-tuner-session"),
  csrfToken: () => readCookie(CSRF_COOKIE),
  now: Date.now,
});

export function useSession(): SessionState {
  return useStore(session.state);
}

export function useUser(): User | null {
  const state = useSession();
  return state.status === "signed-in" ? state.user : null;
}

function readCookie(name: string): string | null {
  const pair = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
  return pair === undefined ? null : decodeURIComponent(pair.slice(name.length + 1));
}

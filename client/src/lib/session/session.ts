// Who is signed in, in this tab and in all others. The access token lives in memory only; the refresh cookie is the browser's and is
// never seen here. All tabs refresh one at a time, under one lock, and tell each other, so that they neither repeat nor undo each other's work.
import { ApiError } from "@/lib/errors";
import type { RequestOptions } from "@/lib/http";
import type { Exclusive } from "@/lib/session/locks";
import { createStore, type Store } from "@/lib/store";
import type { Credentials, ForeignFinish, Registration, Session as Granted, SetUp, User } from "@/lib/wire";

/** Why nobody is signed in: never was, signed out, the server ended it, an administrator disabled the account, or its owner deleted it. */
export type EndReason = "asked" | "expired" | "disabled" | "deleted";

export type SessionState =
  | { status: "starting" }
  | { status: "signed-in"; user: User; accessToken: string; expiresAt: number }
  | { status: "signed-out"; reason: "never" | EndReason };

/** What the session needs of the browser; tests give their own. */
export interface Surroundings {
  send: <T>(path: string, options?: RequestOptions) => Promise<T>;
  exclusively: Exclusive;
  channel: Pick<BroadcastChannel, "postMessage" | "addEventListener">;
  csrfToken: () => string | null;
  now: () => number;
}

export interface SessionKeeper {
  state: Store<SessionState>;
  /** Finds out who is signed in; repeats harmlessly. Rejects when the server cannot be reached. */
  start(): Promise<void>;
  /** A token with life left in it, or null when nobody is signed in. */
  accessToken(): Promise<string | null>;
  /** Replaces `stale` unless this or another tab has done so meanwhile. Rejects when the server cannot be reached. */
  refresh(stale: string | null): Promise<void>;
  signIn(credentials: Credentials): Promise<void>;
  register(registration: Registration): Promise<void>;
  /** Makes the first administrator's account. */
  setUp(asked: SetUp): Promise<void>;
  /** With the code that the provider's visit ended with. */
  signInWithGoogle(finish: Pick<ForeignFinish, "code"> & Partial<ForeignFinish>): Promise<void>;
  signOut(reason?: EndReason): Promise<void>;
  /** The server has refused this person for good: what any request may hear. */
  refused(error: ApiError): void;
  /** Who is signed in has been changed, such as the name. */
  changeUser(user: User): void;
}

type Told = { kind: "granted"; session: Granted; expiresAt: number } | { kind: "signed-out"; reason: EndReason } | { kind: "changed"; user: User };

export const REFRESH_LOCK = "llm-tuner-refresh";
const RENEW_BEFORE_END_MS = 60_000;
/** How long a tab that had to wait listens for the other tab's result before it asks for itself. */
const LISTEN_MS = 60;

export function createSession({ send, exclusively, channel, csrfToken, now }: Surroundings): SessionKeeper {
  const state = createStore<SessionState>({ status: "starting" });
  let refreshing: Promise<void> | null = null;

  channel.addEventListener("message", (event: Event) => hear((event as MessageEvent<Told>).data));

  function hear(told: Told): void {
    if (told.kind === "granted") adopt(told.session, told.expiresAt);
    else if (told.kind === "changed") know(told.user);
    else state.set({ status: "signed-out", reason: told.reason });
  }

  function adopt(session: Granted, expiresAt: number): void {
    state.set({ status: "signed-in", user: session.user, accessToken: session.access_token, expiresAt });
  }

  function know(user: User): void {
    const current = state.get();
    if (current.status === "signed-in" && current.user.id === user.id) state.set({ ...current, user });
  }

  function grant(session: Granted): void {
    const expiresAt = now() + session.expires_in * 1000;
    adopt(session, expiresAt);
    channel.postMessage({ kind: "granted", session, expiresAt } satisfies Told);
  }

  function end(reason: EndReason): void {
    state.set({ status: "signed-out", reason });
    channel.postMessage({ kind: "signed-out", reason } satisfies Told);
  }

  const currentToken = () => {
    const current = state.get();
    return current.status === "signed-in" ? current.accessToken : null;
  };

  const withCsrf = (): RequestOptions => ({ method: "POST", headers: { "x-csrf-token": csrfToken() ?? "" } });

  function refresh(stale: string | null): Promise<void> {
    refreshing ??= exclusively(REFRESH_LOCK, (waited) => refreshAlone(stale, waited)).finally(() => {
      refreshing = null;
    });
    return refreshing;
  }

  async function refreshAlone(stale: string | null, waited: boolean): Promise<void> {
    if (waited) await new Promise((done) => setTimeout(done, LISTEN_MS));
    if (state.get().status === "signed-out" || currentToken() !== stale) return;
    try {
      grant(await send<Granted>("/api/auth/refresh", withCsrf()));
    } catch (error) {
      // Only the server's word ends a session. A broken line or a busy server does not.
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      end(reasonOf(error));
    }
  }

  async function signOutAlone(reason: EndReason): Promise<void> {
    try {
      await send("/api/auth/logout", withCsrf());
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
    }
    end(reason);
  }

  return {
    state,
    async start() {
      if (state.get().status !== "starting") return;
      if (csrfToken() === null) state.set({ status: "signed-out", reason: "never" });
      else await refresh(null);
    },
    async accessToken() {
      const current = state.get();
      if (current.status === "signed-in" && current.expiresAt - now() < RENEW_BEFORE_END_MS) await refresh(current.accessToken);
      return currentToken();
    },
    refresh,
    async signIn(credentials) {
      grant(await send<Granted>("/api/auth/login", { method: "POST", body: credentials }));
    },
    async register(registration) {
      grant(await send<Granted>("/api/auth/register", { method: "POST", body: registration }));
    },
    async setUp(asked) {
      grant(await send<Granted>("/api/setup", { method: "POST", body: asked }));
    },
    async signInWithGoogle(finish) {
      grant(await send<Granted>("/api/auth/google/finish", { method: "POST", body: finish }));
    },
    signOut: (reason = "asked") => exclusively(REFRESH_LOCK, () => signOutAlone(reason)),
    refused(error) {
      if (reasonOf(error) !== "expired" && state.get().status === "signed-in") end(reasonOf(error));
    },
    changeUser(user) {
      know(user);
      channel.postMessage({ kind: "changed", user } satisfies Told);
    },
  };
}

/** A refusal for an old token says nothing more; one for the account itself does. */
function reasonOf({ code }: ApiError): EndReason {
  if (code === "accounts.disabled") return "disabled";
  return code === "accounts.gone" ? "deleted" : "expired";
}

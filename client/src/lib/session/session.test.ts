import { waitFor } from "@testing-library/react";
import { afterEach, describe, expect, test } from "vitest";
import { ApiError, ConnectionError } from "@/lib/errors";
import { createSession, type SessionKeeper } from "@/lib/session/session";
import { withBrowserLock } from "@/lib/session/locks";
import type { Session } from "@/lib/wire";
import { session as granted } from "@/test/samples";

/** A browser with one cookie jar, one set of locks and one channel, in which tabs can be opened. */
function openBrowser({ answer }: { answer: (path: string, count: number) => Promise<Session | undefined> }) {
  const asked: string[] = [];
  const locks = fakeLocks();
  const channels: BroadcastChannel[] = [];
  const jar = { csrf: "csrf-1" as string | null };
  let time = 1_000_000;

  function openTab(): SessionKeeper {
    const channel = new BroadcastChannel("test-session");
    channels.push(channel);
    return createSession({
      send: async <T>(path: string) => {
        asked.push(path);
        return (await answer(path, asked.length)) as T;
      },
      exclusively: (name, work) => withBrowserLock(locks, name, work),
      channel,
      csrfToken: () => jar.csrf,
      now: () => time,
    });
  }

  return { openTab, asked, jar, wait: (ms: number) => (time += ms), close: () => channels.forEach((one) => one.close()) };
}

/** navigator.locks, as far as it is used: one holder a name, the others in line. */
function fakeLocks(): LockManager {
  let held = false;
  let line = Promise.resolve();
  const run = (work: (lock: Lock | null) => Promise<unknown>) => {
    const mine = line.then(async () => {
      held = true;
      try {
        return await work({ name: "test", mode: "exclusive" });
      } finally {
        held = false;
      }
    });
    line = mine.then(
      () => undefined,
      () => undefined,
    );
    return mine;
  };
  return {
    request: (_name: string, optionsOrWork: LockOptions | ((lock: Lock | null) => Promise<unknown>), maybeWork?: (lock: Lock | null) => Promise<unknown>) => {
      const work = maybeWork ?? (optionsOrWork as (lock: Lock | null) => Promise<unknown>);
      const ifAvailable = maybeWork !== undefined && (optionsOrWork as LockOptions).ifAvailable;
      if (ifAvailable && held) return work(null);
      if (ifAvailable) held = true;
      return run(work);
    },
  } as unknown as LockManager;
}

const soon = (ms = 20) => new Promise((done) => setTimeout(done, ms));
const signedOut = () => Promise.reject(new ApiError(401, { message: "Sign in again." }));

describe("the session", () => {
  let close = () => {};
  afterEach(() => close());

  function browser(answer: (path: string, count: number) => Promise<Session | undefined>) {
    const opened = openBrowser({ answer });
    close = opened.close;
    return opened;
  }

  test("asks nothing for a new visitor", async () => {
    const { openTab, asked, jar } = browser(signedOut);
    jar.csrf = null;
    const tab = openTab();
    await tab.start();
    expect(tab.state.get()).toEqual({ status: "signed-out", reason: "never" });
    expect(asked).toEqual([]);
  });

  test("is restored from the cookie on load", async () => {
    const { openTab, asked } = browser(async () => granted);
    const tab = openTab();
    await tab.start();
    expect(tab.state.get()).toMatchObject({ status: "signed-in", accessToken: "token-1" });
    expect(asked).toEqual(["/api/auth/refresh"]);
  });

  test("is refreshed once for two tabs that start together", async () => {
    const { openTab, asked } = browser(async () => {
      await soon();
      return granted;
    });
    const [one, other] = [openTab(), openTab()];
    await Promise.all([one.start(), other.start()]);
    expect(asked).toEqual(["/api/auth/refresh"]);
    expect(one.state.get()).toMatchObject({ status: "signed-in", accessToken: "token-1" });
    expect(other.state.get()).toMatchObject({ status: "signed-in", accessToken: "token-1" });
  });

  test("is refreshed once for many requests with the same old token", async () => {
    const { openTab, asked } = browser(async (_, count) => ({ ...granted, access_token: `token-${count}` }));
    const tab = openTab();
    await tab.start();
    await Promise.all([tab.refresh("token-1"), tab.refresh("token-1"), tab.refresh("token-1")]);
    await tab.refresh("token-1");
    expect(asked).toHaveLength(2);
    expect(await tab.accessToken()).toBe("token-2");
  });

  test("renews a token shortly before its end, and not before", async () => {
    const { openTab, asked, wait } = browser(async (_, count) => ({ ...granted, access_token: `token-${count}` }));
    const tab = openTab();
    await tab.start();
    wait(800_000);
    expect(await tab.accessToken()).toBe("token-1");
    wait(50_000);
    expect(await tab.accessToken()).toBe("token-2");
    expect(asked).toHaveLength(2);
  });

  test("ends when the server says so, in every tab", async () => {
    let alive = true;
    const { openTab } = browser(() => (alive ? Promise.resolve(granted) : signedOut()));
    const [one, other] = [openTab(), openTab()];
    await one.start();
    await waitFor(() => expect(other.state.get().status).toBe("signed-in"));
    alive = false;
    await one.refresh("token-1");
    expect(one.state.get()).toEqual({ status: "signed-out", reason: "expired" });
    await waitFor(() => expect(other.state.get()).toEqual({ status: "signed-out", reason: "expired" }));
  });

  test.each([
    ["accounts.disabled", "disabled"],
    ["accounts.gone", "deleted"],
  ])("ends as the account does, in every tab: %s", async (code, reason) => {
    const { openTab } = browser(async () => granted);
    const [one, other] = [openTab(), openTab()];
    await one.start();
    await waitFor(() => expect(other.state.get().status).toBe("signed-in"));
    one.refused(new ApiError(401, { message: "Ask them why.", code }));
    expect(one.state.get()).toEqual({ status: "signed-out", reason });
    await waitFor(() => expect(other.state.get()).toEqual({ status: "signed-out", reason }));
  });

  test("outlives a refusal of an old token", async () => {
    const { openTab } = browser(async () => granted);
    const tab = openTab();
    await tab.start();
    tab.refused(new ApiError(401, { message: "Sign in again.", code: "accounts.not_signed_in" }));
    expect(tab.state.get().status).toBe("signed-in");
  });

  test("tells all tabs of a changed name", async () => {
    const { openTab } = browser(async () => granted);
    const [one, other] = [openTab(), openTab()];
    await one.start();
    await waitFor(() => expect(other.state.get().status).toBe("signed-in"));
    one.changeUser({ ...granted.user, name: "Ada" });
    await waitFor(() => expect(other.state.get()).toMatchObject({ user: { name: "Ada" } }));
  });

  test.each([
    ["the line is broken", new ConnectionError()],
    ["the server stumbles", new ApiError(500, { message: "Try again." })],
    ["the server is busy", new ApiError(429, { message: "Slower." })],
  ])("stays when %s", async (_, trouble) => {
    let well = true;
    const { openTab } = browser(() => (well ? Promise.resolve(granted) : Promise.reject(trouble)));
    const tab = openTab();
    await tab.start();
    well = false;
    await expect(tab.refresh("token-1")).rejects.toBe(trouble);
    expect(tab.state.get()).toMatchObject({ status: "signed-in", accessToken: "token-1" });
  });

  test("can be started again after the server could not be reached", async () => {
    let reachable = false;
    const { openTab } = browser(() => (reachable ? Promise.resolve(granted) : Promise.reject(new ConnectionError())));
    const tab = openTab();
    await expect(tab.start()).rejects.toBeInstanceOf(ConnectionError);
    expect(tab.state.get().status).toBe("starting");
    reachable = true;
    await tab.start();
    expect(tab.state.get().status).toBe("signed-in");
  });

  test("ends in all tabs when somebody signs out in one", async () => {
    const { openTab } = browser(async (path) => (path.endsWith("logout") ? undefined : granted));
    const [one, other] = [openTab(), openTab()];
    await one.start();
    await waitFor(() => expect(other.state.get().status).toBe("signed-in"));
    await one.signOut();
    expect(one.state.get()).toEqual({ status: "signed-out", reason: "asked" });
    await waitFor(() => expect(other.state.get()).toEqual({ status: "signed-out", reason: "asked" }));
  });

  test("stays when signing out does not reach the server", async () => {
    const { openTab } = browser((path) => (path.endsWith("logout") ? Promise.reject(new ConnectionError()) : Promise.resolve(granted)));
    const tab = openTab();
    await tab.start();
    await expect(tab.signOut()).rejects.toBeInstanceOf(ConnectionError);
    expect(tab.state.get().status).toBe("signed-in");
  });
});

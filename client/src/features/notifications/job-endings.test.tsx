import { act, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createQueryClient, JOBS } from "@/lib/queries";
import type { Job, NotificationSettings } from "@/lib/wire";
import { job, notificationSettings } from "@/test/samples";
import { server } from "@/test/server";
import { show } from "@/test/render";
import { lookAgain } from "./browser";
import { JobEndings } from "./job-endings";
import { OfferToTell } from "./offer-to-tell";
import { settingsQuery } from "./queries";

interface Shown {
  title: string;
  options: NotificationOptions | undefined;
  onclick: (() => void) | null;
}

let shown: Shown[];
let asked: number;

/** A browser that has been told `permission`, and answers `answer` when it is asked. */
function browserThat(permission: NotificationPermission, answer: NotificationPermission = "granted") {
  class Fake {
    static permission = permission;
    static requestPermission = () => {
      asked += 1;
      Fake.permission = answer;
      return Promise.resolve(answer);
    };
    onclick: (() => void) | null = null;
    constructor(
      public title: string,
      public options?: NotificationOptions,
    ) {
      shown.push(this as Shown);
    }
    close() {}
  }
  vi.stubGlobal("Notification", Fake);
  vi.stubGlobal("isSecureContext", true);
  vi.stubGlobal("focus", () => undefined); // jsdom has no windows to bring to the front
  lookAgain();
}

function chosen(settings: Partial<NotificationSettings>) {
  server.use(http.get("/api/notifications/settings", () => HttpResponse.json({ ...notificationSettings, ...settings })));
}

function hide(hidden: boolean) {
  Object.defineProperty(document, "visibilityState", { configurable: true, value: hidden ? "hidden" : "visible" });
}

beforeEach(() => {
  shown = [];
  asked = 0;
  chosen({});
});

afterEach(() => {
  hide(false);
  vi.unstubAllGlobals();
  vi.useRealTimers();
  lookAgain();
});

/** The shell's watcher over a cache that already knows a running job. */
async function watching(settings: Partial<NotificationSettings> = {}) {
  chosen(settings);
  const client = createQueryClient();
  const know = (state: Job["state"]) => act(() => client.setQueryData([...JOBS, "one", job.id], { ...job, state }));
  know("running");
  const page = await show(<JobEndings />, { client });
  await expect.poll(() => client.getQueryData(settingsQuery.queryKey)).toBeDefined();
  return { ...page, know };
}

describe("a job that ends", () => {
  test("is told of, and a press leads to it", async () => {
    browserThat("granted");
    const { know, router } = await watching();
    know("succeeded");
    expect(shown.map(({ title }) => title)).toEqual(["“Kettle” has succeeded"]);
    act(() => shown[0]!.onclick!());
    await expect.poll(() => router.state.location.pathname).toBe("/jobs/job-1");
  });

  test("in a way that nobody wants to hear of is not", async () => {
    browserThat("granted");
    const { know } = await watching({ states: ["failed"] });
    know("succeeded");
    expect(shown).toEqual([]);
  });

  test("is not told of to somebody who wants no notifications", async () => {
    browserThat("granted");
    const { know } = await watching({ browser: false });
    know("succeeded");
    expect(shown).toEqual([]);
  });

  test("while its tab is hidden is found out by a slow poll, which ends with it", async () => {
    browserThat("granted");
    let polls = 0;
    server.use(
      http.get("/api/jobs/job-1", () => {
        polls += 1;
        return HttpResponse.json({ ...job, state: polls < 2 ? "running" : "failed" });
      }),
    );
    vi.useFakeTimers({ shouldAdvanceTime: true, advanceTimeDelta: 5 });
    await watching();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(polls).toBe(0);
    hide(true);
    await vi.advanceTimersByTimeAsync(10_000);
    await expect.poll(() => polls).toBe(1);
    await vi.advanceTimersByTimeAsync(10_000);
    await expect.poll(() => shown.map(({ title }) => title)).toEqual(["“Kettle” has failed"]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(polls).toBe(2);
  });
});

test("without permission the watcher asks the server nothing", async () => {
  server.use(http.get("/api/notifications/settings", () => HttpResponse.error()));
  browserThat("default");
  const client = createQueryClient();
  await show(<JobEndings />, { client });
  expect(client.getQueryState(settingsQuery.queryKey)?.fetchStatus).toBe("idle");
});

describe("the offer beside a live job", () => {
  test("asks the browser only after a yes, and is gone then", async () => {
    browserThat("default");
    await show(<OfferToTell />);
    const yes = await screen.findByRole("button", { name: "Yes, tell me" });
    expect(asked).toBe(0);
    await userEvent.click(yes);
    expect(asked).toBe(1);
    expect(screen.queryByRole("button")).not.toBeInTheDocument();
  });

  test("takes a no for good", async () => {
    browserThat("default");
    const { unmount } = await show(<OfferToTell />);
    await userEvent.click(await screen.findByRole("button", { name: "No" }));
    unmount();
    await show(<OfferToTell />);
    expect(screen.queryByRole("button")).not.toBeInTheDocument();
    expect(asked).toBe(0);
  });

  test.each(["granted", "denied"] as const)("is not made where the answer is known: %s", async (permission) => {
    browserThat(permission);
    await show(<OfferToTell />);
    expect(screen.queryByRole("button")).not.toBeInTheDocument();
  });
});

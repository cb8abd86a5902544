import { focusManager } from "@tanstack/react-query";
import { act, screen } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { useQuery } from "@tanstack/react-query";
import { jobQuery } from "@/features/jobs/queries";
import { useLogs, useMetrics } from "@/features/jobs/run-data";
import { connection } from "@/lib/connection";
import type { Job, LogLine } from "@/lib/wire";
import { show } from "@/test/render";
import { job } from "@/test/samples";
import { server } from "@/test/server";

/** The parts of the job page that ask the server. */
function Watcher() {
  const { data } = useQuery(jobQuery("job-1"));
  return data ? <Run job={data} /> : null;
}

function Run({ job: shown }: { job: Job }) {
  const lines = useLogs(shown).data?.lines ?? [];
  const points = useMetrics(shown).data?.points ?? [];
  return (
    <p>
      {shown.state}, lines: {lines.map(({ text }) => text).join(" ")}, steps: {points.map(({ step }) => step).join(" ")}
    </p>
  );
}

let current: Job;
let asked: string[];
let log: LogLine[];
/** Cursors (and steps) of the points that the server has. */
let points: number[];

beforeEach(() => {
  current = job;
  asked = [];
  log = [line(1, "one"), line(2, "two")];
  points = [10, 20];
  vi.useFakeTimers({ shouldAdvanceTime: true, advanceTimeDelta: 5 });
  server.use(
    http.get("/api/jobs/job-1", () => {
      asked.push("job");
      return HttpResponse.json(current);
    }),
    http.get("/api/jobs/job-1/logs", ({ request }) => {
      const { tail, after } = Object.fromEntries(new URL(request.url).searchParams);
      asked.push(tail ? "logs at their end" : `logs after ${after}`);
      const lines = log.filter(({ cursor }) => cursor > Number(after ?? 0));
      return HttpResponse.json({ object: "log", lines, start: Number(after ?? 0), next: log.at(-1)?.cursor ?? 0, live: current.state === "running" });
    }),
    http.get("/api/jobs/job-1/metrics", ({ request }) => {
      const after = Number(new URL(request.url).searchParams.get("after"));
      asked.push(`metrics after ${after}`);
      const data = points.filter((cursor) => cursor > after).map((step) => ({ step, elapsed_s: step, loss: 3 }));
      return HttpResponse.json({ object: "metrics", data, generations: [], next: points.at(-1) });
    }),
  );
});

afterEach(() => {
  focusManager.setFocused(undefined);
  vi.useRealTimers();
  connection.set({ reachable: true, nextTryAt: null });
});

function line(cursor: number, text: string): LogLine {
  return { cursor, at: "2026-11-22T10:00:00Z", level: "info", text };
}

async function pass(ms: number) {
  await act(() => vi.advanceTimersByTimeAsync(ms));
  // Answers come through a real (local) network stack.
  await act(() => vi.advanceTimersByTimeAsync(50));
}

const count = (what: string) => asked.filter((one) => one.startsWith(what)).length;

describe("the job page", () => {
  test("asks every two seconds while the job is live", async () => {
    await show(<Watcher />);
    await screen.findByText(/steps: 10 20/);
    expect(count("job")).toBe(1);
    await pass(2_000);
    expect(count("job")).toBe(2);
    await pass(2_000);
    expect(count("job")).toBe(3);
  });

  test("asks only for what came since", async () => {
    await show(<Watcher />);
    await screen.findByText(/lines: one two, steps: 10 20/);
    log = [...log, line(3, "three")];
    await pass(2_100);
    await screen.findByText(/lines: one two three/);
    expect(asked).toContain("logs at their end");
    expect(asked).toContain("logs after 2");
    expect(asked).toContain("metrics after 20");
    expect(asked.filter((one) => one === "logs at their end")).toHaveLength(1);
    expect(asked.filter((one) => one === "metrics after 0")).toHaveLength(1);
  });

  test("asks nothing in a hidden tab", async () => {
    await show(<Watcher />);
    await screen.findByText(/steps: 10 20/);
    act(() => focusManager.setFocused(false));
    const before = asked.length;
    await pass(20_000);
    expect(asked).toHaveLength(before);
    act(() => focusManager.setFocused(true));
    await pass(2_000);
    expect(asked.length).toBeGreaterThan(before);
  });

  test("asks for the last lines once when the job has ended, and then nothing", async () => {
    await show(<Watcher />);
    await screen.findByText(/running/);
    await pass(100);
    current = { ...job, state: "succeeded", finished_at: "2026-11-22T10:05:00Z" };
    log = [...log, line(3, "done")];
    points = [10, 20, 30];
    await pass(2_100);
    await screen.findByText(/succeeded, lines: one two done, steps: 10 20 30/);
    await pass(2_100);
    const before = asked.length;
    await pass(30_000);
    expect(asked).toHaveLength(before);
  });

  test("never polls a job that had ended before", async () => {
    current = { ...job, state: "failed" };
    await show(<Watcher />);
    await screen.findByText(/failed, lines: one two, steps: 10 20/);
    await pass(30_000);
    expect(asked.toSorted()).toEqual(["job", "logs at their end", "metrics after 0"]);
  });

  test("leaves an unreachable server to the probe, and goes on when it is back", async () => {
    await show(<Watcher />);
    await screen.findByText(/steps: 10 20/);
    server.use(
      http.get("/api/*", ({ request }) => {
        asked.push(request.url.endsWith("/installation") ? "probe" : request.url);
        return HttpResponse.error();
      }),
    );
    await pass(2_100);
    expect(connection.get().reachable).toBe(false);
    await screen.findByText(/steps: 10 20/);
    const before = asked.length;
    await pass(15_000);
    const since = asked.slice(before);
    expect(since.length).toBeGreaterThanOrEqual(2);
    expect(since.length).toBeLessThanOrEqual(4);
    expect(new Set(since)).toEqual(new Set(["probe"]));
  });
});

import { act, screen } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { connection } from "@/lib/connection";
import { session } from "@/lib/session";
import type { Job, LogLine } from "@/lib/wire";
import { show } from "@/test/render";
import { job, point, session as granted } from "@/test/samples";
import { server } from "@/test/server";
import { streams, type Connection } from "@/test/stream";
import { useLogs, useMetrics } from "./run-data";
import { useJob, useRunStream } from "./run-stream";

function Screen() {
  const { data } = useJob("job-1");
  return data ? <Run job={data} /> : null;
}

function Run({ job: shown }: { job: Job }) {
  const logs = useLogs(shown);
  const metrics = useMetrics(shown);
  const streamed = useRunStream(shown, logs.data !== undefined && metrics.data !== undefined);
  return (
    <p>
      {streamed ? "live" : "polled"} {shown.state}, lines: {logs.data?.lines.map(({ text }) => text).join(" ")}, steps: {metrics.data?.points.map(({ step }) => step).join(" ")}
    </p>
  );
}

let connections: Connection[];
let asked: string[];
let log: LogLine[];
let current: Job;

const line = (cursor: number): LogLine => ({ cursor, at: "2026-11-22T10:00:00Z", level: "info", text: `l${cursor}` });
const points = (next: number, ...steps: number[]) => ({ object: "metrics", data: steps.map((step) => point(step, { loss: 3 })), generations: [], rewound_to: null, next });

beforeEach(async () => {
  const made = streams("/api/jobs/job-1/stream");
  connections = made.connections;
  asked = [];
  log = [line(1), line(2)];
  current = job;
  server.use(
    made.handler,
    http.post("/api/auth/login", () => HttpResponse.json(granted)),
    http.get("/api/jobs/job-1", () => {
      asked.push("job");
      return HttpResponse.json(current);
    }),
    http.get("/api/jobs/job-1/logs", ({ request }) => {
      const after = Number(new URL(request.url).searchParams.get("after") ?? 0);
      asked.push("logs");
      return HttpResponse.json({ object: "log", lines: log.filter(({ cursor }) => cursor > after), start: after, next: log.at(-1)?.cursor ?? 0, live: current.state === "running" });
    }),
    http.get("/api/jobs/job-1/metrics", () => {
      asked.push("metrics");
      return HttpResponse.json(points(2, 10));
    }),
  );
  await session.signIn({ email: "ada@example.org", password: "a long password" });
  vi.spyOn(Math, "random").mockReturnValue(0);
});

afterEach(() => {
  vi.useRealTimers();
  connection.set({ reachable: true, nextTryAt: null });
});

const nth = async (index: number) => {
  await expect.poll(() => connections.length).toBeGreaterThan(index);
  return connections[index]!;
};

const pass = async (ms: number) => {
  await act(() => vi.advanceTimersByTimeAsync(ms));
  await act(() => vi.advanceTimersByTimeAsync(50));
};

describe("the job page", () => {
  test("goes on by stream behind what it has loaded, and then polls no more", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true, advanceTimeDelta: 5 });
    await show(<Screen />);
    const stream = await nth(0);
    expect(stream.lastEventId).toBe("2");
    stream.tell("metrics", 2, points(4, 20, 30));
    stream.tell("log", 3, line(3));
    stream.tell("log", 4, line(4));
    await screen.findByText("live running, lines: l1 l2 l3 l4, steps: 10 20 30");
    const before = asked.length;
    await pass(10_000);
    expect(asked).toHaveLength(before);
  });

  test("shows each line once when a stream repeats some", async () => {
    await show(<Screen />);
    const stream = await nth(0);
    for (const cursor of [2, 3, 3]) stream.tell("log", cursor, line(cursor));
    stream.breakOff();
    const again = await nth(1);
    for (const cursor of [2, 3, 4]) again.tell("log", cursor, line(cursor));
    await screen.findByText(/lines: l1 l2 l3 l4, /);
  });

  test("polls while the stream is broken, and returns to it", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true, advanceTimeDelta: 5 });
    await show(<Screen />);
    (await nth(0)).tell("job", 2, job);
    await screen.findByText(/^live/);
    log = [...log, line(3)];
    connections[0]!.breakOff();
    await screen.findByText(/^polled running, lines: l1 l2 l3/);
    await expect.poll(() => asked.filter((what) => what === "job").length).toBeGreaterThan(1);
    const again = await nth(1);
    again.tell("log", 4, line(4));
    await screen.findByText(/^live running, lines: l1 l2 l3 l4/);
  });

  test("polls where a stream is refused", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true, advanceTimeDelta: 5 });
    server.use(http.get("/api/jobs/job-1/stream", () => new HttpResponse("no", { status: 404 })));
    await show(<Screen />);
    await screen.findByText(/^polled running, lines: l1 l2/);
    log = [...log, line(3)];
    await pass(2_500);
    await screen.findByText(/^polled running, lines: l1 l2 l3/);
  });

  test("takes the last lines and the end from the stream, and then asks nothing more", async () => {
    await show(<Screen />);
    const stream = await nth(0);
    stream.tell("log", 3, line(3));
    current = { ...job, state: "succeeded" };
    log = [...log, line(3)];
    stream.tell("job", 3, current);
    stream.tell("end", 3, {});
    await screen.findByText("polled succeeded, lines: l1 l2 l3, steps: 10");
    await new Promise((done) => setTimeout(done, 500));
    const before = asked.length;
    await new Promise((done) => setTimeout(done, 3_000));
    expect(asked).toHaveLength(before);
    expect(connections).toHaveLength(1);
  });
});

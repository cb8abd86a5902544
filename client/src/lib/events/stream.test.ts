import { http, HttpResponse } from "msw";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { connection } from "@/lib/connection";
import { session } from "@/lib/session";
import { refusal, session as granted } from "@/test/samples";
import { server } from "@/test/server";
import { streams, type Connection } from "@/test/stream";
import { follow, retryPause, type StreamState } from "./stream";

let connections: Connection[];
let heard: string[];
let states: StreamState[];
let position: string | null;
let stop: () => void;

beforeEach(async () => {
  const made = streams("/api/jobs/job-1/stream");
  connections = made.connections;
  server.use(
    made.handler,
    http.post("/api/auth/login", () => HttpResponse.json(granted)),
  );
  await session.signIn({ email: "ada@example.org", password: "a long password" });
  heard = [];
  states = [];
  position = null;
  vi.spyOn(Math, "random").mockReturnValue(0);
});

afterEach(() => {
  stop();
  show("visible");
  vi.useRealTimers();
  connection.set({ reachable: true, nextTryAt: null });
});

function start() {
  stop = follow({
    path: "/api/jobs/job-1/stream",
    lastId: () => position,
    onEvents: (events) => {
      for (const { id, data } of events) {
        heard.push(data);
        position = id;
      }
    },
    onState: (state) => states.push(state),
  });
}

const nth = async (index: number) => {
  await expect.poll(() => connections.length).toBeGreaterThan(index);
  return connections[index]!;
};

function show(state: "visible" | "hidden") {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(state);
  document.dispatchEvent(new Event("visibilitychange"));
}

describe("a stream", () => {
  test("is asked for as the person, and brings what is said", async () => {
    start();
    const line = await nth(0);
    expect(line).toMatchObject({ authorization: "Bearer token-1", lastEventId: null });
    line.say("id: 5\ndata: one\n\nid: 9\ndata: two\n\n");
    await expect.poll(() => heard).toEqual(["one", "two"]);
    expect(states).toEqual(["open"]);
  });

  test("that breaks is taken up where it ended, and says so meanwhile", async () => {
    start();
    (await nth(0)).say("id: 5\ndata: one\n\n");
    await expect.poll(() => heard).toEqual(["one"]);
    connections[0]!.breakOff();
    const again = await nth(1);
    expect(again.lastEventId).toBe("5");
    again.say("id: 9\ndata: two\n\n");
    await expect.poll(() => heard).toEqual(["one", "two"]);
    expect(states).toEqual(["open", "failing", "open"]);
  });

  test("is over after its end, and never asked for again", async () => {
    start();
    (await nth(0)).say("id: 5\nevent: end\ndata: {}\n\n");
    await expect.poll(() => states).toEqual(["open", "ended"]);
    await new Promise((done) => setTimeout(done, 700));
    expect(connections).toHaveLength(1);
  });

  test("is let go of in a hidden tab and taken up again in a visible one", async () => {
    start();
    const first = await nth(0);
    first.say("id: 5\ndata: one\n\n");
    await expect.poll(() => heard).toEqual(["one"]);
    show("hidden");
    await expect.poll(() => first.open).toBe(false);
    await new Promise((done) => setTimeout(done, 700));
    expect(connections).toHaveLength(1);
    show("visible");
    expect((await nth(1)).lastEventId).toBe("5");
  });

  test("that nothing comes through within 20 seconds is failing, and tried again", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    start();
    await nth(0);
    await vi.advanceTimersByTimeAsync(19_000);
    expect(states).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);
    await expect.poll(() => states).toEqual(["failing"]);
    await vi.advanceTimersByTimeAsync(1_000);
    (await nth(1)).say(": here\n\n");
    await expect.poll(() => states).toEqual(["failing", "open"]);
  });

  test("that only beats is alive", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    start();
    const line = await nth(0);
    for (let beat = 0; beat < 4; beat += 1) {
      line.say(": beat\n\n");
      await vi.advanceTimersByTimeAsync(15_000);
    }
    expect(states).toEqual(["open"]);
    expect(connections).toHaveLength(1);
  });

  test("that is refused for an old token is asked for once more with a new one", async () => {
    server.use(
      http.get("/api/jobs/job-1/stream", ({ request: { headers } }) =>
        headers.get("authorization") === "Bearer token-1" ? HttpResponse.json(refusal("Old token."), { status: 401 }) : undefined,
      ),
      http.post("/api/auth/refresh", () => HttpResponse.json({ ...granted, access_token: "token-2" })),
    );
    start();
    await expect.poll(() => connections.at(-1)?.authorization).toBe("Bearer token-2");
  });

  test("waits for a server that is away, and begins at once when it is back", async () => {
    connection.set({ reachable: false, nextTryAt: null });
    start();
    await new Promise((done) => setTimeout(done, 100));
    expect(connections).toHaveLength(0);
    connection.set({ reachable: true, nextTryAt: null });
    await nth(0);
  });
});

test("pauses grow, differ, and end at half a minute", () => {
  expect([1, 2, 3, 9].map((failures) => retryPause(failures, 1))).toEqual([1_000, 2_000, 4_000, 30_000]);
  expect(retryPause(2, 0)).toBe(1_000);
});

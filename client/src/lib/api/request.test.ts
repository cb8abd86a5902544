import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";
import { request, withQuery } from "@/lib/api/request";
import { connection, pauseAfter } from "@/lib/connection";
import { ConnectionError } from "@/lib/errors";
import { session } from "@/lib/session";
import { refusal, session as granted } from "@/test/samples";
import { server } from "@/test/server";

beforeEach(async () => {
  server.use(http.post("/api/auth/login", () => HttpResponse.json(granted)));
  await session.signIn({ email: "ada@example.org", password: "a long password" });
});

test("a request carries the token of the person", async () => {
  server.use(http.get("/api/auth/me", ({ request: { headers } }) => HttpResponse.json({ sent: headers.get("authorization") })));
  expect(await request("/api/auth/me")).toEqual({ sent: "Bearer token-1" });
});

test("a refused token is refreshed once, and the request repeated", async () => {
  let refreshes = 0;
  server.use(
    http.get("/api/auth/me", ({ request: { headers } }) =>
      headers.get("authorization") === "Bearer token-2" ? HttpResponse.json({ id: "usr-1" }) : HttpResponse.json(refusal("Old token."), { status: 401 }),
    ),
    http.post("/api/auth/refresh", () => {
      refreshes += 1;
      return HttpResponse.json({ ...granted, access_token: "token-2" });
    }),
  );
  const answers = await Promise.all([request("/api/auth/me"), request("/api/auth/me")]);
  expect(answers).toEqual([{ id: "usr-1" }, { id: "usr-1" }]);
  expect(refreshes).toBe(1);
});

test("a request after the session has ended fails with the server's word", async () => {
  server.use(
    http.get("/api/auth/me", () => HttpResponse.json(refusal("Sign in."), { status: 401 })),
    http.post("/api/auth/refresh", () => HttpResponse.json(refusal("Sign in."), { status: 401 })),
  );
  await expect(request("/api/auth/me")).rejects.toMatchObject({ status: 401 });
  expect(session.state.get()).toEqual({ status: "signed-out", reason: "expired" });
});

test("silence marks the server as unreachable, and the next answer as reachable", async () => {
  server.use(http.get("/api/jobs", () => HttpResponse.error()));
  await expect(request("/api/jobs")).rejects.toBeInstanceOf(ConnectionError);
  expect(connection.get().reachable).toBe(false);
  server.use(http.get("/api/jobs", () => HttpResponse.json({ data: [] })));
  await request("/api/jobs");
  expect(connection.get()).toEqual({ reachable: true, nextTryAt: null });
});

test("the pauses between probes grow to half a minute", () => {
  expect([1, 2, 3, 4, 5, 9].map(pauseAfter)).toEqual([2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
});

test("a query leaves out what is not set", () => {
  expect(withQuery("/api/jobs", { limit: 50, after: null, state: undefined })).toBe("/api/jobs?limit=50");
  expect(withQuery("/api/jobs", { after: "" })).toBe("/api/jobs");
});

// The guided page over a server that answers as one would: what its tests begin with.
import { render, screen } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeEach, vi } from "vitest";
import type { ScoredItem } from "@/lib/wire";
import { forecast } from "@/test/forecast-sample";
import { guide, scoredItem } from "@/test/guided-samples";
import { tunedModel } from "@/test/model-samples";
import { baseModel, dataset, installation, job, listOf, session as granted } from "@/test/samples";
import { server } from "@/test/server";

const done = { ...job, state: "succeeded" as const, tuned_model: tunedModel.id, progress: null };
let items: ScoredItem[];
/** What the page has sent, with what it is. */
export let sent: Record<string, unknown>[];

/** The whole page at an address, as a fresh tab would open it. */
export async function openAt(address: string) {
  document.cookie = "llm_tuner_csrf=csrf-1";
  window.history.replaceState(null, "", address);
  vi.resetModules();
  const { App } = await import("@/app/app");
  render(<App />);
  await screen.findByRole("heading", { name: "Guide, train, test, report" }, { timeout: 15_000 });
}

export const search = () => new URLSearchParams(location.search);
export const keep = (name: string) => async ({ request }: { request: Request }) => {
  sent.push({ what: name, ...((await request.json()) as object) });
};

export function beginEachTest() {
  beforeEach(() => {
    items = [scoredItem];
    sent = [];
    server.use(
      http.get("/api/installation", () => HttpResponse.json({ ...installation, accepted_suffixes: [".pdf", ".docx", ".csv"] })),
      http.post("/api/auth/refresh", () => HttpResponse.json(granted)),
      http.get("/api/guides", () => HttpResponse.json(listOf(guide))),
      http.get("/api/guides/gde-1", () => HttpResponse.json(guide)),
      http.get("/api/guides/gde-1/scored-items", () => HttpResponse.json(listOf(...items))),
      http.patch("/api/guides/gde-1/scored-items/itm-1", async ({ request }) => {
        items = [{ ...scoredItem, ...((await request.json()) as object), corrected: true }];
        return HttpResponse.json(items[0]);
      }),
      http.post("/api/guides/datasets", async (info) => {
        await keep("dataset")(info);
        return HttpResponse.json({ ...dataset, name: "Harbour letters" }, { status: 201 });
      }),
      http.get("/api/datasets/dst-1", () => HttpResponse.json(dataset)),
      http.get("/api/documents", () => HttpResponse.json(listOf())),
      http.get("/api/base-models", () => HttpResponse.json(listOf({ ...baseModel, id: "gpt2-scratch-1m", name: "GPT-2, 1 M", from_scratch: true }, baseModel))),
      http.get("/api/tuned-models", () => HttpResponse.json(listOf(tunedModel))),
      http.get("/api/test-sets", () => HttpResponse.json(listOf())),
      http.get("/api/test-submissions", () => HttpResponse.json(listOf())),
      http.get("/api/jobs", () => HttpResponse.json(listOf(done))),
      http.get("/api/jobs/job-1", () => HttpResponse.json(done)),
      http.post("/api/forecasts", () => HttpResponse.json(forecast)),
      http.post("/api/jobs", async (info) => {
        await keep("job")(info);
        return HttpResponse.json(done, { status: 201 });
      }),
      http.get("/api/jobs/job-1/logs", () => HttpResponse.json({ lines: [], start: 0, next: 0, live: false })),
      http.get("/api/jobs/job-1/metrics", () => HttpResponse.json({ points: [], generations: [], next: 0 })),
    );
  });
}

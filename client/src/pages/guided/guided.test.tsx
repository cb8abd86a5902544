import { act, cleanup, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { ScoredItem } from "@/lib/wire";
import { evaluatedItem, evaluation, guide, preview, report, scoredItem, submission } from "@/test/guided-samples";
import { tunedModel } from "@/test/model-samples";
import { forecast } from "@/test/forecast-sample";
import { baseModel, dataset, document_ as learned, installation, job, listOf, session as granted } from "@/test/samples";
import { server } from "@/test/server";

const done = { ...job, state: "succeeded" as const, tuned_model: tunedModel.id, progress: null };
let items: ScoredItem[];
let sent: Record<string, unknown>[];

/** The whole page at an address, as a fresh tab would open it. */
async function openAt(address: string) {
  document.cookie = "llm_tuner_csrf=csrf-1";
  window.history.replaceState(null, "", address);
  vi.resetModules();
  const { App } = await import("@/app/app");
  render(<App />);
  await screen.findByRole("heading", { name: "Guide, train, test, report" });
}

const search = () => new URLSearchParams(location.search);
const keep = (name: string) => async ({ request }: { request: Request }) => {
  sent.push({ what: name, ...((await request.json()) as object) });
};

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

describe("the guide step", () => {
  test("shows what was read, takes corrections, and leads on when it is confirmed", async () => {
    await openAt("/llm-training/?guide=gde-1");
    const card = within(await screen.findByRole("article", { name: "Harbour letters" }));
    expect(await card.findByText("Dear harbour master, the lamp is out.")).toBeInTheDocument();
    await userEvent.click(card.getByRole("button", { name: "Correct item 1" }));
    await userEvent.clear(card.getByLabelText("Score"));
    await userEvent.type(card.getByLabelText("Score"), "12");
    await userEvent.tab();
    expect(await card.findByText(/above the highest score, 10/)).toBeInTheDocument();
    await userEvent.clear(card.getByLabelText("Score"));
    await userEvent.type(card.getByLabelText("Score"), "6");
    await userEvent.click(card.getByRole("button", { name: "Save" }));
    expect(await card.findByText("corrected")).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "This is right, go on to training" }));
    await waitFor(() => expect(search().get("dataset")).toBe("dst-1"));
    expect(search().get("step")).toBe("train");
    expect(sent).toEqual([{ what: "dataset", guide_ids: ["gde-1"], document_ids: [] }]);
  });

  test("learns from other documents beside the guide", async () => {
    server.use(http.get("/api/documents", () => HttpResponse.json(listOf(learned))));
    await openAt("/llm-training/?guide=gde-1");
    await userEvent.click(await screen.findByText(/Learn from other documents too/));
    await userEvent.click(screen.getByRole("checkbox", { name: new RegExp(learned.name) }));
    expect(await screen.findByRole("article", { name: "Harbour letters" })).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "This is right, go on to training" }));
    await waitFor(() => expect(sent).toEqual([{ what: "dataset", guide_ids: ["gde-1"], document_ids: [learned.id] }]));
  });

  test("deletes a guide once it is confirmed, and says why it cannot", async () => {
    let refused = true;
    server.use(
      http.delete("/api/guides/gde-1", () => {
        if (refused) return HttpResponse.json({ error: { message: "The job “Letters” trains on it.", type: "conflict", param: null, code: "documents.in_use" } }, { status: 409 });
        return HttpResponse.json({ id: "gde-1", object: "deleted", deleted: true });
      }),
    );
    await openAt("/llm-training/?guide=gde-1");
    await userEvent.click(await screen.findByText(/Use a guide that is here already/));
    await userEvent.click(screen.getByRole("button", { name: "Delete the guide Harbour letters" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Delete the guide “Harbour letters”?" }));
    await userEvent.click(dialog.getByRole("button", { name: "Delete the guide" }));
    expect(await dialog.findByText("The job “Letters” trains on it.")).toBeInTheDocument();
    expect(search().get("guide")).toBe("gde-1");
    refused = false;
    await userEvent.click(dialog.getByRole("button", { name: "Delete the guide" }));
    await waitFor(() => expect(search().get("guide")).toBeNull());
  });

  test("offers to go on where one was, to the same person only", async () => {
    await openAt("/llm-training/?step=train&guide=gde-1&dataset=dst-1");
    await screen.findByRole("button", { name: "Start training" });
    act(() => cleanup());
    await openAt("/llm-training/");
    expect(await screen.findByRole("link", { name: "Go on there" })).toHaveAttribute("href", expect.stringContaining("dataset=dst-1"));
    act(() => cleanup());
    server.use(http.post("/api/auth/refresh", () => HttpResponse.json({ ...granted, user: { ...granted.user, id: "usr-2" } })));
    await openAt("/llm-training/");
    await screen.findByText("A new guide");
    expect(screen.queryByRole("link", { name: "Go on there" })).not.toBeInTheDocument();
  });
});

test("the training step recommends a model that already speaks, and starts it on the dataset", async () => {
  await openAt("/llm-training/?step=train&guide=gde-1&dataset=dst-1");
  expect(await screen.findByText("recommended")).toBeInTheDocument();
  await userEvent.click(screen.getByRole("button", { name: "Start training" }));
  await waitFor(() => expect(search().get("job")).toBe("job-1"));
  expect(sent).toEqual([{ what: "job", base_model: baseModel.id, dataset_id: "dst-1", hyperparameters: {} }]);
  expect(await screen.findByRole("button", { name: "Go on to testing" })).toBeInTheDocument();
});

describe("the test step", () => {
  beforeEach(() => {
    server.use(
      http.get("/api/evaluations/evl-1", () => HttpResponse.json(evaluation)),
      http.get("/api/evaluations/evl-1/items", () => HttpResponse.json(listOf(evaluatedItem))),
    );
  });

  test("waits for what is expected, says how it grades, and runs once", async () => {
    let kept = submission;
    server.use(
      http.get("/api/test-submissions/sub-1", () => HttpResponse.json(kept)),
      http.patch("/api/test-submissions/sub-1", async ({ request }) => {
        kept = { ...kept, ...((await request.json()) as object) };
        return HttpResponse.json(kept);
      }),
      http.post("/api/test-sets/preview", () => HttpResponse.json(preview)),
      http.post("/api/test-sets", async (info) => {
        await keep("test set")(info);
        return HttpResponse.json({ ...preview, object: "test_set", id: "tst-1", name: "Letters", items: undefined }, { status: 201 });
      }),
      http.post("/api/evaluations", async (info) => {
        await keep("evaluation")(info);
        return HttpResponse.json(evaluation, { status: 201 });
      }),
    );
    await openAt("/llm-training/?step=test&job=job-1&submission=sub-1");
    expect(await screen.findByText(/without that nothing can be graded/)).toBeInTheDocument();
    const score = screen.getByLabelText("Expected score of first letter");
    await userEvent.type(score, "7/10");
    expect(await screen.findByText("Write a number, such as 7 or 7.5.")).toBeInTheDocument();
    await userEvent.clear(score);
    await userEvent.type(score, "7");
    await userEvent.tab();
    expect(await screen.findByText("A score is expected of every submission.")).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Run the test" }));
    const verdict = within(await screen.findByRole("region", { name: "Verdict" }));
    expect(verdict.getByText("Improved")).toBeInTheDocument();
    expect(verdict.getByText("With 50 items this is hardly chance.")).toBeInTheDocument();
    expect(verdict.getByRole("img", { name: "With 95 % confidence 1.10 to 2.30 better." })).toBeInTheDocument();
    expect(await screen.findByRole("img", { name: "Tuned: finds 5 likeliest, with 60 per cent" })).toBeInTheDocument();
    expect(sent).toEqual([
      { what: "test set", submission_ids: ["sub-1"] },
      { what: "evaluation", test_set_id: "tst-1", tuned_model_ids: [tunedModel.id] },
    ]);
    expect(search().get("evaluation")).toBe("evl-1");
  });

  test("shows which column is taken for what, and takes another", async () => {
    const asked: unknown[] = [];
    const table = { ...learned, columns: [{ name: "question", example: "What is a lamp?" }, { name: "label", example: "easy" }, { name: "reply", example: "A light." }] };
    server.use(
      http.get(`/api/documents/${learned.id}`, () => HttpResponse.json(table)),
      http.post("/api/test-sets/preview", async ({ request }) => {
        asked.push(await request.json());
        return HttpResponse.json({ ...preview, columns: { prompt: "question", input: null, expected: "label", expected_score: null, label: null } });
      }),
    );
    await openAt(`/llm-training/?step=test&job=job-1&table=${learned.id}`);
    const expected = await screen.findByLabelText("Expected answer");
    expect(expected).toHaveValue("label");
    expect(screen.getByText("first: easy")).toBeInTheDocument();
    await userEvent.selectOptions(expected, "reply");
    const columns = { prompt: "question", input: null, expected: "reply", expected_score: null, label: null };
    await waitFor(() => expect(asked.at(-1)).toEqual({ document_id: learned.id, columns }));
  });

  test("asks which column is which where the names do not say it", async () => {
    server.use(
      http.get(`/api/documents/${learned.id}`, () => HttpResponse.json({ ...learned, columns: [{ name: "a", example: "1" }, { name: "b", example: "2" }] })),
      http.post("/api/test-sets/preview", async ({ request }) => {
        const { columns } = (await request.json()) as { columns?: object };
        if (columns) return HttpResponse.json({ ...preview, columns });
        return HttpResponse.json(
          { error: { message: "Say which column is asked.", type: "invalid_request_error", param: "columns", code: "test_sets.needs_columns" } },
          { status: 422 },
        );
      }),
    );
    await openAt(`/llm-training/?step=test&job=job-1&table=${learned.id}`);
    expect(await screen.findByText("Say which column is asked.")).toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Run the test" })).toBeDisabled();
    await userEvent.selectOptions(screen.getByLabelText("What is asked"), "a");
    await waitFor(() => expect(screen.getByRole("button", { name: "Run the test" })).toBeEnabled());
  });

  test("deletes a test with what came of it, and an earlier submission", async () => {
    const deleted: string[] = [];
    const testSet = { ...preview, object: "test_set", id: "tst-1", name: "Letters", items: undefined };
    server.use(
      http.get("/api/test-sets", () => HttpResponse.json(listOf(...(deleted.includes("tst-1") ? [] : [testSet])))),
      http.get("/api/test-submissions", () => HttpResponse.json(listOf(...(deleted.includes("sub-1") ? [] : [submission])))),
      http.delete("/api/:kind/:id", ({ params }) => {
        deleted.push(String(params.id));
        return HttpResponse.json({ id: params.id, object: "deleted", deleted: true });
      }),
    );
    await openAt("/llm-training/?step=test&job=job-1&test-set=tst-1");
    await userEvent.click(await screen.findByRole("button", { name: "Delete this test" }));
    await userEvent.click(await screen.findByRole("button", { name: "Delete the test" }));
    await userEvent.click(await screen.findByText("Add from 1 earlier submission"));
    await userEvent.click(screen.getByRole("button", { name: "Delete the submission first letter" }));
    await userEvent.click(await screen.findByRole("button", { name: "Delete the submission" }));
    await waitFor(() => expect(deleted).toEqual(["tst-1", "sub-1"]));
    expect(search().get("test-set")).toBeNull();
  });

  test("says that items stand in the training data, and counts without them", async () => {
    const [comparison] = evaluation.results!.comparisons;
    const results = { ...evaluation.results!, num_leaked: 2, comparisons: [{ ...comparison!, without_leaks: { ...comparison!.verdict, verdict: "no_change" as const } }] };
    server.use(http.get("/api/evaluations/evl-1", () => HttpResponse.json({ ...evaluation, results })));
    await openAt("/llm-training/?job=job-1&evaluation=evl-1");
    const verdict = within(await screen.findByRole("region", { name: "Verdict" }));
    expect(verdict.getByText("No change")).toBeInTheDocument();
    expect(verdict.getByText(/With them the verdict would be improved/)).toBeInTheDocument();
  });
});

test("the report step makes a report with what was chosen, and shows it in a frame that may do nothing", async () => {
  server.use(
    http.get("/api/evaluations/evl-1", () => HttpResponse.json(evaluation)),
    http.post("/api/reports", async (info) => {
      await keep("report")(info);
      return HttpResponse.json(report, { status: 201 });
    }),
    http.get("/api/reports/rpt-1", () => HttpResponse.json(report)),
    http.get("/api/reports/rpt-1/shares", () => HttpResponse.json(listOf())),
    http.post("/api/reports/rpt-1/link", () => HttpResponse.json({ url: "/api/downloads/token", expires_in: 60 })),
  );
  await openAt("/llm-training/?step=report&job=job-1&evaluation=evl-1");
  await userEvent.click(await screen.findByRole("checkbox", { name: "The log of the trainer" }));
  await userEvent.click(screen.getByRole("button", { name: "Make the report" }));
  const frame = await screen.findByTitle("Report: Kettle");
  expect(frame).toHaveAttribute("src", "/api/downloads/token");
  expect(frame).toHaveAttribute("sandbox", "");
  expect(sent).toEqual([{ what: "report", job_ids: ["job-1"], format: "html", include_metrics: true, include_logs: true }]);
  expect(search().get("report")).toBe("rpt-1");
});

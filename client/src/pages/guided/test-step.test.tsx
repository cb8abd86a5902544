import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { beforeEach, describe, expect, test } from "vitest";
import { beginEachTest, keep, openAt, search, sent } from "@/test/guided-page";
import { evaluatedItem, evaluation, preview, submission } from "@/test/guided-samples";
import { tunedModel } from "@/test/model-samples";
import { document_ as learned, listOf } from "@/test/samples";
import { server } from "@/test/server";

beginEachTest();

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

  test("takes all submissions that are here, however many, but for those of which nothing is expected", async () => {
    const all = Array.from({ length: 120 }, (_, place) => ({ ...submission, id: `sub-${place}`, expected_score: place === 5 ? null : 7 }));
    const asked: { submission_ids?: string[] }[] = [];
    server.use(
      http.get("/api/test-submissions", ({ request }) => {
        const from = all.findIndex(({ id }) => id === new URL(request.url).searchParams.get("after")) + 1;
        return HttpResponse.json({ ...listOf(...all.slice(from, from + 50)), has_more: from + 50 < all.length });
      }),
      http.post("/api/test-sets/preview", async ({ request }) => {
        asked.push((await request.json()) as object);
        return HttpResponse.json(preview);
      }),
    );
    await openAt("/llm-training/?step=test&job=job-1");
    await userEvent.click(await screen.findByText(/^Add from/));
    await userEvent.click(screen.getByRole("button", { name: "Test with all that are here" }));
    expect(await screen.findByText(/Tested with 119\ssubmissions/)).toHaveTextContent(/Left out: 1\ssubmission/);
    await waitFor(() => expect(screen.getByRole("button", { name: "Run the test" })).toBeEnabled());
    expect(asked.at(-1)?.submission_ids).toHaveLength(119);
    expect(search().get("submission")).toBe("all");
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

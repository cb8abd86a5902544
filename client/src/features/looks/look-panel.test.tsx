import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { useState } from "react";
import { beforeEach, describe, expect, test } from "vitest";
import type { LookRequest } from "@/lib/wire";
import { show } from "@/test/render";
import { look, refusal } from "@/test/samples";
import { server } from "@/test/server";
import { LookPanel } from "./look-panel";

const request: LookRequest = { base_model: "smollm2-135m-instruct", document_ids: ["doc-1"] };
let asked: LookRequest[];

beforeEach(() => {
  asked = [];
  server.use(
    http.post("/api/looks", async ({ request: sent }) => {
      asked.push((await sent.json()) as LookRequest);
      return HttpResponse.json(look);
    }),
  );
});

const press = (name: string) => userEvent.click(screen.getByRole("button", { name }));

function ChangingForm() {
  const [ids, setIds] = useState(["doc-1"]);
  return (
    <>
      <button onClick={() => setIds(["doc-2"])}>Change the form</button>
      <LookPanel request={{ ...request, document_ids: ids }} />
    </>
  );
}

describe("the look at what the model will see", () => {
  test("is asked for only on a press", async () => {
    await show(<LookPanel request={request} />);
    expect(asked).toEqual([]);
    await press("Look");
    expect(await screen.findByText("270 examples", { collapseWhitespace: true })).toBeInTheDocument();
    expect(asked).toEqual([request]);
  });

  test("marks what is learned, and nothing else", async () => {
    await show(<LookPanel request={request} />);
    await press("Look");
    const answer = await screen.findByText("Yes.");
    expect(answer.tagName).toBe("MARK");
    expect(answer).toHaveAttribute("title", "Token 512, learned");
    expect(screen.getByText("Is it hot?").tagName).toBe("SPAN");
    expect(screen.getByText("<|im_start|>")).toHaveAttribute("title", "Token 1, only read");
  });

  test("has its histogram as a table too", async () => {
    await show(<LookPanel request={request} />);
    await press("Look");
    await userEvent.click(await screen.findByText("The same as a table"));
    const rows = within(screen.getByRole("table")).getAllByRole("row");
    expect(rows.map((row) => row.textContent)).toEqual(["TokensExamples", "1 to 64200", "65 to 12890", "129 to 19210"]);
    expect(screen.getByRole("img", { name: /Histogram: from 1 to 192/ })).toBeInTheDocument();
  });

  test("tells what is doubtful about the data", async () => {
    const doubtful = { ...look, num_leaked: 2, leaked: [{ first: 3, second: 280, similarity: 1 }], personal_data: { emails: 4, phones: 0, cards: 1 } };
    server.use(http.post("/api/looks", () => HttpResponse.json(doubtful)));
    await show(<LookPanel request={request} />);
    await press("Look");
    expect(await screen.findByText(/also stand in the training data/)).toBeInTheDocument();
    expect(screen.getByText(/4 with e-mail addresses, 1 with card numbers/)).toBeInTheDocument();
    await userEvent.click(screen.getByText("Which ones leak into validation"));
    expect(screen.getByText("Examples 4 and 281")).toBeInTheDocument();
  });

  test("says what was counted on a sample only", async () => {
    const sampled = { ...look, num_examples: 90_000, sample: { num_examples: 30_000, every: 3, duplicates_estimated: false } };
    server.use(http.post("/api/looks", () => HttpResponse.json(sampled)));
    await show(<LookPanel request={request} />);
    await press("Look");
    expect(await screen.findByText(/counted on a sample of 30,000 of 90,000 examples/)).toBeInTheDocument();
    expect(screen.getByText(/^about 20/)).toBeInTheDocument();
  });

  test("offers the override beside what keeps a run from starting, and only there", async () => {
    await show(<LookPanel request={request} override={<input type="checkbox" aria-label="Start all the same" />} />);
    await press("Look");
    await screen.findByText("Yes.");
    expect(screen.queryByRole("checkbox", { name: "Start all the same" })).not.toBeInTheDocument();
    server.use(http.post("/api/looks", () => HttpResponse.json({ ...look, blockers: [{ code: "few_steps", message: "Only 3 steps." }] })));
    await show(<LookPanel request={{ ...request, hyperparameters: { block_size: 64 } }} override={<input type="checkbox" aria-label="Start all the same" />} />);
    await press("Look");
    expect(await screen.findByText("Only 3 steps.")).toBeInTheDocument();
    expect(screen.getByRole("checkbox", { name: "Start all the same" })).toBeInTheDocument();
  });

  test("is not shown for a form that has changed since", async () => {
    await show(<ChangingForm />);
    await press("Look");
    await screen.findByText("Yes.");
    await press("Change the form");
    expect(screen.queryByText("Yes.")).not.toBeInTheDocument();
    expect(screen.getByText("The form has changed since the last look.")).toBeInTheDocument();
    await press("Look again");
    await waitFor(() => expect(asked[1]?.document_ids).toEqual(["doc-2"]));
  });

  test("says why there is nothing to see, and can be asked again", async () => {
    let broken = true;
    server.use(http.post("/api/looks", () => (broken ? HttpResponse.json(refusal("No example is left."), { status: 422 }) : HttpResponse.json(look))));
    await show(<LookPanel request={request} />);
    await press("Look");
    expect(await screen.findByText("No example is left.")).toBeInTheDocument();
    broken = false;
    await press("Look again");
    expect(await screen.findByText("Yes.")).toBeInTheDocument();
  });
});

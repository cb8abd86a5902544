import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { delay, http, HttpResponse } from "msw";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { BaseModel, JobRequest } from "@/lib/wire";
import { show } from "@/test/render";
import { baseModel, document_, forecast, job, refusal } from "@/test/samples";
import { server } from "@/test/server";
import { emptyFields } from "./job-fields";
import { NewJobForm } from "./new-job-form";

const unavailable: BaseModel = { ...baseModel, id: "gpt2", name: "GPT-2", availability: "unavailable", availability_reason: "The model hub cannot be reached." };
const created = vi.fn();
let sent: { key: string | null; body: JobRequest }[];

beforeEach(() => {
  sent = [];
  created.mockClear();
  server.use(
    http.post("/api/forecasts", () => HttpResponse.json(forecast)),
    http.post("/api/jobs", async ({ request }) => {
      sent.push({ key: request.headers.get("idempotency-key"), body: (await request.json()) as JobRequest });
      await delay(50);
      return HttpResponse.json(job, { status: 201 });
    }),
  );
});

async function open(chosen = { documentIds: [document_.id], baseModel: baseModel.id }) {
  await show(<NewJobForm documents={[document_]} models={[baseModel, unavailable]} start={emptyFields(chosen)} onCreated={created} />);
}

const train = () => screen.getByRole("button", { name: "Train" });

describe("the form for a job", () => {
  test("shows what auto would take, and why", async () => {
    await open();
    expect(await screen.findByText("Little data is read 3 times.")).toBeInTheDocument();
    expect(screen.getByLabelText("Epochs")).toHaveAttribute("placeholder", "auto: 3");
    expect(screen.getByText("no run measured yet")).toBeInTheDocument();
  });

  test("disables a model that cannot be used, with its reason", async () => {
    await open();
    expect(screen.getByRole("radio", { name: /^GPT-2/, hidden: true })).toBeDisabled();
    expect(screen.getByText("The model hub cannot be reached.")).toBeInTheDocument();
  });

  test("sends what was chosen, and leaves the rest to the server", async () => {
    await open();
    await userEvent.type(screen.getByLabelText("Epochs"), "2");
    await userEvent.click(train());
    await waitFor(() => expect(created).toHaveBeenCalledWith(job));
    expect(sent[0]?.body).toEqual({ base_model: baseModel.id, document_ids: ["doc-1"], method: "auto", hyperparameters: { epochs: 2 } });
  });

  test("makes one job of a double click", async () => {
    await open();
    await userEvent.dblClick(train());
    await waitFor(() => expect(created).toHaveBeenCalled());
    expect(new Set(sent.map(({ key }) => key)).size).toBe(1);
    expect(sent).toHaveLength(1);
    expect(sent[0]?.key).toMatch(/^[0-9a-f]{32}$/);
  });

  test("repeats a lost attempt under the same key, and takes a new one for another job", async () => {
    let lost = true;
    server.use(
      http.post("/api/jobs", async ({ request }) => {
        sent.push({ key: request.headers.get("idempotency-key"), body: (await request.json()) as JobRequest });
        return lost ? HttpResponse.json(refusal("Try again."), { status: 503 }) : HttpResponse.json(job, { status: 201 });
      }),
    );
    await open();
    await userEvent.click(train());
    await screen.findByText("Try again.");
    await userEvent.click(train());
    await waitFor(() => expect(sent).toHaveLength(2));
    lost = false;
    await userEvent.type(screen.getByLabelText("Epochs"), "2");
    await waitFor(() => expect(train()).not.toHaveAttribute("aria-disabled"));
    await userEvent.click(train());
    await waitFor(() => expect(created).toHaveBeenCalled());
    expect(sent[0]?.key).toBe(sent[1]?.key);
    expect(sent[2]?.key).not.toBe(sent[0]?.key);
  });

  test("leads to the first thing that is missing", async () => {
    await open({ documentIds: [], baseModel: baseModel.id });
    await userEvent.click(train());
    expect(await screen.findByText("Choose at least one document.")).toBeInTheDocument();
    expect(screen.getByRole("checkbox", { name: /Kettle questions/ })).toHaveFocus();
    expect(sent).toEqual([]);
  });

  test("unfolds the settings when the mistake is in there", async () => {
    await open();
    await userEvent.type(screen.getByLabelText("Weight decay"), "x");
    await userEvent.click(train());
    expect(await screen.findByText(/Write a number, or leave it empty/)).toBeVisible();
    await waitFor(() => expect(screen.getByLabelText("Weight decay")).toHaveFocus());
    expect(sent).toEqual([]);
  });

  test("puts the server's refusal beside its field", async () => {
    server.use(http.post("/api/jobs", () => HttpResponse.json(refusal("The batch is too large for this machine.", { param: "hyperparameters.batch_size" }), { status: 422 })));
    await open();
    await userEvent.click(train());
    expect(await screen.findByText("The batch is too large for this machine.")).toBeInTheDocument();
    expect(screen.getByLabelText("Batch size")).toBeInvalid();
    expect(screen.getByLabelText("Batch size")).toHaveFocus();
  });
});

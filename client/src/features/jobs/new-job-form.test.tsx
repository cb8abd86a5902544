import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { delay, http, HttpResponse } from "msw";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { BaseModel, Document, JobRequest } from "@/lib/wire";
import { tunedModel } from "@/test/model-samples";
import { show } from "@/test/render";
import { forecast } from "@/test/forecast-sample";
import { baseModel, document_, job, refusal } from "@/test/samples";
import { server } from "@/test/server";
import { asBase } from "@/features/models/as-base";
import { emptyFields, fieldsFrom } from "./job-fields";
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
    expect(screen.getByText("not measured yet")).toBeInTheDocument();
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

describe("the data of a job", () => {
  const second: Document = { ...document_, id: "doc-2", name: "Lamp questions" };
  const unread: Document = { ...document_, id: "doc-3", name: "Odd columns", status: "needs_mapping" };

  async function openWith(documentIds: string[]) {
    const start = emptyFields({ documentIds, baseModel: baseModel.id });
    await show(<NewJobForm documents={[document_, second, unread]} models={[baseModel]} start={start} onCreated={created} />);
  }

  test("keeps the order that was given with the keyboard", async () => {
    await openWith([document_.id, second.id]);
    screen.getByRole("button", { name: "Move Lamp questions up" }).focus();
    await userEvent.keyboard("{Enter}");
    expect(screen.getByRole("button", { name: "Move Lamp questions up" })).toHaveFocus();
    expect(screen.getByText("Lamp questions is now 1 of 2.")).toBeInTheDocument();
    await userEvent.click(train());
    await waitFor(() => expect(sent[0]?.body.document_ids).toEqual(["doc-2", "doc-1"]));
  });

  test("holds nothing whose columns are not understood", async () => {
    await openWith([]);
    expect(screen.getByRole("checkbox", { name: /Odd columns/ })).toBeDisabled();
  });

  test("becomes a dataset first when it is measured on a document of its own", async () => {
    const asked: unknown[] = [];
    server.use(
      http.post("/api/datasets", async ({ request }) => {
        asked.push(await request.json());
        return HttpResponse.json({ id: "dst-9" }, { status: 201 });
      }),
    );
    await openWith([document_.id]);
    await userEvent.click(screen.getByRole("radio", { name: "a document of its own" }));
    await userEvent.click(train());
    expect(await screen.findByText("Choose a document that is not trained on.")).toBeInTheDocument();
    await userEvent.selectOptions(screen.getByLabelText("Validate on this document"), "Lamp questions");
    await userEvent.click(train());
    await waitFor(() => expect(created).toHaveBeenCalled());
    expect(asked).toEqual([{ document_ids: ["doc-1"], split: { kind: "document", document_id: "doc-2" } }]);
    expect(sent[0]?.body).toMatchObject({ dataset_id: "dst-9" });
    expect(sent[0]?.body.document_ids).toBeUndefined();
  });

  test("that makes a pointless run is taken only when the person insists", async () => {
    server.use(
      http.post("/api/jobs", async ({ request }) => {
        const body = (await request.json()) as JobRequest;
        sent.push({ key: null, body });
        const message = "The run would end after 1 step.";
        return body.allow_short_run ? HttpResponse.json(job, { status: 201 }) : HttpResponse.json(refusal(message, { param: "allow_short_run" }), { status: 422 });
      }),
    );
    await openWith([document_.id]);
    await userEvent.click(train());
    expect(await screen.findByText("The run would end after 1 step.")).toBeInTheDocument();
    await userEvent.click(screen.getByRole("checkbox", { name: "Start all the same" }));
    await userEvent.click(train());
    await waitFor(() => expect(created).toHaveBeenCalledWith(job));
  });
});

describe("a copy of a job", () => {
  const second: Document = { ...document_, id: "doc-2", name: "Lamp questions" };
  let copied: unknown[];

  beforeEach(async () => {
    copied = [];
    server.use(
      http.post("/api/jobs/job-1/clone", async ({ request }) => {
        expect(request.headers.get("idempotency-key")).toMatch(/^[0-9a-f]{32}$/);
        copied.push(await request.json());
        return HttpResponse.json({ ...job, id: "job-2", cloned_from: "job-1" }, { status: 201 });
      }),
    );
    const start = fieldsFrom({ ...job, hyperparameters: { epochs: 2 } as typeof job.hyperparameters });
    await show(<NewJobForm documents={[document_, second]} models={[baseModel]} start={start} copyOf="job-1" onCreated={created} />);
  });

  test("is made as one, with every setting named", async () => {
    await userEvent.click(train());
    await waitFor(() => expect(created).toHaveBeenCalled());
    expect(copied).toEqual([
      expect.objectContaining({ name: "Kettle again", method: "lora", hyperparameters: expect.objectContaining({ epochs: 2, learning_rate: "auto" }) }),
    ]);
    expect(sent).toEqual([]);
  });

  test("takes what was changed with it", async () => {
    await userEvent.clear(screen.getByLabelText("Epochs"));
    await userEvent.click(train());
    await waitFor(() => expect(copied).toEqual([expect.objectContaining({ hyperparameters: expect.objectContaining({ epochs: "auto" }) })]));
  });

  test("is a job of its own when it learns from other data", async () => {
    await userEvent.click(screen.getByRole("checkbox", { name: /Lamp questions/ }));
    await userEvent.click(train());
    await waitFor(() => expect(sent).toHaveLength(1));
    expect(copied).toEqual([]);
  });
});

test("one's own models can be gone on from, by LoRA or in full", async () => {
  const own = asBase(tunedModel, [baseModel], [tunedModel]);
  const start = emptyFields({ documentIds: [document_.id], baseModel: own.id });
  await show(<NewJobForm documents={[document_]} models={[baseModel, own]} start={start} onCreated={created} />);
  expect(screen.getByText("Continue from one of your own (1)")).toBeInTheDocument();
  expect(screen.getByRole("radio", { name: /^Kettle/ })).toBeChecked();
  expect([...screen.getByLabelText<HTMLSelectElement>("Method").options].map(({ value }) => value)).toEqual(["auto", "lora", "full"]);
  await userEvent.click(train());
  await waitFor(() => expect(sent[0]?.body.base_model).toBe(tunedModel.id));
});

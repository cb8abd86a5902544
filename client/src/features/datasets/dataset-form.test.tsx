import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { DatasetRequest, Document } from "@/lib/wire";
import { show } from "@/test/render";
import { dataset, document_, refusal } from "@/test/samples";
import { server } from "@/test/server";
import { DatasetForm } from "./dataset-form";

const lamps: Document = { ...document_, id: "doc-2", name: "Lamp questions" };
const table: Document = { ...document_, id: "doc-3", name: "A table", status: "needs_mapping" };
const made = vi.fn();
let sent: DatasetRequest[];

beforeEach(() => {
  sent = [];
  made.mockClear();
  server.use(
    http.post("/api/datasets", async ({ request }) => {
      sent.push((await request.json()) as DatasetRequest);
      return HttpResponse.json(dataset, { status: 201 });
    }),
  );
});

const open = () => show(<DatasetForm documents={[document_, lamps, table]} onMade={made} />);
const make = () => userEvent.click(screen.getByRole("button", { name: "Make the dataset" }));
const choose = (name: RegExp) => userEvent.click(screen.getByRole("checkbox", { name }));

describe("the form for a dataset", () => {
  test("asks for a document before anything is sent", async () => {
    await open();
    await make();
    expect(await screen.findByText("Choose at least one document.")).toBeInTheDocument();
    expect(sent).toEqual([]);
  });

  test("sends the documents in the order that was chosen", async () => {
    await open();
    await choose(/Kettle questions/);
    await choose(/Lamp questions/);
    await userEvent.click(screen.getByRole("button", { name: "Move Lamp questions up" }));
    await userEvent.type(screen.getByLabelText("Name"), "  Both ");
    await make();
    await waitFor(() => expect(made).toHaveBeenCalledWith(dataset, expect.anything(), undefined, expect.anything()));
    expect(sent).toEqual([{ name: "Both", document_ids: ["doc-2", "doc-1"], split: { kind: "fraction", fraction: "auto", seed: "auto" } }]);
  });

  test("refuses a share that would leave too little to learn, beside its field", async () => {
    await open();
    await choose(/Kettle questions/);
    await userEvent.type(screen.getByLabelText("Validation share"), "0,9");
    await make();
    expect(await screen.findByText(/Write a number from 0 to 0.5/)).toBeInTheDocument();
    await userEvent.clear(screen.getByLabelText("Validation share"));
    await userEvent.type(screen.getByLabelText("Validation share"), "0,25");
    await userEvent.type(screen.getByLabelText("Seed"), "7");
    await make();
    await waitFor(() => expect(sent).toEqual([{ document_ids: ["doc-1"], split: { kind: "fraction", fraction: 0.25, seed: 7 } }]));
  });

  test("measures on a document of its own, never on one that is trained on or not understood", async () => {
    await open();
    await choose(/Kettle questions/);
    await userEvent.click(screen.getByRole("radio", { name: "a document of its own" }));
    const field = screen.getByLabelText("Validate on this document");
    expect(within(field).getAllByRole("option").map((option) => option.textContent)).toEqual(["choose a document", "Lamp questions"]);
    await make();
    expect(await screen.findByText("Choose a document that is not trained on.")).toBeInTheDocument();
    await userEvent.selectOptions(field, "Lamp questions");
    await make();
    await waitFor(() => expect(sent).toEqual([{ document_ids: ["doc-1"], split: { kind: "document", document_id: "doc-2" } }]));
  });

  test("does not offer a table whose columns have no parts yet, and says why", async () => {
    await open();
    expect(screen.getByRole("checkbox", { name: /A table/ })).toBeDisabled();
    expect(screen.getByText(/Its columns have no parts yet/)).toBeInTheDocument();
  });

  test("shows a refusal beside its field", async () => {
    server.use(http.post("/api/datasets", () => HttpResponse.json(refusal("That name is too odd.", { param: "name" }), { status: 422 })));
    await open();
    await choose(/Kettle questions/);
    await make();
    expect(await screen.findByText("That name is too odd.")).toBeInTheDocument();
    expect(made).not.toHaveBeenCalled();
  });
});

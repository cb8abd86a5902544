import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { beforeEach, describe, expect, test } from "vitest";
import type { Dataset, Document } from "@/lib/wire";
import { show } from "@/test/render";
import { dataset, document_ } from "@/test/samples";
import { server } from "@/test/server";
import { DatasetsPage } from "./datasets";

let datasets: Dataset[];
let documents: Document[];

beforeEach(() => {
  datasets = [dataset];
  documents = [document_];
  server.use(
    http.get("/api/datasets", () => HttpResponse.json({ object: "list", data: datasets, has_more: false })),
    http.get("/api/documents", () => HttpResponse.json({ object: "list", data: documents, has_more: false })),
    http.post("/api/datasets", () => {
      datasets = [{ ...dataset, id: "dst-2", name: "A second one" }, ...datasets];
      return HttpResponse.json(datasets[0], { status: 201 });
    }),
    http.delete("/api/datasets/:id", ({ params }) => {
      datasets = datasets.filter(({ id }) => id !== params.id);
      return HttpResponse.json({ id: params.id, object: "deleted", deleted: true });
    }),
  );
});

describe("the page of datasets", () => {
  test("names the documents of each, what it is measured on, and its content", async () => {
    await show(<DatasetsPage />);
    const item = within((await screen.findByRole("heading", { name: "Kettle set" })).closest("li")!);
    expect(await item.findByRole("link", { name: /^Kettle questions \(300\sexamples\)$/ })).toHaveAttribute("href", "/documents/doc-1");
    expect(item.getByText("10 % of the examples, seed 7")).toBeInTheDocument();
    expect(item.getByText("abcdef0123456789")).toBeInTheDocument();
    expect(item.getByRole("link", { name: /Train on this/ })).toHaveAttribute("href", "/jobs/new?dataset=dst-1");
  });

  test("shows a document that is gone by its id", async () => {
    documents = [];
    await show(<DatasetsPage />);
    expect(await screen.findByRole("link", { name: "doc-1" })).toBeInTheDocument();
  });

  test("says what a dataset is for while there is none", async () => {
    datasets = [];
    await show(<DatasetsPage />);
    expect(await screen.findByText("No datasets yet")).toBeInTheDocument();
  });

  test("leads to the documents when there is nothing to make one of", async () => {
    documents = [];
    await show(<DatasetsPage />);
    await userEvent.click(await screen.findByRole("button", { name: "New dataset" }));
    expect(await screen.findByRole("link", { name: "Add a document" })).toHaveAttribute("href", "/documents");
  });

  test("closes its form and lists what was made", async () => {
    await show(<DatasetsPage />);
    await userEvent.click(await screen.findByRole("button", { name: "New dataset" }));
    await userEvent.click(await screen.findByRole("checkbox", { name: /Kettle questions/ }));
    await userEvent.click(screen.getByRole("button", { name: "Make the dataset" }));
    expect(await screen.findByRole("heading", { name: "A second one" })).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "Make the dataset" })).not.toBeInTheDocument();
  });

  test("deletes one only when the consequence was read", async () => {
    await show(<DatasetsPage />);
    await userEvent.click(await screen.findByRole("button", { name: "Delete Kettle set" }));
    expect(await screen.findByText(/Its documents stay/)).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Delete it" }));
    await waitFor(() => expect(screen.queryByRole("heading", { name: "Kettle set" })).not.toBeInTheDocument());
  });
});

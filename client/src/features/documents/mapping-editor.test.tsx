import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Document, DocumentPatch } from "@/lib/wire";
import { show } from "@/test/render";
import { document_, refusal } from "@/test/samples";
import { server } from "@/test/server";
import { MappingEditor } from "./mapping-editor";

const unread: Document = {
  ...document_,
  status: "needs_mapping",
  mapping: null,
  charset: "cp1252",
  charset_basis: "as told",
  charset_overridden: true,
  columns: [
    { name: "what they wrote", example: "Is it hot?" },
    { name: "what we said", example: "Yes." },
  ],
};
const saved = vi.fn();
let sent: DocumentPatch[];

beforeEach(() => {
  sent = [];
  saved.mockClear();
  server.use(
    http.patch("/api/documents/doc-1", async ({ request }) => {
      sent.push((await request.json()) as DocumentPatch);
      return HttpResponse.json(document_);
    }),
  );
});

const open = () => show(<MappingEditor document={unread} onSaved={saved} />);
const save = () => userEvent.click(screen.getByRole("button", { name: "Read it this way" }));

describe("the editor of a mapping", () => {
  test("sends the columns with what was told before", async () => {
    await open();
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Prompt" }), "what they wrote");
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Answer" }), "what we said");
    await save();
    await waitFor(() => expect(saved).toHaveBeenCalled());
    const mapping = { shape: "prompt_completion", columns: { prompt: "what they wrote", completion: "what we said" } };
    expect(sent).toEqual([{ reading: { charset: "cp1252", leave_out_bad: false, mapping } }]);
  });

  test("shows what a chosen column holds", async () => {
    await open();
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Prompt" }), "what they wrote");
    expect(screen.getByText("For example: Is it hot?")).toBeInTheDocument();
  });

  test("names the part that has no column, and sends nothing", async () => {
    await open();
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Prompt" }), "what they wrote");
    await save();
    expect(screen.getByRole("combobox", { name: "Answer" })).toBeInvalid();
    expect(screen.getByRole("combobox", { name: "Prompt" })).toBeValid();
    expect(sent).toEqual([]);
  });

  test("forgets the parts of another shape", async () => {
    await open();
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Prompt" }), "what they wrote");
    await userEvent.click(screen.getByRole("radio", { name: /plain text/i }));
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Text" }), "what we said");
    await save();
    await waitFor(() => expect(sent[0]?.reading?.mapping).toEqual({ shape: "text", columns: { text: "what we said" } }));
  });

  test("says why the server cannot read it this way", async () => {
    server.use(http.patch("/api/documents/doc-1", () => HttpResponse.json(refusal("Line 4: the answer is empty."), { status: 422 })));
    await open();
    await userEvent.click(screen.getByRole("radio", { name: /plain text/i }));
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Text" }), "what we said");
    await save();
    expect(await screen.findByText("Line 4: the answer is empty.")).toBeInTheDocument();
    expect(saved).not.toHaveBeenCalled();
  });
});

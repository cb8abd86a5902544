import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";
import type { ModelExport } from "@/lib/wire";
import { show } from "@/test/render";
import { server } from "@/test/server";
import { Exports } from "./exports";

const absent: ModelExport = {
  object: "model_export",
  model: "ft:x:1",
  format: "gguf-f16",
  state: "absent",
  how: "Unpack it and run: ollama create",
  size_bytes: 0,
  reason: null,
  report: null,
  created_at: null,
  finished_at: null,
};

const report: NonNullable<ModelExport["report"]> = {
  precision: "f16",
  passed: true,
  reason: null,
  size_bytes: 270_000_000,
  sha256: "ab",
  num_prompts: 20,
  num_identical: 19,
  partings: [],
  num_positions: 640,
  agreement: 0.9984,
  least_agreement: 0.99,
  largest_difference: 0.03,
  perplexity_trainer: 95.06,
  perplexity: 95.04,
  num_texts: 14,
  num_texts_same_tokens: 14,
  seconds: 30,
  engine: "xllamacpp",
};

function answering(...forms: ModelExport[]) {
  server.use(http.get("/api/tuned-models/:id/exports", () => HttpResponse.json({ object: "list", data: forms, has_more: false })));
}

test("a file is made on request, and then says how well it agreed", async () => {
  let asked: unknown;
  answering(absent);
  server.use(
    http.post("/api/tuned-models/:id/exports", async ({ request }) => {
      asked = await request.json();
      answering({ ...absent, state: "ready", size_bytes: 270_000_000, report });
      return HttpResponse.json({ ...absent, state: "waiting" }, { status: 202 });
    }),
  );
  await show(<Exports modelId="ft:x:1" />);
  await userEvent.click(await screen.findByRole("button", { name: "Make it GGUF, f16" }));
  expect(await screen.findByRole("button", { name: "Download GGUF, f16" })).toBeInTheDocument();
  expect(asked).toEqual({ format: "gguf-f16" });
  expect(screen.getByText(/640 places/)).toHaveTextContent("19 of 20 answers the same to the end");
  expect(screen.getByText(/ollama create/)).toBeInTheDocument();
});

test("one that failed its check is not offered, and says why", async () => {
  answering({ ...absent, state: "failed", reason: "llama.cpp cuts 2 of 14 texts into other tokens." });
  await show(<Exports modelId="ft:x:1" />);
  const form = within(await screen.findByRole("listitem"));
  expect(form.getByText(/other tokens/)).toBeInTheDocument();
  expect(form.queryByRole("button", { name: /Download/ })).not.toBeInTheDocument();
  expect(form.getByRole("button", { name: "Try again GGUF, f16" })).toHaveTextContent("Try again");
});

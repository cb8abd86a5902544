import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { delay, http, HttpResponse } from "msw";
import { beforeEach, describe, expect, test } from "vitest";
import type { TunedModel } from "@/lib/wire";
import { show } from "@/test/render";
import { baseModel, refusal } from "@/test/samples";
import { server } from "@/test/server";
import { Playground } from "./playground";

const tuned: TunedModel = {
  id: "ft:smollm2:1",
  object: "tuned_model",
  name: "Kettle",
  base_model: baseModel.id,
  method: "lora",
  job_id: "job-1",
  chat: true,
  num_parameters: 134_515_008,
  size_bytes: 269_000_000,
  validation_loss_before: 4,
  validation_loss: 2,
  num_training_tokens: 60_000,
  created_at: "2026-11-22T10:00:00Z",
};

interface Asked {
  model: string;
  stream: boolean;
}

let asked: Asked[];

/** An answer in pieces, as OpenAI's clients get it: the end of a line may come anywhere. */
function streamed(pieces: readonly string[], { cut = false, chat = true } = {}) {
  const chunk = (piece: string | null, finish_reason: string | null) =>
    `data: ${JSON.stringify({ choices: [{ ...(chat ? { delta: piece === null ? {} : { content: piece } } : { text: piece ?? "" }), finish_reason }] })}\n\n`;
  const usage = `data: ${JSON.stringify({ choices: [], usage: { completion_tokens: pieces.length } })}\n\n`;
  const all = pieces.map((piece) => chunk(piece, null)).join("") + chunk(null, "stop") + usage + "data: [DONE]\n\n";
  return new HttpResponse(cut ? all.slice(0, all.indexOf("\n\n") + 2) : all, { headers: { "content-type": "text/event-stream" } });
}

beforeEach(() => {
  asked = [];
  server.use(
    http.post("/v1/chat/completions", async ({ request }) => {
      const body = (await request.json()) as Asked;
      asked.push(body);
      return streamed(body.model === tuned.id ? ["Three ", "minutes."] : ["I cannot know that."]);
    }),
    http.post("/v1/completions", async ({ request }) => {
      asked.push((await request.json()) as Asked);
      return streamed(["Three ", "minutes."], { chat: false });
    }),
  );
});

const panel = (name: string) => within(screen.getByRole("region", { name }));
const askBoth = () => userEvent.click(screen.getByRole("button", { name: /^Ask/ }));

describe("trying a model", () => {
  test("asks both the same, and shows the answers side by side", async () => {
    await show(<Playground tuned={tuned} base={baseModel} examples={["How long does it boil?"]} />);
    await userEvent.click(screen.getByRole("button", { name: "How long does it boil?" }));
    await askBoth();
    expect(await panel("Base model").findByText("I cannot know that.")).toBeInTheDocument();
    expect(await panel("Tuned model").findByText("Three minutes.")).toBeInTheDocument();
    const settings = { messages: [{ role: "user", content: "How long does it boil?" }], max_tokens: 128, temperature: 0, top_p: 1, seed: 0 };
    const both = [tuned.id, baseModel.id].map((model) => ({ model, ...settings, stream: true, stream_options: { include_usage: true } }));
    expect(asked).toEqual(both);
    expect(await panel("Tuned model").findByText(/^2\stokens\sin/)).toBeInTheDocument();
  });

  test("says that it is writing, and that the first answer loads the model", async () => {
    server.use(http.post("/v1/chat/completions", () => delay("infinite")));
    await show(<Playground tuned={tuned} base={baseModel} examples={[]} />);
    await userEvent.type(screen.getByLabelText("Your message"), "Hello");
    await askBoth();
    expect(panel("Tuned model").getByText(/also loads the model/)).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Stop" }));
    expect(panel("Tuned model").getByText(/Stopped/)).toBeInTheDocument();
  });

  test("gives a model without a chat template a prompt to continue", async () => {
    await show(<Playground tuned={{ ...tuned, chat: false }} base={{ ...baseModel, chat: false }} examples={[]} />);
    await userEvent.type(screen.getByLabelText("A beginning to be continued"), "Once");
    await askBoth();
    await panel("Tuned model").findByText("Three minutes.");
    expect(asked).toMatchObject([{ prompt: "Once" }, { prompt: "Once" }]);
    expect(asked[0]).not.toHaveProperty("messages");
  });

  test("does not ask a base that started from nothing", async () => {
    await show(<Playground tuned={tuned} base={{ ...baseModel, from_scratch: true }} examples={[]} />);
    await userEvent.type(screen.getByLabelText("Your message"), "Hello");
    await askBoth();
    await panel("Tuned model").findByText("Three minutes.");
    expect(asked).toHaveLength(1);
    expect(panel("Base model").getByText(/random weights/)).toBeInTheDocument();
  });

  test("keeps one answer when the other fails", async () => {
    server.use(
      http.post("/v1/chat/completions", async ({ request }) => {
        const { model } = (await request.json()) as Asked;
        if (model === tuned.id) return streamed(["Three ", "minutes."]);
        return HttpResponse.json(refusal("The base is not prepared yet."), { status: 503 });
      }),
    );
    await show(<Playground tuned={tuned} base={baseModel} examples={[]} />);
    await userEvent.type(screen.getByLabelText("Your message"), "Hello");
    await askBoth();
    expect(await panel("Base model").findByText("The base is not prepared yet.")).toBeInTheDocument();
    expect(await panel("Tuned model").findByText("Three minutes.")).toBeInTheDocument();
  });

  test("keeps what was written when the line is cut, and says that it was", async () => {
    server.use(http.post("/v1/chat/completions", () => streamed(["Three ", "minutes."], { cut: true })));
    await show(<Playground tuned={tuned} base={undefined} examples={[]} />);
    await userEvent.type(screen.getByLabelText("Your message"), "Hello");
    await askBoth();
    expect(await panel("Tuned model").findByText(/cannot be reached/)).toBeInTheDocument();
    expect(panel("Tuned model").getByText("Three")).toBeInTheDocument();
  });

  test("shows the same call as code for programs", async () => {
    await show(<Playground tuned={tuned} base={baseModel} examples={[]} />);
    await userEvent.type(screen.getByLabelText("Your message"), "It\'s boiling?");
    await userEvent.click(screen.getByText("Ask from a program"));
    expect(screen.getByText(/from openai import OpenAI/)).toHaveTextContent('messages=[{"role":"user","content":"It\'s boiling?"}]');
    await userEvent.click(screen.getByRole("button", { name: "curl" }));
    expect(screen.getByText(/^curl http/)).toHaveTextContent("It'\\''s boiling?");
    await userEvent.click(screen.getByRole("button", { name: "Node.js" }));
    expect(screen.getByText(/import OpenAI from "openai"/)).toHaveTextContent('max_tokens: 128, temperature: 0, top_p: 1, seed: 0, stream: true');
  });

  test("says what is wrong with a setting, beside it, and asks nothing", async () => {
    await show(<Playground tuned={tuned} base={baseModel} examples={[]} />);
    await userEvent.clear(screen.getByLabelText("Temperature"));
    await userEvent.type(screen.getByLabelText("Temperature"), "5");
    await askBoth();
    expect(screen.getByLabelText("Temperature")).toHaveAccessibleDescription("A number from 0 to 2.");
    expect(screen.getByLabelText("Your message")).toBeInvalid();
    expect(asked).toEqual([]);
  });
});

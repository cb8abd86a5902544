import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { delay, http, HttpResponse } from "msw";
import { beforeEach, describe, expect, test } from "vitest";
import type { GenerateRequest, Generation, TunedModel } from "@/lib/wire";
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

const generation = (text: string): Generation => ({
  object: "generation",
  model: "x",
  text,
  token_ids: [1],
  num_prompt_tokens: 3,
  num_tokens: 5,
  finish_reason: "stop",
  seconds: 1.2,
});

let asked: Record<string, GenerateRequest>;

beforeEach(() => {
  asked = {};
  server.use(
    http.post("/api/base-models/:id/generate", async ({ request }) => {
      asked.base = (await request.json()) as GenerateRequest;
      return HttpResponse.json(generation("I cannot know that."));
    }),
    http.post("/api/tuned-models/:id/generate", async ({ request }) => {
      asked.tuned = (await request.json()) as GenerateRequest;
      await delay(30);
      return HttpResponse.json(generation("Three minutes."));
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
    expect(asked.base).toEqual(asked.tuned);
    expect(asked.tuned).toEqual({ messages: [{ role: "user", content: "How long does it boil?" }], max_tokens: 128, temperature: 0, seed: 0 });
  });

  test("says that it is writing, and that the first answer loads the model", async () => {
    server.use(http.post("/api/tuned-models/:id/generate", () => delay("infinite")));
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
    expect(asked.tuned).toMatchObject({ prompt: "Once" });
    expect(asked.tuned).not.toHaveProperty("messages");
  });

  test("does not ask a base that started from nothing", async () => {
    await show(<Playground tuned={tuned} base={{ ...baseModel, from_scratch: true }} examples={[]} />);
    await userEvent.type(screen.getByLabelText("Your message"), "Hello");
    await askBoth();
    await panel("Tuned model").findByText("Three minutes.");
    expect(asked.base).toBeUndefined();
    expect(panel("Base model").getByText(/random weights/)).toBeInTheDocument();
  });

  test("keeps one answer when the other fails", async () => {
    server.use(http.post("/api/base-models/:id/generate", () => HttpResponse.json(refusal("The base is not prepared yet."), { status: 503 })));
    await show(<Playground tuned={tuned} base={baseModel} examples={[]} />);
    await userEvent.type(screen.getByLabelText("Your message"), "Hello");
    await askBoth();
    expect(await panel("Base model").findByText("The base is not prepared yet.")).toBeInTheDocument();
    expect(await panel("Tuned model").findByText("Three minutes.")).toBeInTheDocument();
  });

  test("says what is wrong with a setting, beside it, and asks nothing", async () => {
    await show(<Playground tuned={tuned} base={baseModel} examples={[]} />);
    await userEvent.clear(screen.getByLabelText("Temperature"));
    await userEvent.type(screen.getByLabelText("Temperature"), "5");
    await askBoth();
    expect(screen.getByLabelText("Temperature")).toHaveAccessibleDescription("A number from 0 to 2.");
    expect(screen.getByLabelText("Your message")).toBeInvalid();
    expect(asked).toEqual({});
  });
});

import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";
import { NotificationSettings as Section } from "@/pages/settings-notifications";
import type { Delivery, NotificationChoice, NotificationSettings } from "@/lib/wire";
import { show } from "@/test/render";
import { delivery, listOf, notificationSettings, refusal } from "@/test/samples";
import { server } from "@/test/server";

const SECRET = "whsec_c2VjcmV0";
let saved: NotificationChoice[];

/** A server that keeps what it is told and makes a secret for a first webhook. */
function serverWith(start: Partial<NotificationSettings> = {}) {
  let settings: NotificationSettings = { ...notificationSettings, ...start };
  server.use(
    http.get("/api/notifications/settings", () => HttpResponse.json(settings)),
    http.get("/api/notifications/deliveries", () => HttpResponse.json(listOf())),
    http.put("/api/notifications/settings", async ({ request }) => {
      const choice = (await request.json()) as NotificationChoice;
      saved.push(choice);
      const made = choice.webhook_url !== null && !settings.has_webhook_secret;
      settings = { ...settings, ...choice, has_webhook_secret: settings.has_webhook_secret || made };
      return HttpResponse.json({ ...settings, webhook_secret: made ? SECRET : null });
    }),
  );
}

beforeEach(() => {
  saved = [];
});

const save = () => userEvent.click(screen.getByRole("button", { name: "Save" }));

test("a choice is saved as a whole, and the secret of a first webhook is shown", async () => {
  serverWith();
  await show(<Section />);
  await userEvent.type(await screen.findByLabelText(/a webhook/), "https://example.org/hook");
  await userEvent.click(screen.getByRole("checkbox", { name: /e-mail to ada@example.org/ }));
  await userEvent.click(screen.getByRole("checkbox", { name: "is cancelled" }));
  await userEvent.click(screen.getByRole("checkbox", { name: "succeeds" }));
  await save();
  expect(await screen.findByText(SECRET)).toBeInTheDocument();
  expect(saved).toEqual([{ email: true, browser: true, webhook_url: "https://example.org/hook", webhook_format: "llm_tuner", states: ["failed", "cancelled"] }]);
  expect(screen.getByRole("button", { name: "Make a new webhook secret" })).toBeInTheDocument();
});

test("a webhook may speak as OpenAI's do", async () => {
  serverWith({ webhook_url: "https://example.org/hook", has_webhook_secret: true });
  await show(<Section />);
  await userEvent.click(await screen.findByRole("checkbox", { name: /as OpenAI writes/ }));
  await save();
  await expect.poll(() => saved.map(({ webhook_format }) => webhook_format)).toEqual(["openai"]);
});

test("an emptied address means no webhook", async () => {
  serverWith({ webhook_url: "https://example.org/hook", has_webhook_secret: true });
  await show(<Section />);
  await userEvent.clear(await screen.findByLabelText(/a webhook/));
  await save();
  await expect.poll(() => saved.map(({ webhook_url }) => webhook_url)).toEqual([null]);
});

test("a refused address is told beside its field", async () => {
  serverWith();
  const message = "10.0.0.1 leads to a private address.";
  server.use(http.put("/api/notifications/settings", () => HttpResponse.json(refusal(message, { param: "webhook_url" }), { status: 422 })));
  await show(<Section />);
  await userEvent.type(await screen.findByLabelText(/a webhook/), "http://10.0.0.1/");
  await save();
  expect(await screen.findByText(message)).toBeInTheDocument();
  expect(screen.getByLabelText(/a webhook/)).toBeInvalid();
});

test("where e-mail is not set up, the page says which settings are missing", async () => {
  serverWith({ email_missing: ["LLM_TUNER_SMTP_HOST", "LLM_TUNER_SMTP_FROM"] });
  await show(<Section />);
  expect(await screen.findByText(/E-mail is not set up on this server/)).toHaveTextContent("LLM_TUNER_SMTP_HOST and LLM_TUNER_SMTP_FROM");
  expect(screen.getByRole("checkbox", { name: /e-mail/ })).toBeDisabled();
});

test("e-mail that was chosen before can still be turned off", async () => {
  serverWith({ email: true, email_missing: ["LLM_TUNER_SMTP_HOST"] });
  await show(<Section />);
  await userEvent.click(await screen.findByRole("checkbox", { name: /e-mail/ }));
  await save();
  await expect.poll(() => saved.map(({ email }) => email)).toEqual([false]);
});

test("a test says what came of it, by each way", async () => {
  serverWith({ email: true, webhook_url: "https://example.org/hook", has_webhook_secret: true });
  const refused: Delivery = { ...delivery, id: "dlv-2", channel: "email", state: "failed", message: "The mail server does not answer." };
  server.use(http.post("/api/notifications/test", () => HttpResponse.json(listOf(delivery, refused))));
  await show(<Section />);
  await userEvent.click(await screen.findByRole("button", { name: "Send a test" }));
  expect(await screen.findByText("Webhook: hooks.example.org answered 204.")).toBeInTheDocument();
  expect(screen.getByText("E-mail: The mail server does not answer.")).toBeInTheDocument();
});

test("where nothing can be sent there is nothing to test", async () => {
  serverWith();
  await show(<Section />);
  await screen.findByLabelText(/a webhook/);
  expect(screen.queryByRole("button", { name: "Send a test" })).not.toBeInTheDocument();
});

test("a new secret is made after a question, and shown once", async () => {
  serverWith({ webhook_url: "https://example.org/hook", has_webhook_secret: true });
  server.use(
    http.post("/api/notifications/webhook-secret", () =>
      HttpResponse.json({ object: "webhook_secret", secret: SECRET, previous_until: "2026-11-23T10:00:00Z" }, { status: 201 }),
    ),
  );
  await show(<Section />);
  await userEvent.click(await screen.findByRole("button", { name: "Make a new webhook secret" }));
  await userEvent.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Make a new one" }));
  expect(await screen.findByText(SECRET)).toBeInTheDocument();
  expect(screen.getByText(/the old secret as well/)).toBeInTheDocument();
});

test("what was sent lately stands there, with the next attempt of what waits", async () => {
  serverWith();
  const waiting: Delivery = { ...delivery, id: "dlv-2", state: "waiting", num_attempts: 2, message: "It answered 500.", next_attempt_at: "2026-11-22T10:30:00Z" };
  server.use(http.get("/api/notifications/deliveries", () => HttpResponse.json(listOf(waiting, delivery))));
  await show(<Section />);
  const [first, second] = await screen.findAllByRole("listitem");
  expect(first).toHaveTextContent(/Webhook: Kettle has succeeded.*It answered 500.*2\sattempts.*Next attempt.*Waiting/);
  expect(second).toHaveTextContent(/Delivered/);
  expect(within(first!).getByRole("link", { name: "Kettle" })).toHaveAttribute("href", "/jobs/job-1");
});

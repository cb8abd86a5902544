// The official Node.js client through every operation of /v1. Prints one JSON line; any difference throws.
// Started by test_node_client.py, from the page's folder, where the client is installed: node node_client.mjs <a job that has succeeded> <a model that may be deleted>
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(join(process.cwd(), "package.json")));
const { default: OpenAI, toFile } = await import(pathToFileURL(require.resolve("openai")).href);

const superfluous = process.argv[3];
const client = new OpenAI({ maxRetries: 0 });
const operations = [];
const done = (name) => operations.push(name);
const all = async (pages) => {
  const found = [];
  for await (const one of pages) found.push(one);
  return found;
};
const refused = async (promise, kind, code) => {
  const error = await promise.then(
    () => assert.fail("this should have been refused"),
    (reason) => reason,
  );
  assert.ok(error instanceof kind, String(error));
  assert.equal(error.code, code);
  assert.ok(error.requestID);
};

const lines = Array.from({ length: 10 }, (_, day) => ({
  messages: [
    { role: "user", content: `What of day ${day}?` },
    { role: "assistant", content: `Calm, and ${day} herons.` },
  ],
}));
const bytes = Buffer.from(lines.map((line) => JSON.stringify(line)).join("\n"));

// Files
const file = await client.files.create({
  file: await toFile(bytes, "node.jsonl"),
  purpose: "fine-tune",
  expires_after: { anchor: "created_at", seconds: 7200 },
});
assert.equal(file.bytes, bytes.length);
assert.equal(file.expires_at, file.created_at + 7200);
assert.equal((await client.files.waitForProcessing(file.id, { pollInterval: 100 })).status, "processed");
assert.equal((await client.files.retrieve(file.id)).filename, "node.jsonl");
assert.ok((await all(client.files.list({ limit: 2 }))).some((one) => one.id === file.id));
assert.equal(await (await client.files.content(file.id)).text(), bytes.toString());
done("files");

// Uploads
const upload = await client.uploads.create({ bytes: bytes.length, filename: "parts.jsonl", mime_type: "text/jsonl", purpose: "fine-tune" });
const parts = [];
for (const [start, end] of [[0, 100], [100, bytes.length]]) {
  parts.push(await client.uploads.parts.create(upload.id, { data: await toFile(bytes.subarray(start, end), "part") }));
}
const md5 = createHash("md5").update(bytes).digest("hex");
const whole = await client.uploads.complete(upload.id, { part_ids: parts.map((part) => part.id), md5 });
assert.equal(whole.file.bytes, bytes.length);
const never = await client.uploads.create({ bytes: 5, filename: "never.jsonl", mime_type: "text/jsonl", purpose: "fine-tune" });
assert.equal((await client.uploads.cancel(never.id)).status, "cancelled");
done("uploads");

// Jobs
const running = await client.fineTuning.jobs.create({
  model: "gpt-4o-mini",
  training_file: file.id,
  suffix: "node",
  metadata: { by: "node" },
  method: { type: "supervised", supervised: { hyperparameters: { n_epochs: 2 } } },
  llm_tuner: { max_steps: 100000 },
});
assert.deepEqual(running.metadata, { by: "node" });
const trains = async () => (await client.fineTuning.jobs.listEvents(running.id)).data.some((event) => event.data?.train_loss);
while (!(await trains())) await new Promise((wake) => setTimeout(wake, 200));
assert.equal((await client.fineTuning.jobs.pause(running.id)).status, "paused");
assert.ok((await client.fineTuning.jobs.checkpoints.list(running.id)).data.length > 0);
assert.ok(["queued", "running"].includes((await client.fineTuning.jobs.resume(running.id)).status));
assert.equal((await client.fineTuning.jobs.cancel(running.id)).status, "cancelled");
const job = await client.fineTuning.jobs.retrieve(process.argv[2]);
assert.equal(job.status, "succeeded");
assert.equal((await all(client.fineTuning.jobs.list({ metadata: { team: "coast" }, limit: 1 }))).at(-1).id, job.id);
const events = await all(client.fineTuning.jobs.listEvents(job.id, { limit: 3 }));
assert.equal(events.at(-1).level, "warn");
const [checkpoint] = await all(client.fineTuning.jobs.checkpoints.list(job.id));
assert.ok(checkpoint.fine_tuned_model_checkpoint.startsWith(job.fine_tuned_model));
assert.match(await (await client.files.content(job.result_files[0])).text(), /^step,train_loss,/);
done("fine_tuning.jobs");

// Models
assert.ok((await all(client.models.list())).some((model) => model.id === job.fine_tuned_model));
assert.equal((await client.models.retrieve(superfluous)).id, superfluous);
assert.equal((await client.models.delete(superfluous)).deleted, true);
await refused(client.models.retrieve(superfluous), OpenAI.NotFoundError, "model.not_found");
done("models");

// Answers
const tuned = job.fine_tuned_model;
const messages = [{ role: "user", content: "What of day 3?" }];
const chat = await client.chat.completions.create({ model: tuned, messages, temperature: 0, max_tokens: 12 });
let streamed = "";
let usage = null;
const asked = { model: tuned, messages, temperature: 0, max_tokens: 12, stream: true, stream_options: { include_usage: true } };
for await (const chunk of await client.chat.completions.create(asked)) {
  streamed += chunk.choices[0]?.delta?.content ?? "";
  usage = chunk.usage ?? usage;
}
assert.equal(streamed, chat.choices[0].message.content);
assert.deepEqual(usage, chat.usage);
const helper = client.chat.completions.stream({ model: tuned, messages, temperature: 0, max_tokens: 12 });
assert.equal(await helper.finalContent(), streamed);
const plain = await client.completions.create({ model: tuned, prompt: ["User:", "The"], max_tokens: 3, n: 2 });
assert.deepEqual(plain.choices.map((choice) => choice.index), [0, 1, 2, 3]);
for await (const piece of await client.completions.create({ model: tuned, prompt: "User:", max_tokens: 3, stream: true })) {
  assert.equal(piece.object, "text_completion");
}
done("completions");

// Refusals
await refused(client.embeddings.create({ model: "x", input: "y" }), OpenAI.BadRequestError, "unsupported_operation");
await refused(client.chat.completions.create({ model: tuned, messages, temperature: 7 }), OpenAI.BadRequestError, "request.invalid");
await refused(new OpenAI({ apiKey: "nothing", maxRetries: 0 }).models.list(), OpenAI.AuthenticationError, "accounts.bad_token");
done("refusals");

// Webhooks: what the server signs is tried with the Python client; here only that this client reads the same form.
const secret = `whsec_${Buffer.from("a secret of thirty-two bytes, or so").toString("base64")}`;
const body = JSON.stringify({ id: "evt_1", object: "event", created_at: 1, type: "fine_tuning.job.succeeded", data: { id: job.id } });
const at = String(Math.floor(Date.now() / 1000));
const signature = createHmac("sha256", Buffer.from(secret.slice(6), "base64")).update(`dlv-1.${at}.${body}`).digest("base64");
const headers = { "webhook-id": "dlv-1", "webhook-timestamp": at, "webhook-signature": `v1,${signature}` };
assert.equal((await client.webhooks.unwrap(body, headers, secret)).data.id, job.id);
done("webhooks");

for (const one of [file, whole.file]) assert.equal((await client.files.delete(one.id)).deleted, true);
console.log(JSON.stringify(operations));

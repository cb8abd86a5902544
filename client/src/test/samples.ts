// Objects as the server would answer them, for tests to change what they are about.
import type { Document, Forecast, Installation, Job, BaseModel, Session } from "@/lib/wire";

export const session: Session = {
  access_token: "token-1",
  token_type: "bearer",
  expires_in: 900,
  user: { id: "usr-1", object: "user", email: "ada@example.org", created_at: "2026-11-01T10:00:00Z" },
};

export const installation: Installation = {
  object: "installation",
  version: "0.1.0",
  google_sign_in: false,
  max_upload_bytes: 10_000,
  accepted_suffixes: [".txt", ".jsonl"],
  min_password_characters: 12,
};

export const document_: Document = {
  id: "doc-1",
  object: "document",
  type: "dataset",
  name: "Kettle questions",
  description: "",
  filename: "kettle.jsonl",
  format: "jsonl",
  charset: "utf-8",
  shapes: { prompt_completion: 300 },
  num_examples: 300,
  num_characters: 40_000,
  size_bytes: 52_000,
  sha256: "0".repeat(64),
  warnings: [],
  created_at: "2026-11-20T10:00:00Z",
};

export const baseModel: BaseModel = {
  id: "smollm2-135m-instruct",
  object: "base_model",
  name: "SmolLM2 135M Instruct",
  description: "A small chat model.",
  num_parameters: 134_515_008,
  context_length: 8192,
  license: "Apache-2.0",
  size_bytes: 538_060_032,
  memory_bytes: 2_000_000_000,
  from_scratch: false,
  chat: true,
  methods: ["lora", "full"],
  availability: "ready",
  availability_reason: null,
};

export const job: Job = {
  id: "job-1",
  object: "job",
  name: "Kettle",
  note: "",
  state: "running",
  base_model: baseModel.id,
  document_ids: [document_.id],
  method: "lora",
  hyperparameters: {},
  resolved: {},
  progress: {
    stage: "Training",
    stage_fraction: 0.42,
    step: 42,
    num_steps: 100,
    epoch: 0.84,
    loss: 2.1,
    validation_loss: null,
    tokens_per_s: 900,
    eta_s: 75,
    updated_at: "2026-11-22T10:00:00Z",
  },
  queue_position: null,
  error: null,
  tuned_model: null,
  created_at: "2026-11-22T09:58:00Z",
  started_at: "2026-11-22T09:59:00Z",
  finished_at: null,
};

export const forecast: Forecast = {
  object: "forecast",
  method: "lora",
  resolved: { epochs: { value: 3, reason: "Little data is read 3 times." }, learning_rate: { value: 0.0008, reason: "Adapters bear a high rate." } },
  num_examples: 300,
  num_training_tokens: 60_000,
  num_steps: 120,
  seconds_low: null,
  seconds_high: null,
  memory_bytes: 2_000_000_000,
  disk_bytes: 600_000_000,
  basis: "No run has been measured yet.",
};

/** A refusal in the server's one shape. */
export function refusal(message: string, rest: { param?: string; code?: string; details?: { message: string; param?: string; line?: number }[] } = {}) {
  return { error: { message, type: "invalid_request_error", param: null, code: null, details: [], ...rest } };
}

export function listOf<T>(...data: T[]) {
  return { object: "list", data, has_more: false };
}

// Objects as the server would answer them, for tests to change what they are about.
import type {
  BaseModel,
  Dataset,
  Delivery,
  Document,
  Installation,
  Job,
  Look,
  MetricPoint,
  NotificationSettings,
  Session,
  Upload,
} from "@/lib/wire";

export const session: Session = {
  access_token: "token-1",
  token_type: "bearer",
  expires_in: 900,
  user: {
    id: "usr-1",
    object: "user",
    email: "ada@example.org",
    name: "",
    role: "member",
    email_verified: false,
    has_password: true,
    created_at: "2026-11-01T10:00:00Z",
  },
};

export const installation: Installation = {
  object: "installation",
  version: "0.1.0",
  google_sign_in: false,
  registration: "open",
  set_up_open: false,
  email_configured: false,
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
  format_basis: "Each line is a JSON object.",
  charset: "utf-8",
  charset_basis: "every byte is valid UTF-8",
  format_overridden: false,
  charset_overridden: false,
  status: "ready",
  columns: [
    { name: "prompt", example: "How do I fill it?" },
    { name: "completion", example: "Open the lid." },
  ],
  mapping: { shape: "prompt_completion", columns: { prompt: "prompt", completion: "completion" } },
  leave_out_bad: false,
  shapes: { prompt_completion: 300 },
  num_examples: 300,
  num_characters: 40_000,
  size_bytes: 52_000,
  sha256: "0".repeat(64),
  warnings: [],
  num_problems: 0,
  has_text: false,
  duplicate_of: null,
  expires_at: null,
  created_at: "2026-11-20T10:00:00Z",
};

/** Three parts: four bytes, four, two. */
export const dataset: Dataset = {
  id: "dst-1",
  object: "dataset",
  name: "Kettle set",
  document_ids: ["doc-1"],
  split: { kind: "fraction", fraction: 0.1, seed: 7 },
  num_examples: 300,
  num_characters: 40_000,
  content_sha256: `abcdef0123456789${"0".repeat(48)}`,
  created_at: "2026-11-20T10:00:00Z",
};

export const upload: Upload = {
  id: "upl-1",
  object: "upload",
  filename: "kettle.txt",
  size_bytes: 10,
  part_size_bytes: 4,
  received: [],
  created_at: "2026-11-22T10:00:00Z",
  expires_at: "2026-11-23T10:00:00Z",
};

export const look: Look = {
  object: "look",
  base_model: "smollm2-135m-instruct",
  sample: null,
  num_examples: 300,
  num_validation_examples: 30,
  num_tokens: 20_000,
  num_trained_tokens: 12_000,
  longest: 180,
  num_longer_than_block: 3,
  num_empty: 0,
  num_all_masked: 0,
  histogram: [
    { low: 1, high: 64, count: 200 },
    { low: 65, high: 128, count: 90 },
    { low: 129, high: 192, count: 10 },
  ],
  examples: [
    {
      index: 0,
      num_tokens: 4,
      rejected: null,
      num_rejected_tokens: null,
      tokens: [
        { id: 1, text: "<|im_start|>", trains: false, special: true },
        { id: 340, text: "Is it hot?", trains: false, special: false },
        { id: 512, text: " Yes.", trains: true, special: false },
        { id: 2, text: "<|im_end|>", trains: true, special: true },
      ],
    },
  ],
  num_exact_duplicates: 0,
  num_near_duplicates: 0,
  duplicates: [],
  num_leaked: 0,
  leaked: [],
  personal_data: { emails: 0, phones: 0, cards: 0 },
  num_steps: 51,
  blocks: null,
  blockers: [],
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
  dataset_id: "dst-1",
  document_ids: [document_.id],
  content_sha256: "0".repeat(64),
  method: "lora",
  objective: "supervised",
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
    reward_margin: null,
    preference_accuracy: null,
    tokens_per_s: 900,
    eta_s: 75,
    updated_at: "2026-11-22T10:00:00Z",
  },
  queue_position: null,
  queue_rank: null,
  estimated_start: null,
  stopping: null,
  stalled_since: null,
  num_runs: 1,
  num_resumes: 0,
  resumes_from_step: null,
  cloned_from: null,
  history: [],
  error: null,
  tuned_model: null,
  test_set_id: null,
  evaluation_id: null,
  created_at: "2026-11-22T09:58:00Z",
  started_at: "2026-11-22T09:59:00Z",
  costs: [],
  finished_at: null,
};

/** A point of a training, of which a test says only what it is about. */
export function point(step: number, rest: Partial<MetricPoint> = {}): MetricPoint {
  return {
    step,
    elapsed_s: step,
    loss: null,
    validation_loss: null,
    learning_rate: null,
    grad_norm: null,
    tokens_per_s: null,
    memory_bytes: null,
    cpu_percent: null,
    gpu_percent: null,
    reward_margin: null,
    preference_accuracy: null,
    validation_reward_margin: null,
    validation_preference_accuracy: null,
    ...rest,
  };
}

export const notificationSettings: NotificationSettings = {
  object: "notification_settings",
  email: false,
  browser: true,
  webhook_url: null,
  webhook_format: "llm_tuner",
  states: ["succeeded", "failed"],
  email_address: "ada@example.org",
  email_missing: [],
  has_webhook_secret: false,
  webhook_secret: null,
};

export const delivery: Delivery = {
  id: "dlv-1",
  object: "delivery",
  channel: "webhook",
  event: "job.succeeded",
  job_id: "job-1",
  job_name: "Kettle",
  state: "delivered",
  num_attempts: 1,
  message: "hooks.example.org answered 204.",
  next_attempt_at: null,
  created_at: "2026-11-22T10:00:00Z",
  finished_at: "2026-11-22T10:00:01Z",
};

/** A refusal in the server's one shape. */
export function refusal(message: string, rest: { param?: string; code?: string; details?: { message: string; param?: string; line?: number }[] } = {}) {
  return { error: { message, type: "invalid_request_error", param: null, code: null, details: [], ...rest } };
}

export function listOf<T>(...data: T[]) {
  return { object: "list", data, has_more: false };
}

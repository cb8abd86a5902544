// Guides, tests and reports as the server would answer them, for tests to change what they are about.
import type { Comparison, EvaluatedItem, Evaluation, Guide, ItemResult, ModelResult, Report, ScoredItem, TestSetPreview, TestSubmission, Verdict } from "@/lib/wire";
import { tunedModel } from "./model-samples";

export const guide: Guide = {
  id: "gde-1",
  object: "training_guide",
  name: "Harbour letters",
  description: "How letters are marked",
  document_id: "doc-9",
  filename: "letters.pdf",
  format: "pdf",
  num_characters: 12_000,
  num_passages: 8,
  num_scored_items: 2,
  num_dropped: 0,
  num_corrected: 0,
  lowest_score: 3,
  highest_score: 8,
  score_step: 1,
  warnings: [],
  size_bytes: 40_000,
  created_at: "2026-11-22T10:00:00Z",
};

export const scoredItem: ScoredItem = {
  id: "itm-1",
  object: "scored_item",
  text: "Dear harbour master, the lamp is out.",
  score: 3,
  out_of: 10,
  place: "page 2, table 1, row 1",
  origin: "found",
  dropped: false,
  corrected: false,
  found_text: "Dear harbour master, the lamp is out.",
  found_score: 3,
  prompt: "Dear harbour master, the lamp is out.\n\nWhat score does this deserve?",
  completion: "3",
};

export const submission: TestSubmission = {
  id: "sub-1",
  object: "test_submission",
  name: "first letter",
  document_id: "doc-10",
  filename: "first letter.docx",
  expected: null,
  expected_score: null,
  num_characters: 900,
  beginning: "Dear harbour master, the ferry is late.",
  created_at: "2026-11-22T10:00:00Z",
};

export const preview: TestSetPreview = {
  object: "test_set_preview",
  grader: { kind: "score", lowest: 0, highest: 10, step: 1, read_as: "mean", written_as: "{score}" },
  grader_reason: "A score is expected of every submission.",
  verdict_on: "grade",
  asked_as: "chat",
  prompt_form: "for_score",
  max_tokens: 128,
  columns: null,
  num_items: 1,
  num_characters: 900,
  warnings: [],
  available_columns: [],
  items: [{ id: "1", prompt: "Dear harbour master, the ferry is late.", messages: null, expected: null, expected_score: 7, label: "first letter" }],
};

const error: Verdict["metric"] = { name: "absolute_error", words: "points off the expected score", higher_is_better: false };

export const verdict: Verdict = {
  verdict: "improved",
  metric: error,
  base: 3,
  tuned: 1.2,
  difference: -1.8,
  interval: { low: -2.3, high: -1.1 },
  confidence: 0.95,
  num_items: 50,
  num_items_needed: null,
  num_better: 41,
  num_worse: 7,
  num_equal: 2,
  trust: "With 50 items this is hardly chance.",
};

export const comparison: Comparison = { model: tunedModel.id, verdict, without_leaks: null };

const modelResult: ModelResult = {
  model: tunedModel.base_model,
  mean: 3,
  num_graded: 50,
  num_problems: 0,
  num_shortened: 0,
  expected_perplexity: 12,
  general_perplexity: 40,
  seconds: 20,
};

export const evaluation: Evaluation = {
  id: "evl-1",
  object: "evaluation",
  name: "Letters",
  state: "succeeded",
  test_set_id: "tst-1",
  test_set_name: "Letters",
  base_model: tunedModel.base_model,
  tuned_model_ids: [tunedModel.id],
  job_id: null,
  grader: { kind: "score", lowest: 0, highest: 10, step: 1, read_as: "mean", written_as: "{score}" },
  num_items: 50,
  queue_position: null,
  stopping: false,
  progress: null,
  results: {
    metric: error,
    num_items: 50,
    num_leaked: 0,
    leakage_checked: true,
    models: [modelResult, { ...modelResult, model: tunedModel.id, mean: 1.2 }],
    comparisons: [comparison],
    seconds: 40,
    versions: {},
  },
  error: null,
  created_at: "2026-11-22T10:00:00Z",
  started_at: "2026-11-22T10:00:01Z",
  finished_at: "2026-11-22T10:00:41Z",
};

const result: ItemResult = {
  answer: "5",
  value: 2,
  score_mean: 5,
  score_mode: 5,
  probabilities: [
    { text: "5", probability: 0.6 },
    { text: "6", probability: 0.3 },
    { text: "7", probability: 0.1 },
  ],
  expected_nll: null,
  expected_tokens: 0,
  shortened: false,
  problem: null,
};

export const evaluatedItem: EvaluatedItem = {
  id: "1",
  object: "evaluated_item",
  position: 0,
  label: "first letter",
  prompt: "Dear harbour master, the ferry is late.",
  prompt_cut: false,
  expected: null,
  expected_score: 7,
  leak: null,
  change: 1.5,
  results: [result, { ...result, answer: "7", value: 0.5, score_mean: 6.5, score_mode: 7 }],
};

export const report: Report = {
  id: "rpt-1",
  object: "report",
  name: "Kettle",
  job_ids: ["job-1"],
  format: "html",
  include_metrics: true,
  include_logs: false,
  conclusions: [{ job_id: "job-1", job_name: "Kettle", outcome: "improved", headline: "It worked", words: "It is 1.8 points closer to the expected scores." }],
  size_bytes: 80_000,
  num_shares: 0,
  created_at: "2026-11-22T10:00:00Z",
};

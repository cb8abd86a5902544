// Submissions, test sets and evaluations: what models are tested with, and what came out.
import { request, withQuery } from "@/lib/api/request";
import { sendWithProgress } from "@/lib/sending";
import type {
  Deleted,
  Document,
  EvaluatedItem,
  Evaluation,
  EvaluationRequest,
  ItemOrder,
  ListOf,
  TestSet,
  TestSetPreview,
  TestSetRequest,
  TestSubmission,
  TestSubmissionPatch,
} from "@/lib/wire";

export function sendSubmission(file: File, name: string, onProgress: (sent: number) => void, signal: AbortSignal): Promise<TestSubmission> {
  const form = new FormData();
  form.set("name", name);
  form.set("file", file);
  return sendWithProgress({ method: "POST", path: "/api/test-submissions", body: form }, onProgress, signal);
}

/** A table of test items. It is a document, but not one to be trained on. */
export function sendTestTable(file: File, name: string, onProgress: (sent: number) => void, signal: AbortSignal): Promise<Document> {
  const form = new FormData();
  form.set("name", name);
  form.set("type", "test_submission");
  form.set("file", file);
  return sendWithProgress({ method: "POST", path: "/api/documents", body: form }, onProgress, signal);
}

export function listSubmissions(after: string | null, signal?: AbortSignal): Promise<ListOf<TestSubmission>> {
  return request(withQuery("/api/test-submissions", { limit: 50, after }), { signal });
}

export function getSubmission(id: string, signal?: AbortSignal): Promise<TestSubmission> {
  return request(`/api/test-submissions/${encodeURIComponent(id)}`, { signal });
}

export function changeSubmission(id: string, change: TestSubmissionPatch): Promise<TestSubmission> {
  return request(`/api/test-submissions/${encodeURIComponent(id)}`, { method: "PATCH", body: change });
}

export function deleteSubmission(id: string): Promise<Deleted> {
  return request(`/api/test-submissions/${encodeURIComponent(id)}`, { method: "DELETE" });
}

/** With its evaluations. */
export function deleteTestSet(id: string): Promise<Deleted> {
  return request(`/api/test-sets/${encodeURIComponent(id)}`, { method: "DELETE" });
}

/** What the request would make. Makes nothing. */
export function previewTestSet(asked: TestSetRequest, signal?: AbortSignal): Promise<TestSetPreview> {
  return request("/api/test-sets/preview", { method: "POST", body: asked, signal });
}

export function createTestSet(asked: TestSetRequest): Promise<TestSet> {
  return request("/api/test-sets", { method: "POST", body: asked });
}

export function listTestSets(after: string | null, signal?: AbortSignal): Promise<ListOf<TestSet>> {
  return request(withQuery("/api/test-sets", { limit: 50, after }), { signal });
}

export function getTestSet(id: string, signal?: AbortSignal): Promise<TestSet> {
  return request(`/api/test-sets/${encodeURIComponent(id)}`, { signal });
}

/** `key` names the attempt: the same key never makes a second evaluation. */
export function createEvaluation(asked: EvaluationRequest, key: string): Promise<Evaluation> {
  return request("/api/evaluations", { method: "POST", body: asked, headers: { "idempotency-key": key } });
}

export function listEvaluations(of: { tuned_model_id?: string; after?: string | null }, signal?: AbortSignal): Promise<ListOf<Evaluation>> {
  return request(withQuery("/api/evaluations", { limit: 50, ...of }), { signal });
}

export function getEvaluation(id: string, signal?: AbortSignal): Promise<Evaluation> {
  return request(evaluationPath(id), { signal });
}

export function cancelEvaluation(id: string): Promise<Evaluation> {
  return request(`${evaluationPath(id)}/cancel`, { method: "POST" });
}

export function deleteEvaluation(id: string): Promise<Deleted> {
  return request(evaluationPath(id), { method: "DELETE" });
}

export interface ItemsAsked {
  order: ItemOrder;
  /** The tuned model that the order and the changes are about. */
  model?: string | undefined;
  after: string | null;
}

export function listEvaluatedItems(id: string, { order, model, after }: ItemsAsked, signal?: AbortSignal): Promise<ListOf<EvaluatedItem>> {
  return request(withQuery(`${evaluationPath(id)}/items`, { limit: 20, order, tuned_model_id: model, after }), { signal });
}

function evaluationPath(id: string): string {
  return `/api/evaluations/${encodeURIComponent(id)}`;
}

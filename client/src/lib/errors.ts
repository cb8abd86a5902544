// What can go wrong with a request, and how it is told to a person.
//
//   RequestError
//   ├── ApiError          the server answered, and refused
//   └── ConnectionError   no answer came
import type { ErrorDetail, ErrorInfo } from "@/lib/wire";

export class RequestError extends Error {}

export class ConnectionError extends RequestError {
  constructor() {
    super("The server cannot be reached. Check that it is running, then try again.");
    this.name = "ConnectionError";
  }
}

export class ApiError extends RequestError {
  readonly status: number;
  readonly code: string | null;
  readonly param: string | null;
  readonly details: readonly ErrorDetail[];
  readonly requestId: string | null;

  constructor(status: number, info: Pick<ErrorInfo, "message"> & Partial<ErrorInfo>, requestId: string | null = null) {
    super(info.message);
    this.name = "ApiError";
    this.status = status;
    this.code = info.code ?? null;
    this.param = info.param ?? null;
    this.details = info.details ?? [];
    this.requestId = requestId;
  }
}

/** Reads an error answer; one that is not in the server's shape (a proxy's page, say) gets plain words. */
export function toApiError(status: number, body: unknown, requestId: string | null): ApiError {
  const info = (body as { error?: Partial<ErrorInfo> } | null)?.error;
  if (typeof info?.message === "string") return new ApiError(status, { ...info, message: info.message }, requestId);
  const message =
    status === 413
      ? "This is more than the server accepts at once."
      : status >= 500
        ? "The server had a problem of its own. Try again in a moment."
        : `The server refused this (status ${status}).`;
  return new ApiError(status, { message }, requestId);
}

export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

/** The message of any error, fit to be shown. */
export function messageOf(error: unknown): string {
  if (error instanceof RequestError) return error.message;
  return "Something went wrong on this page. Reload it; what you saved is safe.";
}

export interface FieldErrors {
  /** Message by dotted field name, such as `hyperparameters.batch_size`. */
  fields: Record<string, string>;
  /** What belongs to no known field, or null. */
  general: string | null;
}

/** Sorts a refusal onto the fields of a form. An indexed param (`document_ids.0`) belongs to its field. */
export function fieldErrors(error: unknown, known: readonly string[]): FieldErrors {
  if (!(error instanceof ApiError)) return { fields: {}, general: messageOf(error) };
  const fields: Record<string, string> = {};
  for (const { param, message } of [{ param: error.param, message: error.message }, ...error.details]) {
    const field = known.find((name) => param === name || param?.startsWith(`${name}.`) || param?.startsWith(`${name}[`));
    if (field !== undefined) fields[field] ??= message;
  }
  return { fields, general: Object.keys(fields).length === 0 ? error.message : null };
}

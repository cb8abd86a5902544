// The files on their way to the server, one after the other. They go on while other screens are open, and every one ends as a document,
// as a reason, or stopped.
import { messageOf, ApiError } from "@/lib/errors";
import { bytes } from "@/lib/format";
import { session } from "@/lib/session";
import { createStore } from "@/lib/store";
import { uploadDocument } from "@/lib/upload";
import type { Document, ErrorDetail, Installation } from "@/lib/wire";

export type UploadStatus =
  | { kind: "waiting" }
  | { kind: "sending"; sent: number; total: number; bytesPerSecond: number | null; secondsLeft: number | null }
  | { kind: "reading" }
  | { kind: "done"; document: Document }
  | { kind: "failed"; message: string; details: readonly ErrorDetail[]; retry: boolean }
  | { kind: "stopped" };

export interface Upload {
  id: number;
  file: File;
  status: UploadStatus;
}

export const uploads = createStore<readonly Upload[]>([]);

let lastId = 0;
let sendingNow = false;
const aborts = new Map<number, () => void>();

type Rules = Pick<Installation, "accepted_suffixes" | "max_upload_bytes">;

/** Why a file cannot be taken, before a byte is sent; null when it can. */
export function refusal(file: File, { accepted_suffixes: suffixes, max_upload_bytes: most }: Rules): string | null {
  const name = file.name.toLowerCase();
  if (!suffixes.some((suffix) => name.endsWith(suffix))) return `This kind of file is not read yet. Accepted: ${suffixes.join(", ")}.`;
  if (file.size === 0) return "This file is empty. Choose one with text in it.";
  if (file.size > most) return `This file has ${bytes(file.size)}; the limit is ${bytes(most)}. Split it, or send a part of it.`;
  return null;
}

/** Takes files in; `onDone` hears of each document that comes of them. */
export function addFiles(files: Iterable<File>, rules: Rules, onDone: (document: Document) => void): void {
  const added = Array.from(files, (file): Upload => {
    lastId += 1;
    const reason = refusal(file, rules);
    const status: UploadStatus = reason === null ? { kind: "waiting" } : { kind: "failed", message: reason, details: [], retry: false };
    return { id: lastId, file, status };
  });
  uploads.set([...uploads.get(), ...added]);
  void sendWaiting(onDone);
}

export function retryUpload(id: number, onDone: (document: Document) => void): void {
  setStatus(id, { kind: "waiting" });
  void sendWaiting(onDone);
}

/** Stops an upload; nothing of it stays on the server. */
export function stopUpload(id: number): void {
  setStatus(id, { kind: "stopped" });
  aborts.get(id)?.();
}

export function dismissUpload(id: number): void {
  uploads.set(uploads.get().filter((one) => one.id !== id));
}

/** Stops and forgets everything, when the person leaves. */
export function clearUploads(): void {
  for (const abort of aborts.values()) abort();
  uploads.set([]);
}

session.state.subscribe(() => {
  if (session.state.get().status === "signed-out") clearUploads();
});

async function sendWaiting(onDone: (document: Document) => void): Promise<void> {
  if (sendingNow) return;
  sendingNow = true;
  try {
    for (let next = firstWaiting(); next; next = firstWaiting()) await sendOne(next, onDone);
  } finally {
    sendingNow = false;
  }
}

async function sendOne({ id, file }: Upload, onDone: (document: Document) => void): Promise<void> {
  const startedAt = performance.now();
  setStatus(id, progressOf(0, file.size, 0));
  const sending = uploadDocument(file, (sent, total) => {
    if (statusOf(id)?.kind !== "sending") return;
    setStatus(id, sent >= total ? { kind: "reading" } : progressOf(sent, total, (performance.now() - startedAt) / 1000));
  });
  aborts.set(id, sending.abort);
  try {
    const document = await sending.done;
    setStatus(id, { kind: "done", document });
    onDone(document);
  } catch (error) {
    if (statusOf(id)?.kind !== "stopped") setStatus(id, failureOf(error));
  } finally {
    aborts.delete(id);
  }
}

/** A refusal of the file itself will not change by sending it again; a broken line may. */
function failureOf(error: unknown): UploadStatus {
  const refused = error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 401 && error.status !== 429;
  return { kind: "failed", message: messageOf(error), details: error instanceof ApiError ? error.details : [], retry: !refused };
}

function progressOf(sent: number, total: number, seconds: number): UploadStatus {
  const bytesPerSecond = seconds > 0.3 && sent > 0 ? sent / seconds : null;
  return { kind: "sending", sent, total, bytesPerSecond, secondsLeft: bytesPerSecond && (total - sent) / bytesPerSecond };
}

function firstWaiting(): Upload | undefined {
  return uploads.get().find(({ status }) => status.kind === "waiting");
}

function statusOf(id: number): UploadStatus | undefined {
  return uploads.get().find((one) => one.id === id)?.status;
}

function setStatus(id: number, status: UploadStatus): void {
  uploads.set(uploads.get().map((one) => (one.id === id ? { ...one, status } : one)));
}

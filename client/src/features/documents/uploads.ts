// The files on their way to the server, one after the other. They go on while other screens are open, wait when the line is down, and every
// one ends as a document, as a reason, or stopped.
import { abortUpload, completeUpload, listUploads, openUpload } from "@/lib/api/uploads";
import { ApiError, messageOf } from "@/lib/errors";
import { refusal, type FileRules } from "@/lib/files";
import { session } from "@/lib/session";
import { createStore } from "@/lib/store";
import type { Document, ErrorDetail, ReadingOptions, Upload } from "@/lib/wire";
import { missingParts, receivedBytes, sendMissingParts } from "./part-sending";
import { persistently } from "./persistence";
import { isSameFile, rememberFile } from "./same-file";
import { speedMeter } from "./speed";

export type UploadStatus =
  | { kind: "waiting" }
  | { kind: "sending"; sent: number; bytesPerSecond: number | null }
  | { kind: "offline" }
  | { kind: "paused" }
  | { kind: "reading" }
  /** The document is not known when the line broke just while it was made. */
  | { kind: "done"; document: Document | null }
  | { kind: "refused"; message: string; details: readonly ErrorDetail[]; byLine: boolean }
  | { kind: "failed"; message: string; retry: boolean }
  | { kind: "stopped" };

export interface UploadEntry {
  id: number;
  name: string;
  size: number;
  /** Null for one that is wholly on the server from an earlier visit. */
  file: File | null;
  /** As the server has it; null until it is announced there. */
  remote: Upload | null;
  reading: ReadingOptions;
  status: UploadStatus;
}

type OnDone = (document: Document | null) => void;

export const uploads = createStore<readonly UploadEntry[]>([]);

let lastId = 0;
let sendingNow = false;
const aborters = new Map<number, AbortController>();

/** Takes files in; `onDone` hears of each document that comes of them. One that was begun earlier is continued. */
export function addFiles(files: Iterable<File>, rules: FileRules, onDone: OnDone): void {
  const added = Array.from(files, (file): UploadEntry => {
    const reason = refusal(file, rules);
    const status: UploadStatus = reason === null ? { kind: "waiting" } : { kind: "failed", message: reason, retry: false };
    return { id: nextId(), name: file.name, size: file.size, file, remote: null, reading: {}, status };
  });
  uploads.set([...uploads.get(), ...added]);
  void sendWaiting(onDone);
}

/** Has a file read whose parts all came on an earlier visit. */
export function readReceived(remote: Upload, onDone: OnDone): void {
  const entry: UploadEntry = { id: nextId(), name: remote.filename, size: remote.size_bytes, file: null, remote, reading: {}, status: { kind: "waiting" } };
  uploads.set([...uploads.get(), entry]);
  void sendWaiting(onDone);
}

/** Goes on after a pause or a failure: only what is missing is sent. */
export function resumeUpload(id: number, onDone: OnDone): void {
  change(id, { status: { kind: "waiting" } });
  void sendWaiting(onDone);
}

/** Has a refused file read in another way; its bytes are on the server and are not sent again. */
export function readAgain(id: number, reading: ReadingOptions, onDone: OnDone): void {
  change(id, { reading });
  resumeUpload(id, onDone);
}

export function pauseUpload(id: number): void {
  change(id, { status: { kind: "paused" } });
  aborters.get(id)?.abort();
}

/** Stops an upload; nothing of it stays on the server. */
export function stopUpload(id: number): void {
  const remote = entryOf(id)?.remote;
  change(id, { status: { kind: "stopped" }, remote: null });
  aborters.get(id)?.abort();
  // One that cannot be told now is removed by the server after a day.
  if (remote) abortUpload(remote.id).catch(() => undefined);
}

/** Takes an entry off the list. What the server has of a refused one goes too. */
export function dismissUpload(id: number): void {
  if (entryOf(id)?.status.kind === "refused") stopUpload(id);
  uploads.set(uploads.get().filter((one) => one.id !== id));
}

/** Forgets everything when the person leaves. What has arrived can be continued by them. */
export function clearUploads(): void {
  uploads.set([]);
  for (const aborter of aborters.values()) aborter.abort();
}

session.state.subscribe(() => {
  if (session.state.get().status === "signed-out") clearUploads();
});

/** A reload would interrupt what is being sent: the browser asks before it does. */
window.addEventListener("beforeunload", (event) => {
  if (uploads.get().some(({ status: { kind } }) => kind === "sending" || kind === "offline")) event.preventDefault();
});

async function sendWaiting(onDone: OnDone): Promise<void> {
  if (sendingNow) return;
  sendingNow = true;
  try {
    for (let next = firstWaiting(); next; next = firstWaiting()) await take(next.id, onDone);
  } finally {
    sendingNow = false;
  }
}

async function take(id: number, onDone: OnDone): Promise<void> {
  const aborter = new AbortController();
  aborters.set(id, aborter);
  try {
    await send(id, aborter.signal);
    const document = await complete(id, aborter.signal);
    change(id, { status: { kind: "done", document } });
    onDone(document);
  } catch (error) {
    // Paused, stopped or forgotten: that has been said already.
    if (!aborter.signal.aborted) change(id, failureOf(error));
  } finally {
    aborters.delete(id);
  }
}

async function send(id: number, signal: AbortSignal): Promise<void> {
  let speed = speedMeter();
  await persistently(
    async (moved) => {
      const entry = entryOf(id);
      if (!entry) return;
      const remote = entry.remote ?? (entry.file && (await announce(entry.file, signal)));
      change(id, { remote });
      if (!entry.file || !remote || missingParts(remote).length === 0) return;
      await sendMissingParts(entry.file, remote, {
        signal,
        onProgress: (sent) => {
          if (!signal.aborted) change(id, { status: { kind: "sending", sent, bytesPerSecond: speed(sent) } });
        },
        onArrived: (latest) => {
          moved();
          change(id, { remote: latest });
        },
      });
    },
    {
      signal,
      onWaiting: () => {
        speed = speedMeter();
        change(id, { status: { kind: "offline" } });
      },
    },
  );
}

/** The upload on the server: one that this file began earlier, or a new one. */
async function announce(file: File, signal: AbortSignal): Promise<Upload> {
  const taken = new Set(uploads.get().map(({ remote }) => remote?.id));
  const { data } = await listUploads(signal);
  const earlier = data.find((one) => !taken.has(one.id) && isSameFile(one, file));
  const upload = earlier ?? (await openUpload({ filename: file.name, size_bytes: file.size }, signal));
  rememberFile(upload.id, file);
  return upload;
}

async function complete(id: number, signal: AbortSignal): Promise<Document | null> {
  const entry = entryOf(id);
  const remote = entry?.remote;
  if (!entry || !remote) return null;
  let asked = false;
  return persistently(
    async () => {
      change(id, { status: { kind: "reading" } });
      try {
        return await completeUpload(remote.id, entry.reading, signal);
      } catch (error) {
        // Asked before without an answer, and gone now: it was made then.
        if (asked && error instanceof ApiError && error.status === 404) return null;
        asked = true;
        throw error;
      }
    },
    { signal, onWaiting: () => change(id, { status: { kind: "offline" } }) },
  );
}

/** A refusal of what is in the file keeps the bytes there. An upload that is gone starts anew when it is tried again. */
function failureOf(error: unknown): Partial<UploadEntry> {
  const status = error instanceof ApiError ? error.status : 0;
  if (error instanceof ApiError && status === 422 && error.param !== "size_bytes" && error.param !== "filename") {
    return { status: { kind: "refused", message: error.message, details: error.details, byLine: error.details.some(({ line }) => typeof line === "number") } };
  }
  const failed: UploadStatus = { kind: "failed", message: messageOf(error), retry: status !== 413 };
  return status === 404 ? { status: failed, remote: null } : { status: failed };
}

/** What has gone out of a file, in whatever state it is. */
export function sentOf({ status, remote }: UploadEntry): number {
  if (status.kind === "sending") return status.sent;
  return remote ? receivedBytes(remote) : 0;
}

function nextId(): number {
  lastId += 1;
  return lastId;
}

function firstWaiting(): UploadEntry | undefined {
  return uploads.get().find(({ status }) => status.kind === "waiting");
}

function entryOf(id: number): UploadEntry | undefined {
  return uploads.get().find((one) => one.id === id);
}

function change(id: number, changes: Partial<UploadEntry>): void {
  uploads.set(uploads.get().map((one) => (one.id === id ? { ...one, ...changes } : one)));
}

// Files that go to the server whole, one after the other, each with its progress. What has arrived leaves the queue: the screen shows it.
import { useCallback, useEffect, useRef, useState } from "react";
import { messageOf } from "@/lib/errors";
import { refusal, type FileRules } from "@/lib/files";

export type QueuedStatus = { kind: "waiting" } | { kind: "sending"; sent: number } | { kind: "reading" } | { kind: "refused"; message: string };

export interface QueuedFile {
  id: number;
  file: File;
  status: QueuedStatus;
}

interface FileQueue {
  files: readonly QueuedFile[];
  busy: boolean;
  add: (files: Iterable<File>, rules: FileRules) => void;
  /** Takes a file off the list; one on its way is stopped. */
  dismiss: (id: number) => void;
}

export type SendFile<T> = (file: File, onProgress: (bytes: number) => void, signal: AbortSignal) => Promise<T>;

/** `send` sends one file whole; `onArrived` hears of what came of each, in the order of the files. */
export function useFileQueue<T>(send: SendFile<T>, onArrived: (made: T) => void): FileQueue {
  const [files, setFiles] = useState<readonly QueuedFile[]>([]);
  const waiting = useRef<QueuedFile[]>([]);
  const working = useRef(false);
  const lastId = useRef(0);
  const stops = useRef(new Map<number, AbortController>());
  // A file arrives long after it was added; what is done then is what the screen does now.
  const latest = useRef(onArrived);
  useEffect(() => {
    latest.current = onArrived;
  });

  const change = useCallback((id: number, status: QueuedStatus) => setFiles((all) => all.map((one) => (one.id === id ? { ...one, status } : one))), []);
  const drop = useCallback((id: number) => setFiles((all) => all.filter((one) => one.id !== id)), []);

  async function work() {
    if (working.current) return;
    working.current = true;
    for (let next = waiting.current.shift(); next; next = waiting.current.shift()) await sendOne(next);
    working.current = false;
  }

  async function sendOne({ id, file }: QueuedFile) {
    const stop = new AbortController();
    stops.current.set(id, stop);
    change(id, { kind: "sending", sent: 0 });
    try {
      const made = await send(file, (sent) => change(id, sent < file.size ? { kind: "sending", sent } : { kind: "reading" }), stop.signal);
      drop(id);
      latest.current(made);
    } catch (error) {
      if (!stop.signal.aborted) change(id, { kind: "refused", message: messageOf(error) });
    } finally {
      stops.current.delete(id);
    }
  }

  return {
    files,
    busy: files.some(({ status }) => status.kind !== "refused"),
    add(added, rules) {
      const entries = Array.from(added, (file): QueuedFile => {
        const reason = refusal(file, rules);
        lastId.current += 1;
        return { id: lastId.current, file, status: reason === null ? { kind: "waiting" } : { kind: "refused", message: reason } };
      });
      setFiles((all) => [...all, ...entries]);
      waiting.current.push(...entries.filter(({ status }) => status.kind === "waiting"));
      void work();
    },
    dismiss(id) {
      waiting.current = waiting.current.filter((one) => one.id !== id);
      stops.current.get(id)?.abort();
      drop(id);
    },
  };
}

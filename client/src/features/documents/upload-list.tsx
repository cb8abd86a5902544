// The files on their way, each with its progress, its reason when it failed, and its next step.
import { bytes, duration, percent } from "@/lib/format";
import { useStore } from "@/lib/store";
import type { Document } from "@/lib/wire";
import { Button, IconButton, TextLink } from "@/ui/button";
import { Icon } from "@/ui/icon";
import { RefusedUpload } from "./refused-upload";
import { dismissUpload, pauseUpload, resumeUpload, sentOf, stopUpload, uploads, type UploadEntry, type UploadStatus } from "./uploads";

type OnDone = (document: Document | null) => void;

export function UploadList({ onDone }: { onDone: OnDone }) {
  const list = useStore(uploads);
  if (list.length === 0) return null;
  return (
    <ul aria-label="Uploads" className="grid grid-cols-[minmax(0,1fr)] gap-2">
      {list.map((entry) => (
        <li key={entry.id} className="card grid grid-cols-[minmax(0,1fr)] gap-2 p-3">
          <UploadRow entry={entry} onDone={onDone} />
        </li>
      ))}
    </ul>
  );
}

function UploadRow({ entry, onDone }: { entry: UploadEntry; onDone: OnDone }) {
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <p className="min-w-0 flex-1 basis-48">
          <span className="font-medium break-all">{entry.name}</span> <span className="text-ink-soft">{bytes(entry.size)}</span>
        </p>
        <Steps entry={entry} onDone={onDone} />
      </div>
      <StatusOf entry={entry} onDone={onDone} />
    </>
  );
}

const PAUSABLE: readonly UploadStatus["kind"][] = ["waiting", "sending", "offline"];

/** What can be done with it now. */
function Steps({ entry: { id, name, status }, onDone }: { entry: UploadEntry; onDone: OnDone }) {
  const pausable = PAUSABLE.includes(status.kind);
  const again = status.kind === "stopped" || (status.kind === "failed" && status.retry);
  return (
    <div className="flex flex-wrap gap-2">
      {pausable && (
        <Button icon="pause" onClick={() => pauseUpload(id)}>
          Pause
        </Button>
      )}
      {status.kind === "paused" && (
        <Button icon="play" onClick={() => resumeUpload(id, onDone)}>
          Resume
        </Button>
      )}
      {(pausable || status.kind === "paused") && (
        <Button icon="stop" onClick={() => stopUpload(id)}>
          Stop
        </Button>
      )}
      {again && (
        <Button icon="repeat" onClick={() => resumeUpload(id, onDone)}>
          Try again
        </Button>
      )}
      {(again || status.kind === "failed" || status.kind === "done") && <IconButton icon="cross" label={`Dismiss ${name}`} onClick={() => dismissUpload(id)} />}
    </div>
  );
}

function StatusOf({ entry, onDone }: { entry: UploadEntry; onDone: OnDone }) {
  const { name, status } = entry;
  switch (status.kind) {
    case "waiting":
      return <p className="text-ink-soft">Waits for the file before it.</p>;
    case "sending":
      return <Progress entry={entry} words={speedWords(entry.size - status.sent, status.bytesPerSecond)} />;
    case "offline":
      return (
        <div role="status">
          <Progress entry={entry} words="waiting for the connection; it goes on by itself" />
        </div>
      );
    case "paused":
      return <Progress entry={entry} words="paused; what has arrived stays for a day" />;
    case "reading":
      return (
        <div className="grid gap-1">
          <progress aria-label={`Reading ${name}`} />
          <p className="text-ink-soft">Sent. The server reads and checks it…</p>
        </div>
      );
    case "done":
      return <Done document={status.document} />;
    case "stopped":
      return <p className="text-ink-soft">Stopped. Nothing of it was kept.</p>;
    case "refused":
      return <RefusedUpload entry={entry} refused={status} onDone={onDone} />;
    case "failed":
      return (
        <p role="alert" className="flex gap-2 text-bad">
          <Icon name="alert" className="mt-0.5 size-4" />
          <span>{status.message}</span>
        </p>
      );
  }
}

function Progress({ entry, words }: { entry: UploadEntry; words: string }) {
  const sent = sentOf(entry);
  return (
    <div className="grid gap-1">
      <progress aria-label={`Upload of ${entry.name}`} max={entry.size} value={sent} />
      <p className="text-ink-soft">
        {percent(sent / entry.size)}
        {words && `, ${words}`}
      </p>
    </div>
  );
}

function speedWords(left: number, bytesPerSecond: number | null): string {
  return bytesPerSecond === null ? "" : `${bytes(bytesPerSecond)}/s, ${duration(left / bytesPerSecond)} left`;
}

function Done({ document }: { document: Document | null }) {
  if (document === null) {
    return (
      <p role="status" className="flex items-center gap-2 text-good">
        <Icon name="check" />
        Read while the line was down. It is in the list below.
      </p>
    );
  }
  const asks = document.status === "needs_mapping";
  return (
    <p role="status" className={`flex gap-2 ${asks ? "text-warn" : "text-good"}`}>
      <Icon name={asks ? "alert" : "check"} className="mt-0.5 size-4" />
      <span>
        {asks ? "Read, but its columns are not understood. " : "Read. "}
        <TextLink to="/documents/$documentId" params={{ documentId: document.id }}>
          {asks ? "Say which column plays which part" : "See what the model will see"}
        </TextLink>
        {document.duplicate_of !== null && (
          <span className="text-ink-soft">
            {" "}
            The same bytes are here already, as{" "}
            <TextLink to="/documents/$documentId" params={{ documentId: document.duplicate_of }}>
              an earlier document
            </TextLink>
            .
          </span>
        )}
      </span>
    </p>
  );
}

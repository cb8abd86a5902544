// The files on their way, each with its progress, its reason when it failed, and its next step.
import { bytes, duration, percent } from "@/lib/format";
import { useStore } from "@/lib/store";
import type { Document, ErrorDetail } from "@/lib/wire";
import { Button, IconButton, TextLink } from "@/ui/button";
import { Icon } from "@/ui/icon";
import { ProblemLine } from "@/ui/text";
import { dismissUpload, retryUpload, stopUpload, uploads, type Upload, type UploadStatus } from "./uploads";

const FIRST_PROBLEMS = 20;

export function UploadList({ onDone }: { onDone: (document: Document) => void }) {
  const list = useStore(uploads);
  if (list.length === 0) return null;
  return (
    <ul aria-label="Uploads" className="grid gap-2">
      {list.map((upload) => (
        <li key={upload.id} className="card grid gap-2 p-3">
          <UploadRow upload={upload} onDone={onDone} />
        </li>
      ))}
    </ul>
  );
}

function UploadRow({ upload: { id, file, status }, onDone }: { upload: Upload; onDone: (document: Document) => void }) {
  const going = status.kind === "waiting" || status.kind === "sending" || status.kind === "reading";
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <p className="min-w-0 flex-1 basis-48">
          <span className="font-medium break-all">{file.name}</span> <span className="text-ink-soft">{bytes(file.size)}</span>
        </p>
        {going && <Button onClick={() => stopUpload(id)}>Stop</Button>}
        {(status.kind === "stopped" || (status.kind === "failed" && status.retry)) && (
          <Button icon="repeat" onClick={() => retryUpload(id, onDone)}>
            Try again
          </Button>
        )}
        {!going && <IconButton icon="cross" label={`Dismiss ${file.name}`} onClick={() => dismissUpload(id)} />}
      </div>
      <StatusLine name={file.name} status={status} />
    </>
  );
}

function StatusLine({ name, status }: { name: string; status: UploadStatus }) {
  switch (status.kind) {
    case "waiting":
      return <p className="text-ink-soft">Waits for the file before it.</p>;
    case "sending":
      return (
        <div className="grid gap-1">
          <progress aria-label={`Upload of ${name}`} max={status.total} value={status.sent} />
          <p className="text-ink-soft">
            {percent(status.sent / status.total)}
            {status.bytesPerSecond !== null && `, ${bytes(status.bytesPerSecond)}/s`}
            {status.secondsLeft !== null && `, ${duration(status.secondsLeft)} left`}
          </p>
        </div>
      );
    case "reading":
      return (
        <div className="grid gap-1">
          <progress aria-label={`Reading ${name}`} />
          <p className="text-ink-soft">Sent. The server reads and checks it…</p>
        </div>
      );
    case "done":
      return (
        <p role="status" className="flex items-center gap-2 text-good">
          <Icon name="check" />
          <span>
            Read.{" "}
            <TextLink to="/documents/$documentId" params={{ documentId: status.document.id }}>
              See what the model will see
            </TextLink>
          </span>
        </p>
      );
    case "stopped":
      return <p className="text-ink-soft">Stopped. Nothing of it was kept.</p>;
    case "failed":
      return <Failure message={status.message} details={status.details} />;
  }
}

/** The reason, and the first places in the file that have a problem. */
function Failure({ message, details }: { message: string; details: readonly ErrorDetail[] }) {
  const places = details.length === 1 && details[0]?.message === message ? [] : details;
  return (
    <div role="alert" className="grid gap-2">
      <p className="flex gap-2 text-bad">
        <Icon name="alert" className="mt-0.5 size-4" />
        <span>{message}</span>
      </p>
      {places.length > 0 && (
        <ul className="grid gap-1 rounded-md bg-sunken p-3">
          {places.slice(0, FIRST_PROBLEMS).map((place, index) => (
            <li key={index}>
              <ProblemLine line={place.line} message={place.message} />
            </li>
          ))}
          {places.length > FIRST_PROBLEMS && <li className="text-ink-soft">and {places.length - FIRST_PROBLEMS} more of this kind</li>}
        </ul>
      )}
    </div>
  );
}

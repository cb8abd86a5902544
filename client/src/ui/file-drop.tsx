// Where files come in: dropped or chosen, with what is accepted to be read before choosing, and the files on their way.
import { useQuery } from "@tanstack/react-query";
import { useId, useRef, useState } from "react";
import type { QueuedFile } from "@/lib/file-queue";
import type { FileRules } from "@/lib/files";
import { bytes, percent } from "@/lib/format";
import { installationQuery, useOnceKnown } from "@/lib/installation";
import { Button, IconButton } from "@/ui/button";
import { FieldError } from "@/ui/field";
import { Fold } from "@/ui/fold";
import { Icon } from "@/ui/icon";

interface FileDropProps {
  /** For those who cannot see the zone: what is dropped here. */
  label: string;
  multiple?: boolean;
  /** Only these endings of what the installation reads. */
  only?: readonly string[];
  hint?: string;
  error?: string | null | undefined;
  onFiles: (files: File[], rules: FileRules) => void;
}

export function FileDrop({ label, multiple = true, only, hint, error, onFiles }: FileDropProps) {
  const { data: installation } = useQuery(installationQuery);
  const input = useRef<HTMLInputElement>(null);
  const errorId = useId();
  const [over, setOver] = useState(false);
  const onceKnown = useOnceKnown();
  const isWanted = (suffix: string) => only === undefined || only.includes(suffix);
  const suffixes = installation?.accepted_suffixes.filter(isWanted) ?? [];

  function take(files: Iterable<File>) {
    const taken = [...files].slice(0, multiple ? undefined : 1); // Of a drop, nothing can be read any more when its event is over.
    if (taken.length === 0) return;
    onceKnown(({ accepted_suffixes, max_upload_bytes }) =>
      onFiles(taken, { accepted_suffixes: accepted_suffixes.filter(isWanted), max_upload_bytes }),
    );
  }

  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-1">
      <div
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          take(event.dataTransfer.files);
        }}
        className={`grid justify-items-center gap-2 rounded-lg border-2 border-dashed p-5 text-center ${
          over ? "border-accent bg-accent-soft" : error ? "border-bad bg-card" : "border-line-strong bg-card"
        }`}
      >
        <Icon name="upload" className="size-6 text-ink-soft" />
        <p>{multiple ? "Drop files here, or" : "Drop a file here, or"}</p>
        <Button onClick={() => input.current?.click()} disabled={!installation} aria-describedby={error ? errorId : undefined}>
          {multiple ? "Choose files" : "Choose a file"}
        </Button>
        <input
          ref={input}
          type="file"
          multiple={multiple}
          hidden
          aria-label={label}
          accept={suffixes.join(",")}
          onChange={(event) => {
            take(event.target.files ?? []);
            event.target.value = "";
          }}
        />
        {hint && <p className="max-w-prose text-xs text-ink-soft">{hint}</p>}
        {installation && (
          <Fold summary={<span className="text-xs font-normal">What is accepted</span>}>
            <p className="max-w-prose text-xs text-ink-soft">
              {suffixes.join(", ")}. Up to {bytes(installation.max_upload_bytes)} each.
            </p>
          </Fold>
        )}
      </div>
      {error && <FieldError id={errorId}>{error}</FieldError>}
    </div>
  );
}

/** The files that have not arrived, each with its progress or the reason why it was not taken. */
export function QueuedFiles({ files, onDismiss }: { files: readonly QueuedFile[]; onDismiss: (id: number) => void }) {
  if (files.length === 0) return null;
  return (
    <ul aria-label="Files on their way" className="grid grid-cols-[minmax(0,1fr)] gap-2">
      {files.map(({ id, file, status }) => (
        <li key={id} className="card grid grid-cols-[minmax(0,1fr)] gap-1 py-2 pr-2 pl-3">
          <div className="flex items-center gap-2">
            <p className="min-w-0 flex-1">
              <span className="font-medium break-all">{file.name}</span> <span className="text-ink-soft">{bytes(file.size)}</span>
            </p>
            <IconButton icon="cross" label={`${status.kind === "refused" ? "Dismiss" : "Stop"} ${file.name}`} onClick={() => onDismiss(id)} />
          </div>
          {status.kind === "refused" ? (
            <FieldError id={`queued-${id}-error`}>{status.message}</FieldError>
          ) : status.kind === "waiting" ? (
            <p className="text-xs text-ink-soft">Waits for the file before it.</p>
          ) : (
            <>
              <progress aria-label={`Upload of ${file.name}`} max={file.size} {...(status.kind === "sending" ? { value: status.sent } : {})} />
              <p className="text-xs text-ink-soft">{status.kind === "sending" ? `${percent(status.sent / file.size)} sent` : "Sent. The server reads it…"}</p>
            </>
          )}
        </li>
      ))}
    </ul>
  );
}

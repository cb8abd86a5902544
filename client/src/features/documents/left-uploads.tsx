// Uploads that an earlier visit began: a reload lost nothing that had arrived.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { abortUpload } from "@/lib/api/uploads";
import { messageOf } from "@/lib/errors";
import { bytes, percent } from "@/lib/format";
import { installationQuery } from "@/lib/installation";
import { useStore } from "@/lib/store";
import type { Upload } from "@/lib/wire";
import { Button } from "@/ui/button";
import { Section } from "@/ui/page";
import { TimeAgo } from "@/ui/text";
import { toast } from "@/ui/toasts";
import { missingParts, receivedBytes } from "./part-sending";
import { openUploadsQuery } from "./queries";
import { addFiles, readReceived, uploads } from "./uploads";

type OnDone = Parameters<typeof readReceived>[1];

export function LeftUploads({ onDone }: { onDone: OnDone }) {
  const mine = new Set(useStore(uploads).map(({ remote }) => remote?.id));
  // Asked again whenever one of this visit comes or goes.
  const { data } = useQuery({ ...openUploadsQuery([...mine].join()), placeholderData: keepPreviousData });
  const left = data?.data.filter(({ id }) => !mine.has(id)) ?? [];
  const numWhole = left.filter((upload) => missingParts(upload).length === 0).length;
  useOnFewer(numWhole, () => onDone(null));
  if (left.length === 0) return null;
  return (
    <Section title="Begun earlier">
      <ul className="grid grid-cols-[minmax(0,1fr)] gap-2">
        {left.map((upload) => (
          <li key={upload.id} className="card flex flex-wrap items-center gap-x-3 gap-y-2 p-3">
            <LeftUpload upload={upload} onDone={onDone} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** A whole upload that is gone was being read when the page was reloaded: its document has come. */
function useOnFewer(number: number, hear: () => void): void {
  const before = useRef(number);
  const latest = useRef(hear);
  useEffect(() => {
    latest.current = hear;
  });
  useEffect(() => {
    if (number < before.current) latest.current();
    before.current = number;
  }, [number]);
}

function LeftUpload({ upload, onDone }: { upload: Upload; onDone: OnDone }) {
  const client = useQueryClient();
  const { data: rules } = useQuery(installationQuery);
  const input = useRef<HTMLInputElement>(null);
  const whole = missingParts(upload).length === 0;
  const discard = useMutation({
    mutationFn: () => abortUpload(upload.id),
    onSettled: () => client.invalidateQueries({ queryKey: ["uploads"] }),
    onError: (error) => toast(messageOf(error), "failed"),
  });

  function take(file: File | undefined) {
    if (!file || !rules) return;
    if (file.name !== upload.filename || file.size !== upload.size_bytes) {
      toast(`That is another file. This one is called “${upload.filename}” and has ${bytes(upload.size_bytes)}.`, "failed");
    } else addFiles([file], rules, onDone);
  }

  return (
    <>
      <div className="min-w-0 flex-1 basis-60">
        <p>
          <span className="font-medium break-all">{upload.filename}</span> <span className="text-ink-soft">{bytes(upload.size_bytes)}</span>
        </p>
        <p className="text-ink-soft">
          {whole ? "All of it is here. It was not accepted, or the server is still reading it." : `${percent(receivedBytes(upload) / upload.size_bytes)} is here. It can be continued: choose the same file again.`}{" "}
          Begun <TimeAgo at={upload.created_at} />.
        </p>
      </div>
      {whole ? (
        <Button icon="repeat" onClick={() => readReceived(upload, onDone)}>
          Read it
        </Button>
      ) : (
        <Button icon="upload" disabled={!rules} onClick={() => input.current?.click()}>
          Choose the file
        </Button>
      )}
      <input
        ref={input}
        type="file"
        hidden
        aria-label={`Continue ${upload.filename}`}
        onChange={(event) => {
          take(event.target.files?.[0]);
          event.target.value = "";
        }}
      />
      <Button icon="trash" look="danger" busy={discard.isPending} onClick={() => discard.mutate()}>
        Discard
      </Button>
    </>
  );
}

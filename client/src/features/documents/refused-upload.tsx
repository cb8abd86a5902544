// A file that has arrived and cannot be trained on as it is: why, and the three ways on. None of them sends the bytes again.
import { useState } from "react";
import { downloadUploadProblems } from "@/lib/api/uploads";
import { messageOf } from "@/lib/errors";
import { Button } from "@/ui/button";
import { Fold } from "@/ui/fold";
import { Icon } from "@/ui/icon";
import { toast } from "@/ui/toasts";
import { ProblemList } from "./problem-list";
import { ReadingFields, type Told } from "./reading-fields";
import { dismissUpload, readAgain, type UploadEntry, type UploadStatus } from "./uploads";

interface RefusedUploadProps {
  entry: UploadEntry;
  refused: Extract<UploadStatus, { kind: "refused" }>;
  onDone: Parameters<typeof readAgain>[2];
}

export function RefusedUpload({ entry: { id, name, remote, reading }, refused: { message, details, byLine }, onDone }: RefusedUploadProps) {
  const places = details.length === 1 && details[0]?.message === message ? [] : details;
  return (
    <div className="grid gap-3">
      <p role="alert" className="flex gap-2 text-bad">
        <Icon name="alert" className="mt-0.5 size-4" />
        <span className="min-w-0">{message}</span>
      </p>
      {places.length > 0 && (
        <div className="max-h-80 overflow-y-auto rounded-md bg-sunken p-3" tabIndex={0} role="region" aria-label={`Problems of ${name}`}>
          <ProblemList problems={places} />
        </div>
      )}
      <div className="flex flex-wrap gap-2">
        {byLine && !reading.leave_out_bad && (
          <Button onClick={() => readAgain(id, { ...reading, leave_out_bad: true }, onDone)}>Leave the bad rows out and continue</Button>
        )}
        {remote && (
          <Button icon="download" onClick={() => downloadUploadProblems(remote.id, name).catch((error: unknown) => toast(messageOf(error), "failed"))}>
            Download all problems
          </Button>
        )}
        <Button look="danger" icon="trash" onClick={() => dismissUpload(id)}>
          Drop it
        </Button>
      </div>
      <Fold summary="Read it in another way">
        <OtherWay onRead={(told) => readAgain(id, { ...told, leave_out_bad: reading.leave_out_bad ?? false }, onDone)} start={{ format: reading.format ?? "", charset: reading.charset ?? "" }} />
      </Fold>
    </div>
  );
}

function OtherWay({ start, onRead }: { start: Told; onRead: (told: { format?: Exclude<Told["format"], "">; charset?: string }) => void }) {
  const [told, setTold] = useState(start);
  return (
    <div className="mt-2 grid justify-items-start gap-3">
      <p className="text-ink-soft">The file is here already; only the reading is done again.</p>
      <div className="w-full max-w-xl">
        <ReadingFields told={told} onTold={setTold} />
      </div>
      <Button onClick={() => onRead({ ...(told.format && { format: told.format }), ...(told.charset && { charset: told.charset }) })}>Read it again</Button>
    </div>
  );
}

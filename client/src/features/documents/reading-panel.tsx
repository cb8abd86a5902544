// How a document is read: format and charset with how they were found, its columns and their parts, and the ways to say otherwise.
import { useState } from "react";
import { messageOf } from "@/lib/errors";
import type { Document } from "@/lib/wire";
import { Button } from "@/ui/button";
import { FieldError } from "@/ui/field";
import { Fold } from "@/ui/fold";
import { Note } from "@/ui/notices";
import { Section } from "@/ui/page";
import { ColumnsTable } from "./columns-table";
import { MappingEditor } from "./mapping-editor";
import { useChangeDocument } from "./queries";
import { ReadingFields, type Told } from "./reading-fields";
import { toldReading } from "./reading-words";

/** Shown first, and in full, when nothing can be learned from a document before its columns have parts. */
export function NeedsMapping({ document }: { document: Document }) {
  return (
    <Section title="Which column plays which part?">
      <Note tone="warn">The columns of this file are not understood, so nothing can be learned from it yet. Say what they hold, and it is read again.</Note>
      <div className="card p-4">
        <MappingEditor document={document} />
      </div>
      <ColumnsTable document={document} />
    </Section>
  );
}

export function ReadingPanel({ document }: { document: Document }) {
  const [open, setOpen] = useState(false);
  const tabular = document.columns.length > 0 && document.status === "ready";
  return (
    <Section title="How it is read">
      <div className="card grid grid-cols-[minmax(0,1fr)] gap-4 p-4">
        {/* Another document as read is another starting point. */}
        <Override key={`${document.format_basis} ${document.charset_basis} ${document.format} ${document.charset} ${document.leave_out_bad}`} document={document} />
      </div>
      {tabular && <ColumnsTable document={document} />}
      {tabular && (
        <Fold summary="Change what the columns mean" open={open} onToggle={setOpen}>
          {open && (
            <div className="card mt-2 p-4">
              <MappingEditor document={document} onSaved={() => setOpen(false)} />
            </div>
          )}
        </Fold>
      )}
    </Section>
  );
}

function Override({ document }: { document: Document }) {
  const now = toldReading(document);
  const change = useChangeDocument(document.id);
  const [told, setTold] = useState<Told>({ format: now.format ?? "", charset: now.charset ?? "" });
  const [leaveOut, setLeaveOut] = useState(document.leave_out_bad);
  const changed = told.format !== (now.format ?? "") || told.charset !== (now.charset ?? "") || leaveOut !== document.leave_out_bad;

  function read() {
    // Another format has other columns, so what is known of them holds no longer.
    const mapping = told.format === (now.format ?? "") ? now.mapping : undefined;
    change.mutate({
      reading: {
        ...(told.format && { format: told.format }),
        ...(told.charset && { charset: told.charset }),
        ...(mapping && { mapping }),
        leave_out_bad: leaveOut,
      },
    });
  }

  return (
    <>
      <ReadingFields
        told={told}
        onTold={setTold}
        found={{
          format: document.format,
          formatBasis: now.format ? "" : document.format_basis,
          charset: document.charset,
          charsetBasis: now.charset ? "" : document.charset_basis,
        }}
      />
      <label className="flex min-h-11 items-center gap-3 md:min-h-0">
        <input type="checkbox" className="size-4 shrink-0" checked={leaveOut} onChange={(event) => setLeaveOut(event.target.checked)} />
        Leave rows out that cannot be read
      </label>
      {change.isError && <FieldError id="reading-error">{messageOf(change.error)}</FieldError>}
      {(changed || change.isPending) && (
        <Button icon="repeat" busy={change.isPending} onClick={read} className="justify-self-start">
          {change.isPending ? "Reading the file again" : "Read it this way"}
        </Button>
      )}
    </>
  );
}

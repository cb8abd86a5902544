// The name and the note of a job, as its owner wants to remember it.
import { useState, type FormEvent } from "react";
import { fieldErrors } from "@/lib/errors";
import type { Job } from "@/lib/wire";
import { Button } from "@/ui/button";
import { AreaField, TextField } from "@/ui/field";
import { useChangeJob } from "./queries";

export function NoteEditor({ job }: { job: Job }) {
  const [editing, setEditing] = useState(false);
  if (editing) return <Editor job={job} onDone={() => setEditing(false)} />;
  return (
    <div className="flex flex-wrap items-center gap-2">
      {job.note && <p className="max-w-prose break-words whitespace-pre-wrap">{job.note}</p>}
      <Button look="quiet" icon="pencil" onClick={() => setEditing(true)}>
        {job.note ? "Edit name and note" : "Rename or add a note"}
      </Button>
    </div>
  );
}

function Editor({ job, onDone }: { job: Job; onDone: () => void }) {
  const [name, setName] = useState(job.name);
  const [note, setNote] = useState(job.note);
  const change = useChangeJob(job.id);
  const errors = change.error ? fieldErrors(change.error, ["name", "note"]) : null;

  function save(event: FormEvent) {
    event.preventDefault();
    change.mutate({ name: name.trim(), note }, { onSuccess: onDone });
  }

  return (
    <form onSubmit={save} className="card grid gap-3 p-4">
      <TextField label="Name" value={name} onChange={(event) => setName(event.target.value)} error={errors?.fields.name} maxLength={200} autoFocus />
      <AreaField label="Note" rows={3} value={note} onChange={(event) => setNote(event.target.value)} error={errors?.fields.note ?? errors?.general} maxLength={4000} />
      <div className="flex gap-2">
        <Button type="submit" look="primary" busy={change.isPending}>
          Save
        </Button>
        <Button onClick={onDone}>Leave it as it was</Button>
      </div>
    </form>
  );
}

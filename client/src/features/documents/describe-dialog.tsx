// Renames and describes a document.
import { useState, type FormEvent } from "react";
import { fieldErrors } from "@/lib/errors";
import type { Document } from "@/lib/wire";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { AreaField, TextField } from "@/ui/field";
import { useChangeDocument } from "./queries";

export function DescribeDialog({ document, open, onClose }: { document: Document; open: boolean; onClose: () => void }) {
  return (
    <Dialog title="Name and description" open={open} onClose={onClose}>
      <Fields document={document} onClose={onClose} />
    </Dialog>
  );
}

function Fields({ document, onClose }: { document: Document; onClose: () => void }) {
  const [name, setName] = useState(document.name);
  const [description, setDescription] = useState(document.description);
  const change = useChangeDocument(document.id);
  const { fields, general } = change.error ? fieldErrors(change.error, ["name", "description"]) : { fields: {} as Record<string, string>, general: null };

  function save(event: FormEvent) {
    event.preventDefault();
    change.mutate({ name: name.trim() || document.name, description }, { onSuccess: onClose });
  }

  return (
    <form noValidate onSubmit={save} className="grid gap-4">
      <TextField label="Name" value={name} maxLength={200} error={fields.name} onChange={(event) => setName(event.target.value)} />
      <AreaField label="Description" rows={4} value={description} maxLength={4000} error={fields.description} onChange={(event) => setDescription(event.target.value)} />
      {general && (
        <p role="alert" className="text-bad">
          {general}
        </p>
      )}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>Leave it as it is</Button>
        <Button type="submit" look="primary" busy={change.isPending}>
          Save
        </Button>
      </div>
    </form>
  );
}

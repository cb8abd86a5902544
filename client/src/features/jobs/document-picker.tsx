// Which documents a job learns from: a list of check boxes.
import type { UseFormRegisterReturn } from "react-hook-form";
import { bytes, counted } from "@/lib/format";
import type { Document } from "@/lib/wire";
import { FieldError } from "@/ui/field";

interface DocumentPickerProps {
  documents: readonly Document[];
  field: UseFormRegisterReturn;
  error: string | undefined;
}

export function DocumentPicker({ documents, field, error }: DocumentPickerProps) {
  return (
    <fieldset className="grid gap-2" aria-describedby={error ? "documents-error" : undefined}>
      <legend className="mb-2 text-lg font-semibold">Documents</legend>
      {error && <FieldError id="documents-error">{error}</FieldError>}
      <ul className="card max-h-80 divide-y divide-line overflow-y-auto">
        {documents.map((document) => (
          <li key={document.id}>
            <label className="flex min-h-11 items-center gap-3 px-4 py-2 hover:bg-hover">
              <input type="checkbox" className="size-4 shrink-0" value={document.id} {...field} />
              <span className="min-w-0 flex-1">
                <span className="block font-medium break-words">{document.name}</span>
                <span className="text-xs text-ink-soft">
                  {counted(document.num_examples, "example")}, {bytes(document.size_bytes)}
                </span>
              </span>
            </label>
          </li>
        ))}
      </ul>
    </fieldset>
  );
}

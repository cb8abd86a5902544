// The documents of a job, in their order.
import { useController, useFormContext } from "react-hook-form";
import { bytes, counted } from "@/lib/format";
import type { Document } from "@/lib/wire";
import { FieldError } from "@/ui/field";
import { OrderedChoice } from "@/ui/ordered-choice";
import { chosenData, type JobFields } from "./job-fields";

export function DocumentsField({ documents, liveError }: { documents: readonly Document[]; liveError: string | undefined }) {
  const { control } = useFormContext<JobFields>();
  const { field, fieldState } = useController({
    control,
    name: "document_ids",
    rules: { validate: (ids, fields) => ids.length > 0 || chosenData(fields) === "dataset" || "Choose at least one document." },
  });
  const error = fieldState.error?.message ?? liveError;
  return (
    <fieldset className="grid grid-cols-[minmax(0,1fr)] gap-2" aria-describedby={error ? "documents-error" : undefined}>
      <legend className="mb-2 font-medium">Documents</legend>
      {error && <FieldError id="documents-error">{error}</FieldError>}
      <OrderedChoice
        items={documents.map((document) => ({
          id: document.id,
          name: document.name,
          detail: `${counted(document.num_examples, "example")}, ${bytes(document.size_bytes)}`,
          unfit: document.status === "needs_mapping" ? "Its columns have no parts yet. Open it under Documents first." : undefined,
        }))}
        chosen={field.value}
        onChange={field.onChange}
        firstRef={field.ref}
      />
    </fieldset>
  );
}

// What a job learns from: a saved dataset, or documents in an order with what is kept back to measure on.
import { useFormContext, useWatch } from "react-hook-form";
import { amount, counted } from "@/lib/format";
import type { Dataset, Document, Forecast } from "@/lib/wire";
import { SelectField } from "@/ui/field";
import { DocumentsField } from "./documents-field";
import { chosenData, type JobFields } from "./job-fields";
import { SplitFields } from "./split-fields";

interface DataFieldsProps {
  documents: readonly Document[];
  datasets: readonly Dataset[];
  forecast: Forecast | undefined;
  liveErrors: Record<string, string>;
}

export function DataFields({ documents, datasets, forecast, liveErrors }: DataFieldsProps) {
  const { control, register, formState } = useFormContext<JobFields>();
  const values = useWatch({ control }) as JobFields;
  const dataset = datasets.find(({ id }) => id === values.dataset_id);
  return (
    <section aria-label="Data" className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <h2>Data</h2>
      {datasets.length > 0 && (
        <SelectField
          label="Learn from"
          error={formState.errors.dataset_id?.message ?? liveErrors.dataset_id}
          hint={dataset ? datasetWords(dataset, documents) : "A saved dataset has its documents, their order and its split fixed."}
          {...register("dataset_id")}
        >
          <option value="">documents that I choose here</option>
          {datasets.map(({ id, name }) => (
            <option key={id} value={id}>
              dataset: {name}
            </option>
          ))}
        </SelectField>
      )}
      {chosenData(values) === "documents" && (
        <>
          <DocumentsField documents={documents} liveError={liveErrors.document_ids} />
          <SplitFields documents={documents} forecast={forecast} liveErrors={liveErrors} />
        </>
      )}
    </section>
  );
}

function datasetWords({ document_ids: ids, num_examples: examples, num_characters: characters, split }: Dataset, documents: readonly Document[]): string {
  const validation = split.kind === "document" ? documents.find(({ id }) => id === split.document_id)?.name : undefined;
  const measured = split.kind === "document" ? `measured on ${validation ? `“${validation}”` : "a document of its own"}` : "measured on a share of them";
  return `${counted(ids.length, "document")}, ${counted(examples, "example")}, ${amount(characters)} characters, ${measured}.`;
}

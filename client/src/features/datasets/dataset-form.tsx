// Makes a dataset: documents in an order, and what is kept back to measure on.
import { useState, type FormEvent } from "react";
import { fieldErrors } from "@/lib/errors";
import { bytes, counted } from "@/lib/format";
import type { Dataset, Document, Split } from "@/lib/wire";
import { Button } from "@/ui/button";
import { FieldError, SelectField, TextField } from "@/ui/field";
import { OrderedChoice } from "@/ui/ordered-choice";
import { useCreateDataset } from "./queries";
import { emptySplit, readSplit, type SplitTexts } from "./split";

const FIELDS = ["name", "document_ids", "split.document_id", "split.fraction", "split.seed"] as const;

export function DatasetForm({ documents, onMade }: { documents: readonly Document[]; onMade: (dataset: Dataset) => void }) {
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<string[]>([]);
  const [texts, setTexts] = useState<SplitTexts>(emptySplit);
  const [tried, setTried] = useState(false);
  const create = useCreateDataset();
  const split = readSplit(texts, chosen);
  const refused = create.error ? fieldErrors(create.error, FIELDS) : { fields: {} as Record<string, string>, general: null };
  const errors = { ...(tried ? split.errors : {}), ...refused.fields };
  const noDocuments = tried && chosen.length === 0 ? "Choose at least one document." : refused.fields.document_ids;

  function make(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    if (split.value === null || chosen.length === 0) return;
    const asked: { document_ids: string[]; split: Split } = { document_ids: chosen, split: split.value };
    create.mutate(name.trim() === "" ? asked : { ...asked, name: name.trim() }, { onSuccess: onMade });
  }

  return (
    <form noValidate onSubmit={make} className="card grid grid-cols-[minmax(0,1fr)] gap-5 p-4">
      <TextField label="Name" placeholder="named for you" maxLength={200} value={name} error={refused.fields.name} onChange={(event) => setName(event.target.value)} />
      <fieldset className="grid grid-cols-[minmax(0,1fr)] gap-2">
        <legend className="mb-1 font-medium">Documents</legend>
        {noDocuments && <FieldError id="dataset-documents-error">{noDocuments}</FieldError>}
        <OrderedChoice
          items={documents.map((document) => ({
            id: document.id,
            name: document.name,
            detail: `${counted(document.num_examples, "example")}, ${bytes(document.size_bytes)}`,
            unfit: document.status === "needs_mapping" ? "Its columns have no parts yet. Open it under Documents first." : undefined,
          }))}
          chosen={chosen}
          onChange={setChosen}
        />
      </fieldset>
      <SplitChoice documents={documents.filter(({ id, status }) => status === "ready" && !chosen.includes(id))} texts={texts} onTexts={setTexts} errors={errors} />
      {refused.general && <FieldError id="dataset-error">{refused.general}</FieldError>}
      <Button type="submit" look="primary" icon="plus" busy={create.isPending} className="justify-self-start">
        Make the dataset
      </Button>
    </form>
  );
}

interface SplitChoiceProps {
  documents: readonly Document[];
  texts: SplitTexts;
  onTexts: (texts: SplitTexts) => void;
  errors: Record<string, string>;
}

function SplitChoice({ documents, texts, onTexts, errors }: SplitChoiceProps) {
  const kinds = [
    ["fraction", "a share that is kept back"],
    ["document", "a document of its own"],
  ] as const;
  return (
    <fieldset className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <legend className="mb-1 font-medium">Measure on</legend>
      <div className="flex flex-wrap gap-x-6">
        {kinds.map(([kind, words]) => (
          <label key={kind} className="target flex items-center gap-2">
            <input type="radio" name="split" className="size-4" checked={texts.kind === kind} onChange={() => onTexts({ ...texts, kind })} />
            {words}
          </label>
        ))}
      </div>
      {texts.kind === "fraction" ? (
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField
            label="Validation share"
            placeholder="auto"
            inputMode="decimal"
            hint="From 0 to 0.5; empty means auto."
            error={errors["split.fraction"]}
            value={texts.fraction}
            onChange={(event) => onTexts({ ...texts, fraction: event.target.value })}
          />
          <TextField
            label="Seed"
            placeholder="auto"
            inputMode="numeric"
            hint="The same seed keeps the same examples back."
            error={errors["split.seed"]}
            value={texts.seed}
            onChange={(event) => onTexts({ ...texts, seed: event.target.value })}
          />
        </div>
      ) : (
        <SelectField
          label="Validate on this document"
          hint="It is not trained on."
          error={errors["split.document_id"]}
          value={texts.documentId}
          onChange={(event) => onTexts({ ...texts, documentId: event.target.value })}
        >
          <option value="">{documents.length === 0 ? "no other document is here" : "choose a document"}</option>
          {documents.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </SelectField>
      )}
    </fieldset>
  );
}

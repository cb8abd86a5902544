// Which column plays which part: first the shape of a row, then a column for each of its parts, with the values beside them.
import { useState, type FormEvent } from "react";
import { messageOf } from "@/lib/errors";
import type { Column, Document, Mapping, Shape } from "@/lib/wire";
import { Button } from "@/ui/button";
import { FieldError, SelectField } from "@/ui/field";
import { useChangeDocument } from "./queries";
import { ROLES, SHAPES, toldReading } from "./reading-words";

interface MappingEditorProps {
  document: Document;
  onSaved?: () => void;
}

export function MappingEditor({ document, onSaved }: MappingEditorProps) {
  const change = useChangeDocument(document.id);
  const [shape, setShape] = useState<Shape>(document.mapping?.shape ?? (document.columns.length > 1 ? "prompt_completion" : "text"));
  const [columns, setColumns] = useState<Record<string, string>>(document.mapping?.columns ?? {});
  const [missing, setMissing] = useState<readonly string[]>([]);

  function save(event: FormEvent) {
    event.preventDefault();
    const mapping = mappingOf(shape, columns);
    const empty = ROLES[shape].filter(({ role, needed }) => needed && !(role in mapping.columns)).map(({ role }) => role);
    setMissing(empty);
    if (empty.length > 0) return;
    change.mutate({ reading: { ...toldReading(document), mapping } }, { onSuccess: () => onSaved?.() });
  }

  return (
    <form onSubmit={save} noValidate className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <fieldset className="grid gap-2">
        <legend className="mb-1 font-medium">What is a row?</legend>
        <div className="grid gap-2 sm:grid-cols-2 xl:grid-cols-4">
          {Object.entries(SHAPES).map(([name, words]) => (
            <label key={name} className="card flex gap-3 p-3 hover:bg-hover has-checked:border-accent has-checked:bg-accent-soft">
              <input type="radio" name="shape" className="mt-0.5 size-4 shrink-0" checked={shape === name} onChange={() => setShape(name as Shape)} />
              <span>
                <span className="block font-medium first-letter:uppercase">{words.name}</span>
                <span className="text-xs text-ink-soft">{words.help}</span>
              </span>
            </label>
          ))}
        </div>
      </fieldset>
      <div className="grid gap-4 sm:grid-cols-2">
        {ROLES[shape].map(({ role, label, needed, help }) => (
          <SelectField
            key={role}
            label={needed ? label : `${label} (if there is one)`}
            hint={exampleOf(document.columns, columns[role]) ?? help}
            error={missing.includes(role) && !columns[role] ? "Choose the column for this." : null}
            value={columns[role] ?? ""}
            onChange={(event) => setColumns({ ...columns, [role]: event.target.value })}
          >
            <option value="">{needed ? "choose a column" : "none"}</option>
            {document.columns.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </SelectField>
        ))}
      </div>
      {change.isError && <FieldError id="mapping-error">{messageOf(change.error)}</FieldError>}
      <Button type="submit" look={document.status === "needs_mapping" ? "primary" : "plain"} icon="check" busy={change.isPending} className="justify-self-start">
        {change.isPending ? "Reading the file again" : "Read it this way"}
      </Button>
    </form>
  );
}

/** Only the parts of this shape, and only those that have a column. */
function mappingOf(shape: Shape, columns: Record<string, string>): Mapping {
  return { shape, columns: Object.fromEntries(ROLES[shape].flatMap(({ role }) => (columns[role] ? [[role, columns[role]]] : []))) };
}

function exampleOf(columns: readonly Column[], name: string | undefined): string | null {
  const example = columns.find((one) => one.name === name)?.example;
  return example === undefined ? null : example === "" ? "Empty in the first rows." : `For example: ${example.slice(0, 120)}`;
}

// Which column of a test table plays which part, with what it first holds.
import type { Column, TestColumns } from "@/lib/wire";
import { SelectField } from "@/ui/field";

const PARTS: readonly (readonly [part: keyof TestColumns, label: string])[] = [
  ["prompt", "What is asked"],
  ["input", "Read after it"],
  ["expected", "Expected answer"],
  ["expected_score", "Expected score"],
  ["label", "Name of the item"],
];

/** As they are chosen, perhaps before it is said what is asked. */
export type ChosenColumns = Partial<TestColumns>;

interface ColumnsProps {
  available: readonly Column[];
  columns: ChosenColumns;
  onChange: (columns: ChosenColumns) => void;
}

export function ColumnsFields({ available, columns, onChange }: ColumnsProps) {
  return (
    <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-5">
      {PARTS.map(([part, label]) => {
        const example = available.find(({ name }) => name === columns[part])?.example;
        return (
          <SelectField
            key={part}
            label={label}
            hint={example && <span className="line-clamp-2 wrap-anywhere">first: {example}</span>}
            value={columns[part] ?? ""}
            onChange={(event) => onChange({ ...columns, [part]: event.target.value || null })}
          >
            <option value="" disabled={part === "prompt"}>
              {part === "prompt" ? "choose one" : "none"}
            </option>
            {available.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </SelectField>
        );
      })}
    </div>
  );
}

/** What can be asked of the server; null as long as it is not said what is asked. */
export function readColumns(columns: ChosenColumns | null): TestColumns | null {
  if (!columns?.prompt) return null;
  const { prompt, input = null, expected = null, expected_score = null, label = null } = columns;
  return { prompt, input, expected, expected_score, label };
}

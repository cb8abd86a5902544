// Which column of a test table plays which part.
import type { TestColumns } from "@/lib/wire";
import { SelectField } from "@/ui/field";

const PARTS: readonly (readonly [part: keyof TestColumns, label: string])[] = [
  ["prompt", "What is asked"],
  ["input", "Read after it"],
  ["expected", "Expected answer"],
  ["expected_score", "Expected score"],
  ["label", "Name of the item"],
];

interface ColumnsProps {
  available: readonly string[];
  columns: TestColumns;
  onChange: (columns: TestColumns) => void;
}

export function ColumnsFields({ available, columns, onChange }: ColumnsProps) {
  return (
    <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-5">
      {PARTS.map(([part, label]) => (
        <SelectField key={part} label={label} value={columns[part] ?? ""} onChange={(event) => onChange({ ...columns, [part]: event.target.value || null })}>
          {part !== "prompt" && <option value="">none</option>}
          {available.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </SelectField>
      ))}
    </div>
  );
}

// How the answers are graded: what was found to fit, and the others, each with a sentence.
import { useId } from "react";
import { AreaField, SelectField, TextField } from "@/ui/field";
import { GRADERS, type GraderErrors, type GraderField, type GraderTexts } from "./graders";

interface GraderPickerProps {
  texts: GraderTexts;
  errors: GraderErrors;
  onChange: (texts: GraderTexts) => void;
}

export function GraderPicker({ texts, errors, onChange }: GraderPickerProps) {
  const group = useId();
  return (
    <fieldset className="grid grid-cols-[minmax(0,1fr)] gap-2">
      <legend className="sr-only">How the answers are graded</legend>
      <ul className="grid gap-2 md:grid-cols-2 xl:grid-cols-3">
        {GRADERS.map(({ kind, name, means }) => (
          <li key={kind} className="grid">
            <label className="card flex gap-3 p-3 hover:bg-hover has-checked:border-accent has-checked:bg-accent-soft">
              <input type="radio" name={group} className="mt-0.5 size-4 shrink-0" checked={texts.kind === kind} onChange={() => onChange({ ...texts, kind })} />
              <span className="min-w-0">
                <span className="block font-medium">{name}</span>
                <span className="text-ink-soft">{means}</span>
              </span>
            </label>
          </li>
        ))}
      </ul>
      <GraderFields texts={texts} errors={errors} onChange={onChange} />
    </fieldset>
  );
}

function GraderFields({ texts, errors, onChange }: GraderPickerProps) {
  const field = (name: GraderField) => ({
    value: texts[name],
    error: errors[name],
    onChange: (event: { target: { value: string } }) => onChange({ ...texts, [name]: event.target.value }),
  });
  switch (texts.kind) {
    case "score":
      return (
        <div className="mt-2 grid gap-4 sm:grid-cols-2 lg:grid-cols-4">
          <TextField label="Lowest score" inputMode="decimal" autoComplete="off" {...field("lowest")} />
          <TextField label="Highest score" inputMode="decimal" autoComplete="off" {...field("highest")} />
          <TextField label="Step" inputMode="decimal" autoComplete="off" hint="1 for whole points, 0.5 for halves." {...field("step")} />
          <SelectField
            label="The model's score is"
            value={texts.readAs}
            onChange={(event) => onChange({ ...texts, readAs: event.target.value === "mode" ? "mode" : "mean" })}
          >
            <option value="mean">the average of what it thinks possible</option>
            <option value="mode">the one it finds likeliest</option>
          </SelectField>
        </div>
      );
    case "numeric":
      return (
        <div className="mt-2 max-w-xs">
          <TextField label="May be off by" inputMode="decimal" autoComplete="off" {...field("tolerance")} />
        </div>
      );
    case "choice":
      return (
        <div className="mt-2 max-w-md">
          <AreaField label="Choices" rows={4} hint="Each on a line of its own." {...field("choices")} />
        </div>
      );
    case "regex":
      return (
        <div className="mt-2 grid max-w-md gap-2">
          <TextField label="Pattern" hint="Empty: each item's expected answer is its own pattern." className="font-mono" {...field("pattern")} />
          <IgnoreCase texts={texts} onChange={onChange} />
        </div>
      );
    case "json_schema":
      return (
        <div className="mt-2 max-w-lg">
          <AreaField label="JSON schema" rows={6} spellCheck={false} className="font-mono" {...field("schema")} />
        </div>
      );
    case "exact":
    case "contains":
      return <IgnoreCase texts={texts} onChange={onChange} />;
    default:
      return null;
  }
}

function IgnoreCase({ texts, onChange }: Pick<GraderPickerProps, "texts" | "onChange">) {
  return (
    <label className="target flex items-center gap-2">
      <input type="checkbox" className="size-4" checked={texts.ignoreCase} onChange={(event) => onChange({ ...texts, ignoreCase: event.target.checked })} />
      Capitals do not matter
    </label>
  );
}

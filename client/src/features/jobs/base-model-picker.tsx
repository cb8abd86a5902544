// What training starts from: the catalogue and one's own tuned models. Models that this machine cannot use now are shown with the reason, folded away.
import type { UseFormRegisterReturn } from "react-hook-form";
import { amount, bytes, count } from "@/lib/format";
import { isTunedId } from "@/lib/model-ids";
import type { BaseModel } from "@/lib/wire";
import { FieldError } from "@/ui/field";
import { Fold } from "@/ui/fold";
import { Badge } from "@/ui/text";

interface BaseModelPickerProps {
  models: readonly BaseModel[];
  chosen: string;
  field: UseFormRegisterReturn;
  error: string | undefined;
}

export function BaseModelPicker({ models, chosen, field, error }: BaseModelPickerProps) {
  const usable = models.filter(({ id, availability }) => availability !== "unavailable" && !isTunedId(id));
  const own = models.filter(({ id }) => isTunedId(id));
  const others = models.filter(({ availability }) => availability === "unavailable");
  return (
    <fieldset className="grid gap-2" aria-describedby={error ? "base-model-error" : undefined}>
      <legend className="mb-2 text-lg font-semibold">Base model</legend>
      {error && <FieldError id="base-model-error">{error}</FieldError>}
      <Choices models={usable} field={field} />
      {own.length > 0 && (
        <Fold summary={`Continue from one of your own (${count(own.length)})`} open={isTunedId(chosen)}>
          <Choices models={own} field={field} />
        </Fold>
      )}
      {others.length > 0 && (
        <Fold summary={`${count(others.length)} more that cannot be used now`} open={usable.length === 0}>
          <Choices models={others} field={field} />
        </Fold>
      )}
    </fieldset>
  );
}

function Choices({ models, field }: { models: readonly BaseModel[]; field: UseFormRegisterReturn }) {
  return (
    <ul className="grid gap-2 xl:grid-cols-2">
      {models.map((model) => (
        <li key={model.id} className="grid">
          <Choice model={model} field={field} />
        </li>
      ))}
    </ul>
  );
}

function Choice({ model, field }: { model: BaseModel; field: UseFormRegisterReturn }) {
  const unavailable = model.availability === "unavailable";
  return (
    <label
      className={`card flex gap-3 p-3 has-checked:border-accent has-checked:bg-accent-soft ${unavailable ? "!cursor-default" : "hover:bg-hover"}`}
    >
      {/* Not RHF's `disabled`, which would drop the whole field; the attribute is this choice's alone. */}
      <input type="radio" className="mt-1 size-4 shrink-0" value={model.id} {...field} disabled={unavailable} />
      <span className="grid min-w-0 flex-1 content-start gap-1">
        <span className="flex flex-wrap items-center gap-2">
          <span className="font-medium">{model.name}</span>
          <AvailabilityBadge model={model} />
        </span>
        <span className="text-ink-soft">{model.description}</span>
        <span className="text-xs text-ink-soft">{factsOf(model)}</span>
        {model.availability !== "ready" && model.availability_reason && <span className="text-xs text-warn">{model.availability_reason}</span>}
      </span>
    </label>
  );
}

function AvailabilityBadge({ model: { availability } }: { model: BaseModel }) {
  if (availability === "ready") return null;
  return availability === "downloadable" ? <Badge icon="download">fetched first</Badge> : <Badge icon="cross">not available</Badge>;
}

function factsOf(model: BaseModel): string {
  return [
    `${amount(model.num_parameters)} parameters`,
    model.size_bytes > 0 ? `${bytes(model.size_bytes)} on disk` : null,
    model.context_length > 0 ? `reads ${count(model.context_length)} tokens` : null,
    model.license ? `licence: ${model.license}` : null,
  ]
    .filter((one) => one !== null)
    .join(" · ");
}

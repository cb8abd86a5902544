// Tuned models as rows: name, base, and what training did to the validation loss.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { amount, bytes, methodName } from "@/lib/format";
import type { TunedModel } from "@/lib/wire";
import { TimeAgo } from "@/ui/text";
import { Outcome } from "./outcome";

interface ModelListProps {
  models: readonly TunedModel[];
  /** What a test said of a model, where one did. */
  verdict?: (model: TunedModel) => ReactNode;
}

export function ModelList({ models, verdict }: ModelListProps) {
  return (
    <ul className="card divide-y divide-line overflow-hidden">
      {models.map((model) => (
        <li key={model.id} className="relative grid gap-x-4 gap-y-1 px-4 py-3 hover:bg-hover md:grid-cols-[minmax(0,1fr)_16rem_9rem] md:items-center">
          <div className="min-w-0">
            <Link
              to="/models/$modelId"
              params={{ modelId: model.id }}
              className="font-medium break-words after:absolute after:inset-0 after:content-['']"
            >
              {model.name}
            </Link>
            {verdict && <> {verdict(model)}</>}
            <p className="text-xs text-ink-soft">
              {model.base_model}, {methodName(model.method)}, {amount(model.num_parameters)} parameters, {bytes(model.size_bytes)}
            </p>
          </div>
          <p>
            <span className="block text-xs text-ink-soft">Validation loss</span>
            <Outcome model={model} />
          </p>
          <p className="text-xs text-ink-soft md:text-right">
            <TimeAgo at={model.created_at} />
          </p>
        </li>
      ))}
    </ul>
  );
}

// Tests that were run, newest first: of what, when, and what came out.
import { counted } from "@/lib/format";
import type { Evaluation } from "@/lib/wire";
import { Badge, TimeAgo } from "@/ui/text";
import { VerdictBadge } from "./verdict-badge";

interface EvaluationListProps {
  evaluations: readonly Evaluation[];
  modelId: string;
  shown: string | undefined;
  onShow: (id: string) => void;
}

export function EvaluationList({ evaluations, modelId, shown, onShow }: EvaluationListProps) {
  return (
    <ul aria-label="Tests of this model" className="card divide-y divide-line overflow-hidden">
      {evaluations.map((evaluation) => (
        <li key={evaluation.id}>
          <button
            type="button"
            aria-pressed={evaluation.id === shown}
            onClick={() => onShow(evaluation.id)}
            className={`target grid w-full grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 px-4 py-2 text-left hover:bg-hover ${evaluation.id === shown ? "bg-accent-soft" : ""}`}
          >
            <span className="min-w-0">
              <span className="block font-medium break-words">{evaluation.test_set_name}</span>
              <span className="text-xs text-ink-soft">
                {counted(evaluation.num_items, "item")}, <TimeAgo at={evaluation.created_at} />
                {evaluation.job_id && ", by itself after training"}
              </span>
            </span>
            <State evaluation={evaluation} modelId={modelId} />
          </button>
        </li>
      ))}
    </ul>
  );
}

function State({ evaluation, modelId }: { evaluation: Evaluation; modelId: string }) {
  switch (evaluation.state) {
    case "queued":
      return <Badge icon="clock">Queued</Badge>;
    case "running":
      return (
        <Badge tone="accent" icon="play">
          Running
        </Badge>
      );
    case "failed":
      return (
        <Badge tone="bad" icon="alert">
          Failed
        </Badge>
      );
    case "cancelled":
      return <Badge icon="stop">Cancelled</Badge>;
    case "succeeded":
      return <VerdictBadge evaluation={evaluation} modelId={modelId} />;
  }
}

import type { Evaluation } from "@/lib/wire";
import { Badge } from "@/ui/text";
import { countingVerdict, VERDICT_WORDS } from "./verdicts";

/** The verdict on one tuned model, for lists; nothing while there is none. */
export function VerdictBadge({ evaluation, modelId }: { evaluation: Evaluation; modelId: string }) {
  const comparison = evaluation.results?.comparisons.find(({ model }) => model === modelId);
  if (!comparison) return null;
  const { word, tone, icon } = VERDICT_WORDS[countingVerdict(comparison).verdict.verdict];
  return (
    <Badge tone={tone} icon={icon}>
      {word}
    </Badge>
  );
}

import type { Conclusion } from "@/lib/wire";
import { Badge } from "@/ui/text";
import { OUTCOMES } from "./outcomes";

export function OutcomeBadge({ outcome }: Pick<Conclusion, "outcome">) {
  const { word, tone, icon } = OUTCOMES[outcome];
  return (
    <Badge tone={tone} icon={icon}>
      {word}
    </Badge>
  );
}

/** Did it work? For each job of a report, in a sentence or two. */
export function Conclusions({ conclusions }: { conclusions: readonly Conclusion[] }) {
  return (
    <ul className="card divide-y divide-line">
      {conclusions.map(({ job_id, job_name, outcome, headline, words }) => (
        <li key={job_id} className="grid gap-1 p-4">
          {conclusions.length > 1 && <p className="text-xs break-words text-ink-soft">{job_name}</p>}
          <p className="flex flex-wrap items-center gap-2">
            <OutcomeBadge outcome={outcome} />
            {/* Often the very word of the badge. */}
            {headline !== OUTCOMES[outcome].word && <span className="font-medium">{headline}</span>}
          </p>
          <p className="max-w-prose text-ink-soft">{words}</p>
        </li>
      ))}
    </ul>
  );
}

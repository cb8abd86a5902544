// The answer to "did it work?" on one card: the verdict, what it rests on, and how far to trust it.
import { count, counted } from "@/lib/format";
import type { Comparison, ModelResult, Verdict } from "@/lib/wire";
import { Icon } from "@/ui/icon";
import { Note } from "@/ui/notices";
import type { Tone } from "@/ui/text";
import { IntervalBar } from "./interval-bar";
import { countingVerdict, metricValue, shareWords, VERDICT_WORDS } from "./verdicts";

const EDGES: Partial<Record<Tone, string>> = { good: "border-l-good", bad: "border-l-bad", neutral: "border-l-line-strong" };
const INKS: Partial<Record<Tone, string>> = { good: "text-good", bad: "text-bad", neutral: "text-ink" };

interface VerdictCardProps {
  comparison: Comparison;
  /** The base first. */
  models: readonly ModelResult[];
  numLeaked: number;
  leakageChecked: boolean;
  title?: string;
}

export function VerdictCard({ comparison, models, numLeaked, leakageChecked, title }: VerdictCardProps) {
  const { verdict, without } = countingVerdict(comparison);
  const { word, tone, icon, means } = VERDICT_WORDS[verdict.verdict];
  return (
    <section aria-label="Verdict" className={`card grid grid-cols-[minmax(0,1fr)] gap-4 border-l-4 p-4 ${EDGES[tone] ?? ""}`}>
      <div>
        {title && <p className="text-xs break-all text-ink-soft">{title}</p>}
        <p className={`flex items-center gap-2 text-xl font-semibold tracking-tight uppercase ${INKS[tone] ?? ""}`}>
          <Icon name={icon} className="size-6" />
          {word}
        </p>
        <p>{means}</p>
      </div>
      <div className="grid grid-cols-[minmax(0,1fr)] gap-x-8 gap-y-4 lg:grid-cols-[minmax(0,1fr)_minmax(0,1fr)] lg:items-start">
        <Numbers verdict={verdict} />
        <IntervalBar verdict={verdict} />
      </div>
      <p className="max-w-prose">{verdict.trust}</p>
      {without && (
        <Note tone="warn">
          {counted(numLeaked, "test item")} also {numLeaked === 1 ? "stands" : "stand"} in the training data and {numLeaked === 1 ? "does" : "do"} not count here. With{" "}
          {numLeaked === 1 ? "it" : "them"} the verdict would be {VERDICT_WORDS[comparison.verdict.verdict].word.toLowerCase()}.
        </Note>
      )}
      {!without && numLeaked > 0 && (
        <Note tone="warn">
          {counted(numLeaked, "test item")} also {numLeaked === 1 ? "stands" : "stand"} in the training data, so part of this test is from memory.
        </Note>
      )}
      {!leakageChecked && <Note>The training data is not here any more, so nobody could look whether test items stand in it.</Note>}
      <Forgetting base={models[0]} tuned={models.find(({ model }) => model === comparison.model)} />
    </section>
  );
}

function Numbers({ verdict }: { verdict: Verdict }) {
  const { metric, base, tuned, num_items, num_better, num_worse, num_equal, num_items_needed } = verdict;
  const share = shareWords(verdict);
  return (
    <div className="grid gap-3">
      <div>
        <p className="text-xs text-ink-soft">
          {metric.words}, {metric.higher_is_better ? "higher is better" : "lower is better"}
        </p>
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className="text-ink-soft">base</span>
          <span className="text-lg">{metricValue(metric, base)}</span>
          <span aria-label="became" className="text-ink-soft">
            →
          </span>
          <span className="text-ink-soft">tuned</span>
          <span className="text-lg font-semibold">{metricValue(metric, tuned)}</span>
          {share && <span className={verdict.verdict === "improved" ? "text-good" : "text-ink-soft"}>({share})</span>}
        </p>
      </div>
      <p className="text-ink-soft">
        Of {counted(num_items, "item")}: <span className="text-ink">{count(num_better)} better</span>, {count(num_worse)} worse, {count(num_equal)} the same.
        {num_items_needed !== null && verdict.verdict === "no_change" && ` About ${count(num_items_needed)} items would be needed to be sure of this difference.`}
      </p>
    </div>
  );
}

/** How much worse, relatively, general text may become before it is called forgetting. */
const FORGOTTEN = 1.1;

function Forgetting({ base, tuned }: { base: ModelResult | undefined; tuned: ModelResult | undefined }) {
  if (base?.general_perplexity == null || tuned?.general_perplexity == null) return null;
  const ratio = tuned.general_perplexity / base.general_perplexity;
  if (ratio < FORGOTTEN) return null;
  return (
    <Note tone="warn">
      It knows general text less well than its base: its surprise (perplexity) went from {surprise(base.general_perplexity)} to {surprise(tuned.general_perplexity)}. That is
      forgetting; fewer epochs or a lower learning rate keep more.
    </Note>
  );
}

export function surprise(perplexity: number | null): string {
  if (perplexity === null) return "–";
  return perplexity < 100 ? perplexity.toFixed(1) : count(perplexity);
}

// Item by item: what was asked, what was expected, and what the base and the tuned model made of it, side by side.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { scoreText } from "@/lib/scores";
import type { EvaluatedItem, Evaluation, ItemOrder, ItemResult, Metric } from "@/lib/wire";
import { SelectField } from "@/ui/field";
import { Fold } from "@/ui/fold";
import { MoreButton } from "@/ui/more";
import { Failed, Loading } from "@/ui/notices";
import { Section } from "@/ui/page";
import { Badge } from "@/ui/text";
import { Probabilities } from "./probabilities";
import { itemsQuery } from "./queries";
import { metricValue } from "./verdicts";

const ORDERS: readonly (readonly [ItemOrder, string])[] = [
  ["best", "where it gained most"],
  ["worst", "where it lost most"],
  ["given", "as given"],
];

export function ItemTable({ evaluation, modelId, metric }: { evaluation: Evaluation; modelId: string; metric: Metric }) {
  const [order, setOrder] = useState<ItemOrder>("best");
  const items = useInfiniteQuery(itemsQuery(evaluation.id, order, modelId));
  // Results are in the order of the models: the base, then the tuned ones.
  const place = 1 + Math.max(0, evaluation.tuned_model_ids.indexOf(modelId));
  return (
    <Section
      title="Item by item"
      aside={
        <div className="w-56">
          <SelectField label={<span className="sr-only">Order of the items</span>} value={order} onChange={(event) => setOrder(event.target.value as ItemOrder)}>
            {ORDERS.map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </SelectField>
        </div>
      }
    >
      {items.isPending ? (
        <Loading what="Loading the items" />
      ) : items.isError ? (
        <Failed what="The items" error={items.error} onRetry={() => void items.refetch()} />
      ) : (
        <>
          <ol aria-label="Test items" className="card divide-y divide-line overflow-hidden">
            {items.data.map((item) => (
              <Item key={item.id} item={item} tuned={item.results[place]} metric={metric} />
            ))}
          </ol>
          <MoreButton query={items} />
        </>
      )}
    </Section>
  );
}

function Item({ item, tuned, metric }: { item: EvaluatedItem; tuned: ItemResult | undefined; metric: Metric }) {
  const expected = item.expected_score === null ? null : scoreText(item.expected_score);
  return (
    <li className="grid grid-cols-[minmax(0,1fr)] gap-3 p-4 lg:grid-cols-[minmax(0,5fr)_minmax(0,3fr)_minmax(0,3fr)] lg:gap-6">
      <div className="grid min-w-0 content-start gap-1">
        <p className="flex flex-wrap items-center gap-2">
          <span className="font-medium break-words">{item.label || `Item ${item.position + 1}`}</span>
          <Change item={item} metric={metric} />
          {item.leak && (
            <Badge tone="warn" icon="alert">
              {item.leak.kind === "exact" ? "in the training data" : "nearly in the training data"}
            </Badge>
          )}
        </p>
        <Prompt item={item} />
        <Expected item={item} />
      </div>
      <Side title="Base" result={item.results[0]} expected={expected} metric={metric} />
      <Side title="Tuned" result={tuned} expected={expected} metric={metric} />
    </li>
  );
}

function Change({ item: { change }, metric }: { item: EvaluatedItem; metric: Metric }) {
  if (change === null) return null;
  if (change === 0) return <Badge>the same</Badge>;
  if (metric.name === "accuracy") return change > 0 ? <Badge tone="good" icon="check">now right</Badge> : <Badge tone="bad" icon="cross">now wrong</Badge>;
  const size = metricValue(metric, Math.abs(change));
  return change > 0 ? (
    <Badge tone="good" icon="up">
      {size} better
    </Badge>
  ) : (
    <Badge tone="bad" icon="down">
      {size} worse
    </Badge>
  );
}

const LONG = 240;

function Prompt({ item: { prompt, prompt_cut: cut } }: { item: EvaluatedItem }) {
  if (prompt.length <= LONG) return <p className="break-words whitespace-pre-line text-ink-soft">{prompt}</p>;
  return (
    <>
      <p className="line-clamp-3 break-words text-ink-soft">{prompt}</p>
      <Fold summary={<span className="text-xs">All of it</span>}>
        <p className="max-h-80 overflow-y-auto rounded-md bg-sunken p-3 break-words whitespace-pre-line" tabIndex={0}>
          {prompt}
          {cut && " …"}
        </p>
      </Fold>
    </>
  );
}

function Expected({ item: { expected, expected_score: score } }: { item: EvaluatedItem }) {
  if (expected === null && score === null) return null;
  return (
    <div className="grid gap-0.5">
      {score !== null && (
        <p>
          <span className="text-xs text-ink-soft">expected score </span>
          <span className="font-medium">{scoreText(score)}</span>
        </p>
      )}
      {expected !== null && (
        <p className="break-words">
          <span className="text-xs text-ink-soft">expected </span>
          {expected}
        </p>
      )}
    </div>
  );
}

interface SideProps {
  title: string;
  result: ItemResult | undefined;
  expected: string | null;
  metric: Metric;
}

function Side({ title, result, expected, metric }: SideProps) {
  if (!result) return null;
  const scored = result.score_mean !== null;
  return (
    <div className="grid min-w-0 content-start gap-1">
      <p className="flex items-baseline justify-between gap-2 text-xs text-ink-soft">
        {title}
        <span>{result.value === null ? "not graded" : valueWords(metric, result.value)}</span>
      </p>
      {scored ? (
        <>
          <p>
            <span className="text-lg font-medium">{scoreText(Number((result.score_mean ?? 0).toFixed(2)))}</span>
            {result.score_mode !== null && <span className="text-xs text-ink-soft"> on average, likeliest {scoreText(result.score_mode)}</span>}
          </p>
          <Probabilities result={result} expected={expected} of={title} />
        </>
      ) : (
        <>
          <p className="max-h-40 overflow-y-auto break-words whitespace-pre-line">{result.answer.trim() === "" ? "(an empty answer)" : result.answer}</p>
          <Probabilities result={result} expected={expected} of={title} />
        </>
      )}
      {result.problem && <p className="text-xs text-warn">{result.problem}</p>}
      {result.shortened && <p className="text-xs text-ink-soft">It was too long for the model, which read its end.</p>}
    </div>
  );
}

function valueWords(metric: Metric, value: number): string {
  if (metric.name === "accuracy") return value >= 1 ? "right" : value <= 0 ? "wrong" : metricValue(metric, value);
  return `${metric.name === "absolute_error" ? "off by " : ""}${metricValue(metric, value)}`;
}

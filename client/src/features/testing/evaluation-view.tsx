// One evaluation, whatever its state: on its way with its progress, failed with its reason, or done with the verdict first.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { messageOf } from "@/lib/errors";
import { count, counted, duration, percent } from "@/lib/format";
import type { Evaluation, EvaluationSummary } from "@/lib/wire";
import { Button } from "@/ui/button";
import { Fold } from "@/ui/fold";
import { Failed, Loading, Note } from "@/ui/notices";
import { toast } from "@/ui/toasts";
import { ItemTable } from "./item-table";
import { evaluationQuery, useCancelEvaluation } from "./queries";
import { surprise, VerdictCard } from "./verdict-card";
import { metricValue } from "./verdicts";

interface EvaluationViewProps {
  id: string;
  /** Whose verdict and items are shown; without one, the first tuned model's. */
  modelId?: string | undefined;
  /** What to do after one that failed or was cancelled. */
  again?: ReactNode;
}

export function EvaluationView({ id, modelId, again }: EvaluationViewProps) {
  const query = useQuery(evaluationQuery(id));
  if (query.isPending) return <Loading what="Loading the test" />;
  if (!query.data) return <Failed what="This test" error={query.error} onRetry={() => void query.refetch()} back={again} />;
  const evaluation = query.data;
  const { state, results, error } = evaluation;
  if (state === "queued" || state === "running") return <UnderWay evaluation={evaluation} />;
  if (state === "cancelled" || results === null) {
    return (
      <div className="card grid justify-items-start gap-3 p-4" role={state === "failed" ? "alert" : undefined}>
        <h3>{state === "cancelled" ? "This test was cancelled" : (error?.message ?? "This test failed")}</h3>
        {error ? (
          <p className="max-w-prose text-ink-soft">
            {error.cause} {error.fix}
          </p>
        ) : (
          <p className="text-ink-soft">No verdict came of it.</p>
        )}
        {again}
      </div>
    );
  }
  return <Results evaluation={evaluation} results={results} modelId={modelId ?? evaluation.tuned_model_ids[0] ?? ""} />;
}

function UnderWay({ evaluation }: { evaluation: Evaluation }) {
  const { progress, state, queue_position: position, stopping } = evaluation;
  const cancel = useCancelEvaluation(evaluation.id);
  const share = progress?.total ? progress.done / progress.total : null;
  return (
    <section aria-label="Test under way" className="card grid gap-3 p-4">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p role="status" className="text-base font-medium">
          {stopping ? "Stopping" : state === "queued" ? waiting(position) : (progress?.stage ?? "Starting")}
        </p>
        {!stopping && (
          <Button icon="stop" busy={cancel.isPending} onClick={() => cancel.mutate(undefined, { onError: (error) => toast(messageOf(error), "failed") })}>
            Stop the test
          </Button>
        )}
      </div>
      <progress aria-label="Progress of the test" max={1} {...(state === "queued" ? { value: 0 } : share === null ? {} : { value: share })} />
      <p className="text-ink-soft">
        {share !== null && progress?.total && (
          <>
            <span className="font-medium text-ink">{percent(share)}</span>, {count(progress.done)} of {counted(progress.total, "answer")}
          </>
        )}
        {progress?.eta_s != null && progress.eta_s >= 1 && `, ${duration(progress.eta_s)} left`}
        {share === null && "Base and tuned model get the same items. You may leave this page; it goes on."}
      </p>
    </section>
  );
}

function waiting(position: number | null): string {
  return position !== null && position > 1 ? `Waits for ${count(position - 1)} before it` : "Starts as soon as the machine is free";
}

function Results({ evaluation, results, modelId }: { evaluation: Evaluation; results: EvaluationSummary; modelId: string }) {
  const comparison = results.comparisons.find(({ model }) => model === modelId);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-6">
      {comparison ? (
        <VerdictCard comparison={comparison} models={results.models} numLeaked={results.num_leaked} leakageChecked={results.leakage_checked} />
      ) : (
        <Note>There is no verdict on this model here.</Note>
      )}
      <ModelNumbers evaluation={evaluation} results={results} />
      <ItemTable evaluation={evaluation} modelId={modelId} metric={results.metric} />
    </div>
  );
}

function ModelNumbers({ evaluation, results: { metric, models, seconds } }: { evaluation: Evaluation; results: EvaluationSummary }) {
  const numbers = models.map((model, index) => ({
    ...model,
    name: index === 0 ? "Base" : evaluation.tuned_model_ids.length === 1 ? "Tuned" : model.model,
  }));
  return (
    <Fold summary="All numbers of this test">
      <div className="mt-2 overflow-x-auto" tabIndex={0} role="region" aria-label="Numbers by model">
        <table className="text-right">
          <thead className="text-xs text-ink-soft">
            <tr>
              <th scope="col" className="pr-6 text-left font-medium">
                Model
              </th>
              {[metric.words, "graded", "problems", "surprise at the expected text", "surprise at general text", "time"].map((head) => (
                <th key={head} scope="col" className="max-w-32 pl-6 align-bottom font-medium">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {numbers.map(({ name, model, mean, num_graded, num_problems, expected_perplexity, general_perplexity, seconds: took }) => (
              <tr key={model}>
                <th scope="row" className="max-w-48 min-w-16 pr-6 text-left font-medium wrap-anywhere" title={model}>
                  {name}
                </th>
                <td className="pl-6">{metricValue(metric, mean)}</td>
                <td className="pl-6">{count(num_graded)}</td>
                <td className="pl-6">{count(num_problems)}</td>
                <td className="pl-6">{surprise(expected_perplexity)}</td>
                <td className="pl-6">{surprise(general_perplexity)}</td>
                <td className="pl-6 whitespace-nowrap">{duration(took)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="mt-2 max-w-prose text-xs text-ink-soft">
        Surprise is perplexity: how unexpected a model finds each piece of a text. 1 is none at all. The whole test took {duration(seconds)}.
      </p>
    </Fold>
  );
}

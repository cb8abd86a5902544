// The tests of one tuned model: run another one, and what came of those that were run. The one that is shown stands in the address.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { EvaluationList } from "@/features/testing/evaluation-list";
import { EvaluationView } from "@/features/testing/evaluation-view";
import { evaluationsQuery, testSetsQuery } from "@/features/testing/queries";
import { useRunTest } from "@/features/testing/run-test";
import { messageOf } from "@/lib/errors";
import { counted } from "@/lib/format";
import type { TestSet, TunedModel } from "@/lib/wire";
import { Button, LinkButton } from "@/ui/button";
import { FieldError, SelectField } from "@/ui/field";
import { Failed } from "@/ui/notices";
import { Section } from "@/ui/page";

interface ModelTestsProps {
  model: TunedModel;
  shown: string | undefined;
  onShow: (evaluationId: string) => void;
}

export function ModelTests({ model, shown, onShow }: ModelTestsProps) {
  const evaluations = useQuery(evaluationsQuery(model.id));
  const testSets = useInfiniteQuery(testSetsQuery);
  const list = evaluations.data?.data ?? [];
  const open = shown ?? list[0]?.id;
  return (
    <Section
      title="Test"
      aside={
        <LinkButton to="/llm-training" search={{ step: "test", job: model.job_id, evaluation: "new" }} icon="plus">
          New test
        </LinkButton>
      }
    >
      {evaluations.isError && !evaluations.data && <Failed what="The tests" error={evaluations.error} onRetry={() => void evaluations.refetch()} />}
      {evaluations.data && list.length === 0 && (
        <p className="max-w-prose text-ink-soft">
          Nobody has tested this model yet. A test gives it and its base the same questions, and says whether training helped.
        </p>
      )}
      {testSets.data && testSets.data.length > 0 && <RunOne model={model} testSets={testSets.data} onStarted={onShow} />}
      {list.length > 0 && <EvaluationList evaluations={list} modelId={model.id} shown={open} onShow={onShow} />}
      {open !== undefined && <EvaluationView key={open} id={open} modelId={model.id} />}
    </Section>
  );
}

function RunOne({ model, testSets, onStarted }: { model: TunedModel; testSets: readonly TestSet[]; onStarted: (id: string) => void }) {
  const [chosen, setChosen] = useState("");
  const run = useRunTest();
  const id = chosen || (testSets[0]?.id ?? "");
  return (
    <div className="grid gap-2">
      <div className="flex flex-wrap items-end gap-3">
        <div className="min-w-0 flex-1 basis-60 sm:max-w-md">
          <SelectField label="Run a test on it" value={id} onChange={(event) => setChosen(event.target.value)}>
            {testSets.map(({ id: one, name, num_items }) => (
              <option key={one} value={one}>
                {name} ({counted(num_items, "item")})
              </option>
            ))}
          </SelectField>
        </div>
        <Button icon="play" busy={run.isPending} onClick={() => run.mutate({ test_set_id: id, tuned_model_ids: [model.id] }, { onSuccess: (made) => onStarted(made.id) })}>
          Run it
        </Button>
      </div>
      {run.isError && <FieldError id="run-test-error">{messageOf(run.error)}</FieldError>}
    </div>
  );
}

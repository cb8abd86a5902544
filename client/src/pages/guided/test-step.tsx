// Step 3: the test. What it is tested with, how that is graded, and then the verdict.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { jobQuery } from "@/features/jobs/queries";
import { tunedModelsQuery } from "@/features/models/queries";
import { EvaluationView } from "@/features/testing/evaluation-view";
import { evaluationQuery, isUnderWay } from "@/features/testing/queries";
import { Button, LinkButton } from "@/ui/button";
import { SelectField } from "@/ui/field";
import { Empty, Failed, Loading } from "@/ui/notices";
import { NEW_TEST } from "./address";
import { evaluationIdOf } from "./states";
import { TestForm } from "./test-form";
import type { Guided } from "./use-guided";

export function TestStep({ search, go }: Guided) {
  const job = useQuery({ ...jobQuery(search.job ?? ""), enabled: search.job !== undefined });
  if (search.job === undefined) return <ChooseModel search={search} go={go} />;
  if (job.isPending) return <Loading what="Loading the model" />;
  if (!job.data) return <Failed what="This training" error={job.error} onRetry={() => void job.refetch()} back={<ChooseModel search={search} go={go} />} />;
  const { tuned_model: model } = job.data;
  if (model === null) {
    return (
      <Empty
        title="There is no model to test yet"
        action={
          <LinkButton to="/llm-training" search={{ ...search, step: "train" }} look="primary">
            To step 2
          </LinkButton>
        }
      >
        A test needs the model that comes out of the training. What you add here is kept, so come back when it is done.
      </Empty>
    );
  }
  const evaluationId = evaluationIdOf(search, job.data);
  if (evaluationId !== undefined) return <Tested evaluationId={evaluationId} modelId={model} go={go} />;
  return <TestForm modelId={model} search={search} go={go} />;
}

function Tested({ evaluationId, modelId, go }: { evaluationId: string; modelId: string; go: Guided["go"] }) {
  const { data: evaluation } = useQuery(evaluationQuery(evaluationId));
  const another = (
    <Button icon="plus" onClick={() => go({ evaluation: NEW_TEST, "test-set": undefined })}>
      Test it with something else
    </Button>
  );
  return (
    <>
      <EvaluationView id={evaluationId} modelId={modelId} again={another} />
      {evaluation && !isUnderWay(evaluation.state) && (
        <div className="flex flex-wrap gap-3">
          {evaluation.state === "succeeded" && (
            <Button look="primary" icon="right" onClick={() => go({ step: "report" })}>
              Go on to the report
            </Button>
          )}
          {evaluation.state === "succeeded" && another}
        </div>
      )}
    </>
  );
}

/** For who comes to test something that was trained before. */
function ChooseModel({ search, go }: Guided) {
  const models = useInfiniteQuery(tunedModelsQuery);
  const [chosen, setChosen] = useState("");
  if (models.isPending) return <Loading what="Loading your models" />;
  if (!models.data || models.data.length === 0) {
    return (
      <Empty
        title="First, a model"
        action={
          <LinkButton to="/llm-training" search={{ ...search, step: search.dataset ? "train" : "guide" }} look="primary">
            To step {search.dataset ? 2 : 1}
          </LinkButton>
        }
      >
        Nothing is trained yet that could be tested.
      </Empty>
    );
  }
  const model = models.data.find(({ id }) => id === chosen) ?? models.data[0];
  return (
    <div className="card grid justify-items-start gap-3 p-4">
      <div className="w-full max-w-md">
        <SelectField label="Which model shall be tested?" value={model?.id} onChange={(event) => setChosen(event.target.value)}>
          {models.data.map(({ id, name, base_model }) => (
            <option key={id} value={id}>
              {name}, from {base_model}
            </option>
          ))}
        </SelectField>
      </div>
      <Button look="primary" onClick={() => model && go({ job: model.job_id, step: "test" })}>
        Test this one
      </Button>
    </div>
  );
}

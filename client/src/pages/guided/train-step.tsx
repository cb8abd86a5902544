// Step 2: the training. First what and how, then the run with its progress.
import { useJob } from "@/features/jobs/run-stream";
import { LinkButton } from "@/ui/button";
import { Empty, Failed, Loading } from "@/ui/notices";
import { TrainForm } from "./train-form";
import { TrainRun } from "./train-run";
import type { Guided } from "./use-guided";

export function TrainStep({ search, go }: Guided) {
  if (search.job) return <Run jobId={search.job} go={go} />;
  if (!search.dataset) {
    return (
      <Empty
        title="First, a guide"
        action={
          <LinkButton to="/llm-training" search={{ ...search, step: "guide" }} look="primary">
            To step 1
          </LinkButton>
        }
      >
        There is nothing to learn from yet. Give it a guide, look at what was read, and confirm it.
      </Empty>
    );
  }
  return <TrainForm datasetId={search.dataset} onStarted={(job) => go({ job: job.id })} />;
}

function Run({ jobId, go }: { jobId: string; go: Guided["go"] }) {
  const job = useJob(jobId);
  if (job.isPending) return <Loading what="Loading the training" />;
  if (!job.data) return <Failed what="This training" error={job.error} onRetry={() => void job.refetch()} />;
  return <TrainRun key={jobId} job={job.data} updatedAt={job.dataUpdatedAt} go={go} />;
}

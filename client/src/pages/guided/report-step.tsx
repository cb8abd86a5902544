// Step 4: the report, first what is in it, then as it will be forwarded.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { jobQuery, jobsQuery } from "@/features/jobs/queries";
import { isLive } from "@/features/jobs/states";
import { reportQuery } from "@/features/reports/queries";
import { ReportForm } from "@/features/reports/report-form";
import { ReportView } from "@/features/reports/report-view";
import { Button, LinkButton } from "@/ui/button";
import { Empty, Failed, Loading, Note } from "@/ui/notices";
import { evaluationIdOf } from "./states";
import type { Guided } from "./use-guided";

export function ReportStep({ search, go }: Guided) {
  if (search.report) return <Made id={search.report} go={go} />;
  if (!search.job) {
    return (
      <Empty
        title="First, a training"
        action={
          <LinkButton to="/llm-training" search={{ ...search, step: search.dataset ? "train" : "guide" }} look="primary">
            To step {search.dataset ? 2 : 1}
          </LinkButton>
        }
      >
        A report tells of a training and its test, and there is none yet.
      </Empty>
    );
  }
  return <Make jobId={search.job} search={search} go={go} />;
}

function Make({ jobId, search, go }: Guided & { jobId: string }) {
  const job = useQuery(jobQuery(jobId));
  const jobs = useInfiniteQuery(jobsQuery());
  if (job.isPending) return <Loading what="Loading the training" />;
  if (!job.data) return <Failed what="This training" error={job.error} onRetry={() => void job.refetch()} />;
  const others = jobs.data?.filter(({ id, state }) => id !== jobId && !isLive(state)) ?? [];
  return (
    <>
      {isLive(job.data.state) && <Note tone="warn">The training is not over. A report tells what is known when it is made, so you may want to wait.</Note>}
      {job.data.tuned_model !== null && evaluationIdOf(search, job.data) === undefined && (
        <Note>
          <div className="flex flex-wrap items-center justify-between gap-3">
            <p>The model is not tested, so the report cannot say whether it worked.</p>
            <Button onClick={() => go({ step: "test" })}>To step 3</Button>
          </div>
        </Note>
      )}
      <ReportForm job={job.data} others={others} onMade={({ id }) => go({ report: id })} />
    </>
  );
}

function Made({ id, go }: { id: string; go: Guided["go"] }) {
  const report = useQuery(reportQuery(id));
  if (report.isPending) return <Loading what="Loading the report" />;
  if (!report.data) {
    return <Failed what="This report" error={report.error} onRetry={() => void report.refetch()} back={<Button onClick={() => go({ report: undefined })}>Make another</Button>} />;
  }
  return (
    <>
      <ReportView report={report.data} />
      <div className="flex flex-wrap gap-3">
        <Button icon="plus" onClick={() => go({ report: undefined })}>
          Make another
        </Button>
        <LinkButton to="/reports">All reports</LinkButton>
      </div>
    </>
  );
}

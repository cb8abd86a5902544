// One job, everything on one screen: where it is, how it learns, what it says, what was set, what can be done.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { documentsQuery } from "@/features/documents/queries";
import { Costs } from "@/features/jobs/costs";
import { ChartPanel } from "@/features/jobs/chart-panel";
import { Checkpoints } from "@/features/jobs/checkpoints";
import { FailureCard } from "@/features/jobs/failure-card";
import { Generations } from "@/features/jobs/generations";
import { JobActions } from "@/features/jobs/job-actions";
import { LifeLine } from "@/features/jobs/life-line";
import { LogView } from "@/features/jobs/log-view";
import { NoteEditor } from "@/features/jobs/note-editor";
import { ProgressPanel } from "@/features/jobs/progress-panel";
import { jobQuery } from "@/features/jobs/queries";
import { useEarlierLines, useLogs, useMetrics, wholeLog } from "@/features/jobs/run-data";
import { useJob, useRunStream } from "@/features/jobs/run-stream";
import { SettingsTable } from "@/features/jobs/settings-table";
import { StateBadge } from "@/features/jobs/state-badge";
import { isLive, windowTitle } from "@/features/jobs/states";
import { BaseName } from "@/features/models/base-name";
import { useBases } from "@/features/models/use-bases";
import { EvaluationView } from "@/features/testing/evaluation-view";
import { OfferToTell } from "@/features/notifications/offer-to-tell";
import { methodName } from "@/lib/format";
import type { Job } from "@/lib/wire";
import { LinkButton, TextLink } from "@/ui/button";
import { Failed, Loading } from "@/ui/notices";
import { Page, Section } from "@/ui/page";
import { Facts, Id } from "@/ui/text";
import { useChartAddress } from "./chart-address";

export function JobPage() {
  const { jobId } = useParams({ from: "/gate/jobs/$jobId" });
  const query = useJob(jobId);
  if (query.isPending) return <Loading what="Loading the job" />;
  if (!query.data) {
    return <Failed what="This job" error={query.error} onRetry={() => void query.refetch()} back={<LinkButton to="/jobs">All jobs</LinkButton>} />;
  }
  return <JobScreen key={jobId} job={query.data} updatedAt={query.dataUpdatedAt} />;
}

function JobScreen({ job, updatedAt }: { job: Job; updatedAt: number }) {
  const logs = useLogs(job);
  const metrics = useMetrics(job);
  const streamed = useRunStream(job, logs.data !== undefined && metrics.data !== undefined);
  const earlier = useEarlierLines(job.id);
  const { view, setView } = useChartAddress("/gate/jobs/$jobId");
  const bases = useBases(job.base_model);
  const live = isLive(job.state);
  const lines = logs.data?.lines ?? [];
  return (
    <Page title={job.name} windowTitle={windowTitle(job)} lead={<StateBadge job={job} />} actions={<Actions job={job} />}>
      <NoteEditor job={job} />
      <LifeLine job={job} />
      {job.error && <FailureCard job={job} error={job.error} lines={lines} />}
      {live && <ProgressPanel job={job} updatedAt={updatedAt} streamed={streamed} />}
      {live && <OfferToTell />}
      {metrics.isError && !metrics.data ? (
        <Failed what="The curves" error={metrics.error} onRetry={() => void metrics.refetch()} />
      ) : (
        <ChartPanel name={job.name} points={metrics.data?.points ?? []} live={live || metrics.isPending} view={view} onView={setView} />
      )}
      {job.evaluation_id && (
        <Section title="Test">
          <EvaluationView id={job.evaluation_id} modelId={job.tuned_model ?? undefined} />
        </Section>
      )}
      <Generations generations={metrics.data?.generations ?? []} />
      <Checkpoints job={job} chat={bases.all?.find(({ id }) => id === job.base_model)?.chat ?? false} />
      {logs.isError && !logs.data ? (
        <Failed what="The log" error={logs.error} onRetry={() => void logs.refetch()} />
      ) : (
        <LogView name={job.name} lines={lines} live={live} earlier={(logs.data?.start ?? 0) > 0 ? earlier : null} whole={() => wholeLog(job.id)} />
      )}
      <Costs job={job} />
      <About job={job} />
      <SettingsTable job={job} />
    </Page>
  );
}

function Actions({ job }: { job: Job }) {
  return (
    <>
      <JobActions job={job} />
      {job.tuned_model && !job.evaluation_id && (
        <LinkButton to="/llm-training" search={{ step: "test", job: job.id }} icon="check">
          Test it
        </LinkButton>
      )}
      {!isLive(job.state) && (
        <LinkButton to="/llm-training" search={{ step: "report", job: job.id }} icon="report">
          Report
        </LinkButton>
      )}
    </>
  );
}

function About({ job }: { job: Job }) {
  const { data: documents } = useInfiniteQuery(documentsQuery);
  return (
    <Section title="About this job">
      <div className="card p-4">
        <Facts
          facts={[
            ["Base model", <BaseName key="base" id={job.base_model} />],
            ["Method", methodName(job.method, job.objective)],
            [
              "Documents",
              <ul key="documents">
                {job.document_ids.map((documentId) => (
                  <li key={documentId}>
                    <TextLink to="/documents/$documentId" params={{ documentId }}>
                      {documents?.find(({ id }) => id === documentId)?.name ?? documentId}
                    </TextLink>
                  </li>
                ))}
              </ul>,
              "wide",
            ],
            ...(job.cloned_from
              ? [
                  [
                    "Copied from",
                    <Original key="original" id={job.cloned_from} />,
                  ] as const,
                ]
              : []),
            ["Id", <Id key="id" value={job.id} />, "wide"],
          ]}
        />
      </div>
    </Section>
  );
}

/** The job that this one is a copy of, by its name while it is still here. */
function Original({ id }: { id: string }) {
  const { data, isError } = useQuery({ ...jobQuery(id), retry: false, refetchInterval: false });
  if (isError) return "a job that is not here any more";
  return (
    <TextLink to="/jobs/$jobId" params={{ jobId: id }}>
      {data?.name ?? "an earlier job"}
    </TextLink>
  );
}

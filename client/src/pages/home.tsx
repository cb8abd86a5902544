// The start: what runs now, what waits, what came of it; for a new person, the three steps.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { samplesQuery } from "@/features/documents/queries";
import { Curve } from "@/features/jobs/curve";
import { JobList } from "@/features/jobs/job-list";
import { ProgressPanel } from "@/features/jobs/progress-panel";
import { jobsQuery } from "@/features/jobs/queries";
import { useMetrics } from "@/features/jobs/run-data";
import { tunedModelsQuery } from "@/features/models/queries";
import type { Job } from "@/lib/wire";
import { AsideLink, LinkButton } from "@/ui/button";
import { Failed, Loading } from "@/ui/notices";
import { Page, Section } from "@/ui/page";
import { StartWithSample } from "./start-with-sample";
import { TestedModels } from "./tested-models";

const RECENT = 5;

export function HomePage() {
  const jobs = useInfiniteQuery(jobsQuery());
  const models = useInfiniteQuery(tunedModelsQuery);
  if (jobs.isPending) return <Loading what="Loading your jobs" />;
  if (!jobs.data) return <Failed what="Your jobs" error={jobs.error} onRetry={() => void jobs.refetch()} />;
  if (jobs.data.length === 0) return <FirstSteps />;

  const running = jobs.data.filter(({ state }) => state === "running" || state === "paused");
  const queued = jobs.data.filter(({ state }) => state === "queued");
  const ended = jobs.data.filter(({ state }) => state === "succeeded" || state === "failed" || state === "cancelled").slice(0, RECENT);
  return (
    <Page
      title="Home"
      actions={
        <LinkButton to="/jobs/new" look="primary" icon="plus">
          New job
        </LinkButton>
      }
    >
      {running.map((job) => (
        <RunningJob key={job.id} job={job} updatedAt={jobs.dataUpdatedAt} />
      ))}
      {queued.length > 0 && (
        <Section title="In line">
          <JobList jobs={queued} />
        </Section>
      )}
      {models.data && models.data.length > 0 && (
        <Section title="Recent results" aside={<AsideLink to="/models">All models</AsideLink>}>
          <TestedModels models={models.data.slice(0, RECENT)} />
        </Section>
      )}
      {ended.length > 0 && (
        <Section title="Recent jobs" aside={<AsideLink to="/jobs">All jobs</AsideLink>}>
          <JobList jobs={ended} />
        </Section>
      )}
    </Page>
  );
}

function RunningJob({ job, updatedAt }: { job: Job; updatedAt: number }) {
  const { data } = useMetrics(job);
  return (
    <Section
      title={job.name}
      aside={
        <AsideLink to="/jobs/$jobId" params={{ jobId: job.id }}>
          Open the job
        </AsideLink>
      }
    >
      <ProgressPanel job={job} updatedAt={updatedAt}>
        <Curve points={data?.points ?? []} />
      </ProgressPanel>
    </Section>
  );
}

const STEPS = [
  ["Add a document", "Plain text, Markdown, CSV, or questions with answers. You see what the model will see."],
  ["Train", "Choose a base model, keep everything on auto, and watch it learn."],
  ["Try it", "Ask the tuned model and its base the same thing, side by side. Download what you like."],
] as const;

function FirstSteps() {
  const { data: samples } = useQuery(samplesQuery);
  const sample = samples?.data[0];
  return (
    <Page title="Welcome" lead="From documents to a model of your own, in three steps.">
      <ol className="grid gap-3 md:grid-cols-3">
        {STEPS.map(([title, text], index) => (
          <li key={title} className="card grid content-start gap-1 p-4">
            <p className="text-xs text-ink-soft">Step {index + 1}</p>
            <h2>{title}</h2>
            <p className="text-ink-soft">{text}</p>
          </li>
        ))}
      </ol>
      <div className="flex flex-wrap gap-3">
        <StartWithSample />
        <LinkButton to="/llm-training" icon="path">
          Guide me through it
        </LinkButton>
        <LinkButton to="/documents" icon="upload">
          Add my own document
        </LinkButton>
      </div>
      {sample && <p className="text-ink-soft">The sample: {sample.description}</p>}
    </Page>
  );
}

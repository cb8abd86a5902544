// A training on its way: what it does, how long it takes, how it learns, and what can be done with it.
import { useState } from "react";
import { USUAL_VIEW } from "@/features/jobs/chart-view";
import { LossPanel } from "@/features/jobs/chart-panel";
import { FailureCard } from "@/features/jobs/failure-card";
import { RunOrders } from "@/features/jobs/job-actions";
import { ProgressPanel } from "@/features/jobs/progress-panel";
import { useLogs, useMetrics } from "@/features/jobs/run-data";
import { useRunStream } from "@/features/jobs/run-stream";
import { StateBadge } from "@/features/jobs/state-badge";
import { isLive } from "@/features/jobs/states";
import { OfferToTell } from "@/features/notifications/offer-to-tell";
import type { Job } from "@/lib/wire";
import { Button, TextLink } from "@/ui/button";
import { Failed, Note } from "@/ui/notices";
import type { Guided } from "./use-guided";

export function TrainRun({ job, updatedAt, go }: { job: Job; updatedAt: number; go: Guided["go"] }) {
  const logs = useLogs(job);
  const metrics = useMetrics(job);
  const streamed = useRunStream(job, logs.data !== undefined && metrics.data !== undefined);
  const [view, setView] = useState(USUAL_VIEW);
  const live = isLive(job.state);
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="flex min-w-0 flex-wrap items-center gap-2">
          <TextLink to="/jobs/$jobId" params={{ jobId: job.id }} className="font-medium break-words">
            {job.name}
          </TextLink>
          <StateBadge job={job} />
        </p>
        <div className="flex flex-wrap gap-2">
          <RunOrders job={job} />
          {!live && (
            <Button icon="repeat" onClick={() => go({ job: undefined })}>
              Train anew
            </Button>
          )}
        </div>
      </div>
      {job.error && <FailureCard job={job} error={job.error} lines={logs.data?.lines ?? []} />}
      {job.state === "succeeded" && (
        <Note tone="good">
          <div className="flex flex-wrap items-center justify-between gap-3">
            <p>Training is done and the model is kept. Whether it is any good, the test says.</p>
            <Button look="primary" icon="right" onClick={() => go({ step: "test" })}>
              Go on to testing
            </Button>
          </div>
        </Note>
      )}
      {job.state === "cancelled" && <Note tone="warn">This training was cancelled, so there is no model. Retry it, or train anew with other settings.</Note>}
      {live && <ProgressPanel job={job} updatedAt={updatedAt} streamed={streamed} />}
      {live && <OfferToTell />}
      {metrics.isError && !metrics.data ? (
        <Failed what="The curve" error={metrics.error} onRetry={() => void metrics.refetch()} />
      ) : (
        <>
          <LossPanel name={job.name} points={metrics.data?.points ?? []} live={live || metrics.isPending} view={view} onView={setView} />
          <p className="max-w-prose text-ink-soft">
            The loss is how surprised the model is by your text. A curve that falls and then flattens is what one hopes for; the validation curve is measured on text that it did
            not learn.
          </p>
        </>
      )}
    </>
  );
}

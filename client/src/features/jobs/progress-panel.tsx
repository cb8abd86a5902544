// Where a live run is: what it does, how far it is, how long it will take.
import type { ReactNode } from "react";
import { useNow } from "@/lib/clock";
import { count, duration, loss, percent } from "@/lib/format";
import type { Job } from "@/lib/wire";
import { Facts } from "@/ui/text";
import { fractionOf } from "./states";

export function ProgressPanel({ job, updatedAt, children }: { job: Job; updatedAt: number; children?: ReactNode }) {
  const { progress } = job;
  const fraction = fractionOf(job);
  return (
    <div className="card grid gap-3 p-4">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <p className="text-base font-medium">{headline(job)}</p>
        <UpdatedAgo at={updatedAt} />
      </div>
      <ProgressBar job={job} />
      <p className="text-ink-soft">
        {fraction !== null && <span className="font-medium text-ink">{percent(fraction)}</span>}
        {progress?.eta_s != null && `, ${duration(progress.eta_s)} left`}
        {fraction === null && progress?.eta_s == null && "How long it takes shows after the first steps."}
      </p>
      {progress && progress.step > 0 && (
        <Facts
          facts={[
            ["Step", `${count(progress.step)}${progress.num_steps ? ` of ${count(progress.num_steps)}` : ""}`],
            ["Epoch", progress.epoch.toFixed(2)],
            ["Training loss", loss(progress.loss)],
            ["Validation loss", loss(progress.validation_loss)],
            ["Speed", progress.tokens_per_s == null ? "–" : `${count(progress.tokens_per_s)} tokens/s`],
          ]}
        />
      )}
      {children}
    </div>
  );
}

export function ProgressBar({ job }: { job: Job }) {
  const fraction = fractionOf(job);
  return <progress aria-label={`Progress of ${job.name}`} max={1} {...(fraction === null ? {} : { value: fraction })} />;
}

function headline({ state, queue_position: position, progress }: Job): string {
  if (state === "queued") {
    return position && position > 1 ? `Waits for ${count(position - 1)} before it. One job runs at a time.` : "Starts as soon as the machine is free.";
  }
  return progress?.stage ?? "Starting";
}

function UpdatedAgo({ at }: { at: number }) {
  const seconds = Math.max(0, Math.round((useNow() - at) / 1000));
  return <p className="text-xs text-ink-soft">updated {seconds < 2 ? "just now" : `${duration(seconds)} ago`}</p>;
}

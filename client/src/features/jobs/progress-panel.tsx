// Where a live run is: what it does, how far it is, how long it will take, and whether something keeps it.
import type { ReactNode } from "react";
import { useNow } from "@/lib/clock";
import { ago, count, counted, date, duration, loss, percent } from "@/lib/format";
import type { Job } from "@/lib/wire";
import { Note } from "@/ui/notices";
import { Facts } from "@/ui/text";
import { QueuePlace } from "./queue-place";
import { fractionOf, keptWords } from "./states";

interface ProgressPanelProps {
  job: Job;
  updatedAt: number;
  /** News come by themselves, so the age of the last says nothing. */
  streamed?: boolean;
  children?: ReactNode;
}

export function ProgressPanel({ job, updatedAt, streamed = false, children }: ProgressPanelProps) {
  const { progress } = job;
  return (
    <div className="card grid gap-3 p-4">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <p className="text-base font-medium">{headline(job)}</p>
        {streamed ? <p className="text-xs text-ink-soft">live</p> : <UpdatedAgo at={updatedAt} />}
      </div>
      {job.state === "queued" ? <QueuePlace job={job} /> : <HowFar job={job} />}
      {job.stalled_since && <Stalled since={job.stalled_since} />}
      {job.num_resumes > 0 && (
        <p className="text-ink-soft">
          It was interrupted and went on by itself {counted(job.num_resumes, "time")}. {keptWords(job)}
        </p>
      )}
      {progress && progress.step > 0 && (
        <Facts
          facts={[
            ["Step", `${count(progress.step)}${progress.num_steps ? ` of ${count(progress.num_steps)}` : ""}`],
            ["Epoch", progress.epoch.toFixed(2)],
            ["Training loss", loss(progress.loss)],
            ["Validation loss", loss(progress.validation_loss)],
            ...(progress.preference_accuracy === null
              ? []
              : ([
                  ["Reward margin", progress.reward_margin?.toFixed(3) ?? "–"],
                  ["Pairs right", percent(progress.preference_accuracy)],
                ] as const)),
            ["Speed", progress.tokens_per_s == null ? "–" : `${count(progress.tokens_per_s)} tokens/s`],
          ]}
        />
      )}
      {children}
    </div>
  );
}

function HowFar({ job }: { job: Job }) {
  const { progress, state } = job;
  const fraction = fractionOf(job);
  const left = state === "running" ? progress?.eta_s : null;
  return (
    <>
      <ProgressBar job={job} />
      <p className="text-ink-soft">
        {fraction !== null && <span className="font-medium text-ink">{percent(fraction)}</span>}
        {left != null && left >= 1 && (
          <>
            , {duration(left)} left, done at about <Finish in_s={left} />
          </>
        )}
        {state === "running" && fraction === null && left == null && "How long it takes shows after the first steps."}
      </p>
    </>
  );
}

function Finish({ in_s }: { in_s: number }) {
  const at = new Date(useNow() + in_s * 1000);
  const sameDay = in_s < 12 * 3600;
  return <>{sameDay ? at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : date(at.toISOString())}</>;
}

export function ProgressBar({ job }: { job: Job }) {
  const fraction = fractionOf(job);
  // What rests does not move.
  if (job.state !== "running") return <progress aria-label={`Progress of ${job.name}`} max={1} value={fraction ?? 0} />;
  return <progress aria-label={`Progress of ${job.name}`} max={1} {...(fraction === null ? {} : { value: fraction })} />;
}

function headline(job: Job): string {
  const { state, stopping, queue_position: position, progress } = job;
  if (stopping === "pause") return "Pausing. A checkpoint is saved first, then the machine is free.";
  if (stopping === "cancel") return "Cancelling. It is gone within seconds.";
  if (state === "paused") return `Paused. ${keptWords(job)}`;
  if (state === "queued") return position && position > 1 ? `Waits for ${count(position - 1)} before it.` : "Starts as soon as the machine is free.";
  return progress?.stage ?? "Starting";
}

function Stalled({ since }: { since: string }) {
  const now = useNow();
  return (
    <Note tone="warn" role="status">
      No progress for {duration(Math.max(0, (now - new Date(since).getTime()) / 1000))}: the trainer lives but does nothing. The machine may be asleep, out of memory, or waiting
      for its disk. The run is not ended for this; pause and resume it to have it start afresh from its last checkpoint.
    </Note>
  );
}

function UpdatedAgo({ at }: { at: number }) {
  const now = useNow();
  return <p className="text-xs text-ink-soft">updated {now - at < 2_000 ? "just now" : ago(new Date(at).toISOString(), now)}</p>;
}

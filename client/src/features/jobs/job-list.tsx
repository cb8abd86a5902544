// Jobs as rows, each with its state, its progress while live, and when it was made; where something can be done with several, with a box each.
import { Link } from "@tanstack/react-router";
import { duration, methodName, percent } from "@/lib/format";
import type { Job } from "@/lib/wire";
import { TimeAgo } from "@/ui/text";
import { ProgressBar } from "./progress-panel";
import { RankButtons } from "./queue-place";
import { StateBadge } from "./state-badge";
import { fractionOf } from "./states";

export interface Choice {
  chosen: ReadonlySet<string>;
  onChoose: (id: string, chosen: boolean) => void;
}

export function JobList({ jobs, choice }: { jobs: readonly Job[]; choice?: Choice }) {
  const waiting = jobs.filter(({ state }) => state === "queued").length;
  return (
    <ul className="card divide-y divide-line overflow-hidden">
      {jobs.map((job) => (
        <li key={job.id} className="flex hover:bg-hover">
          {choice && (
            // The label is the target, as large as a thumb.
            <label className="flex w-11 shrink-0 items-center justify-center">
              <input
                type="checkbox"
                className="size-4"
                aria-label={`Choose ${job.name}`}
                checked={choice.chosen.has(job.id)}
                onChange={(event) => choice.onChoose(job.id, event.target.checked)}
              />
            </label>
          )}
          <div
            className={`relative grid min-w-0 flex-1 gap-x-4 gap-y-1 py-3 pr-4 md:grid-cols-[minmax(0,1fr)_13rem_9rem] md:items-center ${choice ? "" : "pl-4"}`}
          >
            <div className="min-w-0">
              <Link to="/jobs/$jobId" params={{ jobId: job.id }} className="font-medium break-words after:absolute after:inset-0 after:content-['']">
                {job.name}
              </Link>
              <p className="text-xs text-ink-soft">
                {job.base_model}, {methodName(job.method)}
              </p>
            </div>
            <div className="grid justify-items-start gap-1">
              <StateBadge job={job} />
              {job.state === "running" && <RunningLine job={job} />}
            </div>
            <p className="text-xs text-ink-soft md:text-right">
              <TimeAgo at={job.created_at} />
            </p>
          </div>
          {job.state === "queued" && job.queue_rank !== null && waiting > 1 && (
            <span className="flex flex-col items-center justify-center pr-1 md:flex-row">
              <RankButtons job={job} last={job.queue_rank >= waiting} />
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

function RunningLine({ job }: { job: Job }) {
  const fraction = fractionOf(job);
  const left = job.progress?.eta_s;
  return (
    <div className="grid w-full gap-1">
      <ProgressBar job={job} />
      <p className="text-xs text-ink-soft">
        {fraction !== null && percent(fraction)}
        {left != null && left >= 1 && `, ${duration(left)} left`}
      </p>
    </div>
  );
}

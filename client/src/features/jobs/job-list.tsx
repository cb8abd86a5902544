// Jobs as rows, each with its state, its progress while live, and when it was made.
import { Link } from "@tanstack/react-router";
import { duration, methodName, percent } from "@/lib/format";
import type { Job } from "@/lib/wire";
import { TimeAgo } from "@/ui/text";
import { ProgressBar } from "./progress-panel";
import { StateBadge } from "./state-badge";
import { fractionOf } from "./states";

export function JobList({ jobs }: { jobs: readonly Job[] }) {
  return (
    <ul className="card divide-y divide-line overflow-hidden">
      {jobs.map((job) => (
        <li key={job.id} className="relative grid gap-x-4 gap-y-1 px-4 py-3 hover:bg-hover md:grid-cols-[minmax(0,1fr)_12rem_9rem] md:items-center">
          <div className="min-w-0">
            <Link
              to="/jobs/$jobId"
              params={{ jobId: job.id }}
              className="font-medium break-words after:absolute after:inset-0 after:content-['']"
            >
              {job.name}
            </Link>
            <p className="text-xs text-ink-soft">
              {job.base_model}, {methodName(job.method)}
            </p>
          </div>
          <div className="grid justify-items-start gap-1">
            <StateBadge state={job.state} position={job.queue_position} />
            {job.state === "running" && <RunningLine job={job} />}
          </div>
          <p className="text-xs text-ink-soft md:text-right">
            <TimeAgo at={job.created_at} />
          </p>
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
        {left != null && `, ${duration(left)} left`}
      </p>
    </div>
  );
}

// Where a waiting job stands, when it may start, and its place among one's own.
import { useNow } from "@/lib/clock";
import { duration } from "@/lib/format";
import { messageOf } from "@/lib/errors";
import type { Job } from "@/lib/wire";
import { IconButton } from "@/ui/button";
import { ExactTime } from "@/ui/text";
import { toast } from "@/ui/toasts";
import { useChangeJob } from "./queries";

export function QueuePlace({ job }: { job: Job }) {
  const { estimated_start: start, queue_rank: rank } = job;
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
      <p className="text-ink-soft">{start ? <Start at={start} /> : "When it starts shows as soon as the speed of this machine is known."}</p>
      {rank !== null && (
        <div className="flex items-center gap-1">
          <span className="text-ink-soft">Number {rank} of your own</span>
          <RankButtons job={job} />
        </div>
      )}
    </div>
  );
}

function Start({ at }: { at: string }) {
  const left = (new Date(at).getTime() - useNow()) / 1000;
  if (left < 60) return "Starts in less than a minute.";
  return (
    <>
      Starts in about {duration(Math.round(left / 60) * 60)}, at <ExactTime at={at} />.
    </>
  );
}

/** Earlier and later among one's own waiting jobs. `last`: nobody stands behind it. */
export function RankButtons({ job, last = false }: { job: Pick<Job, "id" | "name" | "queue_rank">; last?: boolean }) {
  const change = useChangeJob(job.id);
  const rank = job.queue_rank ?? 1;

  function move(to: number) {
    change.mutate(
      { queue_rank: to },
      {
        onSuccess: (moved) => toast(moved.queue_rank === rank ? `“${job.name}” keeps its place.` : `“${job.name}” is number ${moved.queue_rank ?? to} of your own.`),
        onError: (error) => toast(messageOf(error), "failed"),
      },
    );
  }

  return (
    <>
      <IconButton
        icon="up"
        label={`Start ${job.name} earlier`}
        busy={change.isPending}
        aria-disabled={rank <= 1 || undefined}
        className="aria-disabled:opacity-40"
        onClick={() => rank > 1 && move(rank - 1)}
      />
      <IconButton
        icon="down"
        label={`Start ${job.name} later`}
        busy={change.isPending}
        aria-disabled={last || undefined}
        className="aria-disabled:opacity-40"
        onClick={() => !last && move(rank + 1)}
      />
    </>
  );
}

// What happened to a job, and when: made, started, ended.
import { duration } from "@/lib/format";
import type { Job } from "@/lib/wire";
import { Icon, type IconName } from "@/ui/icon";
import { ExactTime } from "@/ui/text";
import { isLive, STATE_WORDS } from "./states";

interface Moment {
  word: string;
  icon: IconName;
  at: string | null;
  note: string | null;
  reached: boolean;
}

export function LifeLine({ job }: { job: Job }) {
  return (
    <ol aria-label="Life of this job" className="grid gap-x-2 gap-y-2 sm:auto-cols-fr sm:grid-flow-col">
      {momentsOf(job).map(({ word, icon, at, note, reached }) => (
        <li key={word} className={`grid grid-cols-[auto_1fr] gap-x-2 border-l-2 pl-3 sm:border-t-2 sm:border-l-0 sm:pt-2 sm:pl-0 ${reached ? "border-accent" : "border-line text-ink-soft"}`}>
          <Icon name={icon} className="mt-0.5 size-4" />
          <div>
            <p className="font-medium">{word}</p>
            <p className="text-xs text-ink-soft">
              {at && <ExactTime at={at} />}
              {at && note && <br />}
              {note}
            </p>
          </div>
        </li>
      ))}
    </ol>
  );
}

function momentsOf(job: Job): Moment[] {
  const { state, created_at, started_at, finished_at, progress } = job;
  const { word, icon } = STATE_WORDS[state];
  const ended = isLive(state) ? "Finished" : word;
  return [
    { word: "Queued", icon: "clock", at: created_at, note: null, reached: true },
    { word: "Started", icon: "play", at: started_at, note: started_at ? between("waited", created_at, started_at) : "not yet", reached: started_at !== null },
    ...(state === "running" ? [{ word: progress?.stage ?? "Running", icon: "curve" as const, at: null, note: "now", reached: true }] : []),
    {
      word: ended,
      icon: isLive(state) ? "check" : icon,
      at: finished_at,
      note: finished_at ? (started_at ? between("took", started_at, finished_at) : null) : "not yet",
      reached: finished_at !== null,
    },
  ];
}

function between(verb: string, from: string, to: string): string {
  return `${verb} ${duration((new Date(to).getTime() - new Date(from).getTime()) / 1000)}`;
}

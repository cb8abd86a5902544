// What happened to a job, and when: every change of its state with the reason, and what is still to come.
import { duration } from "@/lib/format";
import type { Job, JobMove } from "@/lib/wire";
import { Fold } from "@/ui/fold";
import { Icon, type IconName } from "@/ui/icon";
import { ExactTime } from "@/ui/text";
import { isLive, STATE_WORDS } from "./states";

interface Moment {
  word: string;
  icon: IconName;
  at: string | null;
  note: string | null;
  look: "past" | "bad" | "now" | "open";
}

const LINES: Record<Moment["look"], string> = {
  past: "border-accent",
  now: "border-accent",
  bad: "border-bad",
  open: "border-line text-ink-soft",
};

/** So many stand beside each other; of a longer life the middle is folded away. */
const SIDE_BY_SIDE = 6;

export function LifeLine({ job }: { job: Job }) {
  const moments = momentsOf(job);
  if (moments.length <= SIDE_BY_SIDE) return <Line moments={moments} label="Life of this job" />;
  return (
    <div className="grid gap-1">
      <Line moments={[...moments.slice(0, 1), ...moments.slice(-SIDE_BY_SIDE + 1)]} label="Life of this job" />
      <Fold summary={`${moments.length - SIDE_BY_SIDE} more between`}>
        <div className="mt-2">
          <Line moments={moments} label="Whole life of this job" upright />
        </div>
      </Fold>
    </div>
  );
}

function Line({ moments, label, upright = false }: { moments: readonly Moment[]; label: string; upright?: boolean }) {
  return (
    <ol aria-label={label} className={`grid gap-x-2 gap-y-2 ${upright ? "" : "sm:auto-cols-fr sm:grid-flow-col"}`}>
      {moments.map(({ word, icon, at, note, look }, index) => (
        <li
          key={index}
          aria-current={look === "now" ? "step" : undefined}
          className={`grid grid-cols-[auto_1fr] content-start gap-x-2 border-l-2 pl-3 ${LINES[look]} ${upright ? "" : "sm:border-t-2 sm:border-l-0 sm:pt-2 sm:pl-0"}`}
        >
          <Icon name={icon} className={`mt-0.5 size-4 ${look === "bad" ? "text-bad" : ""}`} />
          <div className="min-w-0">
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

export function momentsOf(job: Job): Moment[] {
  const moves = job.history.length > 0 ? job.history : movesFromTimes(job);
  const past = moves.map((move, index): Moment => ({
    word: wordFor(moves, index),
    icon: STATE_WORDS[move.state].icon,
    at: move.at,
    note: move.reason ?? lasted(moves, index),
    look: move.state === "failed" || (move.state === "queued" && moves[index - 1]?.state === "running") ? "bad" : "past",
  }));
  if (!isLive(job.state)) return past;
  const now = past.at(-1);
  const stage = job.state === "running" ? (job.progress?.stage ?? null) : null;
  if (now) past[past.length - 1] = { ...now, look: now.look === "bad" ? "bad" : "now", note: [now.note, stage && `now: ${stage}`].filter(Boolean).join(". ") || null };
  return [...past, { word: "Finished", icon: "check", at: null, note: left(job), look: "open" }];
}

/** "Started" once and "Running again" later; what put a running job back into the queue was an interruption. */
function wordFor(moves: readonly JobMove[], index: number): string {
  const { state } = moves[index] ?? { state: "queued" };
  const before = moves.slice(0, index);
  if (state === "running") return before.some((move) => move.state === "running") ? "Running again" : "Started";
  if (state === "queued" && before.at(-1)?.state === "running") return "Interrupted";
  if (state === "queued" && before.length > 0) return "Queued again";
  return STATE_WORDS[state].word;
}

/** How long what came before it took. */
function lasted(moves: readonly JobMove[], index: number): string | null {
  const [before, move] = [moves[index - 1], moves[index]];
  if (!before || !move) return null;
  const verb = before.state === "queued" ? "waited" : before.state === "running" ? "after" : "rested";
  return between(verb, before.at, move.at);
}

function left({ progress, state }: Job): string {
  return state === "running" && progress?.eta_s != null ? `in ${duration(progress.eta_s)}` : "not yet";
}

/** A job of before the moves were kept. */
function movesFromTimes({ state, created_at, started_at, finished_at }: Job): JobMove[] {
  return [
    { state: "queued", at: created_at, reason: null },
    ...(started_at ? [{ state: "running" as const, at: started_at, reason: null }] : []),
    ...(finished_at ? [{ state, at: finished_at, reason: null }] : []),
  ];
}

function between(verb: string, from: string, to: string): string {
  return `${verb} ${duration((new Date(to).getTime() - new Date(from).getTime()) / 1000)}`;
}

// The words for a job's states, and what follows from them.
import { count, duration, percent } from "@/lib/format";
import type { Job, JobState } from "@/lib/wire";
import type { IconName } from "@/ui/icon";
import type { Tone } from "@/ui/text";

export const STATE_WORDS: Record<JobState, { word: string; tone: Tone; icon: IconName }> = {
  queued: { word: "Queued", tone: "neutral", icon: "clock" },
  running: { word: "Running", tone: "accent", icon: "play" },
  paused: { word: "Paused", tone: "warn", icon: "pause" },
  succeeded: { word: "Succeeded", tone: "good", icon: "check" },
  failed: { word: "Failed", tone: "bad", icon: "alert" },
  cancelled: { word: "Cancelled", tone: "neutral", icon: "stop" },
};

/** Something may still happen to it by itself or by others. */
export function isLive(state: JobState | undefined): boolean {
  return state === "queued" || state === "running" || state === "paused";
}

/** Whole only when it is done: the model is still checked after the last step. */
const ALMOST = 0.99;

/** 0 to 1 of the training steps, or of the stage where steps have not begun; null when unknown. */
export function fractionOf({ state, progress }: Pick<Job, "state" | "progress">): number | null {
  if (state === "succeeded") return 1;
  if (!progress) return null;
  const share = progress.num_steps && progress.step > 0 ? progress.step / progress.num_steps : progress.stage_fraction;
  return share === null ? null : Math.min(ALMOST, share);
}

/** For a page that lies in the background: how far it is and how long it takes, before the name. */
export function windowTitle(job: Pick<Job, "name" | "state" | "progress">): string {
  const fraction = isLive(job.state) ? fractionOf(job) : null;
  if (fraction === null) return job.name;
  const left = job.state === "running" ? job.progress?.eta_s : null;
  return `${percent(fraction)}${left != null && left >= 1 ? `, ${duration(left)} left` : ""} - ${job.name}`;
}

/** What is kept when this job stops now, and where it would go on. */
export function keptWords({ resumes_from_step: step }: Pick<Job, "resumes_from_step">): string {
  return step === null ? "Nothing is saved yet, so it would start from the beginning." : `The checkpoint at step ${count(step)} is kept; it goes on from there.`;
}

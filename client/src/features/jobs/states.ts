// The words for a job's states, and what follows from them.
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

/** Something may still happen to it by itself. */
export function isLive(state: JobState | undefined): boolean {
  return state === "queued" || state === "running" || state === "paused";
}

/** 0 to 1 of the training steps, or of the stage where steps have not begun; null when unknown. */
export function fractionOf({ state, progress }: Pick<Job, "state" | "progress">): number | null {
  if (state === "succeeded") return 1;
  if (!progress) return null;
  if (progress.num_steps && progress.step > 0) return Math.min(1, progress.step / progress.num_steps);
  return progress.stage_fraction;
}

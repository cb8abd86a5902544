import type { Job } from "@/lib/wire";
import { Badge } from "@/ui/text";
import { STATE_WORDS } from "./states";

type Shown = Pick<Job, "state"> & Partial<Pick<Job, "queue_position" | "stopping" | "stalled_since">>;

/** A state as word, icon and colour, so that none of them carries it alone. */
export function StateBadge({ job }: { job: Shown }) {
  const { state, queue_position: position, stopping, stalled_since: stalled } = job;
  const { word, tone, icon } = STATE_WORDS[state];
  if (stopping) {
    return (
      <Badge tone="warn" icon={stopping === "pause" ? "pause" : "stop"}>
        {stopping === "pause" ? "Pausing" : "Cancelling"}
      </Badge>
    );
  }
  return (
    <span className="inline-flex flex-wrap gap-1">
      <Badge tone={tone} icon={icon}>
        {word}
        {state === "queued" && typeof position === "number" && position > 0 && `, number ${position} in line`}
      </Badge>
      {state === "running" && stalled && (
        <Badge tone="warn" icon="alert">
          Stalled
        </Badge>
      )}
    </span>
  );
}

import type { JobState } from "@/lib/wire";
import { Badge } from "@/ui/text";
import { STATE_WORDS } from "./states";

/** A state as word, icon and colour, so that none of them carries it alone. */
export function StateBadge({ state, position }: { state: JobState; position?: number | null }) {
  const { word, tone, icon } = STATE_WORDS[state];
  return (
    <Badge tone={tone} icon={icon}>
      {word}
      {state === "queued" && typeof position === "number" && position > 0 && `, number ${position} in line`}
    </Badge>
  );
}

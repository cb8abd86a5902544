// What runs and what waits, whoever it belongs to. Never what it is called: that is its owner's.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { QueueEntry } from "@/lib/wire";
import { Button } from "@/ui/button";
import { ConfirmDialog } from "@/ui/dialog";
import { Failed, Loading } from "@/ui/notices";
import { Badge, TimeAgo, type Tone } from "@/ui/text";
import type { IconName } from "@/ui/icon";
import { toast } from "@/ui/toasts";
import { queueQuery, useCancelInQueue } from "./queries";

const STATES: Partial<Record<QueueEntry["state"], { word: string; tone: Tone; icon: IconName }>> = {
  running: { word: "Running", tone: "accent", icon: "play" },
  queued: { word: "Queued", tone: "neutral", icon: "clock" },
  paused: { word: "Paused", tone: "warn", icon: "pause" },
};

export function QueueOfAll() {
  const queue = useQuery(queueQuery);
  if (queue.isPending) return <Loading what="Loading the queue" />;
  if (!queue.data) return <Failed what="The queue" error={queue.error} onRetry={() => void queue.refetch()} />;
  if (queue.data.data.length === 0) return <p className="text-ink-soft">Nothing runs and nothing waits.</p>;
  return (
    <ul aria-label="Jobs of all users" className="card divide-y divide-line overflow-hidden">
      {queue.data.data.map((entry) => (
        <li key={entry.id} className="grid gap-x-4 gap-y-1 px-4 py-3 md:grid-cols-[minmax(0,1fr)_8rem_12rem_auto] md:items-center">
          <div className="min-w-0">
            <p className="font-medium break-all">{entry.email}</p>
            <p className="text-xs break-all text-ink-soft">{entry.base_model}</p>
          </div>
          <StateOf state={entry.state} />
          <p className="text-xs text-ink-soft md:text-right">
            {entry.started_at ? "started" : "asked for"} <TimeAgo at={entry.started_at ?? entry.created_at} />
          </p>
          <Cancel entry={entry} />
        </li>
      ))}
    </ul>
  );
}

function Cancel({ entry }: { entry: QueueEntry }) {
  const [asking, setAsking] = useState(false);
  const cancel = useCancelInQueue();
  return (
    <div>
      <Button look="danger" aria-label={`Cancel the job of ${entry.email} on ${entry.base_model}`} onClick={() => setAsking(true)}>
        Cancel
      </Button>
      <ConfirmDialog
        title={`Cancel this job of ${entry.email}?`}
        consequence="It ends within fifteen seconds. Its log and its checkpoints stay with its owner, who can try it again and sees in its history that an administrator cancelled it."
        action="Cancel the job"
        keep="Let it go on"
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={async () => {
          await cancel.mutateAsync(entry.id);
          toast(`The job of ${entry.email} is cancelled.`);
        }}
      />
    </div>
  );
}

function StateOf({ state }: Pick<QueueEntry, "state">) {
  const { word, tone, icon } = STATES[state] ?? { word: state, tone: "neutral", icon: "clock" };
  return (
    <div>
      <Badge tone={tone} icon={icon}>
        {word}
      </Badge>
    </div>
  );
}

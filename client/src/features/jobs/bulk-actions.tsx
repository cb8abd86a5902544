// What can be done with the chosen jobs at once: compare, cancel, delete.
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { deleteJob, orderJob } from "@/lib/api/jobs";
import { messageOf } from "@/lib/errors";
import { counted } from "@/lib/format";
import type { Job } from "@/lib/wire";
import { Button, LinkButton } from "@/ui/button";
import { ConfirmDialog } from "@/ui/dialog";
import { toast } from "@/ui/toasts";
import { MOST_COMPARED } from "./compared-limit";
import { isLive } from "./states";

interface BulkActionsProps {
  chosen: readonly Job[];
  onClear: () => void;
}

export function BulkActions({ chosen, onClear }: BulkActionsProps) {
  const [asking, setAsking] = useState<"cancel" | "delete" | null>(null);
  const client = useQueryClient();
  const live = chosen.filter(({ state }) => isLive(state));
  const ended = chosen.filter(({ state }) => !isLive(state));
  const comparable = chosen.length >= 2 && chosen.length <= MOST_COMPARED;

  async function all(jobs: readonly Job[], act: (id: string) => Promise<unknown>, done: string) {
    const results = await Promise.allSettled(jobs.map(({ id }) => act(id)));
    await client.invalidateQueries({ queryKey: ["jobs"] });
    const refused = results.find((one) => one.status === "rejected");
    if (refused) toast(messageOf(refused.reason), "failed");
    else toast(`${counted(jobs.length, "job")} ${done}.`);
    onClear();
  }

  return (
    <div role="group" aria-label="Chosen jobs" className="card sticky bottom-20 z-20 flex flex-wrap items-center gap-2 px-4 py-2 shadow-lg md:bottom-4">
      <p className="mr-auto" aria-live="polite">
        {counted(chosen.length, "job")} chosen{chosen.length > MOST_COMPARED && `; at most ${MOST_COMPARED} can be compared`}
      </p>
      {comparable ? (
        <LinkButton to="/jobs/compare" search={{ ids: chosen.map(({ id }) => id).join(",") }} look="primary" icon="curve">
          Compare
        </LinkButton>
      ) : (
        chosen.length < 2 && <span className="text-ink-soft">Choose another to compare</span>
      )}
      {live.length > 0 && (
        <Button icon="stop" onClick={() => setAsking("cancel")}>
          Cancel {live.length}
        </Button>
      )}
      {ended.length > 0 && (
        <Button icon="trash" look="danger" onClick={() => setAsking("delete")}>
          Delete {ended.length}
        </Button>
      )}
      <Button look="quiet" onClick={onClear}>
        Choose none
      </Button>
      <ConfirmDialog
        title={`Cancel ${counted(live.length, "job")}?`}
        consequence={`${namesOf(live)}. What they have saved is kept, and each can be retried.`}
        action="Cancel them"
        keep="Let them be"
        open={asking === "cancel"}
        onClose={() => setAsking(null)}
        onConfirm={() => all(live, (id) => orderJob(id, "cancel"), "cancelled")}
      />
      <ConfirmDialog
        title={`Delete ${counted(ended.length, "job")}?`}
        consequence={`${namesOf(ended)}. Their checkpoints, logs and curves are removed for good; tuned models stay.`}
        action="Delete them"
        keep="Keep them"
        open={asking === "delete"}
        onClose={() => setAsking(null)}
        onConfirm={() => all(ended, deleteJob, "deleted")}
      />
    </div>
  );
}

function namesOf(jobs: readonly Job[]): string {
  return jobs.map(({ name }) => `“${name}”`).join(", ");
}

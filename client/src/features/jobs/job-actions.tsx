// What can be done with a job: stop it, start it again with changes, delete it. Each says what it means first.
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { count } from "@/lib/format";
import type { Job } from "@/lib/wire";
import { Button, LinkButton } from "@/ui/button";
import { ConfirmDialog } from "@/ui/dialog";
import { toast } from "@/ui/toasts";
import { useCancelJob, useDeleteJob } from "./queries";
import { isLive } from "./states";

export function JobActions({ job }: { job: Job }) {
  return (
    <>
      {job.tuned_model && (
        <LinkButton to="/models/$modelId" params={{ modelId: job.tuned_model }} look="primary" icon="play">
          Try the model
        </LinkButton>
      )}
      {isLive(job.state) && <CancelJob job={job} />}
      <LinkButton to="/jobs/new" search={{ from: job.id }} icon="copy">
        Duplicate
      </LinkButton>
      {!isLive(job.state) && <DeleteJob job={job} />}
    </>
  );
}

function CancelJob({ job }: { job: Job }) {
  const [asking, setAsking] = useState(false);
  const cancel = useCancelJob(job.id);
  return (
    <>
      <Button icon="stop" onClick={() => setAsking(true)}>
        Cancel
      </Button>
      <ConfirmDialog
        title={`Cancel “${job.name}”?`}
        consequence={consequence(job)}
        action="Cancel the job"
        keep="Let it run"
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => cancel.mutateAsync()}
      />
    </>
  );
}

function consequence({ state, progress }: Job): string {
  if (state === "queued") return "It leaves the queue and never starts. You can duplicate it later.";
  const where = progress && progress.step > 0 && progress.num_steps ? ` at step ${count(progress.step)} of ${count(progress.num_steps)}` : "";
  return `Training stops${where} and no model comes of it. The log and the curves stay, and you can duplicate the job later.`;
}

function DeleteJob({ job }: { job: Job }) {
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const remove = useDeleteJob(job.id);

  async function confirmed() {
    await remove.mutateAsync();
    toast(`“${job.name}” is deleted.`);
    await navigate({ to: "/jobs" });
  }

  return (
    <>
      <Button icon="trash" look="danger" onClick={() => setAsking(true)}>
        Delete
      </Button>
      <ConfirmDialog
        title={`Delete “${job.name}”?`}
        consequence={`The job, its log and its curves are removed for good.${job.tuned_model ? " Its tuned model stays." : ""}`}
        action="Delete it"
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={confirmed}
      />
    </>
  );
}

// What can be done with a job: pause it, go on, stop it, start one like it, delete it. Each says what is kept and what is lost.
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { JobOrder } from "@/lib/api/jobs";
import { count } from "@/lib/format";
import type { Job } from "@/lib/wire";
import { Button, LinkButton } from "@/ui/button";
import { ConfirmDialog } from "@/ui/dialog";
import type { IconName } from "@/ui/icon";
import { toast, told } from "@/ui/toasts";
import { useDeleteJob, useOrderJob } from "./queries";
import { isLive, keptWords } from "./states";

export function JobActions({ job }: { job: Job }) {
  return (
    <>
      {job.tuned_model && (
        <LinkButton to="/models/$modelId" params={{ modelId: job.tuned_model }} look="primary" icon="play">
          Try the model
        </LinkButton>
      )}
      <RunOrders job={job} />
      <LinkButton to="/jobs/new" search={{ from: job.id }} icon="copy">
        Duplicate
      </LinkButton>
      {!isLive(job.state) && <DeleteJob job={job} />}
    </>
  );
}

/** What its run can be told: pause, go on, stop. */
export function RunOrders({ job }: { job: Job }) {
  const { state, stopping } = job;
  return (
    <>
      {(state === "running" || state === "queued") && !stopping && <OrderButton job={job} order="pause" icon="pause" label="Pause" said={pauseWords(job)} />}
      {state === "paused" && <OrderButton job={job} order="resume" icon="play" label="Resume" said={`In line again. ${goesOn(job)}`} primary />}
      {(state === "failed" || state === "cancelled") && (
        <OrderButton job={job} order="retry" icon="repeat" label="Retry" said={`In line again. ${goesOn(job)}`} primary={state === "cancelled"} hint={goesOn(job)} />
      )}
      {isLive(state) && stopping !== "cancel" && <CancelJob job={job} />}
    </>
  );
}

interface OrderButtonProps {
  job: Job;
  order: JobOrder;
  icon: IconName;
  label: string;
  /** Told when it is done. */
  said: string;
  hint?: string;
  primary?: boolean;
}

/** An order that can be taken back, so nobody is asked first. */
export function OrderButton({ job, order, icon, label, said, hint, primary = false }: OrderButtonProps) {
  const give = useOrderJob(job.id);
  return (
    <Button
      icon={icon}
      look={primary ? "primary" : "plain"}
      busy={give.isPending}
      title={hint}
      onClick={() => void told(give.mutateAsync(order), said)}
    >
      {label}
    </Button>
  );
}

function pauseWords({ state }: Job): string {
  return state === "queued" ? "Paused. It keeps what it has and waits for you." : "Pausing. A checkpoint is saved, and it goes on from there when you resume it.";
}

export function goesOn({ resumes_from_step: step }: Pick<Job, "resumes_from_step">): string {
  return step === null ? "It starts from the beginning." : `It goes on from the checkpoint at step ${count(step)}.`;
}

function CancelJob({ job }: { job: Job }) {
  const [asking, setAsking] = useState(false);
  const cancel = useOrderJob(job.id);
  return (
    <>
      <Button icon="stop" onClick={() => setAsking(true)}>
        Cancel
      </Button>
      <ConfirmDialog
        title={`Cancel “${job.name}”?`}
        consequence={consequence(job)}
        action="Cancel the job"
        keep={job.state === "running" ? "Let it run" : "Keep it"}
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => cancel.mutateAsync("cancel")}
      />
    </>
  );
}

function consequence(job: Job): string {
  const { state, progress } = job;
  if (state === "queued" && job.resumes_from_step === null) return "It leaves the queue and does not start. You can retry or duplicate it later.";
  if (state !== "running") return `It does not go on by itself and no model comes of it. ${keptWords(job)} A retry takes it up again.`;
  const where = progress && progress.step > 0 && progress.num_steps ? ` at step ${count(progress.step)} of ${count(progress.num_steps)}` : "";
  const kept = progress && progress.step > 0 ? "A checkpoint is saved, so that a retry can go on from there." : keptWords(job);
  return `Training stops${where} and no model comes of it. ${kept} The log and the curves stay.`;
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
        consequence={`The job, its checkpoints, its log and its curves are removed for good.${job.tuned_model ? " Its tuned model stays." : ""}`}
        action="Delete it"
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={confirmed}
      />
    </>
  );
}

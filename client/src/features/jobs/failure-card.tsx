// Why a job failed: what happened, the likely cause, what to do with a button for it, and the last lines, ready to be passed on.
import { useNavigate } from "@tanstack/react-router";
import { messageOf } from "@/lib/errors";
import type { Job, JobAction, JobError, LogLine } from "@/lib/wire";
import { Button } from "@/ui/button";
import { Fold } from "@/ui/fold";
import { Icon } from "@/ui/icon";
import { CopyButton } from "@/ui/text";
import { toast } from "@/ui/toasts";
import { goesOn, OrderButton } from "./job-actions";
import { asText } from "./log-lines";
import { useCloneJob } from "./queries";
import { settingLabel, settingValue } from "./settings";

const LAST_LINES = 20;

export function FailureCard({ job, error, lines }: { job: Job; error: JobError; lines: readonly LogLine[] }) {
  const last = asText(lines.slice(-LAST_LINES));
  return (
    <section aria-label="Why it failed" className="grid grid-cols-[minmax(0,1fr)] gap-3 rounded-lg border border-bad bg-bad-soft p-4">
      <h2 className="flex items-center gap-2 text-bad">
        <Icon name="alert" className="size-5" />
        {error.message}
      </h2>
      <dl className="grid gap-3 sm:grid-cols-2">
        {error.cause && (
          <div>
            <dt className="text-xs text-ink-soft">Likely cause</dt>
            <dd>{error.cause}</dd>
          </div>
        )}
        {error.fix && (
          <div>
            <dt className="text-xs text-ink-soft">What to do</dt>
            <dd>{error.fix}</dd>
          </div>
        )}
      </dl>
      {last !== "" && (
        <Fold summary="The last lines of the log">
          <pre tabIndex={0} className="max-h-64 overflow-auto rounded-md bg-card p-3 font-mono text-xs whitespace-pre-wrap">
            {last}
          </pre>
        </Fold>
      )}
      <div className="flex flex-wrap items-center gap-2">
        {error.action && <Remedy job={job} action={error.action} />}
        <CopyButton label="Copy this report" text={report(job, error, last)} />
      </div>
    </section>
  );
}

function Remedy({ job, action }: { job: Job; action: JobAction }) {
  if (action.kind === "clone") return <CloneRemedy job={job} action={action} />;
  return (
    <>
      <OrderButton job={job} order="retry" icon="repeat" label={action.label} said={`In line again. ${goesOn(job)}`} primary />
      <span className="text-ink-soft">{goesOn(job)}</span>
    </>
  );
}

/** A new job with other settings, which are named before anybody presses. */
function CloneRemedy({ job, action: { label, hyperparameters } }: { job: Job; action: JobAction }) {
  const navigate = useNavigate();
  const clone = useCloneJob(job.id);

  function start() {
    clone.mutate(
      { hyperparameters },
      {
        onSuccess: (made) => {
          toast(`“${made.name}” is in line.`);
          void navigate({ to: "/jobs/$jobId", params: { jobId: made.id } });
        },
        onError: (error) => toast(messageOf(error), "failed"),
      },
    );
  }

  return (
    <>
      <Button look="primary" icon="repeat" busy={clone.isPending} onClick={start}>
        {label}
      </Button>
      <span className="text-ink-soft">A new job with {changesIn(job, hyperparameters)}; all else stays.</span>
    </>
  );
}

/** "Batch size 4 instead of 8, Learning rate 0.0001" */
export function changesIn({ resolved }: Pick<Job, "resolved">, changes: JobAction["hyperparameters"]): string {
  const named = Object.entries(changes).map(([name, value]) => {
    const before = resolved[name]?.value;
    const instead = before === undefined || before === value ? "" : ` instead of ${settingValue(name, before)}`;
    return `${settingLabel(name).toLowerCase()} ${settingValue(name, value)}${instead}`;
  });
  return named.length === 0 ? "the same settings" : named.join(", ");
}

function report(job: Job, error: JobError, last: string): string {
  return [`Job ${job.id} (${job.base_model}, ${job.method}) failed: ${error.code}`, error.message, error.cause, error.fix, "", last].join("\n");
}

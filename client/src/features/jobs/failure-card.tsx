// Why a job failed: what happened, the likely cause, what to do, and the last lines, ready to be passed on.
import type { Job, JobError, LogLine } from "@/lib/wire";
import { Fold } from "@/ui/fold";
import { Icon } from "@/ui/icon";
import { CopyButton } from "@/ui/text";
import { asText } from "./log-view";

const LAST_LINES = 20;

export function FailureCard({ job, error, lines }: { job: Job; error: JobError; lines: readonly LogLine[] }) {
  const last = asText(lines.slice(-LAST_LINES));
  return (
    <section aria-label="Why it failed" className="grid gap-3 rounded-lg border border-bad bg-bad-soft p-4">
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
      <div>
        <CopyButton label="Copy this report" text={report(job, error, last)} />
      </div>
    </section>
  );
}

function report(job: Job, error: JobError, last: string): string {
  return [`Job ${job.id} (${job.base_model}, ${job.method}) failed: ${error.code}`, error.message, error.cause, error.fix, "", last].join("\n");
}

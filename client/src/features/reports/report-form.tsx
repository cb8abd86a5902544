// One report of one or more jobs: what is in it and which form opens first. Every report can be had in every form.
import { useState, type FormEvent } from "react";
import { fieldErrors } from "@/lib/errors";
import type { Job, Report, ReportFormat } from "@/lib/wire";
import { Button } from "@/ui/button";
import { FieldError, TextField } from "@/ui/field";
import { Fold } from "@/ui/fold";
import { FORMATS } from "./outcomes";
import { useCreateReport } from "./queries";

const MOST_JOBS = 8;
const FIELDS = ["name", "job_ids"] as const;

interface ReportFormProps {
  /** What the report is about. */
  job: Job;
  /** Others that may stand beside it. */
  others: readonly Job[];
  onMade: (report: Report) => void;
}

export function ReportForm({ job, others, onMade }: ReportFormProps) {
  const [name, setName] = useState("");
  const [metrics, setMetrics] = useState(true);
  const [logs, setLogs] = useState(false);
  const [format, setFormat] = useState<ReportFormat>("html");
  const [more, setMore] = useState<readonly string[]>([]);
  const create = useCreateReport();
  const refused = create.error ? fieldErrors(create.error, FIELDS) : { fields: {} as Record<string, string>, general: null };

  function make(event: FormEvent) {
    event.preventDefault();
    create.mutate(
      { job_ids: [job.id, ...more], format, include_metrics: metrics, include_logs: logs, ...(name.trim() === "" ? {} : { name: name.trim() }) },
      { onSuccess: onMade },
    );
  }

  return (
    <form noValidate onSubmit={make} className="card grid grid-cols-[minmax(0,1fr)] gap-5 p-4">
      <TextField label="Name of the report" placeholder={job.name} maxLength={200} value={name} error={refused.fields.name} onChange={(event) => setName(event.target.value)} />
      <fieldset className="grid gap-1">
        <legend className="mb-1 font-medium">What is in it</legend>
        <p className="text-ink-soft">Always: the verdict, the data, the settings, forecast and cost, best and worst items, how to do it again.</p>
        <label className="target flex items-center gap-2">
          <input type="checkbox" className="size-4" checked={metrics} onChange={(event) => setMetrics(event.target.checked)} />
          The curves of the training
        </label>
        <label className="target flex items-center gap-2">
          <input type="checkbox" className="size-4" checked={logs} onChange={(event) => setLogs(event.target.checked)} />
          The log of the trainer
        </label>
      </fieldset>
      <fieldset className="grid gap-2">
        <legend className="mb-1 font-medium">Form</legend>
        <ul className="grid gap-2 sm:grid-cols-2 lg:grid-cols-3">
          {FORMATS.map(({ format: one, name: word, goodFor }) => (
            <li key={one} className="grid">
              <label className="card flex gap-3 p-3 hover:bg-hover has-checked:border-accent has-checked:bg-accent-soft">
                <input type="radio" name="report-format" className="mt-0.5 size-4 shrink-0" checked={format === one} onChange={() => setFormat(one)} />
                <span>
                  <span className="block font-medium">{word}</span>
                  <span className="text-xs text-ink-soft">{goodFor}</span>
                </span>
              </label>
            </li>
          ))}
        </ul>
      </fieldset>
      {others.length > 0 && (
        <Fold summary="Set other jobs beside it">
          <ul className="card mt-1 max-h-56 divide-y divide-line overflow-y-auto">
            {others.map(({ id, name: other }) => (
              <li key={id}>
                <label className="flex min-h-11 items-center gap-3 px-4 py-2 hover:bg-hover">
                  <input
                    type="checkbox"
                    className="size-4 shrink-0"
                    checked={more.includes(id)}
                    disabled={!more.includes(id) && more.length + 1 >= MOST_JOBS}
                    onChange={(event) => setMore(event.target.checked ? [...more, id] : more.filter((one) => one !== id))}
                  />
                  <span className="min-w-0 break-words">{other}</span>
                </label>
              </li>
            ))}
          </ul>
        </Fold>
      )}
      {(refused.general ?? refused.fields.job_ids) && <FieldError id="report-error">{refused.general ?? refused.fields.job_ids}</FieldError>}
      <Button type="submit" look="primary" icon="report" busy={create.isPending} className="justify-self-start">
        Make the report
      </Button>
    </form>
  );
}

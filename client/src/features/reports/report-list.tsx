// Reports as rows: what each concludes, in which form it was made, and whether it is shared.
import { Link } from "@tanstack/react-router";
import { counted } from "@/lib/format";
import type { Report } from "@/lib/wire";
import { Badge, TimeAgo } from "@/ui/text";
import { OutcomeBadge } from "./conclusions";
import { FORMATS } from "./outcomes";

export function ReportList({ reports }: { reports: readonly Report[] }) {
  return (
    <ul className="card divide-y divide-line overflow-hidden">
      {reports.map((report) => (
        <li key={report.id} className="relative grid gap-x-4 gap-y-1 px-4 py-3 hover:bg-hover md:grid-cols-[minmax(0,1fr)_14rem_9rem] md:items-center">
          <div className="min-w-0">
            <Link to="/reports/$reportId" params={{ reportId: report.id }} className="font-medium break-words after:absolute after:inset-0 after:content-['']">
              {report.name}
            </Link>
            <p className="text-xs text-ink-soft">
              {counted(report.job_ids.length, "job")}, {FORMATS.find(({ format }) => format === report.format)?.name}
            </p>
          </div>
          <p className="flex flex-wrap gap-1">
            {report.conclusions.map(({ job_id, outcome }) => (
              <OutcomeBadge key={job_id} outcome={outcome} />
            ))}
            {report.num_shares > 0 && <Badge icon="link">shared</Badge>}
          </p>
          <p className="text-xs text-ink-soft md:text-right">
            <TimeAgo at={report.created_at} />
          </p>
        </li>
      ))}
    </ul>
  );
}

// A report as it will be forwarded, with the ways to take it away and to let others see it.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { getReportLink } from "@/lib/api/reports";
import { downloadFrom } from "@/lib/download";
import { messageOf } from "@/lib/errors";
import type { Report, ReportFormat } from "@/lib/wire";
import { Button } from "@/ui/button";
import { Failed, Loading } from "@/ui/notices";
import { Section } from "@/ui/page";
import { toast } from "@/ui/toasts";
import { Conclusions } from "./conclusions";
import { FORMATS } from "./outcomes";
import { reportViewQuery } from "./queries";
import { ShareLinks } from "./share-links";

export function ReportView({ report }: { report: Report }) {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-6">
      <Conclusions conclusions={report.conclusions} />
      <Section title="Take it away">
        <Downloads report={report} />
      </Section>
      <ShareLinks report={report} />
      <Section title="The report">
        <Shown report={report} />
      </Section>
    </div>
  );
}

function Downloads({ report }: { report: Report }) {
  const [busy, setBusy] = useState<ReportFormat | null>(null);
  // The form that it was made for comes first.
  const formats = [...FORMATS].sort((one, other) => Number(other.format === report.format) - Number(one.format === report.format));

  async function download(format: ReportFormat) {
    setBusy(format);
    try {
      downloadFrom((await getReportLink(report.id, format, false)).url);
    } catch (error) {
      toast(messageOf(error), "failed");
    } finally {
      setBusy(null);
    }
  }

  return (
    <ul aria-label="Forms to download" className="flex flex-wrap gap-2">
      {formats.map(({ format, name, goodFor }) => (
        <li key={format}>
          <Button icon="download" look={format === report.format ? "primary" : "plain"} busy={busy === format} title={goodFor} onClick={() => void download(format)}>
            {name}
          </Button>
        </li>
      ))}
    </ul>
  );
}

/** Within a frame that may do nothing: a report holds what users and models wrote. */
function Shown({ report }: { report: Report }) {
  const link = useQuery(reportViewQuery(report.id));
  if (link.isPending) return <Loading what="Opening the report" />;
  if (!link.data) return <Failed what="The report" error={link.error} onRetry={() => void link.refetch()} />;
  return <iframe title={`Report: ${report.name}`} src={link.data.url} sandbox="" className="card h-[75dvh] w-full" />;
}

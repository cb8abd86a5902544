// One report, as it will be forwarded.
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { reportQuery, useDeleteReport } from "@/features/reports/queries";
import { ReportView } from "@/features/reports/report-view";
import { counted } from "@/lib/format";
import type { Report } from "@/lib/wire";
import { Button, LinkButton } from "@/ui/button";
import { ConfirmDialog } from "@/ui/dialog";
import { Failed, Loading } from "@/ui/notices";
import { Page } from "@/ui/page";
import { ExactTime } from "@/ui/text";
import { toast } from "@/ui/toasts";

export function ReportPage() {
  const { reportId } = useParams({ from: "/gate/reports/$reportId" });
  const report = useQuery(reportQuery(reportId));
  if (report.isPending) return <Loading what="Loading the report" />;
  if (!report.data) return <Failed what="This report" error={report.error} onRetry={() => void report.refetch()} back={<LinkButton to="/reports">All reports</LinkButton>} />;
  return (
    <Page title={report.data.name} lead={<Lead report={report.data} />} actions={<Delete report={report.data} />}>
      <ReportView report={report.data} />
    </Page>
  );
}

function Lead({ report: { job_ids, created_at } }: { report: Report }) {
  return (
    <>
      Of {counted(job_ids.length, "job")}, made <ExactTime at={created_at} />.
    </>
  );
}

function Delete({ report }: { report: Report }) {
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const remove = useDeleteReport();
  return (
    <>
      <Button icon="trash" look="danger" onClick={() => setAsking(true)}>
        Delete
      </Button>
      <ConfirmDialog
        title={`Delete “${report.name}”?`}
        consequence={`The report goes for good${report.num_shares > 0 ? `, and ${counted(report.num_shares, "link")} to it will open nothing` : ""}. Its jobs and models stay.`}
        action="Delete it"
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={async () => {
          await remove.mutateAsync(report.id);
          toast(`“${report.name}” is deleted.`);
          await navigate({ to: "/reports" });
        }}
      />
    </>
  );
}

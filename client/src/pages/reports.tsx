// All reports, newest first.
import { useInfiniteQuery } from "@tanstack/react-query";
import { reportsQuery } from "@/features/reports/queries";
import { ReportList } from "@/features/reports/report-list";
import { LinkButton } from "@/ui/button";
import { MoreButton } from "@/ui/more";
import { Empty, Failed, Loading } from "@/ui/notices";
import { Page } from "@/ui/page";

export function ReportsPage() {
  const reports = useInfiniteQuery(reportsQuery);
  return (
    <Page title="Reports" lead="What was asked, what was done, and whether it worked. Each is as it was when it was made.">
      {reports.isPending ? (
        <Loading what="Loading your reports" />
      ) : !reports.data ? (
        <Failed what="Your reports" error={reports.error} onRetry={() => void reports.refetch()} />
      ) : reports.data.length === 0 ? (
        <Empty
          title="No reports yet"
          action={
            <>
              <LinkButton to="/llm-training" look="primary" icon="path">
                Guide, train, test, report
              </LinkButton>
              <LinkButton to="/jobs">Choose a job</LinkButton>
            </>
          }
        >
          A report is made of a job that has ended, on the job’s page or as the last of the four guided steps.
        </Empty>
      ) : (
        <>
          <ReportList reports={reports.data} />
          <MoreButton query={reports} />
        </>
      )}
    </Page>
  );
}

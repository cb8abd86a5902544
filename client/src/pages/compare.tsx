// Runs beside each other: their curves over each other, and what was set differently. Which runs, and how they are looked at, stands in the
// address.
import { useQueries } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { datasetQuery } from "@/features/datasets/queries";
import { CompareChart } from "@/features/jobs/compare-chart";
import { CompareTable } from "@/features/jobs/compare-table";
import type { ComparedRun } from "@/features/jobs/comparison";
import { jobQuery } from "@/features/jobs/queries";
import { metricsQuery } from "@/features/jobs/run-data";
import { isLive } from "@/features/jobs/states";
import { idsOf } from "@/lib/search";
import { LinkButton } from "@/ui/button";
import { Empty, Failed, Loading, Note } from "@/ui/notices";
import { Page, Section } from "@/ui/page";
import { useChartAddress } from "./chart-address";

export function ComparePage() {
  const { ids } = useSearch({ from: "/gate/jobs/compare" });
  const wanted = idsOf(ids);
  return (
    <Page
      title="Compare runs"
      lead={wanted.length === 0 ? undefined : "Lower is better. The table names only what was set differently."}
      actions={
        <LinkButton to="/jobs" search={wanted.length === 0 ? {} : { chosen: wanted.join(",") }}>
          {wanted.length === 0 ? "All jobs" : "Choose others"}
        </LinkButton>
      }
    >
      {wanted.length === 0 ? (
        <Empty title="Nothing to compare yet" action={<LinkButton to="/jobs">Choose runs</LinkButton>}>
          Tick two to eight jobs in the list of jobs, then press Compare.
        </Empty>
      ) : (
        <Compared ids={wanted} />
      )}
    </Page>
  );
}

function Compared({ ids }: { ids: readonly string[] }) {
  const { search, view, setView, setSearch } = useChartAddress("/gate/jobs/compare");
  const jobs = useQueries({ queries: ids.map((id) => ({ ...jobQuery(id), retry: false })) });
  const metrics = useQueries({ queries: ids.map((id, index) => ({ ...metricsQuery(id, isLive(jobs[index]?.data?.state)), retry: false })) });
  const datasets = useQueries({
    queries: jobs.map(({ data }) => ({ ...datasetQuery(data?.dataset_id ?? ""), enabled: data !== undefined, retry: false, staleTime: Infinity })),
  });
  if (jobs.some(({ isPending }) => isPending)) return <Loading what="Loading the runs" />;
  const runs = jobs.flatMap(({ data: job }, index): ComparedRun[] =>
    job ? [{ job, points: metrics[index]?.data?.points ?? [], dataset: datasets[index]?.data }] : [],
  );
  const missing = ids.length - runs.length;
  if (runs.length === 0) return <Failed what="These runs" error={jobs[0]?.error} onRetry={() => jobs.forEach((one) => void one.refetch())} />;
  return (
    <>
      {missing > 0 && <Note tone="warn">{missing === 1 ? "One of these runs is" : `${missing} of these runs are`} not here any more.</Note>}
      <Section title="Curves">
        <CompareChart
          runs={runs}
          what={search.what === "train" ? "train" : "validation"}
          onWhat={(what) => setSearch({ what: what === "train" ? "train" : undefined })}
          view={view}
          onView={setView}
        />
      </Section>
      <Section title="Results and differing settings">
        <CompareTable runs={runs} />
      </Section>
    </>
  );
}

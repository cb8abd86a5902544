// All jobs, with the filter and what is chosen in the address.
import { useInfiniteQuery, useQueries } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { BulkActions } from "@/features/jobs/bulk-actions";
import { JobList, type Choice } from "@/features/jobs/job-list";
import { jobQuery, jobsQuery } from "@/features/jobs/queries";
import { STATE_WORDS } from "@/features/jobs/states";
import { idsOf, JOB_STATES } from "@/lib/search";
import type { Job, JobState } from "@/lib/wire";
import { Button, LinkButton } from "@/ui/button";
import { SelectField, TextField } from "@/ui/field";
import { MoreButton } from "@/ui/more";
import { Empty, Failed, Loading } from "@/ui/notices";
import { Page } from "@/ui/page";
import { StartWithSample } from "./start-with-sample";

export function JobsPage() {
  const { state, q = "", chosen } = useSearch({ from: "/gate/jobs" });
  const jobs = useInfiniteQuery(jobsQuery(state));
  const none = jobs.data?.length === 0 && state === undefined && q === "";
  const choose = useChoose();
  const ids = new Set(idsOf(chosen));
  return (
    <Page
      title="Jobs"
      actions={
        !none && (
          <LinkButton to="/jobs/new" look="primary" icon="plus">
            New job
          </LinkButton>
        )
      }
    >
      {!none && <Filters state={state} search={q} />}
      {jobs.isPending ? (
        <Loading what="Loading your jobs" />
      ) : !jobs.data ? (
        <Failed what="Your jobs" error={jobs.error} onRetry={() => void jobs.refetch()} />
      ) : (
        <>
          <Found jobs={jobs.data} state={state} search={q} choice={{ chosen: ids, onChoose: (id, on) => choose((ids) => (on ? [...ids.filter((one) => one !== id), id] : ids.filter((one) => one !== id))) }} />
          <MoreButton query={jobs} />
          {ids.size > 0 && <Chosen ids={[...ids]} listed={jobs.data} onClear={() => choose(() => [])} />}
        </>
      )}
    </Page>
  );
}

/** Changes what is chosen as the address says it now: of two quick clicks the second must not forget the first. */
function useChoose(): (change: (ids: readonly string[]) => readonly string[]) => void {
  const navigate = useNavigate({ from: "/jobs" });
  return (change) =>
    void navigate({
      search: ({ state, q, chosen }) => {
        const ids = change([...idsOf(chosen)]);
        return { ...(state ? { state } : {}), ...(q ? { q } : {}), ...(ids.length > 0 ? { chosen: ids.join(",") } : {}) };
      },
      replace: true,
      resetScroll: false,
    });
}

/** In the order in which they were chosen; also those that the filter does not show now. */
function Chosen({ ids, listed, onClear }: { ids: readonly string[]; listed: readonly Job[]; onClear: () => void }) {
  const others = ids.filter((id) => !listed.some((job) => job.id === id));
  const fetched = useQueries({ queries: others.map((id) => ({ ...jobQuery(id), retry: false })) });
  const known = [...listed, ...fetched.flatMap(({ data }) => (data ? [data] : []))];
  const chosen = ids.flatMap((id) => known.find((job) => job.id === id) ?? []);
  return chosen.length === 0 ? null : <BulkActions chosen={chosen} onClear={onClear} />;
}

function Filters({ state, search }: { state: JobState | undefined; search: string }) {
  const navigate = useNavigate({ from: "/jobs" });
  const change = (next: { state?: JobState | undefined; q?: string | undefined }) => {
    const { state: wantedState = undefined, q = undefined } = { state, q: search, ...next };
    void navigate({
      search: ({ chosen }) => ({ ...(wantedState ? { state: wantedState } : {}), ...(q ? { q } : {}), ...(chosen ? { chosen } : {}) }),
      replace: true,
      resetScroll: false,
    });
  };
  return (
    <div className="grid gap-3 sm:grid-cols-[minmax(0,1fr)_14rem]">
      <TextField label="Search by name, model or note" type="search" value={search} onChange={(event) => change({ q: event.target.value })} />
      <SelectField
        label="State"
        value={state ?? ""}
        onChange={(event) => change({ state: JOB_STATES.find((one) => one === event.target.value) })}
      >
        <option value="">all</option>
        {JOB_STATES.map((one) => (
          <option key={one} value={one}>
            {STATE_WORDS[one].word.toLowerCase()}
          </option>
        ))}
      </SelectField>
    </div>
  );
}

function Found({ jobs, state, search, choice }: { jobs: readonly Job[]; state: JobState | undefined; search: string; choice: Choice }) {
  const navigate = useNavigate({ from: "/jobs" });
  const wanted = search.trim().toLowerCase();
  const found = jobs.filter(({ name, base_model, note }) => `${name} ${base_model} ${note}`.toLowerCase().includes(wanted));
  if (found.length > 0) return <JobList jobs={found} choice={choice} />;
  if (state !== undefined || wanted !== "") {
    return (
      <Empty title="No job matches" action={<Button onClick={() => void navigate({ search: {} })}>Show all jobs</Button>}>
        None of your jobs has this state and these words.
      </Empty>
    );
  }
  return (
    <Empty
      title="No jobs yet"
      action={
        <>
          <StartWithSample />
          <LinkButton to="/jobs/new">New job</LinkButton>
        </>
      }
    >
      A job trains a model on your documents. The sample data makes a first one in a minute or two.
    </Empty>
  );
}

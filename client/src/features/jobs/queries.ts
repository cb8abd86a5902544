// What the page asks about jobs, and what changes them. Polled while something is live and no stream tells of it, and never otherwise.
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient, type InfiniteData, type QueryClient } from "@tanstack/react-query";
import { changeJob, cloneJob, deleteJob, getJob, listCheckpoints, listJobs, orderJob, type JobOrder } from "@/lib/api/jobs";
import { JOBS, pollWhile } from "@/lib/queries";
import type { Job, JobChanges, JobPatch, JobState, ListOf } from "@/lib/wire";
import { isLive } from "./states";
import { isStreamed } from "./streamed";

export const jobsQuery = (state?: JobState) =>
  infiniteQueryOptions({
    queryKey: [...JOBS, "list", state ?? "all"],
    queryFn: ({ pageParam, signal }) => listJobs({ after: pageParam, state }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.has_more ? (page.data.at(-1)?.id ?? null) : null),
    select: ({ pages }) => pages.flatMap((page) => page.data),
    refetchInterval: ({ state: { data } }) => pollWhile(anyLive(data)),
    refetchOnWindowFocus: ({ state: { data } }) => anyLive(data),
  });

function anyLive(data: InfiniteData<ListOf<Job>> | undefined): boolean {
  return data?.pages.some((page) => page.data.some((job) => isLive(job.state))) ?? false;
}

export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: [...JOBS, "one", id],
    queryFn: ({ signal }) => getJob(id, signal),
    refetchInterval: ({ state: { data } }) => !isStreamed(id) && pollWhile(isLive(data?.state)),
    refetchOnWindowFocus: ({ state: { data } }) => isLive(data?.state),
  });

/** Asked again whenever the job says that it has a newer checkpoint, or none any more. */
export const checkpointsQuery = ({ id, state, resumes_from_step: newest }: Pick<Job, "id" | "state" | "resumes_from_step">) =>
  queryOptions({
    queryKey: [...JOBS, "checkpoints", id, newest, isLive(state)],
    queryFn: ({ signal }) => listCheckpoints(id, signal),
    staleTime: Infinity,
  });

/** Shows a job as it is now. */
export function takeJob(client: QueryClient, job: Job): void {
  client.setQueryData(jobQuery(job.id).queryKey, job);
}

/** Shows a changed job at once, and lets the lists ask again. */
function useTakeJob() {
  const client = useQueryClient();
  return (job: Job) => {
    takeJob(client, job);
    return client.invalidateQueries({ queryKey: [...JOBS, "list"] });
  };
}

export function useChangeJob(id: string) {
  return useMutation({ mutationFn: (change: JobPatch) => changeJob(id, change), onSuccess: useTakeJob() });
}

/** Cancel, pause, resume, retry. */
export function useOrderJob(id: string) {
  return useMutation({ mutationFn: (order: JobOrder) => orderJob(id, order), onSuccess: useTakeJob() });
}

export function useCloneJob(id: string) {
  return useMutation({ mutationFn: (changes: JobChanges) => cloneJob(id, changes), onSuccess: useTakeJob() });
}

export function useDeleteJob(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => deleteJob(id),
    onSuccess: () => {
      client.removeQueries({ queryKey: [...JOBS, "one", id] });
      return client.invalidateQueries({ queryKey: [...JOBS, "list"] });
    },
  });
}

// What the page asks about jobs, and what changes them. Polled while something is live, and never otherwise.
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { cancelJob, changeJob, deleteJob, getJob, listJobs } from "@/lib/api/jobs";
import { JOBS, pollWhile } from "@/lib/queries";
import type { Job, JobPatch, JobState } from "@/lib/wire";
import { isLive } from "./states";

export const jobsQuery = (state?: JobState) =>
  infiniteQueryOptions({
    queryKey: [...JOBS, "list", state ?? "all"],
    queryFn: ({ pageParam, signal }) => listJobs({ after: pageParam, state }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.has_more ? (page.data.at(-1)?.id ?? null) : null),
    select: ({ pages }) => pages.flatMap((page) => page.data),
    refetchInterval: ({ state: { data } }) => pollWhile(data?.pages.some((page) => page.data.some((job) => isLive(job.state))) ?? false),
    refetchOnWindowFocus: ({ state: { data } }) => data?.pages.some((page) => page.data.some((job) => isLive(job.state))) ?? false,
  });

export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: [...JOBS, "one", id],
    queryFn: ({ signal }) => getJob(id, signal),
    refetchInterval: ({ state: { data } }) => pollWhile(isLive(data?.state)),
    refetchOnWindowFocus: ({ state: { data } }) => isLive(data?.state),
  });

/** Shows a changed job at once, and lets the lists ask again. */
function useTakeJob() {
  const client = useQueryClient();
  return (job: Job) => {
    client.setQueryData(jobQuery(job.id).queryKey, job);
    return client.invalidateQueries({ queryKey: [...JOBS, "list"] });
  };
}

export function useChangeJob(id: string) {
  return useMutation({ mutationFn: (change: JobPatch) => changeJob(id, change), onSuccess: useTakeJob() });
}

export function useCancelJob(id: string) {
  return useMutation({ mutationFn: () => cancelJob(id), onSuccess: useTakeJob() });
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

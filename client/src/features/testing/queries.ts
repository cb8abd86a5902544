// What the page asks about submissions, test sets and evaluations, and what changes them. A live evaluation is polled.
import { queryOptions, useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import {
  cancelEvaluation,
  changeSubmission,
  createTestSet,
  deleteEvaluation,
  deleteSubmission,
  deleteTestSet,
  getEvaluation,
  getSubmission,
  getTestSet,
  listEvaluatedItems,
  listEvaluations,
  listSubmissions,
  listTestSets,
  previewTestSet,
} from "@/lib/api/testing";
import { paged } from "@/lib/paged";
import { pollWhile } from "@/lib/queries";
import type { Evaluation, EvaluationState, ItemOrder, TestSetRequest, TestSubmission, TestSubmissionPatch } from "@/lib/wire";

const SUBMISSIONS = ["test-submissions"] as const;
const TEST_SETS = ["test-sets"] as const;
const EVALUATIONS = ["evaluations"] as const;

export function isUnderWay(state: EvaluationState | undefined): boolean {
  return state === "queued" || state === "running";
}

export const submissionsQuery = paged([...SUBMISSIONS, "list"], listSubmissions);

/** So many can be one test. */
export const MOST_IN_A_TEST = 1000;

/** All submissions that are here, newest first, as many as can be one test; null as long as they are not read. */
export function useAllSubmissions(): { submissions: readonly TestSubmission[] | null; error: unknown; retry: () => void } {
  const { data, error, hasNextPage, isFetching, fetchNextPage, refetch } = useInfiniteQuery(submissionsQuery);
  const enough = data !== undefined && (!hasNextPage || data.length >= MOST_IN_A_TEST);
  useEffect(() => {
    if (data && !enough && !isFetching && !error) void fetchNextPage();
  }, [data, enough, isFetching, error, fetchNextPage]);
  return { submissions: enough ? data.slice(0, MOST_IN_A_TEST) : null, error, retry: () => void refetch() };
}

export const submissionQuery = (id: string) =>
  queryOptions({ queryKey: [...SUBMISSIONS, "one", id], queryFn: ({ signal }) => getSubmission(id, signal), staleTime: 60_000 });

export const testSetsQuery = paged([...TEST_SETS, "list"], listTestSets);

export const testSetQuery = (id: string) => queryOptions({ queryKey: [...TEST_SETS, "one", id], queryFn: ({ signal }) => getTestSet(id, signal) });

/** `stamp` changes whenever what the request names has changed. */
export const previewQuery = (asked: TestSetRequest, stamp: string) =>
  queryOptions({
    queryKey: [...TEST_SETS, "preview", JSON.stringify(asked), stamp],
    queryFn: ({ signal }) => previewTestSet(asked, signal),
    retry: false,
    staleTime: Infinity,
  });

export const evaluationQuery = (id: string) =>
  queryOptions({
    queryKey: [...EVALUATIONS, "one", id],
    queryFn: ({ signal }) => getEvaluation(id, signal),
    refetchInterval: ({ state: { data } }) => pollWhile(isUnderWay(data?.state)),
    refetchOnWindowFocus: ({ state: { data } }) => isUnderWay(data?.state),
  });

/** Of one tuned model, newest first; without one, the newest of all. */
export const evaluationsQuery = (tunedModelId?: string) =>
  queryOptions({
    queryKey: [...EVALUATIONS, "list", tunedModelId ?? "all"],
    queryFn: ({ signal }) => listEvaluations(tunedModelId === undefined ? {} : { tuned_model_id: tunedModelId }, signal),
    refetchInterval: ({ state: { data } }) => pollWhile(data?.data.some(({ state }) => isUnderWay(state)) ?? false),
  });

export const itemsQuery = (id: string, order: ItemOrder, model: string | undefined) =>
  paged([...EVALUATIONS, "items", id, order, model ?? ""], (after, signal) => listEvaluatedItems(id, { order, model, after }, signal));

export function useTakeSubmission() {
  const client = useQueryClient();
  return (submission: TestSubmission) => {
    client.setQueryData(submissionQuery(submission.id).queryKey, submission);
    void client.invalidateQueries({ queryKey: [...SUBMISSIONS, "list"] });
  };
}

export function useChangeSubmission(id: string) {
  return useMutation({ mutationFn: (change: TestSubmissionPatch) => changeSubmission(id, change), onSuccess: useTakeSubmission() });
}

export function useDeleteSubmission() {
  const client = useQueryClient();
  return useMutation({ mutationFn: deleteSubmission, onSuccess: () => client.invalidateQueries({ queryKey: [...SUBMISSIONS, "list"] }) });
}

export function useDeleteTestSet() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: deleteTestSet,
    // Its evaluations are gone with it.
    onSuccess: () => Promise.all([client.invalidateQueries({ queryKey: [...TEST_SETS, "list"] }), client.invalidateQueries({ queryKey: EVALUATIONS })]),
  });
}

export function useCreateTestSet() {
  const client = useQueryClient();
  return useMutation({ mutationFn: createTestSet, onSuccess: () => client.invalidateQueries({ queryKey: [...TEST_SETS, "list"] }) });
}

export function useTakeEvaluation() {
  const client = useQueryClient();
  return (evaluation: Evaluation) => {
    client.setQueryData(evaluationQuery(evaluation.id).queryKey, evaluation);
    return client.invalidateQueries({ queryKey: [...EVALUATIONS, "list"] });
  };
}

export function useCancelEvaluation(id: string) {
  return useMutation({ mutationFn: () => cancelEvaluation(id), onSuccess: useTakeEvaluation() });
}

export function useDeleteEvaluation() {
  const client = useQueryClient();
  return useMutation({ mutationFn: deleteEvaluation, onSuccess: () => client.invalidateQueries({ queryKey: [...EVALUATIONS, "list"] }) });
}

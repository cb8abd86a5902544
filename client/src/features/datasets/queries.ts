import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { createDataset, deleteDataset, getDataset, listDatasets } from "@/lib/api/datasets";

const DATASETS = ["datasets"] as const;

export const datasetsQuery = infiniteQueryOptions({
  queryKey: [...DATASETS, "list"],
  queryFn: ({ pageParam, signal }) => listDatasets(pageParam, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => (page.has_more ? (page.data.at(-1)?.id ?? null) : null),
  select: ({ pages }) => pages.flatMap((page) => page.data),
});

export const datasetQuery = (id: string) => queryOptions({ queryKey: [...DATASETS, "one", id], queryFn: ({ signal }) => getDataset(id, signal) });

export function useCreateDataset() {
  const client = useQueryClient();
  return useMutation({ mutationFn: createDataset, onSuccess: () => client.invalidateQueries({ queryKey: DATASETS }) });
}

export function useDeleteDataset() {
  const client = useQueryClient();
  return useMutation({ mutationFn: deleteDataset, onSuccess: () => client.invalidateQueries({ queryKey: DATASETS }) });
}

import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { createDataset, deleteDataset, getDataset, listDatasets } from "@/lib/api/datasets";
import { paged } from "@/lib/paged";

const DATASETS = ["datasets"] as const;

export const datasetsQuery = paged([...DATASETS, "list"], listDatasets);

export const datasetQuery = (id: string) => queryOptions({ queryKey: [...DATASETS, "one", id], queryFn: ({ signal }) => getDataset(id, signal) });

export function useCreateDataset() {
  const client = useQueryClient();
  return useMutation({ mutationFn: createDataset, onSuccess: () => client.invalidateQueries({ queryKey: DATASETS }) });
}

export function useDeleteDataset() {
  const client = useQueryClient();
  return useMutation({ mutationFn: deleteDataset, onSuccess: () => client.invalidateQueries({ queryKey: DATASETS }) });
}

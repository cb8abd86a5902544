// What the page asks about base and tuned models.
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { deleteTunedModel, getTunedModel, listBaseModels, listExports, listTunedModels, makeExport } from "@/lib/api/models";
import { paged } from "@/lib/paged";
import type { ModelExport } from "@/lib/wire";

const TUNED = ["tuned-models"] as const;

/** Availability may change (a model gets prepared), so it is asked for again on each visit. */
export const baseModelsQuery = queryOptions({ queryKey: ["base-models"], queryFn: ({ signal }) => listBaseModels(signal) });

export const tunedModelsQuery = paged([...TUNED, "list"], listTunedModels);

export const tunedModelQuery = (id: string) =>
  queryOptions({ queryKey: [...TUNED, "one", id], queryFn: ({ signal }) => getTunedModel(id, signal) });

const MAKING = ["waiting", "running"];

/** Asked again and again only while something is being made. */
export const exportsQuery = (id: string) =>
  queryOptions({
    queryKey: [...TUNED, "exports", id],
    queryFn: ({ signal }) => listExports(id, signal),
    refetchInterval: ({ state }) => (state.data?.data.some((one) => MAKING.includes(one.state)) ? 1_500 : false),
  });

export function useMakeExport(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (format: ModelExport["format"]) => makeExport(id, format),
    onSettled: () => client.invalidateQueries({ queryKey: [...TUNED, "exports", id] }),
  });
}

export function useDeleteTunedModel() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: deleteTunedModel,
    onSuccess: (_, id) => {
      client.removeQueries({ queryKey: [...TUNED, "one", id] });
      return client.invalidateQueries({ queryKey: [...TUNED, "list"] });
    },
  });
}

// What the page asks about base and tuned models.
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { deleteTunedModel, getTunedModel, listBaseModels, listTunedModels } from "@/lib/api/models";
import { paged } from "@/lib/paged";

const TUNED = ["tuned-models"] as const;

/** Availability may change (a model gets prepared), so it is asked for again on each visit. */
export const baseModelsQuery = queryOptions({ queryKey: ["base-models"], queryFn: ({ signal }) => listBaseModels(signal) });

export const tunedModelsQuery = paged([...TUNED, "list"], listTunedModels);

export const tunedModelQuery = (id: string) =>
  queryOptions({ queryKey: [...TUNED, "one", id], queryFn: ({ signal }) => getTunedModel(id, signal) });

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

// What the page asks about training guides, and what changes them. A corrected item changes the counts of its guide as well.
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import {
  addScoredItem,
  changeGuide,
  changeScoredItem,
  createGuideDataset,
  deleteGuide,
  getGuide,
  listGuides,
  listPassages,
  listScoredItems,
} from "@/lib/api/guides";
import { paged } from "@/lib/paged";
import type { Guide, GuidePatch, ScoredItemPatch, ScoredItemRequest } from "@/lib/wire";

const GUIDES = ["guides"] as const;

export const guidesQuery = paged([...GUIDES, "list"], listGuides);

export const guideQuery = (id: string) => queryOptions({ queryKey: [...GUIDES, "one", id], queryFn: ({ signal }) => getGuide(id, signal) });

export const passagesQuery = (id: string) => paged([...GUIDES, "passages", id], (after, signal) => listPassages(id, after, signal));

export const scoredItemsQuery = (id: string) => paged([...GUIDES, "items", id], (after, signal) => listScoredItems(id, after, signal));

/** Shows a guide that has just been read. */
export function useTakeGuide() {
  const client = useQueryClient();
  return (guide: Guide) => {
    client.setQueryData(guideQuery(guide.id).queryKey, guide);
    void client.invalidateQueries({ queryKey: [...GUIDES, "list"] });
  };
}

export function useChangeGuide(id: string) {
  const take = useTakeGuide();
  return useMutation({ mutationFn: (change: GuidePatch) => changeGuide(id, change), onSuccess: take });
}

export function useDeleteGuide() {
  const client = useQueryClient();
  return useMutation({ mutationFn: deleteGuide, onSuccess: () => client.invalidateQueries({ queryKey: [...GUIDES, "list"] }) });
}

function useTakeItems(guideId: string) {
  const client = useQueryClient();
  return () =>
    Promise.all([
      client.invalidateQueries({ queryKey: scoredItemsQuery(guideId).queryKey }),
      client.invalidateQueries({ queryKey: guideQuery(guideId).queryKey }),
    ]);
}

export function useAddItem(guideId: string) {
  return useMutation({ mutationFn: (item: ScoredItemRequest) => addScoredItem(guideId, item), onSuccess: useTakeItems(guideId) });
}

export function useChangeItem(guideId: string, itemId: string) {
  return useMutation({ mutationFn: (change: ScoredItemPatch) => changeScoredItem(guideId, itemId, change), onSuccess: useTakeItems(guideId) });
}

export function useGuideDataset() {
  const client = useQueryClient();
  return useMutation({ mutationFn: createGuideDataset, onSuccess: () => client.invalidateQueries({ queryKey: ["datasets"] }) });
}

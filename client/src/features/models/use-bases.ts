// Everything that a training can start from: the catalogue, and one's own models.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { isTunedId } from "@/lib/model-ids";
import type { BaseModel } from "@/lib/wire";
import { asBase } from "./as-base";
import { baseModelsQuery, tunedModelQuery, tunedModelsQuery } from "./queries";

interface Bases {
  /** Undefined while it is loading, or when it could not be loaded. */
  all: BaseModel[] | undefined;
  isPending: boolean;
  error: unknown;
  refetch: () => unknown;
}

/** `wanted` is one that has to be among them if it is there at all, also when it is older than the first page. */
export function useBases(wanted: string | undefined): Bases {
  const catalogue = useQuery(baseModelsQuery);
  const tuned = useInfiniteQuery(tunedModelsQuery);
  const asksFor = wanted !== undefined && isTunedId(wanted) && tuned.data?.some(({ id }) => id === wanted) === false;
  const single = useQuery({ ...tunedModelQuery(wanted ?? ""), enabled: asksFor, retry: false });
  const own = [...(single.data && asksFor ? [single.data] : []), ...(tuned.data ?? [])];
  return {
    all: catalogue.data && [...catalogue.data.data, ...own.map((model) => asBase(model, catalogue.data.data, own))],
    isPending: catalogue.isPending || tuned.isPending || (asksFor && single.isPending),
    error: catalogue.error,
    refetch: catalogue.refetch,
  };
}

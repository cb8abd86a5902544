// A list that comes in pages, newest first, shown as one list that grows.
import { infiniteQueryOptions } from "@tanstack/react-query";
import type { ListOf } from "@/lib/wire";

/** `list` asks for what comes behind an id, or for the beginning. */
export function paged<T extends { id: string }>(queryKey: readonly unknown[], list: (after: string | null, signal: AbortSignal) => Promise<ListOf<T>>) {
  return infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam, signal }) => list(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.has_more ? (page.data.at(-1)?.id ?? null) : null),
    select: ({ pages }) => pages.flatMap((page) => page.data),
  });
}

// Security logs: one's own, and everybody's for administrators.
import { infiniteQueryOptions } from "@tanstack/react-query";
import { listMySecurityEvents } from "@/lib/api/account";
import { listAllSecurityEvents } from "@/lib/api/admin";
import type { ListOf, SecurityEvent } from "@/lib/wire";

function logQuery(whose: "mine" | "all", list: (after: string | null, signal?: AbortSignal) => Promise<ListOf<SecurityEvent>>) {
  return infiniteQueryOptions({
    queryKey: ["security-log", whose],
    queryFn: ({ pageParam, signal }) => list(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.has_more ? (page.data.at(-1)?.id ?? null) : null),
    select: ({ pages }) => pages.flatMap((page) => page.data),
    staleTime: 0,
  });
}

export const mySecurityLogQuery = logQuery("mine", listMySecurityEvents);
export const wholeSecurityLogQuery = logQuery("all", listAllSecurityEvents);

// Security logs: one's own, and everybody's for administrators.
import { listMySecurityEvents } from "@/lib/api/account";
import { listAllSecurityEvents } from "@/lib/api/admin";
import { paged } from "@/lib/paged";
import type { ListOf, SecurityEvent } from "@/lib/wire";

function logQuery(whose: "mine" | "all", list: (after: string | null, signal?: AbortSignal) => Promise<ListOf<SecurityEvent>>) {
  return { ...paged(["security-log", whose], list), staleTime: 0 };
}

export const mySecurityLogQuery = logQuery("mine", listMySecurityEvents);
export const wholeSecurityLogQuery = logQuery("all", listAllSecurityEvents);

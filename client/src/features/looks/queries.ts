import { queryOptions } from "@tanstack/react-query";
import { getLook } from "@/lib/api/datasets";
import type { LookRequest } from "@/lib/wire";

/** The server remembers a look, and what it is about does not change by itself. */
export const lookQuery = (request: LookRequest) =>
  queryOptions({
    queryKey: ["looks", request],
    queryFn: ({ signal }) => getLook(request, signal),
    staleTime: 60_000,
    retry: false,
  });

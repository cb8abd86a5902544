import { queryOptions } from "@tanstack/react-query";
import { getInstallation } from "@/lib/api/installation";

/** What this installation offers; it does not change while the page is open. */
export const installationQuery = queryOptions({
  queryKey: ["installation"],
  queryFn: ({ signal }) => getInstallation(signal),
  staleTime: Infinity,
});

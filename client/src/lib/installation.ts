// What this installation offers, for every screen that has to know.
import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { getInstallation } from "@/lib/api/installation";
import type { Installation } from "@/lib/wire";

/** Changes only when an administrator changes it, who sees to it then. */
export const installationQuery = queryOptions({
  queryKey: ["installation"],
  queryFn: ({ signal }) => getInstallation(signal),
  staleTime: Infinity,
});

/** Does something with what the installation offers: at once where that is known, or as soon as it is, so that nothing of it is lost. */
export function useOnceKnown(): (use: (installation: Installation) => void) => void {
  const client = useQueryClient();
  return useCallback(
    (use) => {
      const known = client.getQueryData(installationQuery.queryKey);
      if (known) use(known);
      else void client.fetchQuery(installationQuery).then(use, () => undefined);
    },
    [client],
  );
}

/** Until it is known, what the server asks for out of the box. */
const LEAST_PASSWORD_CHARACTERS = 12;

/** The fewest characters of a new password. */
export function useLeastPassword(): number {
  return useQuery(installationQuery).data?.min_password_characters ?? LEAST_PASSWORD_CHARACTERS;
}

// What this installation offers, for every screen that has to know.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { getInstallation } from "@/lib/api/installation";

/** Changes only when an administrator changes it, who sees to it then. */
export const installationQuery = queryOptions({
  queryKey: ["installation"],
  queryFn: ({ signal }) => getInstallation(signal),
  staleTime: Infinity,
});

/** Until it is known, what the server asks for out of the box. */
const LEAST_PASSWORD_CHARACTERS = 12;

/** The fewest characters of a new password. */
export function useLeastPassword(): number {
  return useQuery(installationQuery).data?.min_password_characters ?? LEAST_PASSWORD_CHARACTERS;
}

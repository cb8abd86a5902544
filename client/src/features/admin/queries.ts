// What administrators ask about the installation, and what they change.
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { cancelInQueue, changeAccount, chooseRegistration, createInvitation, getAdministration, getQueue, listAccounts, listInvitations, withdrawInvitation } from "@/lib/api/admin";
import { installationQuery } from "@/lib/installation";
import { pollWhile } from "@/lib/queries";
import type { AccountPatch } from "@/lib/wire";

const ADMIN = ["admin"] as const;
const ACCOUNTS = [...ADMIN, "accounts"] as const;
const INVITATIONS = [...ADMIN, "invitations"] as const;

const pages = { initialPageParam: null as string | null, staleTime: 0 };

export const accountsQuery = infiniteQueryOptions({
  ...pages,
  queryKey: ACCOUNTS,
  queryFn: ({ pageParam, signal }) => listAccounts(pageParam, signal),
  getNextPageParam: (page) => (page.has_more ? (page.data.at(-1)?.id ?? null) : null),
  select: ({ pages: read }) => read.flatMap((page) => page.data),
});

export const invitationsQuery = infiniteQueryOptions({
  ...pages,
  queryKey: INVITATIONS,
  queryFn: ({ pageParam, signal }) => listInvitations(pageParam, signal),
  getNextPageParam: (page) => (page.has_more ? (page.data.at(-1)?.id ?? null) : null),
  select: ({ pages: read }) => read.flatMap((page) => page.data),
});

export const queueQuery = queryOptions({
  queryKey: [...ADMIN, "queue"],
  queryFn: ({ signal }) => getQueue(signal),
  staleTime: 0,
  refetchInterval: () => pollWhile(true),
});

export function useCancelInQueue() {
  const client = useQueryClient();
  return useMutation({ mutationFn: cancelInQueue, onSettled: () => client.invalidateQueries({ queryKey: queueQuery.queryKey }) });
}

export const administrationQuery = queryOptions({ queryKey: [...ADMIN, "installation"], queryFn: ({ signal }) => getAdministration(signal) });

export function useChangeAccount(id: string) {
  const client = useQueryClient();
  return useMutation({ mutationFn: (change: AccountPatch) => changeAccount(id, change), onSuccess: () => client.invalidateQueries({ queryKey: ACCOUNTS }) });
}

export function useChooseRegistration() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: chooseRegistration,
    onSuccess: (changed) => {
      client.setQueryData(administrationQuery.queryKey, changed);
      return client.invalidateQueries({ queryKey: installationQuery.queryKey });
    },
  });
}

/** The code is for the one who asked, and is not kept. */
export function useInvite() {
  const client = useQueryClient();
  return useMutation({ mutationFn: createInvitation, gcTime: 0, onSuccess: () => client.invalidateQueries({ queryKey: INVITATIONS }) });
}

export function useWithdraw() {
  const client = useQueryClient();
  return useMutation({ mutationFn: withdrawInvitation, onSuccess: () => client.invalidateQueries({ queryKey: INVITATIONS }) });
}

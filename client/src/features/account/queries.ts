// What the page asks about one's own account, and what changes it.
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { createApiKey, endOtherSignIns, endSignIn, linkGoogle, listApiKeys, listLinkedSignIns, listSignIns, revokeApiKey, unlinkSignIn } from "@/lib/api/account";

const SIGN_INS = ["sign-ins"] as const;
const KEYS = ["api-keys"] as const;
const LINKED = ["linked-sign-ins"] as const;

export const signInsQuery = queryOptions({ queryKey: SIGN_INS, queryFn: ({ signal }) => listSignIns(signal), staleTime: 0 });
export const apiKeysQuery = queryOptions({ queryKey: KEYS, queryFn: ({ signal }) => listApiKeys(signal), staleTime: 0 });

export const linkedSignInsQuery = queryOptions({ queryKey: LINKED, queryFn: ({ signal }) => listLinkedSignIns(signal), staleTime: 0 });

function useAsksAgain(queryKey: readonly string[]) {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey });
}

export function useEndSignIn() {
  return useMutation({ mutationFn: endSignIn, onSuccess: useAsksAgain(SIGN_INS) });
}

export function useEndOtherSignIns() {
  return useMutation({ mutationFn: endOtherSignIns, onSuccess: useAsksAgain(SIGN_INS) });
}

/** The key is for the one who asked, and is not kept. */
export function useCreateApiKey() {
  return useMutation({ mutationFn: createApiKey, gcTime: 0, onSuccess: useAsksAgain(KEYS) });
}

export function useRevokeApiKey() {
  return useMutation({ mutationFn: revokeApiKey, onSuccess: useAsksAgain(KEYS) });
}

export function useLinkGoogle() {
  return useMutation({ mutationFn: linkGoogle, onSuccess: useAsksAgain(LINKED) });
}

export function useUnlinkSignIn() {
  return useMutation({ mutationFn: unlinkSignIn, onSuccess: useAsksAgain(LINKED) });
}

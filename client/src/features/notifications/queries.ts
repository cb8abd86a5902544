// What the page asks about notifications, and what changes them.
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { getNotificationSettings, listDeliveries, makeWebhookSecret, sendTestNotification, setNotificationSettings } from "@/lib/api/notifications";
import { pollWhile } from "@/lib/queries";

const NOTIFICATIONS = ["notifications"] as const;
const DELIVERIES = [...NOTIFICATIONS, "deliveries"] as const;

/** Only this page changes them, so they are not asked for again and again. */
export const settingsQuery = queryOptions({
  queryKey: [...NOTIFICATIONS, "settings"],
  queryFn: ({ signal }) => getNotificationSettings(signal),
  staleTime: 300_000,
});

export const deliveriesQuery = infiniteQueryOptions({
  queryKey: DELIVERIES,
  queryFn: ({ pageParam, signal }) => listDeliveries(pageParam, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => (page.has_more ? (page.data.at(-1)?.id ?? null) : null),
  select: ({ pages }) => pages.flatMap((page) => page.data),
  refetchInterval: ({ state: { data } }) => pollWhile(data?.pages.some((page) => page.data.some(({ state }) => state === "waiting")) ?? false),
});

export function useChangeSettings() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: setNotificationSettings,
    // The secret is for the one who asked, and for nobody who looks into the cache later.
    onSuccess: (saved) => client.setQueryData(settingsQuery.queryKey, { ...saved, webhook_secret: null }),
  });
}

export function useNewSecret() {
  return useMutation({ mutationFn: makeWebhookSecret, gcTime: 0 });
}

export function useTest() {
  const client = useQueryClient();
  return useMutation({ mutationFn: sendTestNotification, onSettled: () => client.invalidateQueries({ queryKey: DELIVERIES }) });
}

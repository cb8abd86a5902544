import { request, withQuery } from "@/lib/api/request";
import type { Delivery, ListOf, NotificationChoice, NotificationSettings, WebhookSecret } from "@/lib/wire";

export function getNotificationSettings(signal?: AbortSignal): Promise<NotificationSettings> {
  return request("/api/notifications/settings", { signal });
}

/** The answer holds the secret when this made the first one, and never again. */
export function setNotificationSettings(choice: NotificationChoice): Promise<NotificationSettings> {
  return request("/api/notifications/settings", { method: "PUT", body: choice });
}

export function makeWebhookSecret(): Promise<WebhookSecret> {
  return request("/api/notifications/webhook-secret", { method: "POST" });
}

/** Sends by every way that is chosen, and says what came of it. May take as long as the slowest receiver. */
export function sendTestNotification(): Promise<ListOf<Delivery>> {
  return request("/api/notifications/test", { method: "POST" });
}

export function listDeliveries(after: string | null, signal?: AbortSignal): Promise<ListOf<Delivery>> {
  return request(withQuery("/api/notifications/deliveries", { limit: 10, after }), { signal });
}

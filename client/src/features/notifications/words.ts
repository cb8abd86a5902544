// The words for deliveries.
import type { Delivery } from "@/lib/wire";
import type { IconName } from "@/ui/icon";
import type { Tone } from "@/ui/text";

export const CHANNELS: Record<Delivery["channel"], string> = { email: "E-mail", webhook: "Webhook" };

export const EVENTS: Record<Delivery["event"], string> = {
  "job.succeeded": "has succeeded",
  "job.failed": "has failed",
  "job.cancelled": "was cancelled",
  "notification.test": "A test",
};

export const DELIVERY_STATES: Record<Delivery["state"], { word: string; tone: Tone; icon: IconName }> = {
  waiting: { word: "Waiting", tone: "neutral", icon: "clock" },
  delivered: { word: "Delivered", tone: "good", icon: "check" },
  failed: { word: "Given up", tone: "bad", icon: "alert" },
};

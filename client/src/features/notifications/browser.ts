// Notifications of the browser: whether they may be shown, and showing one. Asked for by a press of a button alone.
import { createStore } from "@/lib/store";
import type { EndState } from "@/lib/wire";

/** "unsupported": this browser cannot, or may not because the page came without encryption. */
export type Permission = NotificationPermission | "unsupported";

export const permission = createStore<Permission>(current());

function current(): Permission {
  return "Notification" in window && window.isSecureContext ? Notification.permission : "unsupported";
}

/** The permission may have been changed in the browser's own settings since. */
export function lookAgain(): void {
  permission.set(current());
}

export async function askPermission(): Promise<void> {
  await Notification.requestPermission();
  lookAgain();
}

const HAPPENED: Record<EndState, string> = { succeeded: "has succeeded", failed: "has failed", cancelled: "was cancelled" };

export interface Ended {
  id: string;
  name: string;
  state: EndState;
}

/** `tag` makes one of what several tabs say. */
export function tell({ id, name, state }: Ended, onOpen: () => void): void {
  show(`“${name}” ${HAPPENED[state]}`, { body: state === "failed" ? "Open the job to see why and what to do." : "Open the job.", tag: `${id} ${state}` }, onOpen);
}

export function tellTest(): void {
  show("A test from LLM Tuner", { body: "Nothing has happened.", tag: "test" }, () => undefined);
}

function show(title: string, options: NotificationOptions, onOpen: () => void): void {
  try {
    const notification = new Notification(title, { icon: "/favicon.svg", ...options });
    notification.onclick = () => {
      window.focus();
      notification.close();
      onOpen();
    };
  } catch {
    // Browsers of phones take notifications from service workers only; there the other ways remain.
    permission.set("unsupported");
  }
}

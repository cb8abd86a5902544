// Sends a test by every way that is saved, and says what came of each.
import { messageOf } from "@/lib/errors";
import { useStore } from "@/lib/store";
import type { NotificationSettings } from "@/lib/wire";
import { Button } from "@/ui/button";
import { Note } from "@/ui/notices";
import { permission, tellTest } from "./browser";
import { useTest } from "./queries";
import { CHANNELS } from "./words";

export function TestButton({ settings }: { settings: NotificationSettings }) {
  const test = useTest();
  const inBrowser = useStore(permission) === "granted" && settings.browser;
  const byServer = settings.email || settings.webhook_url !== null;

  function send() {
    if (inBrowser) tellTest();
    if (byServer) test.mutate();
  }

  if (!inBrowser && !byServer) return null;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-2">
      <Button icon="bell" busy={test.isPending} onClick={send} className="justify-self-start">
        Send a test
      </Button>
      <div aria-live="polite" className="grid grid-cols-[minmax(0,1fr)] gap-2">
        {test.error && <Note tone="bad">{messageOf(test.error)}</Note>}
        {test.data?.data.map(({ id, channel, state, message }) => (
          <Note key={id} tone={state === "delivered" ? "good" : "bad"}>
            {CHANNELS[channel]}: {message}
          </Note>
        ))}
      </div>
    </div>
  );
}

// Short words about the result of an action, read out politely. Good news leaves by itself; errors stay until dismissed.
import { messageOf } from "@/lib/errors";
import { createStore, useStore } from "@/lib/store";
import { IconButton } from "@/ui/button";
import { Icon } from "@/ui/icon";

interface Toast {
  id: number;
  kind: "done" | "failed";
  text: string;
}

const LEAVES_AFTER_MS = 6_000;
const toasts = createStore<readonly Toast[]>([]);
let lastId = 0;

export function toast(text: string, kind: Toast["kind"] = "done"): void {
  lastId += 1;
  const id = lastId;
  toasts.set([...toasts.get().filter((one) => one.text !== text), { id, kind, text }]);
  if (kind === "done") setTimeout(() => dismiss(id), LEAVES_AFTER_MS);
}

/** Says how an action ended. Not for the callbacks of `mutate`: they are lost when the action takes the row away that it was asked from. */
export async function told(action: Promise<unknown>, said: string): Promise<void> {
  try {
    await action;
    toast(said);
  } catch (error) {
    toast(messageOf(error), "failed");
  }
}

function dismiss(id: number): void {
  toasts.set(toasts.get().filter((one) => one.id !== id));
}

export function Toasts() {
  const shown = useStore(toasts);
  return (
    <div aria-live="polite" className="pointer-events-none fixed inset-x-3 bottom-20 z-50 grid justify-items-center gap-2 md:bottom-4 md:justify-items-end">
      {shown.map(({ id, kind, text }) => (
        <div key={id} className="card pointer-events-auto flex max-w-md items-center gap-2 py-1 pr-1 pl-3 shadow-lg">
          <Icon name={kind === "done" ? "check" : "alert"} className={`size-4 ${kind === "done" ? "text-good" : "text-bad"}`} />
          <p className="flex-1">{text}</p>
          <IconButton icon="cross" label="Dismiss" onClick={() => dismiss(id)} />
        </div>
      ))}
    </div>
  );
}

// Native dialogs: focus is kept inside, Escape closes, and focus returns to where it was.
import { useEffect, useRef, useState, type ReactNode } from "react";
import { messageOf } from "@/lib/errors";
import { Button } from "@/ui/button";

interface DialogProps {
  title: string;
  open: boolean;
  onClose: () => void;
  children: ReactNode;
}

export function Dialog({ title, open, onClose, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current;
    if (open && dialog && !dialog.open) dialog.showModal();
    if (!open && dialog?.open) dialog.close();
  }, [open]);
  return (
    <dialog ref={ref} onClose={onClose} aria-label={title} className="card w-[min(32rem,calc(100vw-2rem))] p-5">
      {open && (
        <div className="grid gap-4">
          <h2>{title}</h2>
          {children}
        </div>
      )}
    </dialog>
  );
}

interface ConfirmProps {
  /** Names the object: "Delete “notes.txt”?" */
  title: string;
  /** What it means, in words. */
  consequence: ReactNode;
  action: string;
  /** The safe way out. */
  keep?: string;
  open: boolean;
  onClose: () => void;
  onConfirm: () => Promise<unknown>;
}

/** Asks before something is lost. Stays open with the reason when the action fails. */
export function ConfirmDialog({ title, consequence, action, keep = "Keep it", open, onClose, onConfirm }: ConfirmProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);

  function close() {
    setError(null);
    onClose();
  }

  async function confirm() {
    setBusy(true);
    setError(null);
    try {
      await onConfirm();
      close();
    } catch (reason) {
      setError(messageOf(reason));
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog title={title} open={open} onClose={close}>
      <p className="text-ink-soft">{consequence}</p>
      {error && (
        <p role="alert" className="text-bad">
          {error}
        </p>
      )}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={close}>{keep}</Button>
        <Button look="danger" busy={busy} onClick={() => void confirm()}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}

// Where files come in: dropped, pasted, or chosen. What is accepted can be read before choosing.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState, type DragEvent } from "react";
import { bytes } from "@/lib/format";
import { installationQuery, useOnceKnown } from "@/lib/installation";
import type { Document } from "@/lib/wire";
import { Button } from "@/ui/button";
import { Icon } from "@/ui/icon";
import { usageQuery } from "./queries";
import { addFiles } from "./uploads";

type OnDone = (document: Document | null) => void;

export function DropZone({ onDone }: { onDone: OnDone }) {
  const { data: rules } = useQuery(installationQuery);
  const { data: usage } = useQuery(usageQuery);
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const onceKnown = useOnceKnown();
  usePaste(onceKnown, onDone);

  function take(files: Iterable<File>) {
    const taken = [...files]; // Of a drop, nothing can be read any more when its event is over.
    onceKnown((rules) => addFiles(taken, rules, onDone));
  }

  function drop(event: DragEvent) {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files);
  }

  return (
    <div
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      className={`grid justify-items-center gap-2 rounded-lg border-2 border-dashed p-6 text-center ${over ? "border-accent bg-accent-soft" : "border-line-strong bg-card"}`}
    >
      <Icon name="upload" className="size-6 text-ink-soft" />
      <p>Drop files here, paste text, or</p>
      <Button onClick={() => input.current?.click()} disabled={!rules}>
        Choose files
      </Button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label="Files to upload"
        accept={rules?.accepted_suffixes.join(",")}
        onChange={(event) => {
          take([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
      {rules && (
        <p className="text-xs text-ink-soft">
          Accepted: {rules.accepted_suffixes.join(", ")}. Up to {bytes(rules.max_upload_bytes)} each.
        </p>
      )}
      {usage && <Room used={usage.storage_bytes} quota={usage.quota_bytes} />}
    </div>
  );
}

function Room({ used, quota }: { used: number; quota: number }) {
  const tight = quota > 0 && used / quota > 0.9;
  return (
    <div className="grid w-full max-w-xs gap-1">
      <meter aria-label="Storage in use" min={0} max={quota} value={used} />
      <p className={`text-xs ${tight ? "text-warn" : "text-ink-soft"}`}>
        {bytes(used)} of your {bytes(quota)} are in use
        {tight && ". Delete documents or models that you no longer need"}.
      </p>
    </div>
  );
}

/** Files and text that are pasted anywhere on the screen, unless somebody types. Pasted text becomes a file of its own. */
function usePaste(onceKnown: ReturnType<typeof useOnceKnown>, onDone: OnDone): void {
  const latest = useRef(onDone);
  useEffect(() => {
    latest.current = onDone;
  });
  useEffect(() => {
    function paste(event: ClipboardEvent) {
      if (event.target instanceof Element && event.target.closest("input, textarea, select, dialog")) return;
      const files = [...(event.clipboardData?.files ?? [])];
      const pasted = event.clipboardData?.getData("text/plain") ?? "";
      if (files.length === 0 && pasted.trim() !== "") files.push(new File([pasted], "pasted.txt", { type: "text/plain" }));
      if (files.length > 0) onceKnown((rules) => addFiles(files, rules, (document) => latest.current(document)));
    }
    document.addEventListener("paste", paste);
    return () => document.removeEventListener("paste", paste);
  }, [onceKnown]);
}

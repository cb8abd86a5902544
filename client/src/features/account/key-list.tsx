// One's API keys: what each may do, when it was last used, until when it holds.
import { useState } from "react";
import { useNow } from "@/lib/clock";
import type { ApiKey } from "@/lib/wire";
import { Button } from "@/ui/button";
import { ConfirmDialog } from "@/ui/dialog";
import { Badge, ExactTime, TimeAgo } from "@/ui/text";
import { toast } from "@/ui/toasts";
import { useRevokeApiKey } from "./queries";

export function KeyList({ keys }: { keys: readonly ApiKey[] }) {
  return (
    <ul aria-label="API keys" className="card divide-y divide-line overflow-hidden">
      {keys.map((key) => (
        <Row key={key.id} apiKey={key} />
      ))}
    </ul>
  );
}

function Row({ apiKey }: { apiKey: ApiKey }) {
  const over = new Date(apiKey.expires_at).getTime() <= useNow();
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 py-3">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-2 font-medium">
          <span className="break-words">{apiKey.name}</span>
          <Badge>{scopeWords(apiKey.scopes)}</Badge>
          {over && (
            <Badge tone="warn" icon="clock">
              expired
            </Badge>
          )}
        </p>
        <p className="text-xs break-words text-ink-soft">
          <span className="font-mono">ltk_…{apiKey.hint}</span> · {apiKey.last_used_at ? <>used <TimeAgo at={apiKey.last_used_at} /></> : "never used"} ·{" "}
          {over ? "ran out" : "holds until"} <ExactTime at={apiKey.expires_at} />
        </p>
      </div>
      <Revoke apiKey={apiKey} />
    </li>
  );
}

export function scopeWords(scopes: readonly ApiKey["scopes"][number][]): string {
  return scopes.includes("write") ? "read and write" : "read only";
}

function Revoke({ apiKey }: { apiKey: ApiKey }) {
  const [asking, setAsking] = useState(false);
  const revoke = useRevokeApiKey();

  async function confirmed() {
    await revoke.mutateAsync(apiKey.id);
    toast(`The key “${apiKey.name}” is revoked.`);
  }

  return (
    <>
      <Button look="danger" icon="trash" aria-label={`Revoke ${apiKey.name}`} onClick={() => setAsking(true)}>
        Revoke
      </Button>
      <ConfirmDialog
        title={`Revoke “${apiKey.name}”?`}
        consequence="Programs that use it are refused at once. This cannot be undone; a new key can be made."
        action="Revoke it"
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={confirmed}
      />
    </>
  );
}

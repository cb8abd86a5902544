// The secret that signs a person's webhooks: shown when it is made, and never again.
import { useState } from "react";
import { messageOf } from "@/lib/errors";
import { Button } from "@/ui/button";
import { ConfirmDialog } from "@/ui/dialog";
import { Note } from "@/ui/notices";
import { CopyButton, ExactTime } from "@/ui/text";
import { useNewSecret } from "./queries";

export function SecretNote({ secret, previousUntil = null }: { secret: string; previousUntil?: string | null }) {
  return (
    <Note tone="good" role="status">
      <div className="grid grid-cols-[minmax(0,1fr)] gap-1 text-ink">
        <p>The secret of your webhook. Copy it to your receiver now: it is not shown again.</p>
        <p className="flex flex-wrap items-center gap-1">
          <code className="font-mono text-xs break-all">{secret}</code>
          <CopyButton text={secret} label="Copy the secret" />
        </p>
        {previousUntil && (
          <p>
            Until <ExactTime at={previousUntil} /> messages are signed with the old secret as well.
          </p>
        )}
      </div>
    </Note>
  );
}

/** Replaces the secret, after a question: receivers have to be told. */
export function NewSecret() {
  const [asking, setAsking] = useState(false);
  const make = useNewSecret();
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-2">
      <Button icon="repeat" className="justify-self-start" onClick={() => setAsking(true)}>
        Make a new webhook secret
      </Button>
      {make.error && !asking && <Note tone="bad">{messageOf(make.error)}</Note>}
      {make.data && <SecretNote secret={make.data.secret} previousUntil={make.data.previous_until} />}
      <ConfirmDialog
        title="Make a new webhook secret?"
        consequence="For a day messages are signed with both. After that your receiver has to know the new one."
        action="Make a new one"
        keep="Keep the old one"
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => make.mutateAsync()}
      />
    </div>
  );
}

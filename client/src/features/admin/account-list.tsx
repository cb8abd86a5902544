// Accounts as rows: who, how much they keep, what may be done about them.
import { useState } from "react";
import { bytes, counted } from "@/lib/format";
import type { Account } from "@/lib/wire";
import { Button } from "@/ui/button";
import { ConfirmDialog } from "@/ui/dialog";
import { Badge, ExactTime, TimeAgo } from "@/ui/text";
import { toast, told } from "@/ui/toasts";
import { useChangeAccount } from "./queries";

export function AccountList({ accounts, ownId }: { accounts: readonly Account[]; ownId: string }) {
  return (
    <ul aria-label="Users" className="card divide-y divide-line overflow-hidden">
      {accounts.map((account) => (
        <li key={account.id} className="grid gap-x-4 gap-y-2 px-4 py-3 lg:grid-cols-[minmax(0,1fr)_9rem_auto] lg:items-center">
          <Who account={account} isOwn={account.id === ownId} />
          <p>
            <span className="block text-xs text-ink-soft">Storage</span>
            {bytes(account.storage_bytes)}
            {account.num_live_jobs > 0 && <span className="text-xs text-ink-soft">, {counted(account.num_live_jobs, "live job")}</span>}
          </p>
          {account.id === ownId ? <p className="text-xs text-ink-soft lg:w-72 lg:text-right">Another administrator can change this one.</p> : <Actions account={account} />}
        </li>
      ))}
    </ul>
  );
}

function Who({ account, isOwn }: { account: Account; isOwn: boolean }) {
  const { email, name, role, email_verified, disabled, created_at, last_seen_at } = account;
  return (
    <div className="min-w-0">
      <p className="flex flex-wrap items-center gap-2 font-medium">
        <span className="break-all">{email}</span>
        {role === "admin" && (
          <Badge tone="accent" icon="shield">
            administrator
          </Badge>
        )}
        {disabled && (
          <Badge tone="bad" icon="cross">
            disabled
          </Badge>
        )}
        {isOwn && <Badge>you</Badge>}
      </p>
      <p className="text-xs break-words text-ink-soft">
        {name && `${name} · `}
        {email_verified ? "address confirmed" : "address not confirmed"} · since <ExactTime at={created_at} /> ·{" "}
        {last_seen_at ? (
          <>
            seen <TimeAgo at={last_seen_at} />
          </>
        ) : (
          "not signed in"
        )}
      </p>
    </div>
  );
}

function Actions({ account }: { account: Account }) {
  return (
    <div className="flex flex-wrap gap-2 lg:w-72 lg:justify-end">
      {account.role === "admin" ? <Demote account={account} /> : <Promote account={account} />}
      {account.disabled ? <Enable account={account} /> : <Disable account={account} />}
    </div>
  );
}

function Promote({ account }: { account: Account }) {
  const [asking, setAsking] = useState(false);
  const change = useChangeAccount(account.id);
  return (
    <>
      <Button aria-label={`Make administrator: ${account.email}`} onClick={() => setAsking(true)}>
        Make administrator
      </Button>
      <ConfirmDialog
        title={`Make ${account.email} an administrator?`}
        consequence="Administrators see all users, the queue and the security log, and may disable others, you included. They do not see anybody's data."
        action="Make administrator"
        keep="Leave it"
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => change.mutateAsync({ role: "admin" })}
      />
    </>
  );
}

function Demote({ account }: { account: Account }) {
  const change = useChangeAccount(account.id);
  return (
    <Button
      aria-label={`Make member: ${account.email}`}
      busy={change.isPending}
      onClick={() => void told(change.mutateAsync({ role: "member" }), `${account.email} is no administrator any more.`)}
    >
      Make member
    </Button>
  );
}

function Disable({ account }: { account: Account }) {
  const [asking, setAsking] = useState(false);
  const change = useChangeAccount(account.id);
  return (
    <>
      <Button look="danger" aria-label={`Disable ${account.email}`} onClick={() => setAsking(true)}>
        Disable
      </Button>
      <ConfirmDialog
        title={`Disable ${account.email}?`}
        consequence="They are signed out everywhere at once, and their API keys are removed. Runs that have begun go on. Their data stays, and you can enable the account again."
        action="Disable the account"
        keep="Leave it"
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={async () => {
          await change.mutateAsync({ disabled: true });
          toast(`${account.email} is disabled.`);
        }}
      />
    </>
  );
}

function Enable({ account }: { account: Account }) {
  const change = useChangeAccount(account.id);
  return (
    <Button
      aria-label={`Enable ${account.email}`}
      busy={change.isPending}
      onClick={() => void told(change.mutateAsync({ disabled: false }), `${account.email} can sign in again.`)}
    >
      Enable
    </Button>
  );
}

// Where somebody is signed in: each can be ended, and all others at once.
import { useState } from "react";
import { counted } from "@/lib/format";
import type { SignIn } from "@/lib/wire";
import { Button } from "@/ui/button";
import { ConfirmDialog } from "@/ui/dialog";
import { Badge, ExactTime, TimeAgo } from "@/ui/text";
import { toast, told } from "@/ui/toasts";
import { useEndOtherSignIns, useEndSignIn } from "./queries";

export function SignInList({ signIns }: { signIns: readonly SignIn[] }) {
  const others = signIns.filter(({ current }) => !current);
  const own = signIns.filter(({ current }) => current);
  return (
    <>
      <ul className="card divide-y divide-line overflow-hidden">
        {[...own, ...others].map((signIn) => (
          <Row key={signIn.id} signIn={signIn} />
        ))}
      </ul>
      {others.length === 0 ? <p className="text-ink-soft">You are signed in nowhere else.</p> : <EndOthers number={others.length} />}
    </>
  );
}

function Row({ signIn }: { signIn: SignIn }) {
  const end = useEndSignIn();
  const name = signIn.device;
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 py-3">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-2 font-medium">
          <span className="break-words">{name}</span>
          {signIn.current && (
            <Badge tone="good" icon="check">
              this one
            </Badge>
          )}
        </p>
        <p className="text-xs break-words text-ink-soft">
          {signIn.address && `${signIn.address} · `}used <TimeAgo at={signIn.last_used_at} /> · since <ExactTime at={signIn.created_at} />
        </p>
      </div>
      {!signIn.current && (
        <Button
          icon="leave"
          busy={end.isPending}
          aria-label={`End the sign-in of ${name}`}
          onClick={() => void told(end.mutateAsync(signIn.id), `${name} is signed out.`)}
        >
          End
        </Button>
      )}
    </li>
  );
}

function EndOthers({ number }: { number: number }) {
  const [asking, setAsking] = useState(false);
  const end = useEndOtherSignIns();

  async function confirmed() {
    const { num_ended: ended } = await end.mutateAsync();
    toast(`${counted(ended, "other sign-in")} ended.`);
  }

  return (
    <>
      <Button icon="leave" className="justify-self-start" onClick={() => setAsking(true)}>
        End all others
      </Button>
      <ConfirmDialog
        title="End all other sign-ins?"
        consequence={`${counted(number, "other browser or program", "other browsers and programs")} have to sign in again. This one stays, and so do API keys.`}
        action="End them"
        keep="Leave them"
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={confirmed}
      />
    </>
  );
}

// Invitations: made with or without an address, handed on as a link, withdrawn.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { useNow } from "@/lib/clock";
import { emailProblem, showRefusal } from "@/lib/forms";
import type { Invitation, NewInvitation } from "@/lib/wire";
import { Button } from "@/ui/button";
import { ConfirmDialog } from "@/ui/dialog";
import { SelectField, TextField } from "@/ui/field";
import { MoreButton } from "@/ui/more";
import { Failed, Loading, Note } from "@/ui/notices";
import { Badge, CopyButton, ExactTime, TimeAgo } from "@/ui/text";
import { toast } from "@/ui/toasts";
import { invitationsQuery, useInvite, useWithdraw } from "./queries";

/** `letters`: whether an invitation with an address is sent to it. */
export function Invitations({ letters }: { letters: boolean }) {
  const invitations = useInfiniteQuery(invitationsQuery);
  return (
    <>
      <NewInvitationForm letters={letters} />
      {invitations.isPending ? (
        <Loading what="Loading the invitations" />
      ) : !invitations.data ? (
        <Failed what="The invitations" error={invitations.error} onRetry={() => void invitations.refetch()} />
      ) : invitations.data.length === 0 ? (
        <p className="text-ink-soft">No invitations are open.</p>
      ) : (
        <>
          <ul aria-label="Invitations" className="card divide-y divide-line overflow-hidden">
            {invitations.data.map((invitation) => (
              <Row key={invitation.id} invitation={invitation} />
            ))}
          </ul>
          <MoreButton query={invitations} />
        </>
      )}
    </>
  );
}

interface Fields {
  email: string;
  expires_in_days: string;
}

function NewInvitationForm({ letters }: { letters: boolean }) {
  const [made, setMade] = useState<NewInvitation | null>(null);
  const [general, setGeneral] = useState<string | null>(null);
  const invite = useInvite();
  const { register, handleSubmit, setError, formState, reset } = useForm<Fields>({ defaultValues: { email: "", expires_in_days: "7" } });

  async function submit({ email, expires_in_days: days }: Fields) {
    setGeneral(null);
    setMade(null);
    const address = email.trim();
    try {
      setMade(await invite.mutateAsync({ expires_in_days: Number(days), ...(address === "" ? {} : { email: address }) }));
      reset();
    } catch (error) {
      setGeneral(showRefusal(error, ["email", "expires_in_days"], setError));
    }
  }

  return (
    <form noValidate onSubmit={(event) => void handleSubmit(submit)(event)} className="card grid grid-cols-[minmax(0,1fr)] gap-4 p-4">
      {general && (
        <Note tone="bad" role="alert">
          {general}
        </Note>
      )}
      <div className="grid gap-4 sm:grid-cols-[minmax(0,1fr)_10rem]">
        <TextField
          label="E-mail"
          type="email"
          inputMode="email"
          autoComplete="off"
          hint={`Empty: for whoever has the link. With an address it is for that one alone${letters ? ", and is sent to it" : ""}.`}
          error={formState.errors.email?.message}
          {...register("email", { validate: (value) => value.trim() === "" || emailProblem(value) })}
        />
        <SelectField label="It holds for" error={formState.errors.expires_in_days?.message} {...register("expires_in_days")}>
          <option value="1">a day</option>
          <option value="7">7 days</option>
          <option value="30">30 days</option>
        </SelectField>
      </div>
      <Button type="submit" icon="plus" busy={formState.isSubmitting} className="justify-self-start">
        Make an invitation
      </Button>
      {made && <Made made={made} letters={letters} />}
    </form>
  );
}

function Made({ made, letters }: { made: NewInvitation; letters: boolean }) {
  const link = `${window.location.origin}${made.link}`;
  return (
    <Note tone="good" role="status">
      <div className="grid grid-cols-[minmax(0,1fr)] gap-1 text-ink">
        <p>
          {made.email && letters ? `The link is on its way to ${made.email}. It is this one, too` : `Hand this link to ${made.email ?? "whom you invite"}`}: it works once, and is
          not shown again.
        </p>
        <p className="flex flex-wrap items-center gap-1">
          <code className="font-mono text-xs break-all">{link}</code>
          <CopyButton text={link} label="Copy the link" />
        </p>
      </div>
    </Note>
  );
}

function Row({ invitation }: { invitation: Invitation }) {
  const { email, created_at, expires_at, used_at } = invitation;
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 py-3">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-2 font-medium">
          <span className="break-all">{email ?? "For whoever has the link"}</span>
          <StateOf invitation={invitation} />
        </p>
        <p className="text-xs text-ink-soft">
          made <TimeAgo at={created_at} /> ·{" "}
          {used_at ? (
            <>
              used <TimeAgo at={used_at} />
            </>
          ) : (
            <>
              holds until <ExactTime at={expires_at} />
            </>
          )}
        </p>
      </div>
      {!used_at && <Withdraw invitation={invitation} />}
    </li>
  );
}

function StateOf({ invitation: { used_at, expires_at } }: { invitation: Invitation }) {
  const now = useNow();
  if (used_at) {
    return (
      <Badge tone="good" icon="check">
        used
      </Badge>
    );
  }
  if (new Date(expires_at).getTime() > now) return <Badge tone="accent">open</Badge>;
  return (
    <Badge tone="warn" icon="clock">
      expired
    </Badge>
  );
}

function Withdraw({ invitation: { id, email } }: { invitation: Invitation }) {
  const [asking, setAsking] = useState(false);
  const withdraw = useWithdraw();

  async function confirmed() {
    await withdraw.mutateAsync(id);
    toast("The invitation is revoked.");
  }

  return (
    <>
      <Button look="danger" icon="trash" aria-label={`Revoke the invitation ${email ? `of ${email}` : "of whoever has the link"}`} onClick={() => setAsking(true)}>
        Revoke
      </Button>
      <ConfirmDialog
        title={`Revoke the invitation${email ? ` of ${email}` : ""}?`}
        consequence="Its link stops working at once. You can make another."
        action="Revoke it"
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={confirmed}
      />
    </>
  );
}

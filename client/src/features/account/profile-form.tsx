// The name, and whether the address is confirmed.
import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { renameMe, sendVerification } from "@/lib/api/account";
import { fieldErrors, messageOf } from "@/lib/errors";
import { session } from "@/lib/session";
import type { User } from "@/lib/wire";
import { Button } from "@/ui/button";
import { TextField } from "@/ui/field";
import { Note } from "@/ui/notices";
import { Badge } from "@/ui/text";
import { toast } from "@/ui/toasts";

/** `letters`: whether this installation can send any. */
export function ProfileForm({ user, letters }: { user: User; letters: boolean }) {
  const [name, setName] = useState(user.name);
  const save = useMutation({
    mutationFn: renameMe,
    onSuccess: (changed) => {
      session.changeUser(changed);
      setName(changed.name);
      toast("Your name is saved.");
    },
  });
  const errors = save.error ? fieldErrors(save.error, ["name"]) : null;

  function submit(event: FormEvent) {
    event.preventDefault();
    save.mutate(name.trim());
  }

  return (
    <div className="card grid grid-cols-[minmax(0,1fr)] gap-5 p-4">
      <div className="grid gap-1">
        <p className="font-medium">E-mail</p>
        <p className="flex flex-wrap items-center gap-2">
          <span className="break-all">{user.email}</span>
          {user.email_verified ? (
            <Badge tone="good" icon="check">
              confirmed
            </Badge>
          ) : (
            <Badge>not confirmed</Badge>
          )}
        </p>
        {!user.email_verified && letters && <SendAgain email={user.email} />}
      </div>
      <form noValidate onSubmit={submit} className="grid max-w-md gap-4">
        <TextField
          label="Name"
          autoComplete="name"
          maxLength={100}
          hint="Administrators see it beside your address."
          value={name}
          error={errors?.fields.name ?? errors?.general}
          onChange={(event) => setName(event.target.value)}
        />
        <Button type="submit" busy={save.isPending} className="justify-self-start">
          Save the name
        </Button>
      </form>
    </div>
  );
}

function SendAgain({ email }: { email: string }) {
  const send = useMutation({ mutationFn: sendVerification });
  if (send.isSuccess) return <Note role="status">A letter with a link is on its way to {email}.</Note>;
  return (
    <div className="grid justify-items-start gap-2">
      <p className="text-ink-soft">Open the link in the letter that we sent. Did it not arrive?</p>
      {send.error && (
        <Note tone="bad" role="alert">
          {messageOf(send.error)}
        </Note>
      )}
      <Button busy={send.isPending} onClick={() => send.mutate()}>
        Send the letter again
      </Button>
    </div>
  );
}

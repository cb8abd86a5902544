// Taking everything away as one file, and deleting the account with all of it.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { deleteAccount, getExportLink } from "@/lib/api/account";
import { downloadFrom } from "@/lib/download";
import { messageOf } from "@/lib/errors";
import { passwordProblem, showRefusal } from "@/lib/forms";
import { session } from "@/lib/session";
import type { User } from "@/lib/wire";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { TextField } from "@/ui/field";
import { Note } from "@/ui/notices";
import { toast } from "@/ui/toasts";

export function ExportData() {
  const link = useMutation({
    mutationFn: getExportLink,
    onSuccess: ({ url }) => {
      downloadFrom(url);
      toast("The download has started.");
    },
    onError: (error) => toast(messageOf(error), "failed"),
  });
  return (
    <div className="card grid justify-items-start gap-3 p-4">
      <p className="text-ink-soft">Documents, datasets, jobs with their logs, models, the account and its security log, as one ZIP file.</p>
      <Button icon="download" busy={link.isPending} onClick={() => link.mutate()}>
        Download all my data
      </Button>
    </div>
  );
}

export function DeleteAccount({ user }: { user: User }) {
  const [asking, setAsking] = useState(false);
  return (
    <div className="card grid justify-items-start gap-3 p-4">
      <p className="text-ink-soft">
        The account goes with everything in it: documents, datasets, jobs, models, API keys. Runs are stopped. Nobody can bring it back.
      </p>
      <Button look="danger" icon="trash" onClick={() => setAsking(true)}>
        Delete my account
      </Button>
      <Dialog title="Delete your account for good?" open={asking} onClose={() => setAsking(false)}>
        <DeleteForm user={user} onKeep={() => setAsking(false)} />
      </Dialog>
    </div>
  );
}

interface Fields {
  email: string;
  password: string;
}

/** The address is typed, so that nobody does this by a slip; the password, so that nobody else does. */
function DeleteForm({ user, onKeep }: { user: User; onKeep: () => void }) {
  const [general, setGeneral] = useState<string | null>(null);
  const { register, handleSubmit, setError, formState } = useForm<Fields>({ defaultValues: { email: "", password: "" } });

  async function submit({ email, password }: Fields) {
    setGeneral(null);
    try {
      await deleteAccount({ email: email.trim(), ...(user.has_password ? { password } : {}) });
    } catch (error) {
      setGeneral(showRefusal(error, ["email", "password"], setError));
      return;
    }
    await session.signOut("deleted").catch(() => undefined);
  }

  return (
    <form noValidate onSubmit={(event) => void handleSubmit(submit)(event)} className="grid gap-4">
      <p className="text-ink-soft">
        All documents, jobs and models of <strong className="break-words">{user.email}</strong> are deleted. Download them first if you may want them.
      </p>
      {general && (
        <Note tone="bad" role="alert">
          {general}
        </Note>
      )}
      <TextField
        label="Type your e-mail address to confirm"
        type="email"
        inputMode="email"
        autoComplete="off"
        error={formState.errors.email?.message}
        {...register("email", { validate: (value) => value.trim().toLowerCase() === user.email.toLowerCase() || `Type ${user.email}, the address of this account.` })}
      />
      {user.has_password && (
        <TextField
          label="Password"
          type="password"
          autoComplete="current-password"
          error={formState.errors.password?.message}
          {...register("password", { validate: (value) => passwordProblem(value, 1) })}
        />
      )}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onKeep}>Keep my account</Button>
        <Button type="submit" look="danger" busy={formState.isSubmitting}>
          Delete everything
        </Button>
      </div>
    </form>
  );
}

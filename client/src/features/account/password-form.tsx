// Another password, for who knows the current one.
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { changePassword, getMe } from "@/lib/api/account";
import { passwordHint, passwordProblem, showRefusal } from "@/lib/forms";
import { useLeastPassword } from "@/lib/installation";
import { session } from "@/lib/session";
import type { PasswordChange, User } from "@/lib/wire";
import { Button } from "@/ui/button";
import { TextField } from "@/ui/field";
import { Note } from "@/ui/notices";
import { toast } from "@/ui/toasts";

const EMPTY: PasswordChange = { current_password: "", new_password: "" };

export function PasswordForm({ user }: { user: User }) {
  const client = useQueryClient();
  const [general, setGeneral] = useState<string | null>(null);
  const least = useLeastPassword();
  const { register, handleSubmit, setError, formState, reset } = useForm<PasswordChange>({ defaultValues: EMPTY });

  async function submit(change: PasswordChange) {
    setGeneral(null);
    try {
      await changePassword(change);
    } catch (error) {
      setGeneral(showRefusal(error, ["current_password", "new_password"], setError));
      return;
    }
    reset(EMPTY);
    toast("Your password is changed. All other sign-ins have ended.");
    await client.invalidateQueries({ queryKey: ["sign-ins"] });
    if (!user.has_password) session.changeUser(await getMe());
  }

  return (
    <form noValidate onSubmit={(event) => void handleSubmit(submit)(event)} className="card grid grid-cols-[minmax(0,1fr)] gap-4 p-4">
      <p className="text-ink-soft">
        {user.has_password ? "All other sign-ins end with the old password." : "You sign in without a password. With one you can do both. All other sign-ins end."} API keys go
        on working.
      </p>
      {general && (
        <Note tone="bad" role="alert">
          {general}
        </Note>
      )}
      <div className="grid max-w-md gap-4">
        {/* For password managers, so that they know whose password this is. */}
        <input type="text" autoComplete="username" value={user.email} readOnly hidden />
        {user.has_password && (
          <TextField
            label="Current password"
            type="password"
            autoComplete="current-password"
            error={formState.errors.current_password?.message}
            {...register("current_password", { validate: (value) => passwordProblem(value, 1) })}
          />
        )}
        <TextField
          label="New password"
          type="password"
          autoComplete="new-password"
          hint={passwordHint(least)}
          error={formState.errors.new_password?.message}
          {...register("new_password", { validate: (value) => passwordProblem(value, least) })}
        />
        <Button type="submit" busy={formState.isSubmitting} className="justify-self-start">
          {user.has_password ? "Change the password" : "Set a password"}
        </Button>
      </div>
    </form>
  );
}

// A new password, with the token of a link.
import { useState } from "react";
import { useForm } from "react-hook-form";
import { finishPasswordReset } from "@/lib/api/account";
import { passwordHint, passwordProblem, showRefusal } from "@/lib/forms";
import { useLeastPassword } from "@/lib/installation";
import { Button } from "@/ui/button";
import { TextField } from "@/ui/field";
import { Note } from "@/ui/notices";

export function ResetPasswordForm({ token, onDone }: { token: string; onDone: () => void }) {
  const [general, setGeneral] = useState<string | null>(null);
  const least = useLeastPassword();
  const { register, handleSubmit, setError, formState } = useForm({ defaultValues: { password: "" } });

  async function submit({ password }: { password: string }) {
    setGeneral(null);
    try {
      await finishPasswordReset({ token, password });
      onDone();
    } catch (error) {
      setGeneral(showRefusal(error, ["password"], setError));
    }
  }

  return (
    <form noValidate onSubmit={(event) => void handleSubmit(submit)(event)} className="grid gap-4">
      {general && (
        <Note tone="bad" role="alert">
          {general}
        </Note>
      )}
      <TextField
        label="New password"
        type="password"
        autoComplete="new-password"
        hint={passwordHint(least)}
        error={formState.errors.password?.message}
        {...register("password", { validate: (value) => passwordProblem(value, least) })}
      />
      <Button type="submit" look="primary" busy={formState.isSubmitting}>
        Set the new password
      </Button>
    </form>
  );
}

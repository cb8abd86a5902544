// A new password, with the token of a link.
import { finishPasswordReset } from "@/lib/api/account";
import { passwordHint, passwordProblem } from "@/lib/forms";
import { useLeastPassword } from "@/lib/installation";
import { TextField } from "@/ui/field";
import { RefusableForm } from "./refusable-form";

export function ResetPasswordForm({ token, onDone }: { token: string; onDone: () => void }) {
  const least = useLeastPassword();
  return (
    <RefusableForm
      start={{ password: "" }}
      names={["password"]}
      action="Set the new password"
      send={async ({ password }: { password: string }) => {
        await finishPasswordReset({ token, password });
        onDone();
      }}
    >
      {(register, errors) => (
        <TextField
          label="New password"
          type="password"
          autoComplete="new-password"
          hint={passwordHint(least)}
          error={errors.password?.message}
          {...register("password", { validate: (value) => passwordProblem(value, least) })}
        />
      )}
    </RefusableForm>
  );
}

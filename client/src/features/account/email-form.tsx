// Another e-mail address. Where letters can be sent it counts once the link in one is opened; so nobody takes an address that is not theirs.
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { changeEmail } from "@/lib/api/account";
import { passwordProblem, showRefusal } from "@/lib/forms";
import { session } from "@/lib/session";
import type { User } from "@/lib/wire";
import { Button } from "@/ui/button";
import { TextField } from "@/ui/field";
import { Note } from "@/ui/notices";
import { toast } from "@/ui/toasts";

interface Fields {
  email: string;
  password: string;
}

const EMPTY: Fields = { email: "", password: "" };

/** `letters`: whether this installation can send any. */
export function EmailForm({ user, letters }: { user: User; letters: boolean }) {
  const client = useQueryClient();
  const [general, setGeneral] = useState<string | null>(null);
  const [asked, setAsked] = useState<string | null>(null);
  const { register, handleSubmit, setError, formState, reset } = useForm<Fields>({ defaultValues: EMPTY });

  async function submit({ email, password }: Fields) {
    setGeneral(null);
    setAsked(null);
    try {
      const change = await changeEmail({ email: email.trim(), ...(user.has_password ? { password } : {}) });
      if (change.changed) {
        session.changeUser(change.user);
        toast("Your address is changed. All other sign-ins have ended.");
        await client.invalidateQueries({ queryKey: ["sign-ins"] });
      } else {
        setAsked(email.trim());
      }
    } catch (error) {
      setGeneral(showRefusal(error, ["email", "password"], setError));
      return;
    }
    reset(EMPTY);
  }

  return (
    <form noValidate onSubmit={(event) => void handleSubmit(submit)(event)} className="card grid grid-cols-[minmax(0,1fr)] gap-4 p-4">
      <p className="text-ink-soft">
        You sign in with <strong className="break-all">{user.email}</strong>.{" "}
        {letters ? "A new address counts once you have opened the link in the letter that we send there." : "A new address counts at once."} All other sign-ins end
        then; API keys go on working.
      </p>
      {general && (
        <Note tone="bad" role="alert">
          {general}
        </Note>
      )}
      {asked && (
        <Note role="status">
          Open the link in the letter to <span className="break-all">{asked}</span>. Until then {user.email} stays your address.
        </Note>
      )}
      <div className="grid max-w-md gap-4">
        <TextField
          label="New e-mail address"
          type="email"
          inputMode="email"
          autoComplete="email"
          error={formState.errors.email?.message}
          {...register("email", { validate: (value) => value.trim() !== "" || "Write the new address." })}
        />
        {user.has_password && (
          <TextField
            label="Your password"
            type="password"
            autoComplete="current-password"
            error={formState.errors.password?.message}
            {...register("password", { validate: (value) => passwordProblem(value, 1) })}
          />
        )}
        <Button type="submit" busy={formState.isSubmitting} className="justify-self-start">
          Change the address
        </Button>
      </div>
    </form>
  );
}

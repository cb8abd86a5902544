// E-mail and password, for signing in, for registering and for the first administrator. Errors stand beside their field; the rule for
// passwords is told before it is broken.
import { useState } from "react";
import { useForm } from "react-hook-form";
import { emailProblem, passwordHint, passwordProblem, showRefusal } from "@/lib/forms";
import { session } from "@/lib/session";
import type { Credentials } from "@/lib/wire";
import { Button } from "@/ui/button";
import { TextField } from "@/ui/field";
import { Note } from "@/ui/notices";

export type CredentialsMode = "login" | "register" | "setup";

const ACTIONS: Record<CredentialsMode, string> = { login: "Sign in", register: "Create account", setup: "Create the administrator" };

interface CredentialsFormProps {
  mode: CredentialsMode;
  minPasswordCharacters: number;
  /** What lets somebody register: the code of an invitation, or of the set-up link. */
  token?: string | null;
}

export function CredentialsForm({ mode, minPasswordCharacters, token = null }: CredentialsFormProps) {
  const [general, setGeneral] = useState<string | null>(null);
  const { register, handleSubmit, setError, formState } = useForm<Credentials>({ defaultValues: { email: "", password: "" } });
  const isNew = mode !== "login";

  async function submit(credentials: Credentials) {
    setGeneral(null);
    try {
      await send(mode, { ...credentials, email: credentials.email.trim() }, token);
    } catch (error) {
      setGeneral(showRefusal(error, ["email", "password"], setError));
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
        label="E-mail"
        type="email"
        autoComplete="username"
        inputMode="email"
        error={formState.errors.email?.message}
        {...register("email", { validate: emailProblem })}
      />
      <TextField
        label="Password"
        type="password"
        autoComplete={isNew ? "new-password" : "current-password"}
        hint={isNew ? passwordHint(minPasswordCharacters) : undefined}
        error={formState.errors.password?.message}
        {...register("password", { validate: (value) => passwordProblem(value, isNew ? minPasswordCharacters : 1) })}
      />
      <Button type="submit" look="primary" busy={formState.isSubmitting}>
        {ACTIONS[mode]}
      </Button>
    </form>
  );
}

function send(mode: CredentialsMode, credentials: Credentials, token: string | null): Promise<void> {
  if (mode === "login") return session.signIn(credentials);
  if (mode === "setup") return session.setUp({ ...credentials, token: token ?? "" });
  return session.register(token === null ? credentials : { ...credentials, invitation: token });
}

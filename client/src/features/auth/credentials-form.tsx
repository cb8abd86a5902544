// E-mail and password, for signing in, for registering and for the first administrator. Errors stand beside their field; the rule for
// passwords is told before it is broken.
import { emailProblem, passwordHint, passwordProblem } from "@/lib/forms";
import { session } from "@/lib/session";
import type { Credentials } from "@/lib/wire";
import { TextField } from "@/ui/field";
import { RefusableForm } from "./refusable-form";

export type CredentialsMode = "login" | "register" | "setup";

const ACTIONS: Record<CredentialsMode, string> = { login: "Sign in", register: "Create account", setup: "Create the administrator" };

interface CredentialsFormProps {
  mode: CredentialsMode;
  minPasswordCharacters: number;
  /** What lets somebody register: the code of an invitation, or of the set-up link. */
  token?: string | null;
}

export function CredentialsForm({ mode, minPasswordCharacters, token = null }: CredentialsFormProps) {
  const isNew = mode !== "login";
  return (
    <RefusableForm<Credentials>
      start={{ email: "", password: "" }}
      names={["email", "password"]}
      action={ACTIONS[mode]}
      send={(credentials) => send(mode, { ...credentials, email: credentials.email.trim() }, token)}
    >
      {(register, errors) => (
        <>
          <TextField
            label="E-mail"
            type="email"
            autoComplete="username"
            inputMode="email"
            error={errors.email?.message}
            {...register("email", { validate: emailProblem })}
          />
          <TextField
            label="Password"
            type="password"
            autoComplete={isNew ? "new-password" : "current-password"}
            hint={isNew ? passwordHint(minPasswordCharacters) : undefined}
            error={errors.password?.message}
            {...register("password", { validate: (value) => passwordProblem(value, isNew ? minPasswordCharacters : 1) })}
          />
        </>
      )}
    </RefusableForm>
  );
}

function send(mode: CredentialsMode, credentials: Credentials, token: string | null): Promise<void> {
  if (mode === "login") return session.signIn(credentials);
  if (mode === "setup") return session.setUp({ ...credentials, token: token ?? "" });
  return session.register(token === null ? credentials : { ...credentials, invitation: token });
}

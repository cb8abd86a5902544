// E-mail and password, for signing in and for registering. Errors stand beside their field; the rule for passwords is told before it is broken.
import { useState } from "react";
import { useForm, type UseFormSetError } from "react-hook-form";
import { fieldErrors } from "@/lib/errors";
import { session } from "@/lib/session";
import { Button } from "@/ui/button";
import { TextField } from "@/ui/field";
import { Note } from "@/ui/notices";

export type CredentialsMode = "login" | "register";

interface Fields {
  email: string;
  password: string;
}

const FIELDS = ["email", "password"] as const;

export function CredentialsForm({ mode, minPasswordCharacters }: { mode: CredentialsMode; minPasswordCharacters: number }) {
  const [general, setGeneral] = useState<string | null>(null);
  const { register, handleSubmit, setError, formState } = useForm<Fields>({ defaultValues: { email: "", password: "" } });
  const isNew = mode === "register";

  async function submit(credentials: Fields) {
    setGeneral(null);
    try {
      await session.signIn(mode, { ...credentials, email: credentials.email.trim() });
    } catch (error) {
      setGeneral(showErrors(error, setError));
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
        {...register("email", {
          validate: (value) => /^\S+@\S+$/.test(value.trim()) || "Write your e-mail address, such as ada@example.org.",
        })}
      />
      <TextField
        label="Password"
        type="password"
        autoComplete={isNew ? "new-password" : "current-password"}
        hint={isNew ? `At least ${minPasswordCharacters} characters. A few words that you will remember are fine.` : undefined}
        error={formState.errors.password?.message}
        {...register("password", { validate: (value) => passwordProblem(value, isNew ? minPasswordCharacters : 1) })}
      />
      <Button type="submit" look="primary" busy={formState.isSubmitting}>
        {isNew ? "Create account" : "Sign in"}
      </Button>
    </form>
  );
}

function passwordProblem(value: string, least: number): true | string {
  const length = [...value].length;
  if (length === 0) return "Write your password.";
  return length >= least || `This has ${length} of at least ${least} characters.`;
}

/** Puts the server's refusal beside its field and focuses the first; returns what belongs to no field. */
function showErrors(error: unknown, setError: UseFormSetError<Fields>): string | null {
  const { fields, general } = fieldErrors(error, FIELDS);
  const first = FIELDS.find((name) => name in fields);
  for (const name of FIELDS) {
    const message = fields[name];
    if (message !== undefined) setError(name, { message }, { shouldFocus: name === first });
  }
  return general;
}

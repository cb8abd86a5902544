// Signing in and registering: one sentence of what this is, the form, Google where it is set up, and the way to the other screen.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { installationQuery, useLeastPassword } from "@/lib/installation";
import { CredentialsForm, type CredentialsMode } from "./credentials-form";
import { AuthFrame, WHAT_THIS_IS } from "./frame";
import { GoogleSignIn } from "./google-sign-in";

interface AuthScreenProps {
  mode: Exclude<CredentialsMode, "setup">;
  title: string;
  notice?: ReactNode;
  other: ReactNode;
  /** The code of an invitation. */
  invitation?: string | null;
}

export function AuthScreen({ mode, title, notice, other, invitation = null }: AuthScreenProps) {
  const { data: installation } = useQuery(installationQuery);
  const least = useLeastPassword();
  return (
    <AuthFrame title={title} lead={WHAT_THIS_IS}>
      {notice}
      <CredentialsForm mode={mode} token={invitation} minPasswordCharacters={least} />
      {installation?.google_sign_in && <GoogleSignIn invitation={invitation} />}
      <div className="grid gap-2 text-ink-soft">{other}</div>
    </AuthFrame>
  );
}

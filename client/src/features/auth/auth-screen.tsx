// The frame of both sign-in screens: one sentence of what this is, the form, and the way to the other screen.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { CredentialsForm, type CredentialsMode } from "./credentials-form";
import { GoogleSignIn } from "./google-sign-in";
import { installationQuery } from "./queries";
import { Icon } from "@/ui/icon";
import { useTitle } from "@/ui/page";

const LEAST_PASSWORD_CHARACTERS = 12;

export function AuthScreen({ mode, title, notice, other }: { mode: CredentialsMode; title: string; notice?: ReactNode; other: ReactNode }) {
  useTitle(title);
  const { data: installation } = useQuery(installationQuery);
  return (
    <main className="mx-auto grid min-h-dvh max-w-sm content-center gap-6 px-4 py-10">
      <header className="grid gap-2">
        <p className="flex items-center gap-2 text-base font-semibold">
          <Icon name="curve" className="size-5 text-accent" />
          LLM Tuner
        </p>
        <h1>{title}</h1>
        <p className="text-ink-soft">Teach a small language model from your own documents, on your own machine.</p>
      </header>
      {notice}
      <CredentialsForm mode={mode} minPasswordCharacters={installation?.min_password_characters ?? LEAST_PASSWORD_CHARACTERS} />
      {installation?.google_sign_in && <GoogleSignIn />}
      <p className="text-ink-soft">{other}</p>
    </main>
  );
}

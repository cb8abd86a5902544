import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { AuthScreen } from "@/features/auth/auth-screen";
import { installationQuery } from "@/lib/installation";
import { useSession, type EndReason } from "@/lib/session";
import type { Installation } from "@/lib/wire";
import { TextLink } from "@/ui/button";
import { Note } from "@/ui/notices";

const ENDED: Partial<Record<EndReason | "never", ReactNode>> = {
  expired: <Note role="status">Your session has ended. Sign in to go on where you were.</Note>,
  disabled: (
    <Note tone="bad" role="alert">
      This account was disabled by an administrator of this installation. Ask them why.
    </Note>
  ),
  deleted: <Note role="status">The account is deleted. Its data is being removed now.</Note>,
};

export function SignInPage() {
  const search = useSearch({ from: "/guest/sign-in" });
  const state = useSession();
  const { data: installation } = useQuery(installationQuery);
  return (
    <AuthScreen
      mode="login"
      title="Sign in"
      notice={search.reset ? <Note tone="good" role="status">Your new password is set. Sign in with it.</Note> : state.status === "signed-out" && ENDED[state.reason]}
      other={
        installation && (
          <>
            <Forgotten installation={installation} />
            <Register installation={installation} next={search.next} />
            {installation.set_up_open && <p>This installation has no administrator yet. The server has printed a link that makes one.</p>}
          </>
        )
      }
    />
  );
}

function Forgotten({ installation: { email_configured: letters } }: { installation: Installation }) {
  if (letters) {
    return (
      <p>
        <TextLink to="/forgot-password">Forgot your password?</TextLink>
      </p>
    );
  }
  return <p>Forgot your password? Ask whoever runs this installation for a link to choose a new one.</p>;
}

function Register({ installation: { registration }, next }: { installation: Installation; next: string | undefined }) {
  if (registration === "closed") return <p>New here? Nobody can register at this installation. Ask an administrator.</p>;
  if (registration === "invite") return <p>New here? Accounts are by invitation: ask an administrator for a link.</p>;
  return (
    <p>
      New here?{" "}
      <TextLink to="/register" search={next === undefined ? {} : { next }}>
        Create an account
      </TextLink>
    </p>
  );
}

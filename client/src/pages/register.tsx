// A new account: open to all, with an invitation, or not at all, as the installation has it.
import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { AuthScreen } from "@/features/auth/auth-screen";
import { AuthFrame } from "@/features/auth/frame";
import { installationQuery } from "@/lib/installation";
import { useLinkToken } from "@/lib/link-token";
import { LinkButton, TextLink } from "@/ui/button";
import { Note } from "@/ui/notices";

export function RegisterPage() {
  const search = useSearch({ from: "/guest/register" });
  const invitation = useLinkToken();
  const { data: installation } = useQuery(installationQuery);
  if (installation?.registration === "closed") {
    return <Shut>Nobody can register at this installation. Ask an administrator of it.</Shut>;
  }
  if (installation?.registration === "invite" && invitation === null) {
    return <Shut>Accounts here are by invitation. Open the link of yours, or ask an administrator of this installation for one.</Shut>;
  }
  return (
    <AuthScreen
      mode="register"
      title="Create an account"
      invitation={invitation}
      notice={invitation !== null && <Note>You are invited. The invitation works once; if it names an address, register with that one.</Note>}
      other={
        <p>
          You have an account?{" "}
          <TextLink to="/sign-in" search={search}>
            Sign in
          </TextLink>
        </p>
      }
    />
  );
}

function Shut({ children }: { children: ReactNode }) {
  return (
    <AuthFrame title="Create an account" lead={children}>
      <LinkButton to="/sign-in">Sign in</LinkButton>
    </AuthFrame>
  );
}

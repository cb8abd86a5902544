// The link that the server prints while nobody administers it: makes the first administrator, of a new account or of one's own.
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { BecomeAdministrator } from "@/features/auth/become-administrator";
import { CredentialsForm } from "@/features/auth/credentials-form";
import { AuthFrame } from "@/features/auth/frame";
import { installationQuery, useLeastPassword } from "@/lib/installation";
import { useLinkToken } from "@/lib/link-token";
import { useUser } from "@/lib/session";
import { LinkButton } from "@/ui/button";
import { Note } from "@/ui/notices";
import { CutLink } from "./cut-link";

export function SetUpPage() {
  const token = useLinkToken();
  const user = useUser();
  const least = useLeastPassword();
  const { data: installation, refetch } = useQuery(installationQuery);
  const navigate = useNavigate();
  const isAdministrator = user?.role === "admin";

  useEffect(() => {
    if (!isAdministrator) return;
    void refetch();
    void navigate({ to: "/admin", replace: true });
  }, [isAdministrator, navigate, refetch]);

  return (
    <AuthFrame title="Set up this installation" lead="The first administrator sees the users and the queue, and decides who may register.">
      {installation?.set_up_open === false ? (
        <>
          <Note role="status">This installation has an administrator already, so the link does nothing any more.</Note>
          <LinkButton to="/">Go to LLM Tuner</LinkButton>
        </>
      ) : token === null ? (
        <CutLink />
      ) : user ? (
        <BecomeAdministrator user={user} token={token} />
      ) : (
        <CredentialsForm mode="setup" token={token} minPasswordCharacters={least} />
      )}
    </AuthFrame>
  );
}

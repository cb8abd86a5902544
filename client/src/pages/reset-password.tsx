import { useNavigate } from "@tanstack/react-router";
import { AuthFrame } from "@/features/auth/frame";
import { ResetPasswordForm } from "@/features/auth/reset-password-form";
import { useLinkToken } from "@/lib/link-token";
import { session } from "@/lib/session";
import { TextLink } from "@/ui/button";
import { CutLink } from "./cut-link";

export function ResetPasswordPage() {
  const token = useLinkToken();
  const navigate = useNavigate();

  /** Whoever was signed in here is not any more; the page learns of it by signing out. */
  async function done() {
    if (session.state.get().status === "signed-in") await session.signOut().catch(() => undefined);
    await navigate({ to: "/sign-in", search: { reset: true }, replace: true });
  }

  return (
    <AuthFrame title="Choose a new password" lead="All sign-ins and API keys of the account end with the old one.">
      {token === null ? <CutLink /> : <ResetPasswordForm token={token} onDone={() => void done()} />}
      <p>
        <TextLink to="/sign-in">Back to signing in</TextLink>
      </p>
    </AuthFrame>
  );
}

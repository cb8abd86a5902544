import { useQuery } from "@tanstack/react-query";
import { ForgotPasswordForm } from "@/features/auth/forgot-password-form";
import { AuthFrame } from "@/features/auth/frame";
import { installationQuery } from "@/lib/installation";
import { TextLink } from "@/ui/button";
import { Failed, Loading, Note } from "@/ui/notices";

export function ForgotPasswordPage() {
  const { data: installation, error, isPending, refetch } = useQuery(installationQuery);
  return (
    <AuthFrame title="Forgot your password?" lead="You choose a new one, and everybody who is signed in with the old one is signed out.">
      {isPending ? (
        <Loading />
      ) : !installation ? (
        <Failed what="This screen" error={error} onRetry={() => void refetch()} />
      ) : installation.email_configured ? (
        <ForgotPasswordForm />
      ) : (
        <Note>
          This installation sends no e-mail. Ask whoever runs it: the command <code className="font-mono text-xs">scripts/reset_password</code> makes a link for you.
        </Note>
      )}
      <p>
        <TextLink to="/sign-in">Back to signing in</TextLink>
      </p>
    </AuthFrame>
  );
}

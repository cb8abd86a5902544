import { AuthFrame } from "@/features/auth/frame";
import { VerifyEmail } from "@/features/auth/verify-email";
import { useLinkToken } from "@/lib/link-token";
import { LinkButton } from "@/ui/button";
import { CutLink } from "./cut-link";

export function VerifyEmailPage() {
  const token = useLinkToken();
  return (
    <AuthFrame title="Confirm your e-mail address" lead="It lets you reset a forgotten password, and shows that the account is yours.">
      {token === null ? <CutLink /> : <VerifyEmail token={token} />}
      <LinkButton to="/">Go to LLM Tuner</LinkButton>
    </AuthFrame>
  );
}

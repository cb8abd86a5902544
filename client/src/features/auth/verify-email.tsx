// Confirms an address as soon as the link is opened.
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { getMe, verifyEmail } from "@/lib/api/account";
import { messageOf } from "@/lib/errors";
import { session } from "@/lib/session";
import { Loading, Note } from "@/ui/notices";

export function VerifyEmail({ token }: { token: string }) {
  const verify = useMutation({ mutationFn: verifyEmail, onSuccess: tellPage });
  const asked = useRef<string | null>(null);
  const { mutate } = verify;
  useEffect(() => {
    // Once: the token works once.
    if (asked.current === token) return;
    asked.current = token;
    mutate(token);
  }, [mutate, token]);

  if (verify.isError) {
    return (
      <Note tone="bad" role="alert">
        {messageOf(verify.error)}
      </Note>
    );
  }
  if (!verify.isSuccess) return <Loading what="Confirming your address" />;
  return (
    <Note tone="good" role="status">
      Your e-mail address is confirmed. Thank you.
    </Note>
  );
}

/** A page that is signed in shows the address as confirmed at once. */
async function tellPage(): Promise<void> {
  if (session.state.get().status === "signed-in") session.changeUser(await getMe());
}

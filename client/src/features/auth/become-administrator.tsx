// The set-up link, opened by somebody who is signed in.
import { useMutation } from "@tanstack/react-query";
import { becomeAdministrator } from "@/lib/api/account";
import { messageOf } from "@/lib/errors";
import { session } from "@/lib/session";
import type { User } from "@/lib/wire";
import { Button } from "@/ui/button";
import { Note } from "@/ui/notices";

export function BecomeAdministrator({ user, token }: { user: User; token: string }) {
  const become = useMutation({
    mutationFn: () => becomeAdministrator(token),
    onSuccess: (changed) => session.changeUser(changed),
  });
  return (
    <div className="grid gap-4">
      {become.error && (
        <Note tone="bad" role="alert">
          {messageOf(become.error)}
        </Note>
      )}
      <p>
        You are signed in as <strong className="break-all">{user.email}</strong>.
      </p>
      <Button look="primary" busy={become.isPending} onClick={() => become.mutate()}>
        Make me the administrator
      </Button>
    </div>
  );
}

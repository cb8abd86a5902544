// Somebody came with Google, and an account whose address nobody has verified is there already: theirs, or of somebody who took it before
// them. Its password tells which; without it, what was opened with that password ends.
import { useState, type FormEvent } from "react";
import { ApiError, messageOf } from "@/lib/errors";
import { session } from "@/lib/session";
import { Button } from "@/ui/button";
import { TextField } from "@/ui/field";
import { Note } from "@/ui/notices";

type Way = { password: string } | { take_over: true };

export function AccountExists({ code, onGiveUp }: { code: string; onGiveUp: () => void }) {
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState<{ field?: string; general?: string }>({});
  const [busy, setBusy] = useState(false);

  async function go(way: Way) {
    setBusy(true);
    setProblem({});
    try {
      await session.signInWithGoogle({ code, ...way });
    } catch (error) {
      setProblem(error instanceof ApiError && error.param === "password" ? { field: error.message } : { general: messageOf(error) });
      setBusy(false);
    }
  }

  function connect(event: FormEvent) {
    event.preventDefault();
    if (password === "") setProblem({ field: "Write the password of that account." });
    else void go({ password });
  }

  return (
    <section aria-label="An account exists" className="card grid gap-4 p-4">
      <div className="grid gap-1">
        <h2>There is an account with this e-mail already</h2>
        <p className="text-ink-soft">It was made with a password, and nobody has shown that the address is theirs.</p>
      </div>
      {problem.general && (
        <Note tone="bad" role="alert">
          {problem.general}
        </Note>
      )}
      <form noValidate onSubmit={connect} className="grid gap-4">
        <TextField
          label="Password of that account"
          type="password"
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          error={problem.field}
        />
        <Button type="submit" look="primary" busy={busy}>
          It is mine: connect it with Google
        </Button>
      </form>
      <div className="grid gap-2">
        <p className="text-ink-soft">You do not know the password? Then go on without. It stops working, and everybody who signed in with it is signed out.</p>
        <Button look="danger" busy={busy} onClick={() => void go({ take_over: true })}>
          Continue without the password
        </Button>
        <Button look="quiet" onClick={onGiveUp}>
          Back
        </Button>
      </div>
    </section>
  );
}

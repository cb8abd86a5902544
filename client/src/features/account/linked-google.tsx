// Accounts at Google that sign in to this one: connected by who is signed in here and gives the password, disconnected while another way stays.
import { useState, type FormEvent } from "react";
import { ApiError, messageOf } from "@/lib/errors";
import { problemInWords, visitGoogleToConnect, type GoogleVisit } from "@/lib/google";
import type { LinkedSignIn, User } from "@/lib/wire";
import { Button } from "@/ui/button";
import { TextField } from "@/ui/field";
import { Note } from "@/ui/notices";
import { ExactTime } from "@/ui/text";
import { toast, told } from "@/ui/toasts";
import { useLinkGoogle, useUnlinkSignIn } from "./queries";

/** `canConnect`: whether this installation knows a provider. */
export function LinkedGoogle({ user, linked, canConnect }: { user: User; linked: readonly LinkedSignIn[]; canConnect: boolean }) {
  const onlyWayIn = !user.has_password && linked.length === 1;
  return (
    <div className="card grid grid-cols-[minmax(0,1fr)] gap-4 p-4">
      {linked.length === 0 ? (
        <p className="text-ink-soft">Not connected. Once it is, you can sign in with Google as well.</p>
      ) : (
        <ul className="grid gap-3">
          {linked.map((one) => (
            <Row key={one.id} one={one} fixed={onlyWayIn} />
          ))}
        </ul>
      )}
      {onlyWayIn && <p className="text-ink-soft">It is the only way into your account. Set a password first if you want to disconnect it.</p>}
      {canConnect && linked.length === 0 && <Connect user={user} />}
    </div>
  );
}

function Row({ one, fixed }: { one: LinkedSignIn; fixed: boolean }) {
  const unlink = useUnlinkSignIn();
  const name = one.email || "Google";
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
      <div className="min-w-0">
        <p className="font-medium break-all">{name}</p>
        <p className="text-xs text-ink-soft">
          connected <ExactTime at={one.created_at} />
        </p>
      </div>
      {!fixed && (
        <Button
          busy={unlink.isPending}
          aria-label={`Disconnect ${name}`}
          onClick={() => void told(unlink.mutateAsync(one.id), `${name} is disconnected.`)}
        >
          Disconnect
        </Button>
      )}
    </li>
  );
}

interface Problem {
  field?: string;
  general?: string;
}

function Connect({ user }: { user: User }) {
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState<Problem>({});
  const [visit, setVisit] = useState<GoogleVisit | null>(null);
  // What the provider has answered stays good after a wrong password.
  const [code, setCode] = useState<string | null>(null);
  const link = useLinkGoogle();

  async function finish(answered: string) {
    try {
      await link.mutateAsync({ code: answered, ...(user.has_password ? { password } : {}) });
      toast("Google is connected.");
    } catch (error) {
      const wrongPassword = error instanceof ApiError && error.param === "password";
      setCode(wrongPassword ? answered : null);
      setProblem(wrongPassword ? { field: error.message } : { general: messageOf(error) });
    }
  }

  async function go() {
    setProblem({});
    if (code !== null) return finish(code);
    const started = visitGoogleToConnect();
    if (started === null) return setProblem({ general: "Your browser has blocked the window. Allow windows of this page, then try again." });
    setVisit(started);
    const answer = await started.answer;
    setVisit(null);
    if (answer.code === undefined) setProblem({ general: problemInWords(answer.problem ?? "") });
    else await finish(answer.code);
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    if (user.has_password && password === "") setProblem({ field: "Write your password." });
    else void go();
  }

  return (
    <form noValidate onSubmit={submit} className="grid max-w-md gap-4">
      {problem.general && (
        <Note tone="bad" role="alert">
          {problem.general}
        </Note>
      )}
      {visit && (
        <Note role="status">
          Finish in the window that has opened.{" "}
          <button type="button" className="link" onClick={visit.giveUp}>
            Give up
          </button>
        </Note>
      )}
      {user.has_password && (
        <TextField
          label="Your password, to connect"
          type="password"
          autoComplete="current-password"
          value={password}
          error={problem.field}
          onChange={(event) => setPassword(event.target.value)}
        />
      )}
      <Button type="submit" busy={visit !== null || link.isPending} className="justify-self-start">
        Connect with Google
      </Button>
    </form>
  );
}

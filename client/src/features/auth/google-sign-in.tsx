// The button that signs in at the provider, and what may follow: an answer that failed, or an account that has the address already.
import { useRouter } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { AccountExists } from "./account-exists";
import { ApiError, messageOf } from "@/lib/errors";
import { problemInWords, returnedAnswer, visitGoogle, type GoogleAnswer, type GoogleVisit } from "@/lib/google";
import { text } from "@/lib/search";
import { session } from "@/lib/session";
import { Button } from "@/ui/button";
import { Note } from "@/ui/notices";

type Stage = { at: "start"; problem?: string } | { at: "there"; visit: GoogleVisit } | { at: "finishing" } | { at: "exists"; code: string };

/** `invitation` is the code of one, for a new account where only the invited may register. */
export function GoogleSignIn({ invitation = null }: { invitation?: string | null }) {
  const [returned] = useState(() => returnedAnswer(window.location.hash));
  const [stage, setStage] = useState<Stage>(returned?.answer.code === undefined ? { at: "start" } : { at: "finishing" });
  const taken = useRef(false);
  const router = useRouter();

  async function take({ code, problem }: GoogleAnswer, invited: string | null) {
    if (code === undefined) {
      setStage({ at: "start", problem: problemInWords(problem ?? "") });
      return;
    }
    setStage({ at: "finishing" });
    try {
      await session.signInWithGoogle({ code, ...(invited === null ? {} : { invitation: invited }) });
    } catch (error) {
      const exists = error instanceof ApiError && error.code === "accounts.google_confirm";
      setStage(exists ? { at: "exists", code } : { at: "start", problem: messageOf(error) });
    }
  }

  useEffect(() => {
    if (returned === null || taken.current) return;
    taken.current = true;
    // The code must not stay in the address; and whoever wanted to go somewhere before still does.
    const search = text(Object.fromEntries(new URLSearchParams(returned.search)), "next");
    void router.navigate({ to: "/sign-in", search, replace: true }).then(() => take(returned.answer, returned.invitation));
  });

  function start() {
    const visit = visitGoogle({ search: window.location.search, invitation });
    if (visit === null) return;
    setStage({ at: "there", visit });
    void visit.answer.then((answer) => take(answer, invitation));
  }

  if (stage.at === "exists") return <AccountExists code={stage.code} onGiveUp={() => setStage({ at: "start" })} />;
  return (
    <div className="grid gap-3">
      {stage.at === "start" && stage.problem && (
        <Note tone="bad" role="alert">
          {stage.problem}
        </Note>
      )}
      {stage.at === "there" && (
        <Note role="status">
          Finish signing in in the window that has opened.{" "}
          <button type="button" className="link" onClick={stage.visit.giveUp}>
            Give up
          </button>
        </Note>
      )}
      <Button onClick={start} busy={stage.at === "there" || stage.at === "finishing"}>
        Continue with Google
      </Button>
    </div>
  );
}

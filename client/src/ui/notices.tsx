// What stands where there is nothing (yet): loading, empty, failed, not found. Each says what to do next.
import type { ReactNode } from "react";
import { isNotFound, messageOf } from "@/lib/errors";
import { Button, LinkButton } from "@/ui/button";
import { Icon, type IconName } from "@/ui/icon";
import { useTitle } from "@/ui/page";

/** Shows itself only when loading takes longer than 200 ms. */
export function Loading({ what = "Loading" }: { what?: string }) {
  return (
    <p role="status" className="appear-late flex items-center gap-2 py-8 text-ink-soft">
      <span className="size-4 animate-spin rounded-full border-2 border-current border-t-transparent" />
      {what}…
    </p>
  );
}

export function Empty({ title, children, action }: { title: string; children: ReactNode; action?: ReactNode }) {
  return (
    <div className="card grid justify-items-start gap-2 p-6">
      <h2>{title}</h2>
      <p className="max-w-prose text-ink-soft">{children}</p>
      {action && <div className="mt-2 flex flex-wrap gap-2">{action}</div>}
    </div>
  );
}

/** A failed load. A missing object gets a way back instead of "try again". */
export function Failed({ what, error, onRetry, back }: { what: string; error: unknown; onRetry: () => void; back?: ReactNode }) {
  if (isNotFound(error)) return <Missing what={what} action={back} />;
  return (
    <div role="alert" className="card grid justify-items-start gap-2 p-6">
      <h2 className="flex items-center gap-2">
        <Icon name="alert" className="size-5 text-bad" />
        {what} could not be loaded
      </h2>
      <p className="max-w-prose text-ink-soft">{messageOf(error)}</p>
      <Button icon="repeat" onClick={onRetry} className="mt-2">
        Try again
      </Button>
    </div>
  );
}

export function Missing({ what, action }: { what: string; action?: ReactNode }) {
  useTitle(`${what} is not here`);
  return (
    <div className="card grid justify-items-start gap-2 p-6">
      <h1>{what} is not here</h1>
      <p className="max-w-prose text-ink-soft">It may have been deleted, or the address has a mistake in it.</p>
      <div className="mt-2 flex flex-wrap gap-2">
        {action}
        <LinkButton to="/">Go to the start page</LinkButton>
      </div>
    </div>
  );
}

type Tone = "info" | "good" | "warn" | "bad";

const TONES: Record<Tone, { look: string; icon: IconName }> = {
  info: { look: "bg-accent-soft text-ink", icon: "info" },
  good: { look: "bg-good-soft text-good", icon: "check" },
  warn: { look: "bg-warn-soft text-warn", icon: "alert" },
  bad: { look: "bg-bad-soft text-bad", icon: "alert" },
};

export function Note({ tone = "info", role, children }: { tone?: Tone; role?: "alert" | "status"; children: ReactNode }) {
  const { look, icon } = TONES[tone];
  return (
    <div role={role} className={`flex gap-2 rounded-md px-3 py-2 ${look}`}>
      <Icon name={icon} className="mt-0.5 size-4" />
      <div className="min-w-0 flex-1">{children}</div>
    </div>
  );
}

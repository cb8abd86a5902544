// The look within a form: asked only on a press, because it takes seconds, and kept beside the form until the form changes.
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { messageOf } from "@/lib/errors";
import type { LookRequest } from "@/lib/wire";
import { Button } from "@/ui/button";
import { Loading, Note } from "@/ui/notices";
import { Section } from "@/ui/page";
import { LookView } from "./look-view";
import { lookQuery } from "./queries";

interface LookPanelProps {
  /** What the form asks about now; null while it is not complete. */
  request: LookRequest | null;
  /** Changes when the look would be another one, though the request is the same until it is prepared. */
  about?: string;
  /** Makes the request ready to be sent, when something has to exist on the server first. */
  prepare?: (request: LookRequest) => Promise<LookRequest>;
  override?: ReactNode;
  /** The way to the look's own page. */
  link?: (asked: LookRequest) => ReactNode;
}

export function LookPanel({ request, about = "", prepare, override, link }: LookPanelProps) {
  const [asked, setAsked] = useState<{ form: string; request: LookRequest } | null>(null);
  const [preparing, setPreparing] = useState(false);
  const [unprepared, setUnprepared] = useState<unknown>(null);
  const look = useQuery({ ...lookQuery(asked?.request ?? { base_model: "" }), enabled: asked !== null });
  const now = request === null ? null : JSON.stringify([request, about]);
  const stale = asked !== null && asked.form !== now;
  const error = unprepared ?? (stale ? null : look.error);

  async function ask() {
    if (request === null || now === null) return;
    setUnprepared(null);
    setPreparing(true);
    try {
      setAsked({ form: now, request: prepare ? await prepare(request) : request });
      if (!stale && look.isError) void look.refetch();
    } catch (reason) {
      setUnprepared(reason);
    } finally {
      setPreparing(false);
    }
  }

  const busy = preparing || look.isFetching;
  return (
    <Section title="What the model will see" aside={asked && look.data && !stale && link?.(asked.request)}>
      {request === null ? (
        <p className="text-ink-soft">Choose a document and a base model, and this shows their first examples token by token.</p>
      ) : (
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <Button icon="eye" busy={busy} onClick={() => void ask()}>
            {asked === null ? "Look" : "Look again"}
          </Button>
          <p className="text-ink-soft">
            {stale && !busy ? "The form has changed since the last look." : "Exact tokens, lengths, duplicates and leakage. It takes some seconds."}
          </p>
        </div>
      )}
      {busy && <Loading what="The data goes through the model's tokenizer" />}
      {error !== null && !busy && (
        <Note tone="bad" role="alert">
          {messageOf(error)}
        </Note>
      )}
      {look.data && !stale && !busy && <LookView look={look.data} override={override} />}
    </Section>
  );
}

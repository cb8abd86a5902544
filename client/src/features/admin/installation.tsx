// The installation: who may register, what is set up, and its limits.
import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { messageOf } from "@/lib/errors";
import { bytes } from "@/lib/format";
import type { Administration, RegistrationMode } from "@/lib/wire";
import { Button } from "@/ui/button";
import { Failed, Loading, Note } from "@/ui/notices";
import { Section } from "@/ui/page";
import { Badge, Facts, SettingNames } from "@/ui/text";
import { toast } from "@/ui/toasts";
import { administrationQuery, useChooseRegistration } from "./queries";

const MODES: readonly { mode: RegistrationMode; label: string; means: string }[] = [
  { mode: "open", label: "Everybody", means: "Whoever reaches this page can make an account." },
  { mode: "invite", label: "The invited", means: "It takes an invitation of an administrator." },
  { mode: "closed", label: "Nobody", means: "No new accounts, not even by invitation." },
];

export function InstallationPanel() {
  const query = useQuery(administrationQuery);
  if (query.isPending) return <Loading what="Loading the installation" />;
  if (!query.data) return <Failed what="The installation" error={query.error} onRetry={() => void query.refetch()} />;
  const installation = query.data;
  return (
    <>
      <Section title="Who may register">
        <Registration installation={installation} />
      </Section>
      <Section title="Connections">
        <div className="grid gap-4 lg:grid-cols-2">
          <Connection name="Signing in with Google" missing={installation.missing_google_settings} without="The button is not shown." />
          <Connection
            name="E-mail"
            missing={installation.missing_email_settings}
            without="Nobody can reset a forgotten password by a letter, confirm an address or be told of a job by e-mail. Use scripts/reset_password."
          />
        </div>
      </Section>
      <Section title="Limits">
        <div className="card p-4">
          <Facts
            facts={[
              ["Largest upload", bytes(installation.max_upload_bytes)],
              ["Storage a user", installation.user_quota_bytes > 0 ? bytes(installation.user_quota_bytes) : "no limit"],
              ["Free on the disk", bytes(installation.free_bytes)],
              ["Kept free", bytes(installation.min_free_bytes)],
              ["Version", installation.version],
            ]}
          />
        </div>
      </Section>
    </>
  );
}

function Registration({ installation: { registration, registration_default: standard } }: { installation: Administration }) {
  const [chosen, setChosen] = useState(registration);
  const choose = useChooseRegistration();

  function save(event: FormEvent) {
    event.preventDefault();
    choose.mutate(chosen, { onSuccess: () => toast("Your choice holds from now on.") });
  }

  return (
    <form onSubmit={save} className="card grid grid-cols-[minmax(0,1fr)] gap-4 p-4">
      {choose.error && (
        <Note tone="bad" role="alert">
          {messageOf(choose.error)}
        </Note>
      )}
      <fieldset className="grid gap-1">
        <legend className="sr-only">Who may register</legend>
        {MODES.map(({ mode, label, means }) => (
          <label key={mode} className="target flex items-start gap-3 py-1">
            <input
              type="radio"
              name="registration"
              className="mt-1 size-4 shrink-0"
              value={mode}
              checked={chosen === mode}
              onChange={() => setChosen(mode)}
            />
            <span className="min-w-0">
              <span className="font-medium">{label}</span>
              {mode === standard && <span className="text-xs text-ink-soft"> (the server's setting)</span>}
              <span className="block text-ink-soft">{means}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {chosen === "closed" && <Note>Invitations that are open do not work meanwhile.</Note>}
      <Button type="submit" busy={choose.isPending} className="justify-self-start">
        Save
      </Button>
    </form>
  );
}

function Connection({ name, missing, without }: { name: string; missing: readonly string[]; without: string }) {
  const ready = missing.length === 0;
  return (
    <section aria-label={name} className="card grid content-start gap-2 p-4">
      <h3 className="flex flex-wrap items-center gap-2">
        {name}
        {ready ? (
          <Badge tone="good" icon="check">
            set up
          </Badge>
        ) : (
          <Badge icon="cross">not set up</Badge>
        )}
      </h3>
      {!ready && (
        <>
          <p className="text-ink-soft">{without}</p>
          <p>
            The operator has to set <SettingNames names={missing} />, and start the server again.
          </p>
        </>
      )}
    </section>
  );
}

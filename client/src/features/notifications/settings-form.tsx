// How a person wants to be told that a job ended.
import { useEffect, useState, type FormEvent, type ReactNode } from "react";
import { fieldErrors } from "@/lib/errors";
import { useStore } from "@/lib/store";
import type { EndState, NotificationChoice, NotificationSettings } from "@/lib/wire";
import { Button } from "@/ui/button";
import { FieldError, TextField } from "@/ui/field";
import { Note } from "@/ui/notices";
import { SettingNames } from "@/ui/text";
import { toast } from "@/ui/toasts";
import { askPermission, lookAgain, permission } from "./browser";
import { useChangeSettings } from "./queries";
import { SecretNote } from "./webhook-secret";

const ENDS: readonly { state: EndState; label: string }[] = [
  { state: "succeeded", label: "succeeds" },
  { state: "failed", label: "fails" },
  { state: "cancelled", label: "is cancelled" },
];

export function SettingsForm({ settings }: { settings: NotificationSettings }) {
  const [choice, setChoice] = useState<NotificationChoice>(() => choiceOf(settings));
  const save = useChangeSettings();
  const refused = save.error ? fieldErrors(save.error, ["webhook_url"]) : null;
  const change = (next: Partial<NotificationChoice>) => setChoice({ ...choice, ...next });

  function submit(event: FormEvent) {
    event.preventDefault();
    const url = choice.webhook_url?.trim();
    save.mutate({ ...choice, webhook_url: url ? url : null }, { onSuccess: () => toast("Your choice is saved.") });
  }

  return (
    <form noValidate onSubmit={submit} className="card grid grid-cols-[minmax(0,1fr)] gap-5 p-4">
      <fieldset className="grid grid-cols-[minmax(0,1fr)] gap-1">
        <legend className="mb-1 font-medium">Tell me when a job</legend>
        <div className="flex flex-wrap gap-x-6">
          {ENDS.map(({ state, label }) => (
            <Tick key={state} checked={choice.states.includes(state)} onChange={(on) => change({ states: withState(choice.states, state, on) })}>
              {label}
            </Tick>
          ))}
        </div>
      </fieldset>
      <fieldset className="grid grid-cols-[minmax(0,1fr)] gap-3">
        <legend className="mb-1 font-medium">By</legend>
        <Way>
          <Tick checked={choice.browser} onChange={(browser) => change({ browser })}>
            this browser, while the page is open
          </Tick>
          {choice.browser && <BrowserState />}
        </Way>
        <Way>
          <Tick checked={choice.email} disabled={settings.email_missing.length > 0 && !choice.email} onChange={(email) => change({ email })}>
            e-mail to {settings.email_address}
          </Tick>
          {settings.email_missing.length > 0 && (
            <Note tone={choice.email ? "warn" : "info"}>
              E-mail is not set up on this server. Its operator has to set <SettingNames names={settings.email_missing} />.
            </Note>
          )}
        </Way>
        <TextField
          label="a webhook at this address"
          type="url"
          inputMode="url"
          placeholder="https://example.org/hooks/llm-tuner"
          hint="A signed POST after the Standard Webhooks specification. Empty for none."
          value={choice.webhook_url ?? ""}
          error={refused?.fields.webhook_url}
          onChange={(event) => change({ webhook_url: event.target.value })}
        />
        {choice.webhook_url && (
          <Tick checked={choice.webhook_format === "openai"} onChange={(on) => change({ webhook_format: on ? "openai" : "llm_tuner" })}>
            written as OpenAI writes its own (<code>fine_tuning.job.succeeded</code>), for programs that use its client
          </Tick>
        )}
      </fieldset>
      {refused?.general && <FieldError id="notifications-error">{refused.general}</FieldError>}
      <Button type="submit" look="primary" busy={save.isPending} className="justify-self-start">
        Save
      </Button>
      {save.data?.webhook_secret && <SecretNote secret={save.data.webhook_secret} />}
    </form>
  );
}

function Way({ children }: { children: ReactNode }) {
  return <div className="grid grid-cols-[minmax(0,1fr)] gap-1">{children}</div>;
}

interface TickProps {
  checked: boolean;
  disabled?: boolean;
  onChange: (checked: boolean) => void;
  children: ReactNode;
}

function Tick({ checked, disabled, onChange, children }: TickProps) {
  return (
    <label className={`target flex min-w-0 items-center gap-2 ${disabled ? "text-ink-soft" : ""}`}>
      <input type="checkbox" className="size-4 shrink-0" checked={checked} disabled={disabled} onChange={(event) => onChange(event.target.checked)} />
      <span className="min-w-0 break-words">{children}</span>
    </label>
  );
}

/** Whether this browser lets us, and what to do when it does not. */
function BrowserState() {
  const state = useStore(permission);
  useEffect(lookAgain, []);
  if (state === "granted") return null;
  if (state === "unsupported") return <Note tone="warn">This browser shows none here: that takes an address with https, or localhost, and a browser that can.</Note>;
  if (state === "denied") return <Note tone="warn">This browser was told to show none of this page. Allow notifications in its settings for this page.</Note>;
  return (
    <Note>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p>This browser has not been asked yet.</p>
        <Button icon="bell" onClick={() => void askPermission()}>
          Allow notifications
        </Button>
      </div>
    </Note>
  );
}

function choiceOf({ email, browser, webhook_url, webhook_format, states }: NotificationSettings): NotificationChoice {
  return { email, browser, webhook_url, webhook_format, states };
}

function withState(states: readonly EndState[], state: EndState, on: boolean): EndState[] {
  const others = states.filter((one) => one !== state);
  return on ? [...others, state] : others;
}

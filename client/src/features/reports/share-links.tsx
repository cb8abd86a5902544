// Links that show a report to whoever has them, until they expire or are revoked.
import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { messageOf } from "@/lib/errors";
import { count } from "@/lib/format";
import type { Report } from "@/lib/wire";
import { Button } from "@/ui/button";
import { FieldError, SelectField } from "@/ui/field";
import { Note } from "@/ui/notices";
import { Section } from "@/ui/page";
import { Badge, CopyButton, ExactTime } from "@/ui/text";
import { told } from "@/ui/toasts";
import { sharesQuery, useCreateShare, useRevokeShare } from "./queries";

const DAYS: readonly (readonly [days: number, words: string])[] = [
  [1, "a day"],
  [7, "a week"],
  [30, "30 days"],
  [90, "90 days"],
  [365, "a year"],
];

export function ShareLinks({ report }: { report: Report }) {
  const [days, setDays] = useState(30);
  const shares = useQuery(sharesQuery(report.id));
  const create = useCreateShare(report.id);
  const links = shares.data?.data ?? [];

  function share(event: FormEvent) {
    event.preventDefault();
    create.mutate(days);
  }

  return (
    <Section title="Share it">
      <div className="card grid grid-cols-[minmax(0,1fr)] gap-4 p-4">
        <form onSubmit={share} className="flex flex-wrap items-end gap-3">
          <div className="w-40">
            <SelectField label="The link holds for" value={days} onChange={(event) => setDays(Number(event.target.value))}>
              {DAYS.map(([value, words]) => (
                <option key={value} value={value}>
                  {words}
                </option>
              ))}
            </SelectField>
          </div>
          <Button type="submit" icon="link" busy={create.isPending}>
            Make a link
          </Button>
          <p className="text-xs text-ink-soft">Whoever has the link sees this report, without an account, and nothing else.</p>
        </form>
        {create.isError && <FieldError id="share-error">{messageOf(create.error)}</FieldError>}
        {create.data && (
          <Note tone="good" role="status">
            <p>Copy the link now; it is shown only this once.</p>
            <p className="flex flex-wrap items-center gap-2">
              <code className="font-mono text-xs break-all">{create.data.url}</code>
              <CopyButton text={create.data.url} label="Copy the link" />
            </p>
          </Note>
        )}
        {links.length > 0 && (
          <ul aria-label="Links to this report" className="divide-y divide-line">
            {links.map((link, index) => (
              <Link key={link.id} report={report} number={links.length - index} link={link} onRevoked={() => create.data?.id === link.id && create.reset()} />
            ))}
          </ul>
        )}
      </div>
    </Section>
  );
}

interface LinkProps {
  report: Report;
  number: number;
  link: { id: string; created_at: string; expires_at: string; expired: boolean };
  onRevoked: () => void;
}

function Link({ report, number, link, onRevoked }: LinkProps) {
  const revoke = useRevokeShare(report.id);

  const revokeIt = () => told(revoke.mutateAsync(link.id).then(onRevoked), "The link opens nothing any more.");

  return (
    <li className="flex flex-wrap items-center justify-between gap-2 py-1">
      <p>
        Link {count(number)}, {link.expired ? "held" : "holds"} until <ExactTime at={link.expires_at} /> {link.expired && <Badge>expired</Badge>}
      </p>
      <Button
        look="danger"
        icon="trash"
        busy={revoke.isPending}
        onClick={() => void revokeIt()}
      >
        Revoke<span className="sr-only"> link {count(number)}</span>
      </Button>
    </li>
  );
}

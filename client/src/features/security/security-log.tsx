// What was done with an account, or with all of them, newest first.
import { useInfiniteQuery } from "@tanstack/react-query";
import type { SecurityEvent } from "@/lib/wire";
import { Icon } from "@/ui/icon";
import { MoreButton } from "@/ui/more";
import { Failed, Loading } from "@/ui/notices";
import { TimeAgo } from "@/ui/text";
import type { mySecurityLogQuery } from "./queries";
import { EVENTS, markOf } from "./words";

const COLOURS = { neutral: "text-ink-soft", accent: "text-accent", good: "text-good", warn: "text-warn", bad: "text-bad" };

export function SecurityLog({ log }: { log: typeof mySecurityLogQuery }) {
  const events = useInfiniteQuery(log);
  if (events.isPending) return <Loading what="Loading the log" />;
  if (!events.data) return <Failed what="The security log" error={events.error} onRetry={() => void events.refetch()} />;
  if (events.data.length === 0) return <p className="text-ink-soft">Nothing in the last 90 days.</p>;
  return (
    <>
      <ul className="card divide-y divide-line overflow-hidden">
        {events.data.map((event) => (
          <Entry key={event.id} event={event} />
        ))}
      </ul>
      <MoreButton query={events} />
    </>
  );
}

function Entry({ event: { kind, at, address, device, detail, email } }: { event: SecurityEvent }) {
  const { tone, icon } = markOf(kind);
  const from = [email, address, device].filter(Boolean).join(" · ");
  return (
    <li className="grid gap-x-4 gap-y-1 px-4 py-2.5 md:grid-cols-[minmax(0,1fr)_9rem] md:items-center">
      <div className="flex min-w-0 gap-2">
        <Icon name={icon} className={`mt-0.5 size-4 ${COLOURS[tone]}`} />
        <div className="min-w-0">
          <p className="break-words">
            {EVENTS[kind]}
            {detail && <span className="text-ink-soft">: {detail}</span>}
          </p>
          <p className="text-xs break-words text-ink-soft">{from}</p>
        </div>
      </div>
      <p className="pl-6 text-xs text-ink-soft md:pl-0 md:text-right">
        <TimeAgo at={at} />
      </p>
    </li>
  );
}

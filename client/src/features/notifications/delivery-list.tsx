// What was sent lately, and what became of it.
import { counted } from "@/lib/format";
import type { Delivery } from "@/lib/wire";
import { TextLink } from "@/ui/button";
import { Badge, ExactTime, TimeAgo } from "@/ui/text";
import { CHANNELS, DELIVERY_STATES, EVENTS } from "./words";

export function DeliveryList({ deliveries }: { deliveries: readonly Delivery[] }) {
  return (
    <ul className="card divide-y divide-line overflow-hidden">
      {deliveries.map((delivery) => (
        <li key={delivery.id} className="grid gap-x-4 gap-y-1 px-4 py-3 md:grid-cols-[minmax(0,1fr)_8rem_9rem] md:items-center">
          <div className="min-w-0">
            <p className="break-words">
              {CHANNELS[delivery.channel]}: <What delivery={delivery} />
            </p>
            <p className="text-xs break-words text-ink-soft">
              {delivery.message} {delivery.num_attempts > 1 && `${counted(delivery.num_attempts, "attempt")}. `}
              {delivery.next_attempt_at && (
                <>
                  Next attempt: <ExactTime at={delivery.next_attempt_at} />.
                </>
              )}
            </p>
          </div>
          <StateOf delivery={delivery} />
          <p className="text-xs text-ink-soft md:text-right">
            <TimeAgo at={delivery.created_at} />
          </p>
        </li>
      ))}
    </ul>
  );
}

function What({ delivery: { event, job_id, job_name } }: { delivery: Delivery }) {
  if (job_id === null) return EVENTS[event];
  return (
    <>
      <TextLink to="/jobs/$jobId" params={{ jobId: job_id }}>
        {job_name}
      </TextLink>{" "}
      {EVENTS[event]}
    </>
  );
}

function StateOf({ delivery }: { delivery: Delivery }) {
  const { word, tone, icon } = DELIVERY_STATES[delivery.state];
  return (
    <div>
      <Badge tone={tone} icon={icon}>
        {word}
      </Badge>
    </div>
  );
}

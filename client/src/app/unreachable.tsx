// A quiet line while the server does not answer. What is on the screen stays.
import { useNow } from "@/lib/clock";
import { connection, probe } from "@/lib/connection";
import { useStore } from "@/lib/store";
import { Button } from "@/ui/button";
import { Note } from "@/ui/notices";

export function UnreachableBanner() {
  const { reachable, nextTryAt } = useStore(connection);
  if (reachable) return null;
  return (
    <div className="mb-4">
      <Note tone="warn">
        <div className="flex flex-wrap items-center justify-between gap-2">
          <p>
            <span role="status">The server does not answer. What you see may be old; nothing you started is lost.</span>{" "}
            {nextTryAt !== null && <Countdown until={nextTryAt} />}
          </p>
          <Button onClick={() => void probe()}>Try now</Button>
        </div>
      </Note>
    </div>
  );
}

function Countdown({ until }: { until: number }) {
  const seconds = Math.ceil((until - useNow()) / 1000);
  return <>{seconds > 0 ? `Trying again in ${seconds} s.` : "Trying again…"}</>;
}

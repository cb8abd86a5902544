// What is seen while it is not known yet who is signed in; usually nothing, for a moment.
import { connection } from "@/lib/connection";
import { useStore } from "@/lib/store";
import { UnreachableBanner } from "@/app/unreachable";
import { Loading } from "@/ui/notices";

export function Starting() {
  const { reachable } = useStore(connection);
  return (
    <main className="mx-auto max-w-xl p-6">
      <UnreachableBanner />
      {reachable && <Loading what="Looking for your session" />}
    </main>
  );
}

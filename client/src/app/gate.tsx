// Who may see which screen: signed-in people see the shell, guests see the sign-in screens.
import { Outlet, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { Shell } from "@/app/shell";
import { Starting } from "@/app/starting";
import { connection } from "@/lib/connection";
import { safeNext } from "@/lib/search";
import { session, useSession } from "@/lib/session";
import { useStore } from "@/lib/store";

/** Finds out who is signed in; once more whenever the server comes back. */
function useStartedSession() {
  const state = useSession();
  const { reachable } = useStore(connection);
  useEffect(() => {
    // A failure shows in `connection`, and its probe brings us back here.
    if (reachable) session.start().catch(() => undefined);
  }, [reachable]);
  return state;
}

/** The screens of a signed-in person; others are led to sign in and back again. */
export function Gate() {
  const state = useStartedSession();
  const router = useRouter();
  const signedOutBecause = state.status === "signed-out" ? state.reason : null;
  // Once for each change, and not by rendering: while the way leads there, this is rendered again at the next address.
  useEffect(() => {
    if (signedOutBecause === null) return;
    const { href } = router.latestLocation;
    const comesBack = signedOutBecause === "never" || signedOutBecause === "expired";
    const search = href === "/" || !comesBack ? {} : { next: href };
    void router.navigate({ to: "/sign-in", search, replace: true });
  }, [router, signedOutBecause]);

  if (state.status !== "signed-in") return <Starting />;
  return (
    <Shell user={state.user}>
      <Outlet />
    </Shell>
  );
}

/** Screens of one-time links: for anybody, signed in or not. */
export function Anybody() {
  return useStartedSession().status === "starting" ? <Starting /> : <Outlet />;
}

/** The sign-in screens; who is signed in already goes where they wanted to go. */
export function Guest() {
  const state = useStartedSession();
  const router = useRouter();
  const signedIn = state.status === "signed-in";
  useEffect(() => {
    if (!signedIn) return;
    const { next } = router.latestLocation.search as { next?: string };
    router.history.replace(safeNext(next));
  }, [router, signedIn]);

  return state.status === "signed-out" ? <Outlet /> : <Starting />;
}

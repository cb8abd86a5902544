// The frame around every screen of a signed-in person: a sidebar on wide screens, a top and a bottom bar on narrow ones.
import { Link, useLocation } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef, useState, type ReactNode } from "react";
import { useKeyboard } from "@/app/keyboard";
import { ShortcutsDialog } from "@/app/shortcuts-dialog";
import { ThemeSwitch } from "@/app/theme-switch";
import { UnreachableBanner } from "@/app/unreachable";
import { messageOf } from "@/lib/errors";
import { session } from "@/lib/session";
import type { User } from "@/lib/wire";
import { IconButton, IconLink, LinkButton } from "@/ui/button";
import { Icon, type IconName } from "@/ui/icon";
import { toast } from "@/ui/toasts";

/** Shows nothing, so the first screen does not wait for it. */
const JobEndings = lazy(async () => ({ default: (await import("@/features/notifications/job-endings")).JobEndings }));

interface Placed {
  to: "/" | "/llm-training" | "/jobs" | "/documents" | "/models" | "/reports";
  label: string;
  icon: IconName;
}

const PLACES: readonly Placed[] = [
  { to: "/", label: "Home", icon: "home" },
  { to: "/llm-training", label: "Guided", icon: "path" },
  { to: "/jobs", label: "Jobs", icon: "curve" },
  { to: "/documents", label: "Documents", icon: "file" },
  { to: "/models", label: "Models", icon: "cube" },
];
/** A narrow screen has no room for more at its foot, so there it is in the menu. */
const REPORTS: Placed = { to: "/reports", label: "Reports", icon: "report" };

export function Shell({ user, children }: { user: User; children: ReactNode }) {
  const [helpOpen, setHelpOpen] = useState(false);
  useKeyboard(() => setHelpOpen(true));
  return (
    <div className="md:grid md:min-h-dvh md:grid-cols-[13rem_minmax(0,1fr)]">
      <a href="#main" className="card sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:px-4 focus:py-3">
        Skip to the content
      </a>
      <aside className="sticky top-0 hidden h-dvh flex-col gap-6 border-r border-line bg-card p-4 md:flex">
        <Brand />
        <LinkButton to="/jobs/new" icon="plus">
          New job
        </LinkButton>
        <nav aria-label="Main" className="grid gap-1">
          {[...PLACES, REPORTS].map((place) => (
            <Place key={place.to} {...place} className="flex items-center gap-2.5 px-3 py-2" />
          ))}
        </nav>
        <div className="mt-auto grid gap-3">
          <ThemeSwitch />
          <Account user={user} onHelp={() => setHelpOpen(true)} />
        </div>
      </aside>
      <div className="min-w-0">
        <header className="flex items-center justify-between border-b border-line bg-card px-4 py-1 md:hidden">
          <Brand />
          <MobileMenu user={user} />
        </header>
        <Main>{children}</Main>
      </div>
      <nav aria-label="Main" className="fixed inset-x-0 bottom-0 z-40 grid grid-cols-5 border-t border-line bg-card pb-[env(safe-area-inset-bottom)] md:hidden">
        {PLACES.map((place) => (
          <Place key={place.to} {...place} className="grid min-h-14 place-items-center content-center gap-0.5 text-xs" />
        ))}
      </nav>
      <Suspense fallback={null}>
        <JobEndings />
      </Suspense>
      <ShortcutsDialog open={helpOpen} onClose={() => setHelpOpen(false)} />
    </div>
  );
}

/** After a change of screen the keyboard starts at the content, as it would after loading a page. */
function Main({ children }: { children: ReactNode }) {
  const ref = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const last = useRef(pathname);
  useEffect(() => {
    if (last.current !== pathname) ref.current?.focus({ preventScroll: true });
    last.current = pathname;
  }, [pathname]);
  return (
    <main id="main" ref={ref} tabIndex={-1} className="mx-auto max-w-6xl px-4 pt-5 pb-24 outline-none md:px-8 md:py-8">
      <UnreachableBanner />
      {children}
    </main>
  );
}

function Brand() {
  return (
    <Link to="/" className="target inline-flex items-center gap-2 text-base font-semibold">
      <Icon name="curve" className="size-5 text-accent" />
      LLM Tuner
    </Link>
  );
}

const HERE = "!text-accent-strong md:bg-accent-soft";

function Place({ to, label, icon, className }: Placed & { className: string }) {
  const { pathname } = useLocation();
  // Datasets are a tab beside the documents.
  const inside = to === "/documents" && pathname.startsWith("/datasets");
  return (
    <Link
      to={to}
      activeOptions={{ exact: to === "/", includeSearch: false }}
      className={`rounded-md font-medium text-ink-soft hover:bg-hover hover:text-ink ${className} ${inside ? HERE : ""}`}
      activeProps={{ className: HERE }}
    >
      <Icon name={icon} className="size-5" />
      {label}
    </Link>
  );
}

async function signOut(): Promise<void> {
  try {
    await session.signOut();
  } catch (error) {
    toast(`You are still signed in. ${messageOf(error)}`, "failed");
  }
}

function Account({ user, onHelp }: { user: User; onHelp: () => void }) {
  return (
    <div className="grid gap-1">
      <p className="truncate text-xs text-ink-soft" title={user.email}>
        {user.email}
      </p>
      <div className="-ml-2 flex">
        <IconLink to="/settings" icon="sliders" label="Settings" />
        {user.role === "admin" && <IconLink to="/admin" icon="shield" label="Administration" />}
        <IconButton icon="leave" label="Sign out" onClick={() => void signOut()} />
        <IconButton icon="help" label="Keyboard shortcuts" onClick={onHelp} />
      </div>
    </div>
  );
}

/** What has no room elsewhere on narrow screens. */
function MobileMenu({ user }: { user: User }) {
  return (
    <details className="relative">
      <summary className="target flex min-w-11 items-center gap-2 px-2 font-medium">Menu</summary>
      <div className="card absolute right-0 z-50 grid w-64 gap-3 p-4 shadow-lg">
        <p className="text-xs break-all text-ink-soft">{user.email}</p>
        <ThemeSwitch />
        <Link to={REPORTS.to} className="target flex items-center gap-2 font-medium">
          <Icon name={REPORTS.icon} />
          {REPORTS.label}
        </Link>
        <Link to="/settings" className="target flex items-center gap-2 font-medium">
          <Icon name="sliders" />
          Settings
        </Link>
        {user.role === "admin" && (
          <Link to="/admin" className="target flex items-center gap-2 font-medium">
            <Icon name="shield" />
            Administration
          </Link>
        )}
        <button type="button" className="target flex items-center gap-2 font-medium" onClick={() => void signOut()}>
          <Icon name="leave" />
          Sign out
        </button>
      </div>
    </details>
  );
}

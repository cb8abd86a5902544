// Every address of the page. Screens are loaded when they are first visited, or in a quiet moment before.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet } from "@tanstack/react-router";
import { Gate, Guest } from "@/app/gate";
import { PageCrashed } from "@/app/crashed";
import { NotFoundPage } from "@/pages/not-found";
import { jobState, text } from "@/lib/search";

const screens = {
  signIn: () => import("@/pages/sign-in"),
  register: () => import("@/pages/register"),
  home: () => import("@/pages/home"),
  documents: () => import("@/pages/documents"),
  document: () => import("@/pages/document"),
  datasets: () => import("@/pages/datasets"),
  look: () => import("@/pages/look"),
  newJob: () => import("@/pages/new-job"),
  jobs: () => import("@/pages/jobs"),
  job: () => import("@/pages/job"),
  models: () => import("@/pages/models"),
  model: () => import("@/pages/model"),
  settings: () => import("@/pages/settings"),
  chart: () => import("@/features/jobs/loss-chart"),
};

/** Fetches what was not visited yet, so that screens open at once, and open at all while the server is away. */
export function fetchScreens(): void {
  for (const load of Object.values(screens)) load().catch(() => undefined);
}

const rootRoute = createRootRoute({ component: Outlet, notFoundComponent: NotFoundPage });

const guest = createRoute({ getParentRoute: () => rootRoute, id: "guest", component: Guest });
const next = (search: Record<string, unknown>): { next?: string } => ({ ...text(search, "next") });
const signIn = createRoute({
  getParentRoute: () => guest,
  path: "/sign-in",
  validateSearch: next,
  component: lazyRouteComponent(screens.signIn, "SignInPage"),
});
const register = createRoute({
  getParentRoute: () => guest,
  path: "/register",
  validateSearch: next,
  component: lazyRouteComponent(screens.register, "RegisterPage"),
});

const gate = createRoute({ getParentRoute: () => rootRoute, id: "gate", component: Gate });
const home = createRoute({ getParentRoute: () => gate, path: "/", component: lazyRouteComponent(screens.home, "HomePage") });
const documents = createRoute({
  getParentRoute: () => gate,
  path: "/documents",
  component: lazyRouteComponent(screens.documents, "DocumentsPage"),
});
const document_ = createRoute({
  getParentRoute: () => gate,
  path: "/documents/$documentId",
  component: lazyRouteComponent(screens.document, "DocumentPage"),
});
const datasets = createRoute({
  getParentRoute: () => gate,
  path: "/datasets",
  component: lazyRouteComponent(screens.datasets, "DatasetsPage"),
});
const look = createRoute({
  getParentRoute: () => gate,
  path: "/look",
  validateSearch: (search): { model?: string; dataset?: string; documents?: string; block?: string } => ({
    ...text(search, "model"),
    ...text(search, "dataset"),
    ...text(search, "documents"),
    ...text(search, "block"),
  }),
  component: lazyRouteComponent(screens.look, "LookPage"),
});
const newJob = createRoute({
  getParentRoute: () => gate,
  path: "/jobs/new",
  validateSearch: (search): { document?: string; dataset?: string; model?: string; from?: string } => ({
    ...text(search, "document"),
    ...text(search, "dataset"),
    ...text(search, "model"),
    ...text(search, "from"),
  }),
  component: lazyRouteComponent(screens.newJob, "NewJobPage"),
});
const jobs = createRoute({
  getParentRoute: () => gate,
  path: "/jobs",
  validateSearch: (search) => ({ ...jobState(search), ...text(search, "q") }),
  component: lazyRouteComponent(screens.jobs, "JobsPage"),
});
const job = createRoute({
  getParentRoute: () => gate,
  path: "/jobs/$jobId",
  component: lazyRouteComponent(screens.job, "JobPage"),
});
const models = createRoute({
  getParentRoute: () => gate,
  path: "/models",
  component: lazyRouteComponent(screens.models, "ModelsPage"),
});
const model = createRoute({
  getParentRoute: () => gate,
  path: "/models/$modelId",
  component: lazyRouteComponent(screens.model, "ModelPage"),
});
const settings = createRoute({ getParentRoute: () => gate, path: "/settings", component: lazyRouteComponent(screens.settings, "SettingsPage") });

const routeTree = rootRoute.addChildren([
  guest.addChildren([signIn, register]),
  gate.addChildren([home, documents, document_, datasets, look, newJob, jobs, job, models, model, settings]),
]);

export const router = createRouter({
  routeTree,
  defaultPreload: "intent",
  scrollRestoration: true,
  defaultErrorComponent: PageCrashed,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

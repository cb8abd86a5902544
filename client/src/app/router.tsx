// Every address of the page. Screens are loaded when they are first visited.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet } from "@tanstack/react-router";
import { Gate, Guest } from "@/app/gate";
import { PageCrashed } from "@/app/crashed";
import { NotFoundPage } from "@/pages/not-found";
import { jobState, text } from "@/lib/search";

const rootRoute = createRootRoute({ component: Outlet, notFoundComponent: NotFoundPage });

const guest = createRoute({ getParentRoute: () => rootRoute, id: "guest", component: Guest });
const next = (search: Record<string, unknown>): { next?: string } => ({ ...text(search, "next") });
const signIn = createRoute({
  getParentRoute: () => guest,
  path: "/sign-in",
  validateSearch: next,
  component: lazyRouteComponent(() => import("@/pages/sign-in"), "SignInPage"),
});
const register = createRoute({
  getParentRoute: () => guest,
  path: "/register",
  validateSearch: next,
  component: lazyRouteComponent(() => import("@/pages/register"), "RegisterPage"),
});

const gate = createRoute({ getParentRoute: () => rootRoute, id: "gate", component: Gate });
const home = createRoute({ getParentRoute: () => gate, path: "/", component: lazyRouteComponent(() => import("@/pages/home"), "HomePage") });
const documents = createRoute({
  getParentRoute: () => gate,
  path: "/documents",
  component: lazyRouteComponent(() => import("@/pages/documents"), "DocumentsPage"),
});
const document_ = createRoute({
  getParentRoute: () => gate,
  path: "/documents/$documentId",
  component: lazyRouteComponent(() => import("@/pages/document"), "DocumentPage"),
});
const newJob = createRoute({
  getParentRoute: () => gate,
  path: "/jobs/new",
  validateSearch: (search): { document?: string; model?: string; from?: string } => ({
    ...text(search, "document"),
    ...text(search, "model"),
    ...text(search, "from"),
  }),
  component: lazyRouteComponent(() => import("@/pages/new-job"), "NewJobPage"),
});
const jobs = createRoute({
  getParentRoute: () => gate,
  path: "/jobs",
  validateSearch: (search) => ({ ...jobState(search), ...text(search, "q") }),
  component: lazyRouteComponent(() => import("@/pages/jobs"), "JobsPage"),
});
const job = createRoute({
  getParentRoute: () => gate,
  path: "/jobs/$jobId",
  component: lazyRouteComponent(() => import("@/pages/job"), "JobPage"),
});
const models = createRoute({
  getParentRoute: () => gate,
  path: "/models",
  component: lazyRouteComponent(() => import("@/pages/models"), "ModelsPage"),
});
const model = createRoute({
  getParentRoute: () => gate,
  path: "/models/$modelId",
  component: lazyRouteComponent(() => import("@/pages/model"), "ModelPage"),
});

const routeTree = rootRoute.addChildren([
  guest.addChildren([signIn, register]),
  gate.addChildren([home, documents, document_, newJob, jobs, job, models, model]),
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

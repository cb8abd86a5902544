// Every address of the page. Screens are loaded when they are first visited, or in a quiet moment before.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet } from "@tanstack/react-router";
import { Anybody, Gate, Guest } from "@/app/gate";
import { PageCrashed } from "@/app/crashed";
import { NotFoundPage } from "@/pages/not-found";
import { chartSearch } from "@/features/jobs/chart-view";
import { MOST_COMPARED } from "@/features/jobs/compared-limit";
import { guidedSearch } from "@/pages/guided/address";
import { ids, jobState, text } from "@/lib/search";

const screens = {
  signIn: () => import("@/pages/sign-in"),
  register: () => import("@/pages/register"),
  forgotPassword: () => import("@/pages/forgot-password"),
  resetPassword: () => import("@/pages/reset-password"),
  verifyEmail: () => import("@/pages/verify-email"),
  setUp: () => import("@/pages/set-up"),
  home: () => import("@/pages/home"),
  documents: () => import("@/pages/documents"),
  document: () => import("@/pages/document"),
  datasets: () => import("@/pages/datasets"),
  look: () => import("@/pages/look"),
  newJob: () => import("@/pages/new-job"),
  jobs: () => import("@/pages/jobs"),
  job: () => import("@/pages/job"),
  compare: () => import("@/pages/compare"),
  models: () => import("@/pages/models"),
  model: () => import("@/pages/model"),
  chart: () => import("@/features/jobs/line-chart"),
  guided: () => import("@/pages/guided/guided"),
  reports: () => import("@/pages/reports"),
  report: () => import("@/pages/report"),
  settings: () => import("@/pages/settings"),
};

/** Only for those who may see it. */
const admin = () => import("@/pages/admin");

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
  validateSearch: (search: Record<string, unknown>): { next?: string; reset?: true } => ({ ...next(search), ...(search.reset === true ? { reset: true } : {}) }),
  component: lazyRouteComponent(screens.signIn, "SignInPage"),
});
const register = createRoute({
  getParentRoute: () => guest,
  path: "/register",
  validateSearch: next,
  component: lazyRouteComponent(screens.register, "RegisterPage"),
});

const anybody = createRoute({ getParentRoute: () => rootRoute, id: "anybody", component: Anybody });
const forgotPassword = createRoute({
  getParentRoute: () => anybody,
  path: "/forgot-password",
  component: lazyRouteComponent(screens.forgotPassword, "ForgotPasswordPage"),
});
const resetPassword = createRoute({
  getParentRoute: () => anybody,
  path: "/reset-password",
  component: lazyRouteComponent(screens.resetPassword, "ResetPasswordPage"),
});
const verifyEmail = createRoute({
  getParentRoute: () => anybody,
  path: "/verify-email",
  component: lazyRouteComponent(screens.verifyEmail, "VerifyEmailPage"),
});
const setUp = createRoute({ getParentRoute: () => anybody, path: "/setup", component: lazyRouteComponent(screens.setUp, "SetUpPage") });

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
  validateSearch: (search): { model?: string; dataset?: string; documents?: string; method?: string; settings?: string } => ({
    ...text(search, "model"),
    ...text(search, "dataset"),
    ...text(search, "documents"),
    ...text(search, "method"),
    ...text(search, "settings"),
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
  validateSearch: (search) => ({ ...jobState(search), ...text(search, "q"), ...ids(search, "chosen", 50) }),
  component: lazyRouteComponent(screens.jobs, "JobsPage"),
});
const job = createRoute({
  getParentRoute: () => gate,
  path: "/jobs/$jobId",
  validateSearch: chartSearch,
  component: lazyRouteComponent(screens.job, "JobPage"),
});
const compare = createRoute({
  getParentRoute: () => gate,
  path: "/jobs/compare",
  validateSearch: (search: Record<string, unknown>) => ({
    ...chartSearch(search),
    ...ids(search, "ids", MOST_COMPARED),
    ...(search.what === "train" ? { what: "train" as const } : {}),
  }),
  component: lazyRouteComponent(screens.compare, "ComparePage"),
});
const models = createRoute({
  getParentRoute: () => gate,
  path: "/models",
  component: lazyRouteComponent(screens.models, "ModelsPage"),
});
const model = createRoute({
  getParentRoute: () => gate,
  path: "/models/$modelId",
  validateSearch: (search: Record<string, unknown>): { test?: string } => ({ ...text(search, "test") }),
  component: lazyRouteComponent(screens.model, "ModelPage"),
});
const guided = createRoute({
  getParentRoute: () => gate,
  path: "/llm-training",
  validateSearch: guidedSearch,
  component: lazyRouteComponent(screens.guided, "GuidedPage"),
});
const reports = createRoute({ getParentRoute: () => gate, path: "/reports", component: lazyRouteComponent(screens.reports, "ReportsPage") });
const report = createRoute({
  getParentRoute: () => gate,
  path: "/reports/$reportId",
  component: lazyRouteComponent(screens.report, "ReportPage"),
});
const settings = createRoute({ getParentRoute: () => gate, path: "/settings", component: lazyRouteComponent(screens.settings, "SettingsPage") });
const settingsSection = createRoute({
  getParentRoute: () => gate,
  path: "/settings/$section",
  component: lazyRouteComponent(screens.settings, "SettingsPage"),
});
const administration = createRoute({ getParentRoute: () => gate, path: "/admin", component: lazyRouteComponent(admin, "AdminPage") });
const administrationSection = createRoute({ getParentRoute: () => gate, path: "/admin/$section", component: lazyRouteComponent(admin, "AdminPage") });

const routeTree = rootRoute.addChildren([
  guest.addChildren([signIn, register]),
  anybody.addChildren([forgotPassword, resetPassword, verifyEmail, setUp]),
  gate.addChildren([
    home,
    documents,
    document_,
    datasets,
    look,
    newJob,
    jobs,
    job,
    compare,
    models,
    model,
    guided,
    reports,
    report,
    settings,
    settingsSection,
    administration,
    administrationSection,
  ]),
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

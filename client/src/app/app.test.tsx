import { act, cleanup, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { render } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test, vi } from "vitest";
import { installation, job, listOf, refusal, session as granted } from "@/test/samples";
import { server } from "@/test/server";

/** The whole page at an address, as a fresh tab would open it. */
async function openAt(address: string) {
  window.history.replaceState(null, "", address);
  vi.resetModules();
  const { App } = await import("@/app/app");
  render(<App />);
}

function cookie(value: string | null) {
  document.cookie = value === null ? "llm_tuner_csrf=; max-age=0" : `llm_tuner_csrf=${value}`;
}

const here = () => location.pathname + location.search;

beforeEach(() => {
  cookie(null);
  server.use(
    http.get("/api/installation", () => HttpResponse.json(installation)),
    http.get("/api/jobs", () => HttpResponse.json(listOf({ ...job, state: "succeeded" }))),
    http.post("/api/auth/login", () => HttpResponse.json(granted)),
  );
});

test("a visitor is led to sign in, and then to where they wanted to go", async () => {
  await openAt("/jobs?state=succeeded");
  await userEvent.type(await screen.findByLabelText("E-mail"), "ada@example.org");
  expect(new URLSearchParams(location.search).get("next")).toBe("/jobs?state=succeeded");
  await userEvent.type(screen.getByLabelText("Password"), "a long password");
  await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
  expect(await screen.findByRole("heading", { name: "Jobs" })).toBeInTheDocument();
  expect(await screen.findByRole("link", { name: "Kettle" })).toBeInTheDocument();
  expect(here()).toBe("/jobs?state=succeeded");
});

test("a session that ends leads to sign in, with the address kept and the reason told", async () => {
  cookie("csrf-1");
  server.use(http.post("/api/auth/refresh", () => HttpResponse.json(refusal("Sign in."), { status: 401 })));
  await openAt("/jobs");
  expect(await screen.findByText(/Your session has ended/)).toBeInTheDocument();
  expect(here()).toBe("/sign-in?next=%2Fjobs");
});

test("a disabled account is told so, and not led back to where it was", async () => {
  cookie("csrf-1");
  server.use(
    http.post("/api/auth/refresh", () => HttpResponse.json(granted)),
    http.get("/api/jobs", () => HttpResponse.json(refusal("This account was disabled.", { code: "accounts.disabled" }), { status: 401 })),
  );
  await openAt("/jobs");
  expect(await screen.findByText(/disabled by an administrator/)).toBeInTheDocument();
  expect(here()).toBe("/sign-in");
});

test("the sign-in page offers what this installation has", async () => {
  await openAt("/sign-in");
  expect(await screen.findByText(/Ask whoever runs this installation/)).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "Create an account" })).toBeInTheDocument();
  expect(screen.queryByRole("link", { name: "Forgot your password?" })).not.toBeInTheDocument();
});

test("where mail is set up and registration is closed, there is a link for the one and words for the other", async () => {
  server.use(http.get("/api/installation", () => HttpResponse.json({ ...installation, email_configured: true, registration: "closed" })));
  await openAt("/sign-in");
  expect(await screen.findByRole("link", { name: "Forgot your password?" })).toHaveAttribute("href", "/forgot-password");
  expect(screen.getByText(/Nobody can register at this installation/)).toBeInTheDocument();
});

test("the invited register with their link, others are told to ask", async () => {
  server.use(http.get("/api/installation", () => HttpResponse.json({ ...installation, registration: "invite" })));
  await openAt("/register");
  expect(await screen.findByText(/Accounts here are by invitation/)).toBeInTheDocument();
  expect(screen.queryByLabelText("E-mail")).not.toBeInTheDocument();
  cleanup();
  await openAt("/register#token=inv-1.code");
  expect(await screen.findByText(/You are invited/)).toBeInTheDocument();
  expect(screen.getByLabelText("E-mail")).toBeInTheDocument();
});

test("members find no administration", async () => {
  cookie("csrf-1");
  server.use(http.post("/api/auth/refresh", () => HttpResponse.json(granted)));
  await openAt("/admin");
  expect(await screen.findByText("This is for administrators")).toBeInTheDocument();
  expect(screen.queryByRole("link", { name: "Administration" })).not.toBeInTheDocument();
});

test("the set-up link works for whoever is signed in, and leads to the administration", async () => {
  cookie("csrf-1");
  server.use(
    http.get("/api/installation", () => HttpResponse.json({ ...installation, set_up_open: true })),
    http.post("/api/auth/refresh", () => HttpResponse.json(granted)),
    http.post("/api/setup/administrator", () => HttpResponse.json({ ...granted.user, role: "admin" })),
    http.get("/api/admin/users", () => HttpResponse.json(listOf())),
  );
  await openAt("/setup#token=once");
  await userEvent.click(await screen.findByRole("button", { name: "Make me the administrator" }));
  expect(await screen.findByRole("heading", { name: "Administration" })).toBeInTheDocument();
  expect(location.pathname + location.hash).toBe("/admin");
});

test("a server that does not answer leaves the person where they are, and says so", async () => {
  cookie("csrf-1");
  server.use(http.post("/api/auth/refresh", () => HttpResponse.error()));
  await openAt("/jobs");
  expect(await screen.findByText(/The server does not answer/)).toBeInTheDocument();
  expect(here()).toBe("/jobs");
  server.use(http.post("/api/auth/refresh", () => HttpResponse.json(granted)));
  await userEvent.click(screen.getByRole("button", { name: "Try now" }));
  expect(await screen.findByRole("heading", { name: "Jobs" })).toBeInTheDocument();
});

test("the keyboard goes places, and rests while somebody types", async () => {
  cookie("csrf-1");
  server.use(
    http.post("/api/auth/refresh", () => HttpResponse.json(granted)),
    http.get("/api/tuned-models", () => HttpResponse.json(listOf())),
  );
  await openAt("/jobs");
  await screen.findByRole("heading", { name: "Jobs" });
  await userEvent.keyboard("/");
  expect(screen.getByRole("searchbox")).toHaveFocus();
  await userEvent.keyboard("gm");
  expect(screen.getByRole("searchbox")).toHaveValue("gm");
  act(() => screen.getByRole("searchbox").blur());
  await userEvent.keyboard("gm");
  expect(await screen.findByRole("heading", { name: "Models" })).toBeInTheDocument();
  await userEvent.keyboard("?");
  expect(screen.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
});

test("an unknown address says so, with a way home", async () => {
  await openAt("/nowhere");
  expect(await screen.findByRole("heading", { name: "There is nothing at this address" })).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "Go to the start page" })).toHaveAttribute("href", "/");
});

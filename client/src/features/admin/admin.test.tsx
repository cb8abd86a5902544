import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";
import { account, administration, invitation } from "@/test/account-samples";
import { show } from "@/test/render";
import { listOf, refusal } from "@/test/samples";
import { server } from "@/test/server";
import { InstallationPanel } from "./installation";
import { Invitations } from "./invitations";
import { QueueOfAll } from "./queue";
import { Users } from "./users";

const press = (name: string | RegExp) => userEvent.click(screen.getByRole("button", { name }));
const inDialog = (name: string) => userEvent.click(within(screen.getByRole("dialog")).getByRole("button", { name }));
const own = { ...account, id: "usr-1", email: "ada@example.org", name: "Ada", role: "admin" as const };

function usersAre(...accounts: (typeof account)[]) {
  server.use(http.get("/api/admin/users", () => HttpResponse.json(listOf(...accounts))));
}

test("a user is disabled after a question that says what ends", async () => {
  usersAre(account, own);
  const changes: unknown[] = [];
  server.use(
    http.patch("/api/admin/users/usr-2", async ({ request }) => {
      changes.push(await request.json());
      usersAre({ ...account, disabled: true }, own);
      return HttpResponse.json({ ...account, disabled: true });
    }),
  );
  await show(<Users ownId="usr-1" />);
  await userEvent.click(await screen.findByRole("button", { name: "Disable bob@example.org" }));
  expect(screen.getByRole("dialog")).toHaveTextContent(/signed out everywhere at once/);
  await inDialog("Disable the account");
  expect(await screen.findByRole("button", { name: "Enable bob@example.org" })).toBeInTheDocument();
  expect(changes).toEqual([{ disabled: true }]);
});

test("one's own account is left to another administrator", async () => {
  usersAre(own);
  await show(<Users ownId="usr-1" />);
  expect(await screen.findByText("Another administrator can change this one.")).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: /Disable/ })).not.toBeInTheDocument();
});

test("a search goes through the pages that were not read yet", async () => {
  server.use(
    http.get("/api/admin/users", ({ request }) =>
      new URL(request.url).searchParams.has("after") ? HttpResponse.json(listOf(account)) : HttpResponse.json({ ...listOf(own), has_more: true }),
    ),
  );
  await show(<Users ownId="usr-1" />);
  await userEvent.type(await screen.findByRole("searchbox"), "bob");
  expect(await screen.findByText("bob@example.org")).toBeInTheDocument();
  expect(screen.queryByText("ada@example.org")).not.toBeInTheDocument();
});

test("an empty queue says so", async () => {
  server.use(http.get("/api/admin/queue", () => HttpResponse.json(listOf())));
  await show(<QueueOfAll />);
  expect(await screen.findByText("Nothing runs and nothing waits.")).toBeInTheDocument();
});

test("a job that hangs is cancelled after a question that says what stays", async () => {
  const entry = { id: "job-1", object: "queue_entry", email: "bob@example.org", state: "running", base_model: "smollm2-135m", created_at: "2026-11-22T10:00:00Z", started_at: null };
  let live = [entry];
  server.use(
    http.get("/api/admin/queue", () => HttpResponse.json(listOf(...live))),
    http.post("/api/admin/queue/job-1/cancel", () => {
      live = [];
      return HttpResponse.json({ ...entry, state: "cancelled" });
    }),
  );
  await show(<QueueOfAll />);
  await userEvent.click(await screen.findByRole("button", { name: "Cancel the job of bob@example.org on smollm2-135m" }));
  expect(screen.getByRole("dialog")).toHaveTextContent(/checkpoints stay with its owner/);
  await inDialog("Cancel the job");
  expect(await screen.findByText("Nothing runs and nothing waits.")).toBeInTheDocument();
});

test("the installation names the settings that Google lacks, and who may register is chosen", async () => {
  let mode = administration.registration;
  server.use(
    http.get("/api/installation", () => HttpResponse.json({})),
    http.get("/api/admin/installation", () => HttpResponse.json({ ...administration, registration: mode })),
    http.patch("/api/admin/installation", async ({ request }) => {
      mode = ((await request.json()) as { registration: typeof mode }).registration;
      return HttpResponse.json({ ...administration, registration: mode });
    }),
  );
  await show(<InstallationPanel />);
  expect(await screen.findByRole("region", { name: "Signing in with Google" })).toHaveTextContent("LLM_TUNER_GOOGLE_CLIENT_ID and LLM_TUNER_GOOGLE_CLIENT_SECRET");
  expect(screen.getByRole("region", { name: "E-mail" })).toHaveTextContent("set up");
  await userEvent.click(screen.getByRole("radio", { name: /The invited/ }));
  expect(mode).toBe("open");
  await press("Save");
  await expect.poll(() => mode).toBe("invite");
  expect(screen.getByRole("radio", { name: /The invited/ })).toBeChecked();
});

test("a choice that the server refuses is told with the reason", async () => {
  server.use(
    http.get("/api/admin/installation", () => HttpResponse.json(administration)),
    http.patch("/api/admin/installation", () => HttpResponse.json(refusal("Only administrators may do this."), { status: 403 })),
  );
  await show(<InstallationPanel />);
  await userEvent.click(await screen.findByRole("radio", { name: /Nobody/ }));
  await press("Save");
  expect(await screen.findByRole("alert")).toHaveTextContent("Only administrators may do this.");
});

test("an invitation's link is shown once, and can be revoked", async () => {
  const asked: unknown[] = [];
  let open = [invitation];
  server.use(
    http.get("/api/admin/invitations", () => HttpResponse.json(listOf(...open))),
    http.post("/api/admin/invitations", async ({ request }) => {
      asked.push(await request.json());
      return HttpResponse.json({ ...invitation, code: "inv-1.secret", link: "/register#token=inv-1.secret" }, { status: 201 });
    }),
    http.delete("/api/admin/invitations/inv-1", () => {
      open = [];
      return HttpResponse.json({ id: "inv-1", deleted: true });
    }),
  );
  await show(<Invitations letters={false} />);
  await userEvent.type(screen.getByLabelText("E-mail"), "nonsense");
  await press("Make an invitation");
  expect(screen.getByLabelText("E-mail")).toHaveAccessibleDescription(/Write your e-mail address/);
  expect(screen.getByLabelText("E-mail")).toHaveFocus();
  await userEvent.clear(screen.getByLabelText("E-mail"));
  await userEvent.type(screen.getByLabelText("E-mail"), "cid@example.org");
  await press("Make an invitation");
  expect(await screen.findByText("http://localhost:5000/register#token=inv-1.secret")).toBeInTheDocument();
  expect(asked).toEqual([{ email: "cid@example.org", expires_in_days: 7 }]);
  await press("Revoke the invitation of cid@example.org");
  await inDialog("Revoke it");
  expect(await screen.findByText("No invitations are open.")).toBeInTheDocument();
});

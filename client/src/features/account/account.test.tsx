import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { beforeEach, describe, expect, test, vi } from "vitest";
import * as download from "@/lib/download";
import { session } from "@/lib/session";
import { apiKey, signIn } from "@/test/account-samples";
import { show } from "@/test/render";
import { installation, listOf, refusal, session as granted } from "@/test/samples";
import { server } from "@/test/server";
import { KeyList } from "./key-list";
import { NewKey } from "./new-key";
import { PasswordForm } from "./password-form";
import { ProfileForm } from "./profile-form";
import { SignInList } from "./sign-in-list";
import { DeleteAccount, ExportData } from "./your-data";

const press = (name: string | RegExp) => userEvent.click(screen.getByRole("button", { name }));
const field = (label: string) => screen.getByLabelText(label);

beforeEach(async () => {
  server.use(
    http.get("/api/installation", () => HttpResponse.json(installation)),
    http.post("/api/auth/login", () => HttpResponse.json(granted)),
  );
  await session.signIn({ email: "ada@example.org", password: "a long pass phrase" });
});

const user = granted.user;

describe("the profile", () => {
  test("offers the letter again while the address is not confirmed and letters can be sent", async () => {
    server.use(http.post("/api/account/verification", () => HttpResponse.json({ object: "accepted", message: "On its way." }, { status: 202 })));
    const { unmount } = await show(<ProfileForm user={user} letters={false} />);
    expect(screen.getByText("not confirmed")).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "Send the letter again" })).not.toBeInTheDocument();
    unmount();
    await show(<ProfileForm user={user} letters />);
    await press("Send the letter again");
    expect(await screen.findByRole("status")).toHaveTextContent("on its way to ada@example.org");
  });

  test("saves the name for the whole page", async () => {
    server.use(http.patch("/api/account", async ({ request }) => HttpResponse.json({ ...user, ...((await request.json()) as object) })));
    await show(<ProfileForm user={user} letters={false} />);
    await userEvent.type(field("Name"), "Ada Lovelace ");
    await press("Save the name");
    await expect.poll(() => session.state.get()).toMatchObject({ user: { name: "Ada Lovelace" } });
  });
});

describe("changing the password", () => {
  const change = async (current: string, next: string) => {
    if (current) await userEvent.type(field("Current password"), current);
    if (next) await userEvent.type(field("New password"), next);
    await press("Change the password");
  };

  test("says that other sign-ins end", async () => {
    await show(<PasswordForm user={user} />);
    expect(screen.getByText(/All other sign-ins end with the old password/)).toBeInTheDocument();
  });

  test("asks for both, and focuses the first that is wrong", async () => {
    await show(<PasswordForm user={user} />);
    await change("", "short");
    expect(field("Current password")).toHaveAccessibleDescription(/Write your password/);
    expect(field("New password")).toHaveAccessibleDescription(/5 of at least 12/);
    expect(field("Current password")).toHaveFocus();
  });

  test("tells of a wrong current password beside it, and empties nothing", async () => {
    server.use(
      http.post("/api/account/password", () => HttpResponse.json(refusal("This is not your current password.", { param: "current_password" }), { status: 403 })),
    );
    await show(<PasswordForm user={user} />);
    await change("not my password", "another long pass phrase");
    expect(await screen.findByText("This is not your current password.")).toBeInTheDocument();
    expect(field("Current password")).toHaveFocus();
    expect(field("New password")).toHaveValue("another long pass phrase");
  });

  test("leaves empty fields behind", async () => {
    server.use(http.post("/api/account/password", () => new HttpResponse(null, { status: 204 })));
    await show(<PasswordForm user={user} />);
    await change("a long pass phrase", "another long pass phrase");
    await expect.poll(() => (field("New password") as HTMLInputElement).value).toBe("");
  });

  test("asks an account of Google for no current one", async () => {
    await show(<PasswordForm user={{ ...user, has_password: false }} />);
    expect(screen.queryByLabelText("Current password")).not.toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Set a password" })).toBeInTheDocument();
  });
});

describe("sign-ins", () => {
  const other = { ...signIn, id: "ses-2", device: "curl/8.5.0", current: false };

  test("mark this one, which cannot be ended here", async () => {
    await show(<SignInList signIns={[other, signIn]} />);
    const [first, second] = screen.getAllByRole("listitem");
    expect(first).toHaveTextContent(/Firefox on Linux.*this one/);
    expect(within(first!).queryByRole("button")).not.toBeInTheDocument();
    expect(second).toHaveTextContent("curl/8.5.0");
  });

  test("end one by one", async () => {
    const ended: string[] = [];
    server.use(
      http.delete("/api/account/sessions/:id", ({ params }) => {
        ended.push(String(params.id));
        return HttpResponse.json({ id: params.id, deleted: true });
      }),
    );
    await show(<SignInList signIns={[signIn, other]} />);
    await press("End the sign-in of curl/8.5.0");
    await expect.poll(() => ended).toEqual(["ses-2"]);
  });

  test("say when there are no others", async () => {
    await show(<SignInList signIns={[signIn]} />);
    expect(screen.getByText("You are signed in nowhere else.")).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "End all others" })).not.toBeInTheDocument();
  });
});

describe("API keys", () => {
  const KEY = "ltk_the-key-itself";
  let asked: unknown[];

  beforeEach(() => {
    asked = [];
    server.use(
      http.get("/api/keys", () => HttpResponse.json(listOf(apiKey))),
      http.post("/api/keys", async ({ request }) => {
        asked.push(await request.json());
        return HttpResponse.json({ ...apiKey, scopes: ["read", "write"], key: KEY }, { status: 201 });
      }),
    );
  });

  test("need a name", async () => {
    await show(<NewKey />);
    await press("Make the key");
    expect(field("Name")).toHaveAccessibleDescription(/Name the key/);
    expect(field("Name")).toHaveFocus();
    expect(asked).toEqual([]);
  });

  test("are shown once, with a way to use them", async () => {
    const { client } = await show(<NewKey />);
    await userEvent.type(field("Name"), " nightly upload ");
    await userEvent.selectOptions(field("It may"), "read and write");
    await userEvent.selectOptions(field("It holds for"), "30 days");
    await press("Make the key");
    expect(await screen.findByText(KEY)).toBeInTheDocument();
    expect(asked).toEqual([{ name: "nightly upload", scopes: ["read", "write"], expires_in_days: 30 }]);
    expect(screen.getByRole("button", { name: "Copy the key" })).toBeInTheDocument();
    expect(screen.getByText(/curl -H "Authorization: Bearer \$LLM_TUNER_KEY" http:\/\/localhost:5000\/api\/jobs/)).toBeInTheDocument();
    await press("I have copied it");
    expect(screen.queryByText(KEY)).not.toBeInTheDocument();
    expect(JSON.stringify(client.getQueryCache().getAll().map(({ state }) => state.data))).not.toContain(KEY);
  });

  test("tell what they may do, and when they ran out", async () => {
    await show(<KeyList keys={[apiKey, { ...apiKey, id: "key-2", name: "old", scopes: ["read", "write"], expires_at: "2020-01-01T00:00:00Z" }]} />);
    const [first, second] = screen.getAllByRole("listitem");
    expect(first).toHaveTextContent(/nightly upload.*read only.*9f3a.*never used.*holds until/);
    expect(second).toHaveTextContent(/old.*read and write.*expired/);
  });

  test("are revoked after a question that names them", async () => {
    const revoked: string[] = [];
    server.use(
      http.delete("/api/keys/:id", ({ params }) => {
        revoked.push(String(params.id));
        return HttpResponse.json({ id: params.id, deleted: true });
      }),
    );
    await show(<KeyList keys={[apiKey]} />);
    await press("Revoke nightly upload");
    await userEvent.click(within(screen.getByRole("dialog", { name: "Revoke “nightly upload”?" })).getByRole("button", { name: "Revoke it" }));
    await expect.poll(() => revoked).toEqual(["key-1"]);
  });
});

describe("one's data", () => {
  test("is downloaded by a link of the server", async () => {
    const followed = vi.spyOn(download, "downloadFrom").mockReturnValue();
    server.use(http.post("/api/account/export-link", () => HttpResponse.json({ url: "/api/downloads/once", expires_in: 60 })));
    await show(<ExportData />);
    await press("Download all my data");
    await expect.poll(() => followed.mock.calls).toEqual([["/api/downloads/once"]]);
  });

  describe("is deleted with the account", () => {
    let confirmed: unknown[];

    beforeEach(async () => {
      confirmed = [];
      server.use(
        http.post("/api/account/delete", async ({ request }) => {
          const body = (await request.json()) as { password: string };
          confirmed.push(body);
          const wrong = refusal("This is not your current password.", { param: "password" });
          return body.password === "wrong" ? HttpResponse.json(wrong, { status: 403 }) : HttpResponse.json({ id: user.id, deleted: true }, { status: 202 });
        }),
        http.post("/api/auth/logout", () => new HttpResponse(null, { status: 204 })),
      );
      await show(<DeleteAccount user={user} />);
      await press("Delete my account");
    });

    test("only when the address is typed", async () => {
      await userEvent.type(field("Type your e-mail address to confirm"), "bob@example.org");
      await userEvent.type(field("Password"), "a long pass phrase");
      await press("Delete everything");
      expect(field("Type your e-mail address to confirm")).toHaveAccessibleDescription(/Type ada@example.org/);
      expect(field("Type your e-mail address to confirm")).toHaveFocus();
      expect(confirmed).toEqual([]);
    });

    test("only with the password, and then nobody is signed in", async () => {
      await userEvent.type(field("Type your e-mail address to confirm"), "Ada@example.org");
      await userEvent.type(field("Password"), "wrong");
      await press("Delete everything");
      expect(await screen.findByText("This is not your current password.")).toBeInTheDocument();
      expect(field("Password")).toHaveFocus();
      await userEvent.clear(field("Password"));
      await userEvent.type(field("Password"), "a long pass phrase");
      await press("Delete everything");
      await expect.poll(() => session.state.get()).toEqual({ status: "signed-out", reason: "deleted" });
    });
  });
});

import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { beforeEach, describe, expect, test, vi } from "vitest";
import * as google from "@/lib/google";
import { session } from "@/lib/session";
import { show } from "@/test/render";
import { listOf, refusal, session as granted } from "@/test/samples";
import { server } from "@/test/server";
import { EmailForm } from "./email-form";
import { LinkedGoogle } from "./linked-google";

const press = (name: string | RegExp) => userEvent.click(screen.getByRole("button", { name }));
const field = (label: string) => screen.getByLabelText(label);
const user = granted.user;

beforeEach(async () => {
  server.use(http.post("/api/auth/login", () => HttpResponse.json(granted)));
  await session.signIn({ email: "ada@example.org", password: "a long pass phrase" });
});

describe("changing the e-mail address", () => {
  const change = async (email: string, password: string) => {
    await userEvent.type(field("New e-mail address"), email);
    if (password) await userEvent.type(field("Your password"), password);
    await press("Change the address");
  };

  test("without letters counts at once", async () => {
    const changed = { ...user, email: "new@example.org" };
    server.use(http.post("/api/account/email", () => HttpResponse.json({ object: "email_change", changed: true, user: changed })));
    await show(<EmailForm user={user} letters={false} />);
    expect(screen.getByText(/counts at once/)).toBeInTheDocument();
    await change("new@example.org", "a long pass phrase");
    await expect.poll(() => session.state.get()).toMatchObject({ user: { email: "new@example.org" } });
    expect(field("Your password")).toHaveValue("");
  });

  test("with letters waits for the link", async () => {
    server.use(http.post("/api/account/email", () => HttpResponse.json({ object: "email_change", changed: false, user })));
    await show(<EmailForm user={user} letters />);
    await change("new@example.org", "a long pass phrase");
    expect(await screen.findByRole("status")).toHaveTextContent(/Open the link in the letter to new@example.org. Until then ada@example.org stays/);
    expect(session.state.get()).toMatchObject({ user: { email: "ada@example.org" } });
  });

  test("tells what is wrong beside the field", async () => {
    server.use(http.post("/api/account/email", () => HttpResponse.json(refusal("This is not your current password.", { param: "password" }), { status: 403 })));
    await show(<EmailForm user={user} letters />);
    await press("Change the address");
    expect(field("New e-mail address")).toHaveAccessibleDescription(/Write the new address/);
    expect(field("New e-mail address")).toHaveFocus();
    await change("new@example.org", "wrong");
    expect(await screen.findByText("This is not your current password.")).toBeInTheDocument();
    expect(field("Your password")).toHaveFocus();
  });

  test("asks an account of Google for no password", async () => {
    await show(<EmailForm user={{ ...user, has_password: false }} letters={false} />);
    expect(screen.queryByLabelText("Your password")).not.toBeInTheDocument();
  });
});

describe("Google", () => {
  const linked = { id: "0f", object: "linked_sign_in", issuer: "https://accounts.google.com", email: "ada@gmail.example", created_at: "2026-11-20T10:00:00Z" } as const;
  let asked: unknown[];

  beforeEach(() => {
    asked = [];
    server.use(
      http.get("/api/account/identities", () => HttpResponse.json(listOf())),
      http.post("/api/auth/google/link", async ({ request }) => {
        const body = (await request.json()) as { password?: string };
        asked.push(body);
        const wrong = refusal("This is not your current password.", { param: "password" });
        return body.password === "wrong" ? HttpResponse.json(wrong, { status: 403 }) : new HttpResponse(null, { status: 204 });
      }),
    );
  });

  test("is connected with the password, which can be corrected without going there again", async () => {
    const visits = vi.spyOn(google, "visitGoogleToConnect").mockImplementation(() => ({ answer: Promise.resolve({ code: "tic-1" }), giveUp: () => undefined }));
    await show(<LinkedGoogle user={user} linked={[]} canConnect />);
    await press("Connect with Google");
    expect(field("Your password, to connect")).toHaveAccessibleDescription(/Write your password/);
    await userEvent.type(field("Your password, to connect"), "wrong");
    await press("Connect with Google");
    expect(await screen.findByText("This is not your current password.")).toBeInTheDocument();
    await userEvent.clear(field("Your password, to connect"));
    await userEvent.type(field("Your password, to connect"), "a long pass phrase");
    await press("Connect with Google");
    await expect.poll(() => asked).toEqual([
      { code: "tic-1", password: "wrong" },
      { code: "tic-1", password: "a long pass phrase" },
    ]);
    expect(visits).toHaveBeenCalledTimes(1);
  });

  test("says when the browser has blocked the window", async () => {
    vi.spyOn(google, "visitGoogleToConnect").mockReturnValue(null);
    await show(<LinkedGoogle user={{ ...user, has_password: false }} linked={[]} canConnect />);
    await press("Connect with Google");
    expect(await screen.findByRole("alert")).toHaveTextContent(/blocked the window/);
  });

  test("is disconnected by its name", async () => {
    const removed: string[] = [];
    server.use(
      http.delete("/api/account/identities/:id", ({ params }) => {
        removed.push(String(params.id));
        return HttpResponse.json({ id: params.id, deleted: true });
      }),
    );
    await show(<LinkedGoogle user={user} linked={[linked]} canConnect />);
    await press("Disconnect ada@gmail.example");
    await expect.poll(() => removed).toEqual(["0f"]);
  });

  test("stays while it is the only way in", async () => {
    await show(<LinkedGoogle user={{ ...user, has_password: false }} linked={[linked]} canConnect />);
    expect(screen.queryByRole("button")).not.toBeInTheDocument();
    expect(screen.getByText(/only way into your account/)).toBeInTheDocument();
  });
});

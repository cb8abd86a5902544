import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test, vi } from "vitest";
import { session } from "@/lib/session";
import { show } from "@/test/render";
import { installation, refusal, session as granted } from "@/test/samples";
import { server } from "@/test/server";
import { CredentialsForm } from "./credentials-form";
import { ForgotPasswordForm } from "./forgot-password-form";
import { ResetPasswordForm } from "./reset-password-form";
import { VerifyEmail } from "./verify-email";

const press = (name: string) => userEvent.click(screen.getByRole("button", { name }));

beforeEach(() => server.use(http.get("/api/installation", () => HttpResponse.json(installation))));

test("an invitation goes along with the registration, and its refusal is told", async () => {
  const asked: unknown[] = [];
  server.use(
    http.post("/api/auth/register", async ({ request }) => {
      asked.push(await request.json());
      return HttpResponse.json(refusal("This invitation does not work.", { param: "invitation" }), { status: 422 });
    }),
  );
  await show(<CredentialsForm mode="register" token="inv-1.code" minPasswordCharacters={12} />);
  await userEvent.type(screen.getByLabelText("E-mail"), "cid@example.org");
  await userEvent.type(screen.getByLabelText("Password"), "a long pass phrase");
  await press("Create account");
  expect(await screen.findByRole("alert")).toHaveTextContent("This invitation does not work.");
  expect(asked).toEqual([{ email: "cid@example.org", password: "a long pass phrase", invitation: "inv-1.code" }]);
});

test("the set-up link makes the administrator and signs in", async () => {
  const asked: unknown[] = [];
  server.use(
    http.post("/api/setup", async ({ request }) => {
      asked.push(await request.json());
      return HttpResponse.json({ ...granted, user: { ...granted.user, role: "admin" } }, { status: 201 });
    }),
  );
  await show(<CredentialsForm mode="setup" token="once" minPasswordCharacters={12} />);
  await userEvent.type(screen.getByLabelText("E-mail"), "ada@example.org");
  await userEvent.type(screen.getByLabelText("Password"), "a long pass phrase");
  await press("Create the administrator");
  await expect.poll(() => session.state.get()).toMatchObject({ status: "signed-in", user: { role: "admin" } });
  expect(asked).toEqual([{ email: "ada@example.org", password: "a long pass phrase", token: "once" }]);
});

test("a forgotten password is answered in the same words for everybody", async () => {
  server.use(http.post("/api/auth/password-reset", () => HttpResponse.json({ object: "accepted", message: "If there is an account, a letter is on its way." }, { status: 202 })));
  await show(<ForgotPasswordForm />);
  await press("Send me a link");
  expect(screen.getByLabelText("E-mail")).toHaveFocus();
  await userEvent.type(screen.getByLabelText("E-mail"), "nobody@example.org");
  await press("Send me a link");
  expect(await screen.findByRole("status")).toHaveTextContent("If there is an account, a letter is on its way.");
});

test("a new password is refused beside its field, and a link that is over in words", async () => {
  let answer = refusal("This password is among the first that anybody would try.", { param: "password" });
  const done = vi.fn();
  server.use(http.post("/api/auth/password-reset/finish", () => HttpResponse.json(answer, { status: 422 })));
  await show(<ResetPasswordForm token="once" onDone={done} />);
  await userEvent.type(screen.getByLabelText("New password"), "passwordpassword");
  await press("Set the new password");
  expect(await screen.findByText(/among the first/)).toBeInTheDocument();
  expect(screen.getByLabelText("New password")).toHaveFocus();
  answer = refusal("This link does not work any more.", { param: "token" });
  await press("Set the new password");
  expect(await screen.findByText("This link does not work any more.")).toBeInTheDocument();
  expect(done).not.toHaveBeenCalled();
});

test("a set password leads on", async () => {
  const done = vi.fn();
  server.use(http.post("/api/auth/password-reset/finish", () => new HttpResponse(null, { status: 204 })));
  await show(<ResetPasswordForm token="once" onDone={done} />);
  await userEvent.type(screen.getByLabelText("New password"), "a long pass phrase");
  await press("Set the new password");
  await expect.poll(() => done.mock.calls.length).toBe(1);
});

test("an address is confirmed by opening the link, once", async () => {
  let asked = 0;
  server.use(
    http.get("/api/auth/me", () => HttpResponse.json({ ...granted.user, email_verified: true })),
    http.post("/api/auth/verify-email", () => {
      asked += 1;
      return new HttpResponse(null, { status: 204 });
    }),
  );
  await show(<VerifyEmail token="once" />);
  expect(await screen.findByText(/Your e-mail address is confirmed/)).toBeInTheDocument();
  expect(asked).toBe(1);
});

test("a link that is over says so", async () => {
  server.use(http.post("/api/auth/verify-email", () => HttpResponse.json(refusal("This link was used or is too old."), { status: 422 })));
  await show(<VerifyEmail token="old" />);
  expect(await screen.findByRole("alert")).toHaveTextContent("This link was used or is too old.");
});

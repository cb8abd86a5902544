import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";
import { session } from "@/lib/session";
import { show } from "@/test/render";
import { refusal, session as granted } from "@/test/samples";
import { server } from "@/test/server";
import { CredentialsForm } from "./credentials-form";

async function fill(email: string, password: string) {
  if (email) await userEvent.type(screen.getByLabelText("E-mail"), email);
  if (password) await userEvent.type(screen.getByLabelText("Password"), password);
  await userEvent.click(screen.getByRole("button"));
}

test("the rule for passwords is told before it is broken", async () => {
  await show(<CredentialsForm mode="register" minPasswordCharacters={12} />);
  expect(screen.getByLabelText("Password")).toHaveAccessibleDescription(/At least 12 characters/);
});

test("a short password is refused beside its field, without asking the server", async () => {
  await show(<CredentialsForm mode="register" minPasswordCharacters={12} />);
  await fill("ada@example.org", "short");
  expect(screen.getByLabelText("Password")).toHaveAccessibleDescription(/5 of at least 12/);
  expect(screen.getByLabelText("Password")).toHaveFocus();
});

test("the server's refusal stands beside the field that it names", async () => {
  server.use(http.post("/api/auth/register", () => HttpResponse.json(refusal("This e-mail has an account. Sign in instead.", { param: "email" }), { status: 409 })));
  await show(<CredentialsForm mode="register" minPasswordCharacters={12} />);
  await fill("ada@example.org", "a long enough password");
  expect(await screen.findByText(/Sign in instead/)).toBeInTheDocument();
  expect(screen.getByLabelText("E-mail")).toBeInvalid();
  expect(screen.getByLabelText("E-mail")).toHaveFocus();
});

test("a wrong password says so", async () => {
  server.use(http.post("/api/auth/login", () => HttpResponse.json(refusal("E-mail or password is wrong."), { status: 401 })));
  await show(<CredentialsForm mode="login" minPasswordCharacters={12} />);
  await fill("ada@example.org", "not my password");
  expect(await screen.findByRole("alert")).toHaveTextContent("E-mail or password is wrong.");
});

test("registering signs in", async () => {
  server.use(http.post("/api/auth/register", () => HttpResponse.json(granted, { status: 201 })));
  await show(<CredentialsForm mode="register" minPasswordCharacters={12} />);
  await fill(" ada@example.org ", "a long enough password");
  await expect.poll(() => session.state.get().status).toBe("signed-in");
});

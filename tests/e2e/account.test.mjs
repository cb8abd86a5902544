// The walk of an account: its key, its password, its sign-ins; then as the administrator by the server's link, who invites somebody and
// disables them. Started by scripts/e2e, over a server that has no users yet. Steps build on each other.
import assert from "node:assert/strict";
import { Faults, look } from "./browser.mjs";
import { walk } from "./walking.mjs";

const URL = process.env.WALK_URL;
const ADA = "ada@example.org";
const BOB = "bob@example.org";
const PASSWORD = "a long pass phrase";
const NEW_PASSWORD = "another long pass phrase";

const { page, context, faults, step, button, heading, field } = await walk({ stepMs: 60_000 });
let bobs;

step("registering leads in, and the settings begin with the profile", async () => {
  await page.goto("/register");
  await page.getByText("At least 12 characters").waitFor();
  await registerOn(page, ADA);
  await page.getByRole("link", { name: "Settings", exact: true }).filter({ visible: true }).click();
  await heading("Password").waitFor();
  await field("Name").fill("Ada");
  await button("Save the name").click();
  await page.getByText("Your name is saved.").waitFor();
  await button("Dismiss").click();
  await look(page, "settings-profile");
});

step("a key is shown once and lets a program in, as far as it goes", async () => {
  await tab("API keys");
  await button("Make the key").click();
  await page.getByText("Name the key, so that you know it again.").waitFor();
  await field("Name").fill("nightly upload");
  await button("Make the key").click();
  const key = await page.getByRole("status").locator("code").textContent();
  await look(page, "settings-new-key");
  assert.equal((await call("/api/jobs", key)).status, 200);
  assert.equal((await call("/api/samples/kettle", key, { method: "POST" })).status, 403);
  assert.equal((await call("/api/keys", key)).status, 403);
  await button("I have copied it").click();
  assert.equal(await page.getByText(key).count(), 0);
  await page.reload();
  await page.getByRole("listitem").filter({ hasText: "nightly upload" }).getByText(/used .*(ago|now)/).waitFor();
  await button("Revoke nightly upload").click();
  await button("Revoke it").click();
  await page.getByText("You have no keys yet.").waitFor();
  assert.equal((await call("/api/jobs", key)).status, 401);
});

step("a second sign-in is listed, and ends when it is told to", async () => {
  const second = await signInElsewhere(PASSWORD);
  await tab("Sign-ins");
  await page.getByRole("listitem").filter({ hasText: "this one" }).waitFor();
  await page.getByText("a-second-program").waitFor();
  await look(page, "settings-sign-ins");
  await button("End the sign-in of a-second-program").click();
  await page.getByText("You are signed in nowhere else.").waitFor();
  assert.equal((await call("/api/auth/me", second)).status, 401);
});

step("another address needs the password, counts at once where no letters go out, and ends all other sign-ins", async () => {
  const second = await signInElsewhere(PASSWORD);
  await tab("Profile");
  await field("New e-mail address").fill("countess@example.org");
  await field("Your password").fill("not the pass phrase");
  faults.expect(403, "/api/account/email");
  await button("Change the address").click();
  await page.getByText("This is not your current password.").waitFor();
  await look(page, "settings-address");
  await field("Your password").fill(PASSWORD);
  await button("Change the address").click();
  await page.getByText("You sign in with countess@example.org.").waitFor();
  assert.equal((await call("/api/auth/me", second)).status, 401);
  await field("New e-mail address").fill(ADA);
  await field("Your password").fill(PASSWORD);
  await button("Change the address").click();
  await page.getByText(`You sign in with ${ADA}.`).waitFor();
});

step("a new password needs the current one, and ends all other sign-ins", async () => {
  const second = await signInElsewhere(PASSWORD);
  await tab("Profile");
  await field("Current password").fill("not the pass phrase");
  await field("New password").fill(NEW_PASSWORD);
  faults.expect(403, "/api/account/password");
  await button("Change the password").click();
  await page.getByText("This is not your current password.").waitFor();
  assert.ok(await field("Current password").evaluate((element) => element === document.activeElement));
  await field("Current password").fill(PASSWORD);
  await button("Change the password").click();
  await page.getByText("Your password is changed. All other sign-ins have ended.").waitFor();
  assert.equal((await call("/api/auth/me", second)).status, 401);
  await tab("Security log");
  await page.getByText("Password changed").waitFor();
  await look(page, "settings-security-log");
});

step("all of one's data come as one file, and the account is not deleted by a slip", async () => {
  await tab("Your data");
  const download = page.waitForEvent("download");
  await button("Download all my data").click();
  assert.equal((await download).suggestedFilename(), "llm-tuner-export.zip");
  await button("Delete my account").click();
  await button("Delete everything").click();
  await page.getByText(`Type ${ADA}, the address of this account.`).waitFor();
  await look(page, "settings-delete");
  await button("Keep my account").click();
});

step("the link that the server printed makes the administrator", async () => {
  assert.equal(await page.getByRole("link", { name: "Administration" }).count(), 0);
  await page.goto(process.env.WALK_SET_UP_LINK);
  await button("Make me the administrator").waitFor();
  await look(page, "set-up");
  await button("Make me the administrator").click();
  await heading("Users").waitFor();
  await page.getByRole("link", { name: "Administration", exact: true }).filter({ visible: true }).first().waitFor();
});

step("only the invited may register from now on", async () => {
  await page.goto("/admin/installation");
  await page.getByText("LLM_TUNER_GOOGLE_CLIENT_ID").waitFor();
  await page.getByRole("radio", { name: /The invited/ }).check();
  await button("Save").click();
  await page.getByText("Your choice holds from now on.").waitFor();
  await look(page, "admin-installation");
  bobs = await anotherBrowser();
  await bobs.goto(process.env.WALK_SET_UP_LINK);
  await bobs.getByText("This installation has an administrator already").waitFor();
  await bobs.goto("/register");
  await bobs.getByText("Accounts here are by invitation.").waitFor();
});

step("an invitation is a link that works once", async () => {
  await tab("Invitations");
  await field("E-mail").fill(BOB);
  await button("Make an invitation").click();
  const link = await page.getByRole("status").locator("code").textContent();
  await look(page, "admin-invitations");
  await bobs.goto(link);
  await bobs.getByText("You are invited.").waitFor();
  await look(bobs, "register-invited");
  await registerOn(bobs, BOB);
  await page.reload();
  await page.getByRole("listitem").filter({ hasText: BOB }).getByText("used", { exact: true }).waitFor();
});

step("a disabled user is out, and their page says why", async () => {
  await tab("Users");
  await field("Search by address or name").fill("bob");
  await button(`Disable ${BOB}`).click();
  await button("Disable the account").click();
  await button(`Enable ${BOB}`).waitFor();
  await field("Search by address or name").fill("");
  await page.getByRole("listitem").filter({ hasText: ADA }).waitFor();
  await button("Dismiss").first().click();
  await look(page, "admin-users");
  await bobs.getByRole("link", { name: "Documents", exact: true }).filter({ visible: true }).click(); // not seen yet, so it asks the server
  await bobs.getByText("This account was disabled by an administrator of this installation.").waitFor();
  assert.equal(new globalThis.URL(bobs.url()).pathname, "/sign-in");
  await look(bobs, "sign-in-disabled");
});

step("the queue and the log of all are the administrator's", async () => {
  await tab("Queue");
  await page.getByText("Nothing runs and nothing waits.").waitFor();
  await tab("Security log");
  await page.getByText("Account disabled").first().waitFor();
  await look(page, "admin-security-log");
});

const tab = (name) => page.getByRole("navigation", { name: /^(Settings|Administration)$/ }).getByRole("link", { name, exact: true }).click();

async function registerOn(where, email) {
  await where.getByLabel("E-mail", { exact: true }).fill(email);
  await where.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await where.getByRole("button", { name: "Create account", exact: true }).click();
  await where.getByRole("button", { name: "Start with the sample data", exact: true }).waitFor();
}

/** A page in a browser of its own, which may hear refusals: it is somebody's who is being thrown out. */
async function anotherBrowser() {
  const other = await context.browser().newContext({ baseURL: URL, viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" });
  other.setDefaultTimeout(15_000);
  const opened = await other.newPage();
  const theirs = new Faults(opened);
  theirs.expect(401, "");
  return opened;
}

/** As a program of one's own would; the answer is its access token. */
async function signInElsewhere(password) {
  const answer = await fetch(`${URL}/api/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json", "user-agent": "a-second-program" },
    body: JSON.stringify({ email: ADA, password }),
  });
  assert.equal(answer.status, 200);
  return (await answer.json()).access_token;
}

function call(path, token, options = {}) {
  return fetch(URL + path, { ...options, headers: { authorization: `Bearer ${token}` } });
}

// Signing in at a real OpenID provider in a real browser: by popup, with the whole page, and everything that may go wrong between. Started
// by scripts/e2e, over a server whose settings name the provider.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Faults, look, openBrowser, RESULTS } from "./browser.mjs";

const PROVIDER = process.env.WALK_PROVIDER;
const PASSWORD = "a long pass phrase";
const SIGNED_IN = "Start with the sample data";

let browser;
let page;
const popups = [];

before(async () => {
  browser = await openBrowser(process.env.WALK_URL);
  page = browser.page;
  browser.context.on("page", (popup) => popups.push(new Faults(popup)));
});
after(() => browser?.close());

function step(name, walk) {
  test(name, { timeout: 60_000 }, async () => {
    try {
      await walk();
      assert.deepEqual([browser.faults, ...popups].flatMap((faults) => faults.list()), []);
    } catch (error) {
      await page.screenshot({ path: `${RESULTS}google-failed.png`, fullPage: true });
      throw error;
    }
  });
}

const button = (name) => page.getByRole("button", { name, exact: true });
const field = (label) => page.getByLabel(label, { exact: true });

async function openPopup() {
  const [popup] = await Promise.all([page.waitForEvent("popup"), button("Continue with Google").click()]);
  await popup.waitForURL(`${PROVIDER}/**`);
  return popup;
}

async function signOut() {
  await button("Sign out").filter({ visible: true }).click();
  await button("Continue with Google").waitFor();
}

const control = (...words) => fetch(`${PROVIDER}/control`, { method: "POST", body: new URLSearchParams(words.map((word) => [word, "1"])) });

step("both screens of guests have the button", async () => {
  await page.goto("/register");
  await button("Continue with Google").waitFor();
  await page.goto("/sign-in");
  await button("Continue with Google").waitFor();
  await look(page, "sign-in-google");
});

step("a popup signs in somebody new and closes", async () => {
  const popup = await openPopup();
  await page.getByRole("status").getByText("Finish signing in in the window").waitFor();
  const closed = popup.waitForEvent("close");
  await popup.getByRole("button", { name: "Sign in as ada@example.org" }).click();
  await button(SIGNED_IN).waitFor();
  await closed;
  await page.reload();
  await button(SIGNED_IN).waitFor();
  await signOut();
});

step("messages of others are no answer: another window, another site, another mark", async () => {
  const popup = await openPopup();
  const { handover } = await page.evaluate(() => JSON.parse(sessionStorage.getItem("llm-tuner-google")));
  const forged = { kind: "llm-tuner-google", handover, code: "forged" };
  await page.evaluate((forged) => window.postMessage(forged, location.origin), forged);
  await popup.evaluate((forged) => window.opener.postMessage(forged, "*"), forged);
  popups.at(-1).expect(404, "/favicon.ico");
  await popup.goto(`${process.env.WALK_URL}/favicon.svg`);
  if (await popup.evaluate(() => window.opener !== null)) {
    await popup.evaluate((forged) => window.opener.postMessage({ ...forged, handover: "of another sign-in" }, location.origin), forged);
  }
  await page.waitForTimeout(300);
  assert.equal(await button(SIGNED_IN).count(), 0);
  // Our own page in the popup cuts the tie between the two, which looks to this one as if the popup was closed; or it is given up first.
  await page.getByRole("button", { name: "Give up" }).click({ timeout: 1_000 }).catch(() => undefined);
  await page.getByText("The window was closed before").waitFor();
});

step("closing the window is told in words, and so is turning back", async () => {
  await (await openPopup()).close();
  await page.getByRole("alert").getByText("The window was closed before").waitFor();
  const popup = await openPopup();
  await popup.getByRole("button", { name: "Turn back" }).click();
  await page.getByRole("alert").getByText("You turned back at the provider").waitFor();
});

step("where popups are blocked the whole page goes there and comes back to where it was going", async () => {
  await page.goto("/models");
  await button("Continue with Google").waitFor();
  await page.evaluate(() => (window.open = () => null));
  await button("Continue with Google").click();
  await page.getByRole("button", { name: "Sign in as ada@example.org" }).click();
  await page.getByRole("heading", { name: "Models", exact: true }).waitFor();
  assert.equal(new URL(page.url()).hash, "");
  await signOut();
});

step("turning back with the whole page is told in words, too", async () => {
  await page.evaluate(() => (window.open = () => null));
  await button("Continue with Google").click();
  await page.getByRole("button", { name: "Turn back" }).click();
  await page.getByRole("alert").getByText("You turned back at the provider").waitFor();
  assert.equal(new URL(page.url()).hash, "");
});

step("a provider that cuts the tie between the windows still signs in, in both", async () => {
  await control("cuts_ties");
  const [popup] = await Promise.all([page.waitForEvent("popup"), button("Continue with Google").click()]);
  await popup.getByRole("button", { name: "Sign in as ada@example.org" }).click();
  await button(SIGNED_IN).waitFor();
  await popup.close();
  await control();
  await signOut();
});

step("an answer for another browser's sign-in signs nobody in", async () => {
  await page.goto("/sign-in#google=&handover=of-somebody-else-123&code=tic-1.forged");
  await page.reload();
  await page.getByRole("alert").getByText("took too long, or began in another window").waitFor();
});

step("an account that somebody made with this address is kept by its password or taken over without", async () => {
  await register("bob@example.org");
  let popup = await openPopup();
  await popup.getByRole("button", { name: "Sign in as bob@example.org" }).click();
  browser.faults.expect(409, "/finish");
  browser.faults.expect(401, "/finish");
  await page.getByRole("heading", { name: "There is an account with this e-mail already" }).waitFor();
  await look(page, "account-exists");
  await field("Password of that account").fill("not the pass phrase");
  await button("It is mine: connect it with Google").click();
  await page.getByText("The password is wrong.").waitFor();
  await field("Password of that account").fill(PASSWORD);
  await button("It is mine: connect it with Google").click();
  await button(SIGNED_IN).waitFor();
  await signOut();

  await register("eve@example.org");
  popup = await openPopup();
  await popup.getByRole("button", { name: "Sign in as eve@example.org" }).click();
  await button("Continue without the password").click();
  await button(SIGNED_IN).waitFor();
  await signOut();
  browser.faults.expect(401, "/login");
  await field("E-mail").fill("eve@example.org");
  await field("Password").fill(PASSWORD);
  await button("Sign in").click();
  await page.getByText("The e-mail address or the password is wrong.").waitFor();
});

step("whoever is signed in connects Google with the password, signs in by it, and disconnects it", async () => {
  await register("countess@example.org");
  await field("E-mail").fill("countess@example.org");
  await field("Password").fill(PASSWORD);
  await button("Sign in").click();
  await button(SIGNED_IN).waitFor();
  await page.goto("/settings/profile");
  await field("Your password, to connect").fill(PASSWORD);
  await look(page, "settings-google");
  const [popup] = await Promise.all([page.waitForEvent("popup"), button("Connect with Google").click()]);
  await popup.getByRole("button", { name: "Sign in as carl@example.org" }).click();
  await button("Disconnect carl@example.org").waitFor();
  await look(page, "settings-google-connected");
  await signOut();
  const again = await openPopup();
  await again.getByRole("button", { name: "Sign in as carl@example.org" }).click();
  await button(SIGNED_IN).waitFor();
  await page.goto("/settings/profile");
  await page.getByText("You sign in with countess@example.org.").waitFor();
  await button("Disconnect carl@example.org").click();
  await page.getByText("Not connected.").waitFor();
});

async function register(email) {
  await page.goto("/register");
  await field("E-mail").fill(email);
  await field("Password").fill(PASSWORD);
  await button("Create account").click();
  await button(SIGNED_IN).waitFor();
  await signOut();
}

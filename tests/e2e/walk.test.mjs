// The walk of a new user through the whole product, in a real browser: from the first visit to a tuned model on their disk. Started by
// scripts/e2e, over a server whose data folder is empty. Steps build on each other; after one that fails, the rest are failures at once.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { look, openBrowser, RESULTS } from "./browser.mjs";

const EMAIL = "ada@example.org";
const PASSWORD = "a long pass phrase";
const BROKEN_LINE_3 = '{"text": "one"}\n{"text": "two"}\n{"text": "three"\n{"text": "four"}\n';
const SHANTY = Array.from({ length: 12 }, (_, verse) => `Verse ${verse + 1}. Heave away, the tide is turning, lamps on every headland burning.`).join("\n\n");

let browser;
let page;
let broken = false;

before(async () => {
  browser = await openBrowser(process.env.WALK_URL);
  page = browser.page;
});
after(() => browser?.close());

/** A step of the walk: leaves a picture when it fails, and asserts that nothing went wrong on the page beside what it looked at. */
function step(name, walk) {
  test(name, { timeout: 120_000 }, async () => {
    assert.ok(!broken, "not reached: an earlier step failed");
    try {
      await walk();
      assert.deepEqual(browser.faults.list(), []);
    } catch (error) {
      broken = true;
      await page.screenshot({ path: `${RESULTS}failed.png`, fullPage: true });
      throw error;
    }
  });
}

const button = (name) => page.getByRole("button", { name, exact: true });
const heading = (name) => page.getByRole("heading", { name });
const field = (label) => page.getByLabel(label, { exact: true });
const goTo = (place) => page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: place, exact: true }).filter({ visible: true }).click();

describe("an account", () => {
  step("a first visit leads to signing in, without a single error", async () => {
    await page.goto("/");
    await heading("Sign in").waitFor();
    await look(page, "sign-in");
  });

  step("what is wrong with a registration stands beside its field", async () => {
    await page.getByRole("link", { name: "Create an account" }).click();
    await heading("Create an account").waitFor();
    await field("E-mail").fill(EMAIL);
    await field("Password").fill("short");
    await button("Create account").click();
    await page.getByText("This has 5 of at least 12 characters.").waitFor();
    await look(page, "register");
  });

  step("registering leads to an empty home with its next step", async () => {
    await field("Password").fill(PASSWORD);
    await button("Create account").click();
    await button("Start with the sample data").waitFor();
    await look(page, "home-empty");
  });

  step("signing out and in again with a wrong password is refused in words, then works", async () => {
    browser.faults.expect(401, "/api/auth/login");
    await button("Sign out").filter({ visible: true }).click();
    await heading("Sign in").waitFor();
    await field("E-mail").fill(EMAIL);
    await field("Password").fill("not the pass phrase");
    await button("Sign in").click();
    await page.getByText(/password/i).filter({ hasText: /wrong|match|not right|do not/i }).first().waitFor();
    await field("Password").fill(PASSWORD);
    await button("Sign in").click();
    await button("Start with the sample data").waitFor();
  });

  step("a reload keeps the user signed in", async () => {
    await page.reload();
    await button("Start with the sample data").waitFor();
  });
});

describe("documents", () => {
  step("a file comes in by the drop zone and is read at once", async () => {
    await goTo("Documents");
    await heading("Documents").waitFor();
    await look(page, "documents-empty");
    await drop("shanty.txt", SHANTY);
    await page.getByText("Read.").waitFor();
    await page.getByRole("link", { name: "shanty" }).filter({ visible: true }).waitFor();
  });

  step("JSON Lines broken in line 3 are refused with the line", async () => {
    browser.faults.expect(422, "/api/documents");
    await drop("broken.jsonl", BROKEN_LINE_3);
    await page.getByRole("alert").filter({ hasText: "3" }).waitFor();
    await look(page, "documents");
    await button("Dismiss broken.jsonl").click();
  });

  step("the document's page shows what the model will see", async () => {
    await page.getByRole("link", { name: "shanty" }).filter({ visible: true }).click();
    await heading("What the model will see").waitFor();
    await page.getByText("Heave away, the tide is turning").first().waitFor();
    await look(page, "document");
  });
});

/** Lets go of a file over the drop zone, as a hand would. */
async function drop(name, content) {
  const files = await page.evaluateHandle(([name, content]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([content], name));
    return transfer;
  }, [name, content]);
  await page.getByText("Drop files here").dispatchEvent("drop", { dataTransfer: files });
}

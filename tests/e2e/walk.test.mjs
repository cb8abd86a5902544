// The walk of a new user through the whole product, in a real browser: from the first visit to a tuned model on their disk. Started by
// scripts/e2e, over a server whose data folder is empty. Steps build on each other; after one that fails, the rest are failures at once.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe } from "node:test";
import { look } from "./browser.mjs";
import { walk } from "./walking.mjs";

const EMAIL = "ada@example.org";
const PASSWORD = "a long pass phrase";
const BROKEN_LINE_3 = '{"text": "one"}\n{"text": "two"}\n{"text": "three"\n{"text": "four"}\n';
const PRICES = "ware,remark\n" + Array.from({ length: 12 }, (_, row) => `lamp oil ${row + 1},Stock of lamp oil ${row + 1} is kept in the cellar.\n`).join("");
/** Far longer than either training takes on two idle cores; a busy machine is not what is tested. */
const TRAINED_MS = 240_000;
const SHANTY = Array.from({ length: 12 }, (_, verse) => `Verse ${verse + 1}. Heave away, the tide is turning, lamps on every headland burning.`).join("\n\n");

const { page, faults, step, button, heading, field, goTo, drop, stateBadge } = await walk({ stepMs: 2 * TRAINED_MS });

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
    faults.expect(401, "/api/auth/login");
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
    faults.expect(422, "/complete");
    await drop("broken.jsonl", BROKEN_LINE_3);
    await page.getByRole("alert").filter({ hasText: "3" }).waitFor();
    await look(page, "documents");
  });

  step("the bad line is left out without sending the file again", async () => {
    await button("Leave the bad rows out and continue").click();
    await page.getByRole("link", { name: "broken" }).filter({ visible: true }).waitFor();
  });

  step("columns that nobody understands are explained once, and the table is read", async () => {
    await drop("prices.csv", PRICES);
    await page.getByRole("link", { name: "prices" }).filter({ visible: true }).first().click();
    await heading("Which column plays which part?").waitFor();
    await look(page, "document-columns");
    await field("Prompt").selectOption("ware");
    await field("Answer").selectOption("remark");
    await button("Read it this way").click();
    await page.getByText("Stock of lamp oil 1").first().waitFor();
    await goTo("Documents");
  });

  step("the document's page shows its first examples, and what of them is learned", async () => {
    await page.getByRole("link", { name: "shanty" }).filter({ visible: true }).click();
    await heading("First examples").waitFor();
    await page.getByText("Heave away, the tide is turning").first().waitFor();
    await look(page, "document");
  });
});

describe("a training", () => {
  step("the sample data lead to a job whose every setting may stay on auto", async () => {
    await goTo("Home");
    await button("Start with the sample data").click();
    await heading("New job").waitFor();
    await page.getByRole("checkbox", { name: /Harbour kettle, questions/ }).and(page.locator(":checked")).waitFor();
    await page.getByRole("radio", { name: /SmolLM2 135M Instruct/ }).and(page.locator(":checked")).waitFor();
    await page.getByRole("radio", { name: /GPT-2 from scratch, 1 M/ }).check();
    await page.getByRole("region", { name: "Forecast" }).getByText("scratch").waitFor();
    await page.getByPlaceholder(/^auto: \d+$/).and(field("Batch size")).waitFor();
    await button("Look").click();
    await page.getByText("Of them learned").waitFor({ timeout: 60_000 });
    await look(page, "new-job");
  });

  step("a batch size of 0 is refused beside its field, before anything is sent", async () => {
    faults.expect(422, "/api/forecasts");
    await field("Batch size").fill("0");
    await button("Train").click();
    await page.locator(":focus").and(field("Batch size")).waitFor();
    assert.equal(await field("Batch size").getAttribute("aria-invalid"), "true");
    await field("Batch size").fill("");
  });

  step("Train starts it, and progress, curve and log move without a reload", async () => {
    await button("Train").click();
    await page.waitForURL(/\/jobs\/job-/);
    await stateBadge("Running").waitFor({ timeout: 30_000 });
    const steps = page.getByText(/^\d+ of \d+$/);
    await steps.waitFor({ timeout: 60_000 });
    await page.locator("canvas").first().waitFor();
    await page.getByRole("log").getByText(/^Sample 1: /).waitFor();
    const [first, lines] = [await steps.textContent(), await numLines()];
    await page.waitForFunction((before) => ![...document.querySelectorAll("dd")].some((one) => one.textContent === before), first);
    while ((await numLines()) <= lines) await page.waitForTimeout(200);
    assert.match(await page.title(), /^\d+\s?%(, .+ left)? - /);
    if (process.env.WALK_SCREENSHOT) await keepForReadme();
    await look(page, "job-running");
  });

  step("it succeeds, says so, and asks the server no more", async () => {
    await stateBadge("Succeeded").waitFor({ timeout: TRAINED_MS });
    await look(page, "job-succeeded");
    let asked = [];
    const note = (request) => asked.push(request.url());
    page.on("request", note);
    await page.waitForTimeout(5_000); // What came last of the log is read once more, on stores elsewhere a moment later.
    asked = [];
    await page.waitForTimeout(5_000);
    page.off("request", note);
    assert.deepEqual(asked, []);
  });

  step("the list of jobs and the home screen show it", async () => {
    await goTo("Jobs");
    await page.getByRole("link", { name: /Harbour kettle/ }).waitFor();
    await look(page, "jobs");
    await goTo("Home");
    await heading("Recent results").waitFor();
    await look(page, "home");
  });

  step("a duplicate can be cancelled, with the consequence said first", async () => {
    await page.getByRole("region", { name: "Recent jobs" }).or(page.locator("section", { hasText: "Recent jobs" })).getByRole("link", { name: /Harbour kettle/ }).first().click();
    await page.getByRole("link", { name: "Duplicate" }).click();
    await page.getByText("Advanced settings and note").click();
    await field("Most steps").fill("60");
    await button("Train").click();
    await stateBadge("Running").waitFor({ timeout: 30_000 });
    await button("Cancel").click();
    await page.getByRole("dialog").getByText(/no model comes of it/).waitFor();
    await button("Cancel the job").click();
    await stateBadge("Cancelled").waitFor({ timeout: 30_000 });
    await look(page, "job-cancelled");
  });

  step("a retry takes it up again, a pause keeps its checkpoint, and it goes on from there to its end", async () => {
    await button("Retry").click();
    await page.getByText(/^\d+ of 60$/).waitFor({ timeout: 60_000 });
    await button("Pause").click();
    await page.getByText(/^Paused\. The checkpoint at step \d+ is kept; it goes on from there\.$/).waitFor({ timeout: 60_000 });
    await heading("Checkpoints").waitFor();
    await look(page, "job-paused");
    await page.getByRole("button", { name: /^Try it with the checkpoint at step/ }).first().click();
    await page.getByRole("textbox", { name: /Your message|A beginning to be continued/ }).fill("How long does the kettle take?");
    await button("Ask").click();
    await page.getByText(/^\d+\stokens?\sin\s/).waitFor({ timeout: 60_000 });
    await button("Close").click();
    await button("Resume").click();
    await stateBadge("Succeeded").waitFor({ timeout: TRAINED_MS });
    await page.getByRole("list", { name: "Life of this job" }).getByText("Running again").first().waitFor();
    await look(page, "job-resumed");
  });

  step("two runs stand beside each other, with what was set differently", async () => {
    await goTo("Jobs");
    const boxes = page.getByRole("checkbox", { name: /^Choose Harbour kettle/ });
    await boxes.nth(1).waitFor(); // What the page remembers of the list is older than the second job.
    for (const [before, box] of (await boxes.all()).entries()) {
      await box.check();
      await page.getByText(new RegExp(`^${before + 1}\\sjobs?\\schosen$`)).waitFor();
    }
    await look(page, "jobs-chosen");
    await page.getByRole("link", { name: "Compare" }).click();
    await page.locator("canvas").first().waitFor();
    await page.getByRole("row", { name: /^Most steps/ }).getByText("60").waitFor();
    await page.getByRole("combobox", { name: /^Compare/ }).selectOption("train");
    await page.waitForURL(/what=train/);
    await look(page, "compare");
  });
});

describe("a model", () => {
  step("the tuned model answers, and its base is excused for having nothing to say", async () => {
    await goTo("Models");
    await look(page, "models");
    await page.getByRole("link", { name: /Harbour kettle/ }).first().click();
    await heading("Try it").waitFor();
    await ask("How long does the kettle take?");
    await answered("Tuned model");
    await page.getByRole("region", { name: "Base model" }).getByText("This base started from random weights").waitFor();
    await look(page, "model");
  });

  step("it can be downloaded as one file", async () => {
    const [download] = await Promise.all([page.waitForEvent("download"), button("Download").click()]);
    assert.match(download.suggestedFilename(), /\.zip$/);
    const content = readFileSync(await download.path());
    assert.equal(content.subarray(0, 2).toString(), "PK");
    assert.ok(content.includes("model.safetensors"));
  });

  step("a chat model is tuned with settings of one's own and answers beside its base", async () => {
    await page.goto("/jobs/new");
    await page.getByRole("checkbox", { name: /Harbour kettle, questions/ }).check();
    await page.getByRole("radio", { name: /SmolLM2 135M Instruct/ }).check();
    await page.getByText("Advanced settings and note").click();
    await field("Most steps").fill("2");
    await field("Validation share").fill("0.02");
    await field("Name").fill("Kettle helper");
    await button("Train").click();
    await stateBadge("Succeeded").waitFor({ timeout: TRAINED_MS });
    await page.getByRole("link", { name: "Try the model" }).click();
    await ask("What is the capital of France?");
    await answered("Tuned model");
    await answered("Base model");
    assert.match(await page.getByRole("region", { name: "Base model" }).textContent(), /Paris/);
    await look(page, "model-chat");
  });
});

describe("everywhere", () => {
  step("the dark theme is kept over a reload", async () => {
    await button("Dark theme").click();
    await page.reload();
    await heading("Try it").waitFor();
    assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme), "dark");
    await button("The system's theme").click();
  });

  step("settings say how one is told of the end of a job, and what e-mail lacks", async () => {
    await page.goto("/settings/notifications");
    await page.getByText("LLM_TUNER_SMTP_HOST").waitFor();
    await field("a webhook at this address").fill("http://10.0.0.1/");
    faults.expect(422, "/api/notifications/settings");
    await button("Save").click();
    await page.getByText(/leads to a private address/).waitFor();
    await look(page, "settings");
  });

  step("an address that does not exist says so and leads back", async () => {
    await page.goto("/no/such/page");
    await page.getByRole("link", { name: /home|start/i }).first().waitFor();
    await look(page, "not-found");
  });
});

/** How many lines the log says it has; only those in sight are in the document. */
const numLines = async () => Number.parseInt(await page.getByRole("region", { name: "Log" }).getByText(/^\d+\slines?$/).textContent(), 10);

async function ask(prompt) {
  await page.getByRole("textbox", { name: /Your message|A beginning to be continued/ }).fill(prompt);
  await field("Most tokens").fill("24");
  await page.getByRole("button", { name: /^Ask( both)?$/ }).click();
}

async function answered(side) {
  await page.getByRole("region", { name: side }).getByText(/\d+\stokens?\sin\s/).waitFor({ timeout: 60_000 });
}

/** The README's picture: the job in the middle of its training. */
async function keepForReadme() {
  await page.waitForFunction(() => Number.parseInt(document.title, 10) >= 60, null, { timeout: TRAINED_MS });
  await page.screenshot({ path: process.env.WALK_SCREENSHOT });
}

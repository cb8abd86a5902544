// The walk through the four guided steps: a printed guide, a training, submissions from a word processor, a verdict, and the report that is
// forwarded. Started by scripts/e2e with the files. Steps build on each other.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "node:test";
import { look, seriousFindings } from "./browser.mjs";
import { walk } from "./walking.mjs";

const FILES = process.env.WALK_GUIDED;
const EXPECTED = JSON.parse(readFileSync(join(FILES, "expected.json"), "utf8"));
const TRAINED_MS = 240_000;
const VERDICT = /^(Improved|No change|Regressed)$/;

const { page, context, faults, step, button, heading, field, goTo } = await walk({ stepMs: 300_000 });
const path = (name) => join(FILES, name);
const stepLink = (name) => page.getByRole("navigation", { name: "Steps" }).getByRole("link", { name });

describe("the guide", () => {
  step("is dropped, read, and shown with its passages and scored items", async () => {
    await page.goto("/register");
    await field("E-mail").fill("florence@example.org");
    await field("Password").fill("a long pass phrase");
    await button("Create account").click();
    await page.getByRole("link", { name: "Guide me through it" }).click();
    await heading("A new guide").waitFor();
    await look(page, "guided-empty");
    await field("Name").fill("How watches are marked");
    await page.getByLabel("Guide to upload").setInputFiles(path("marking guide.pdf"));
    await page.getByRole("article", { name: "How watches are marked" }).waitFor({ timeout: 60_000 });
    await page.getByText(/^1[3-6]\d\sscored\sitems/).waitFor();
    await page.getByText(/^Read the \d+\spassages?$/).click();
    await page.getByText(/An entry earns two points/).waitFor();
    await look(page, "guided-guide");
  });

  step("a file of another kind is refused at once, beside the zone", async () => {
    await page.getByLabel("Guide to upload").setInputFiles({ name: "photo.png", mimeType: "image/png", buffer: Buffer.from("no text") });
    await page.getByText(/This kind of file is not read/).waitFor();
    await button("Dismiss photo.png").click();
  });

  step("an item is corrected, one is left out, one is added", async () => {
    await button("Correct item 1").click();
    await field("Score").fill("11");
    await field("Out of").focus();
    await page.getByText("This is above the highest score, 10.").waitFor();
    await field("Score").fill("8");
    await button("Save").click();
    await page.getByText("corrected", { exact: true }).waitFor();
    await button("Leave out item 2").click();
    await page.getByRole("button", { name: "Take back item 2" }).waitFor();
    await button("Add an item").click();
    await field("What was scored").fill("The cat slept on the stairs, and nothing else is worth telling.");
    await field("Score").fill("0");
    await field("Out of").fill("10");
    await button("Add it").click();
    await page.getByText(/1 left out/).waitFor();
    await look(page, "guided-corrected");
  });

  step("is confirmed, and a reload goes on with the training", async () => {
    await button("This is right, go on to training").click();
    await heading("Model to start from").or(page.getByText("Model to start from")).first().waitFor();
    await page.reload();
    await button("Start training").waitFor();
    await stepLink(/Step 1: Guide\s*, done/).waitFor();
    await page.getByText("recommended", { exact: true }).waitFor();
    await page.getByText("Choose another model").click();
    await page.getByRole("radio", { name: /GPT-2 from scratch, 1 M/ }).check();
    await page.getByRole("region", { name: "Forecast" }).getByText("scratch").waitFor();
    await look(page, "guided-train");
  });
});

describe("the training", () => {
  step("runs with its progress, survives leaving the page, and ends", async () => {
    await button("Start training").click();
    await stepLink(/Step 2: Train\s*, in progress/).waitFor();
    await page.locator("canvas").first().waitFor({ timeout: 60_000 });
    await look(page, "guided-running");
    await goTo("Documents");
    await heading("Documents").waitFor();
    await goTo("Guided");
    await page.getByRole("link", { name: "Go on there" }).click();
    await button("Go on to testing").waitFor({ timeout: TRAINED_MS });
    await stepLink(/Step 2: Train\s*, done/).waitFor();
    await look(page, "guided-trained");
  });
});

describe("the test", () => {
  step("takes submissions, each with the score that is expected, and finds how to grade them", async () => {
    await button("Go on to testing").click();
    await page.getByLabel("Submissions to upload").setInputFiles(Object.keys(EXPECTED).map(path));
    for (const [name, score] of Object.entries(EXPECTED)) {
      const scoreField = field(`Expected score of ${name.replace(".docx", "")}`);
      await scoreField.fill("7/10");
      await page.getByText("Write a number, such as 7 or 7.5.").waitFor();
      await scoreField.fill(String(score));
      await scoreField.blur();
    }
    await page.getByRole("region", { name: /^8\stest items$/ }).waitFor();
    await page.getByText(/^The model gives a score/).first().waitFor();
    await look(page, "guided-submissions");
    await page.getByText("Grade it in another way").click();
    await look(page, "guided-graders");
    await page.getByText("Grade it in another way").click();
    await page.reload();
    assert.equal(await field("Expected score of watch 1").inputValue(), String(EXPECTED["watch 1.docx"]));
  });

  step("ends with a verdict, its interval, and every item side by side", async () => {
    await button("Run the test").click();
    const verdict = page.getByRole("region", { name: "Verdict" });
    await verdict.getByText(VERDICT).waitFor({ timeout: 120_000 });
    await verdict.getByRole("img", { name: /With 95 % confidence/ }).waitFor();
    const items = page.getByRole("list", { name: "Test items" }).getByRole("listitem");
    assert.equal(await items.count(), Object.keys(EXPECTED).length);
    await items.first().getByRole("img", { name: /^Tuned: finds \S+ likeliest/ }).waitFor();
    await page.getByText("All numbers of this test").click();
    await look(page, "guided-verdict");
  });

  step("a table of many is another test, with its items shown first", async () => {
    await button("Test it with something else").click();
    await page.getByRole("radio", { name: "A table with many" }).check();
    await page.getByLabel("Table of tests to upload").setInputFiles(path("more entries.csv"));
    await page.getByRole("region", { name: /^32\stest items$/ }).waitFor({ timeout: 30_000 });
    assert.equal(await field("What is asked").inputValue(), "prompt");
    assert.equal(await field("Expected score").inputValue(), "expected_score");
    await page.getByText(/^See the first/).or(page.getByText("See what is asked")).click();
    await look(page, "guided-table");
    await button("Run the test").click();
    await page.getByRole("region", { name: "Verdict" }).getByText(VERDICT).waitFor({ timeout: 120_000 });
    assert.match(await page.getByRole("region", { name: "Verdict" }).textContent(), /Of 3[0-2]\sitems/);
    await look(page, "guided-verdict-of-many");
  });
});

describe("the report", () => {
  let html;

  step("is made with one click and shown as it will be forwarded", async () => {
    await button("Go on to the report").click();
    await button("Make the report").waitFor();
    await look(page, "guided-report-form");
    await button("Make the report").click();
    const report = page.frameLocator("iframe");
    await report.getByRole("heading").first().waitFor({ timeout: 30_000 });
    await look(page, "guided-report");
  });

  step("comes in every form", async () => {
    for (const [name, begins] of [["HTML", "<!doctype html"], ["PDF", "%PDF"], ["Markdown", "#"], ["JSON", "{"], ["CSV", ""]]) {
      const [download] = await Promise.all([page.waitForEvent("download"), button(name).click()]);
      const content = readFileSync(await download.path());
      assert.ok(content.length > 100, `${name} has only ${content.length} bytes`);
      assert.equal(content.subarray(0, begins.length).toString().toLowerCase(), begins.toLowerCase());
      if (name === "HTML") html = content.toString();
    }
  });

  step("opens without a network, and axe finds nothing serious in it", async () => {
    assert.ok(html.length < 5_000_000);
    const offline = await context.browser().newContext({ offline: true });
    const alone = await offline.newPage();
    const asked = [];
    alone.on("request", (request) => asked.push(request.url()));
    await alone.setContent(html);
    assert.deepEqual(asked, []);
    await alone.getByRole("heading").first().waitFor();
    assert.deepEqual(await seriousFindings(alone), []);
    await offline.close();
  });

  step("is shared by a link that a stranger can open, until it is revoked", async () => {
    await field("The link holds for").selectOption("a week");
    await button("Make a link").click();
    const link = await page.getByRole("status").locator("code").textContent();
    const stranger = await context.browser().newContext();
    const theirs = await stranger.newPage();
    assert.equal((await theirs.goto(link)).status(), 200);
    await theirs.getByRole("heading").first().waitFor();
    await look(page, "guided-shared");
    await page.getByRole("button", { name: "Revoke link 1" }).click();
    await page.getByText("The link opens nothing any more.").waitFor();
    assert.equal((await theirs.goto(link)).status(), 404);
    await stranger.close();
  });

  step("stands among the reports, and the verdict beside the model", async () => {
    await goTo("Reports");
    await heading("Reports").waitFor();
    await look(page, "reports");
    await page.getByRole("main").getByRole("link").first().click();
    await page.getByRole("region", { name: "Share it" }).waitFor();
    await look(page, "report");
    await goTo("Home");
    await heading("Recent results").waitFor();
    await page.getByText(VERDICT).first().waitFor();
    await look(page, "home-with-verdict");
    await page.getByRole("region", { name: "Recent results" }).getByRole("link").nth(1).click();
    await page.getByRole("list", { name: "Tests of this model" }).getByRole("button").nth(1).click();
    await page.getByRole("region", { name: "Verdict" }).waitFor();
    await look(page, "model-tests");
    assert.deepEqual(faults.list(), []);
  });
});

// The walk through the data step: real files of every kind, datasets, an upload that is interrupted. Started by scripts/e2e with the files.
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "node:test";
import { look } from "./browser.mjs";
import { walk } from "./walking.mjs";

const FILES = process.env.WALK_FILES;
const PAIRS = "prompt,completion\n" + Array.from({ length: 80 }, (_, row) => `What is lamp ${row}?,Lamp ${row} burns oil number ${row} in the cellar.\n`).join("");
const BAD = '{"prompt": "a", "completion": "b"}\n' + '{"prompt": "a"\n'.repeat(30);
const PART_BYTES = 8 * 1024 ** 2;
const BIG = join(tmpdir(), `big-${process.pid}.jsonl`);

const { page, context, faults, step, button, heading, field, goTo, drop, stateBadge } = await walk({ stepMs: 120_000 });
const file = (name) => readFileSync(join(FILES, name));
const documentLink = (name) => page.getByRole("link", { name, exact: true }).filter({ visible: true }).first();

describe("documents of every kind", () => {
  step("an account of its own", async () => {
    await page.goto("/register");
    await field("E-mail").fill("grace@example.org");
    await field("Password").fill("a long pass phrase");
    await button("Create account").click();
    await button("Start with the sample data").waitFor();
    await goTo("Documents");
  });

  for (const [name, found] of [["three pages.pdf", "Every morning the pump runs"], ["word.docx", "Part | Use"]]) {
    step(`the text of ${name} can be read beside its examples`, async () => {
      await drop(name, file(name));
      await documentLink(name.split(".")[0]).click();
      await heading("First examples").waitFor();
      await page.getByText("The text that was found in it").click();
      await page.locator("pre", { hasText: found }).waitFor();
      if (name.endsWith("pdf")) await look(page, "document-pdf");
      await goTo("Documents");
    });
  }

  step("a table says which column plays which part, and so can somebody else", async () => {
    await drop("chat.parquet", file("chat.parquet"));
    await documentLink("chat").click();
    await page.getByText("Parquet").first().waitFor();
    await page.getByText("Change what the columns mean").click();
    await page.getByRole("radio", { name: /conversation/ }).and(page.locator(":checked")).waitFor();
    assert.equal(await field("Messages").inputValue(), "messages");
    await goTo("Documents");
  });

  step("what was left out of a ZIP can be downloaded as a list", async () => {
    await drop("pictures beside.zip", file("pictures beside.zip"));
    await documentLink("pictures beside").click();
    await heading("Noticed while reading").waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), button("Download all problems").click()]);
    assert.match(readFileSync(await download.path(), "utf8"), /pump\.png/);
    await look(page, "document-zip");
    await goTo("Documents");
  });

  step("a refused file names its lines, each with what to do", async () => {
    faults.expect(422, "/complete");
    await drop("bad.jsonl", BAD);
    const problems = page.getByRole("region", { name: "Problems of bad.jsonl" });
    await problems.getByText("Line 2", { exact: true }).waitFor();
    await problems.getByText("Fix or remove that line.").first().waitFor();
    await look(page, "document-refused");
    await button("Drop it").click();
    await problems.waitFor({ state: "detached" });
  });
});

describe("an upload", () => {
  step("is paused, survives a reload, and goes on where it was", async () => {
    const row = `${JSON.stringify({ prompt: "What is this?", completion: "A row of a large file. ".repeat(40) })}\n`;
    writeFileSync(BIG, row.repeat(Math.ceil((3.5 * PART_BYTES) / row.length)));
    const network = await context.newCDPSession(page);
    await network.send("Network.enable");
    const throttle = (uploadThroughput) => network.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput });
    await throttle(8_000_000);
    await page.getByLabel("Files to upload").setInputFiles(BIG);
    await page.getByText(/\/s, /).waitFor();
    await page.waitForResponse((response) => response.url().endsWith("/parts/1") && response.ok());
    await button("Pause").click();
    await page.getByText("paused; what has arrived stays for a day").waitFor();
    await look(page, "documents-paused");
    await button("Resume").click();
    await page.getByText(/\/s, /).waitFor();
    await page.reload();
    await heading("Begun earlier").waitFor();
    await throttle(-1);
    const sent = [];
    page.on("request", (request) => request.url().includes("/parts/") && sent.push(Number(request.url().split("/").at(-1))));
    await page.getByLabel(/^Continue big-/).setInputFiles(BIG);
    await page.getByText("Read.").waitFor({ timeout: 60_000 });
    assert.ok(!sent.includes(1), `part 1 had arrived and was sent again: ${sent}`);
    rmSync(BIG);
  });
});

describe("datasets", () => {
  step("two documents and a third to measure on make a dataset", async () => {
    await drop("lamps.csv", PAIRS);
    await documentLink("lamps").waitFor();
    await page.getByRole("link", { name: "Datasets", exact: true }).click();
    await heading("Datasets").waitFor();
    await button("New dataset").click();
    await button("Make the dataset").click();
    await page.getByText("Choose at least one document.").waitFor();
    await field("Name").fill("Lamps and chats");
    await page.getByRole("checkbox", { name: /^lamps/ }).check();
    await page.getByRole("checkbox", { name: /^chat/ }).check();
    await page.getByRole("radio", { name: "a document of its own" }).check();
    await field("Validate on this document").selectOption("pictures beside");
    await look(page, "dataset-form");
    await button("Make the dataset").click();
    await heading("Lamps and chats").waitFor();
    await look(page, "datasets");
  });

  step("the look is at the very job that would start", async () => {
    await page.getByRole("link", { name: /Train on this/ }).click();
    await page.getByRole("radio", { name: /GPT-2 from scratch, 1 M/ }).check();
    await field("Epochs").fill("1");
    await button("Look").click();
    await page.getByText("too few to learn anything").waitFor({ timeout: 60_000 });
    await page.getByText("Advanced settings and note").click();
    await field("Most steps").fill("5000");
    await button("Look again").click();
    await page.getByText("5,000", { exact: true }).first().waitFor({ timeout: 60_000 });
    await page.getByRole("link", { name: "On a page of its own" }).click();
    await page.getByText(/with epochs 1, max steps 5000 and the other settings on auto/).waitFor();
    await page.getByText("Of them learned").waitFor();
    await look(page, "look");
    await page.goBack();
  });

  step("a document is not deleted while a job uses it", async () => {
    await page.goto("/jobs/new");
    await field("Learn from").selectOption("dataset: Lamps and chats");
    await page.getByRole("radio", { name: /GPT-2 from scratch, 1 M/ }).check();
    await page.getByText("Advanced settings and note").click();
    await field("Most steps").fill("5000");
    await button("Train").click();
    await page.waitForURL(/\/jobs\/job-/);
    const job = page.url();
    await goTo("Documents");
    await documentLink("lamps").click();
    faults.expect(409, new URL(page.url()).pathname);
    await button("Delete").click();
    await button("Delete it").click();
    await page.getByRole("dialog").getByText(/uses this document/).waitFor();
    await page.keyboard.press("Escape");
    await page.goto(job);
    await button("Cancel").click();
    await button("Cancel the job").click();
    await stateBadge("Cancelled").waitFor({ timeout: 30_000 });
  });
});

// A Chromium page that keeps an account of everything that goes wrong in it, and the looks that every screen is given.
// Playwright and axe come from the page's own development packages.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const fromClient = createRequire(new URL("../../client/package.json", import.meta.url));
const { chromium } = fromClient("playwright-core");
const AXE = readFileSync(fromClient.resolve("axe-core/axe.min.js"), "utf8");

export const RESULTS = fileURLToPath(new URL("../../test-results/", import.meta.url));
const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 360, height: 780 };

// Without these, Chromium looks for its maker's hosts at every start.
const QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** Opens a browser with one page at `url`'s origin. Close it with `close()`. */
export async function openBrowser(url) {
  mkdirSync(RESULTS, { recursive: true });
  const browser = await chromium.launch({ executablePath: process.env.WALK_CHROMIUM, args: QUIET });
  const context = await browser.newContext({ baseURL: url, viewport: WIDE, colorScheme: "light", reducedMotion: "reduce", acceptDownloads: true });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  return { page, context, faults: new Faults(page), close: () => browser.close() };
}

/** What went wrong on a page: console errors, exceptions, requests that failed or were refused. */
export class Faults {
  #found = [];
  #expected = [];

  constructor(page) {
    page.on("pageerror", (error) => this.#found.push({ what: `exception: ${error.message}`, url: page.url() }));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") {
        this.#found.push({ what: `console: ${message.text()}`, url: message.location().url });
      }
    });
    page.on("response", (response) => {
      if (response.status() >= 400) this.#found.push({ what: `${response.status()} for ${response.request().method()}`, url: response.url() });
    });
    page.on("requestfailed", (request) => {
      // A request that the page itself gave up, because somebody went on to another screen, has not failed.
      const reason = request.failure()?.errorText ?? "";
      if (reason !== "net::ERR_ABORTED") this.#found.push({ what: `failed: ${reason}`, url: request.url() });
    });
  }

  /** From now on a refusal with this status of an address that ends so is what a step is about, and no fault. */
  expect(status, path) {
    this.#expected.push({ status: String(status), path });
  }

  /** Everything that nobody expected, as text. */
  list() {
    const pathOf = (url) => (URL.canParse(url) ? new URL(url).pathname : "");
    const wanted = ({ what, url }) => this.#expected.some(({ status, path }) => what.includes(status) && pathOf(url).endsWith(path));
    return this.#found.filter((fault) => !wanted(fault)).map(({ what, url }) => `${what} (${url})`);
  }
}

/**
 * Looks at the screen as it is now: wide and narrow, light and dark. Saves a picture of each, and asserts that nothing scrolls sideways
 * and that axe finds nothing serious. A second walk through the same screens, over other stores, may leave that out.
 */
export async function look(page, name) {
  if (process.env.WALK_LOOKS === "none") return;
  for (const [width, viewport] of [["1280", WIDE], ["360", NARROW]]) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await settle(page);
      await page.screenshot({ path: `${RESULTS}${name}-${width}-${colorScheme}.png`, fullPage: true });
      assert.deepEqual(await seriousFindings(page), [], `${name}, ${width} wide, ${colorScheme}: axe has serious findings`);
    }
    const { content, window } = await page.evaluate(() => ({ content: document.documentElement.scrollWidth, window: document.documentElement.clientWidth }));
    assert.ok(content <= window, `${name} scrolls sideways at ${width}: its content is ${content} wide`);
  }
  await page.setViewportSize(WIDE);
  await page.emulateMedia({ colorScheme: "light" });
}

/** Two frames, so that a change of size or of colours has been drawn (charts redraw in the frame after). */
async function settle(page) {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

/** What axe finds on a page that cannot be left as it is. */
export async function seriousFindings(page) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(" | ")}`);
}

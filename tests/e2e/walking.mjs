// What every walk is made of: steps that build on each other, and the hands and eyes of the one who walks.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openBrowser, RESULTS } from "./browser.mjs";

/** Opens a browser for the walk of one file. After a step that fails, the rest are failures at once. */
export async function walk({ stepMs }) {
  const browser = await openBrowser(process.env.WALK_URL);
  const { page, context, faults } = browser;
  let broken = false;
  after(() => browser.close());

  /** Leaves a picture when it fails, and asserts that nothing went wrong on the page beside what it looked at. */
  function step(name, walk) {
    test(name, { timeout: stepMs }, async () => {
      if (broken) throw Object.assign(new Error("not reached: an earlier step failed"), { stack: "" });
      try {
        await walk();
        assert.deepEqual(faults.list(), []);
      } catch (error) {
        broken = true;
        await page.screenshot({ path: `${RESULTS}failed.png`, fullPage: true });
        throw error;
      }
    });
  }

  /** Lets go of a file over the drop zone, as a hand would. `content` is text or bytes. */
  async function drop(name, content) {
    const bytes = [...Buffer.from(content)];
    const files = await page.evaluateHandle(([name, bytes]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(bytes)], name));
      return transfer;
    }, [name, bytes]);
    await page.getByText("Drop files here").dispatchEvent("drop", { dataTransfer: files });
  }

  return {
    page,
    context,
    faults,
    step,
    drop,
    button: (name) => page.getByRole("button", { name, exact: true }),
    heading: (name) => page.getByRole("heading", { name, exact: true }),
    field: (label) => page.getByLabel(label, { exact: true }),
    goTo: (place) => page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: place, exact: true }).filter({ visible: true }).click(),
    stateBadge: (word) => page.locator("header, h1 + *, main").getByText(word, { exact: true }).first(),
  };
}

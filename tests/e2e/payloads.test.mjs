// A hundred texts that would be scripts, wherever a user's own text stands on the page: names, descriptions, file names, rows, log lines.
// None may run, none may break the content security policy. Started by scripts/e2e.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openBrowser, RESULTS } from "./browser.mjs";

const RUN = "window.harmed=1";
const HANDLERS = ["img src=x onerror", "svg onload", "body onload", "input autofocus onfocus", "details open ontoggle", "video src=x onerror", "audio src=x onerror", "iframe onload", "marquee onstart", "object data=x onerror"];
const SHAPES = [
  (tag) => `<${tag}=${RUN}>`,
  (tag) => `"><${tag}=${RUN}>`,
  (tag) => `'><${tag}="${RUN}">`,
  (tag) => `</textarea></title></script><${tag}=${RUN}>`,
  (tag) => `<${tag.toUpperCase()}=${RUN}//`,
  (tag) => `<!--><${tag}=${RUN}>-->`,
  (tag) => `&lt;${tag}=${RUN}&gt;<${tag}=${RUN}>`,
  (tag) => `<math><mtext><${tag}=${RUN}></mtext></math>`,
];
const OTHERS = [
  `<script>${RUN}</script>`,
  `<script src="data:text/javascript,${RUN}"></script>`,
  `<scr<script>ipt>${RUN}</scr</script>ipt>`,
  `javascript:${RUN}`,
  `[click](javascript:${RUN})`,
  `![x](x" onerror="${RUN})`,
  `<a href="javascript:${RUN}">x</a>`,
  `<form action="javascript:${RUN}"><button>x</button></form>`,
  `<base href="//127.0.0.1:1/">`,
  `<meta http-equiv="refresh" content="0;url=javascript:${RUN}">`,
  `<link rel="stylesheet" href="data:text/css,*{display:none}">`,
  `<style>@import "data:text/css,*{display:none}"</style>`,
  `<div style="background:url(javascript:${RUN})">x</div>`,
  `<iframe srcdoc="<script>parent.${RUN}</script>"></iframe>`,
  `<svg><script>${RUN}</script></svg>`,
  `<template><script>${RUN}</script></template>`,
  `{{constructor.constructor('${RUN}')()}}`,
  `\${${RUN}}`,
  `\u2028<script>${RUN}</script>\u2029`,
  `\u202e<script>${RUN}</script>`,
];
const PAYLOADS = [...HANDLERS.flatMap((tag) => SHAPES.map((shape) => shape(tag))), ...OTHERS];

let browser;
let page;
let token;
const violations = [];

before(async () => {
  browser = await openBrowser(process.env.WALK_URL);
  page = browser.page;
  await page.exposeFunction("reportViolation", (what) => violations.push(what));
  await page.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", (event) => window.reportViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`)),
  );
  page.on("dialog", (dialog) => {
    violations.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto("/register");
  await page.getByLabel("E-mail", { exact: true }).fill("payloads@example.org");
  await page.getByLabel("Password", { exact: true }).fill("a long pass phrase");
  const registered = page.waitForResponse("**/api/auth/register");
  await page.getByRole("button", { name: "Create account", exact: true }).click();
  token = (await (await registered).json()).access_token;
  await page.getByRole("button", { name: "Start with the sample data" }).waitFor();
});
after(() => browser?.close());

async function send(path, options, status) {
  const answer = await page.request.fetch(`${process.env.WALK_URL}${path}`, { headers: { authorization: `Bearer ${token}` }, method: "POST", ...options });
  assert.equal(answer.status(), status, await answer.text());
  return answer.json();
}

async function looksHarmless(path, words) {
  await page.goto(path);
  await page.getByText(words, { exact: false }).filter({ visible: true }).first().waitFor({ timeout: 30_000 });
  await page.waitForTimeout(300);
  assert.equal(await page.evaluate(() => window.harmed), undefined, `a script ran at ${path}`);
  assert.deepEqual(violations, [], path);
}

test("a hundred payloads in names, rows and log lines are text wherever they stand", { timeout: 240_000 }, async () => {
  try {
    assert.ok(PAYLOADS.length >= 100);
    const rows = PAYLOADS.map((payload, number) => JSON.stringify({ prompt: `${number} ${payload}`, completion: payload })).join("\n");
    const upload = (name, content, more = {}) => send("/api/documents", { multipart: { file: { name, mimeType: "text/plain", buffer: Buffer.from(content) }, ...more } }, 201);
    const data = await upload("rows.jsonl", rows, { name: `Rows ${PAYLOADS[0]}`, description: PAYLOADS[1] });
    for (let first = 0; first < PAYLOADS.length; first += 10) {
      await upload(`${PAYLOADS[first].replaceAll("/", "")}.txt`, `Text ${first}.\n\n${PAYLOADS.slice(first, first + 10).join("\n\n")}`, { name: PAYLOADS.slice(first, first + 10).join(" ").slice(0, 200) });
    }
    const job = await send("/api/jobs", { data: { base_model: "gpt2-scratch-1m", document_ids: [data.id], name: `Job ${PAYLOADS[2]}`, note: PAYLOADS.join("\n").slice(0, 1500), allow_short_run: true, hyperparameters: { max_steps: 2 } } }, 201);
    await looksHarmless("/documents", "Rows <img");
    await looksHarmless(`/documents/${data.id}`, "First examples");
    await looksHarmless("/jobs", "Job '>");
    await looksHarmless("/jobs/new", "Rows <img");
    await looksHarmless(`/jobs/${job.id}`, "Sample 1:");
    await page.waitForFunction(() => /Succeeded|Failed/.test(document.body.innerText), null, { timeout: 120_000 });
    await looksHarmless(`/jobs/${job.id}`, "Sample 1:");
    await looksHarmless("/models", "Job '>");
    await looksHarmless("/", "Job '>");
  } catch (error) {
    await page.screenshot({ path: `${RESULTS}payloads-failed.png`, fullPage: true });
    throw error;
  }
});

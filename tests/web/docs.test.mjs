// /docs: every operation is rendered, nothing breaks the page's own policy, nothing is asked from elsewhere.

import assert from "node:assert/strict";
import { test } from "node:test";

import { done, launch, visit } from "./browser.mjs";
import { SERVICE } from "./service.mjs";

test("every operation is rendered, and nothing breaks the policy", async () => {
  const browser = await launch();
  const page = await visit(browser, `${SERVICE}/docs`);
  const document = await (await fetch(`${SERVICE}/openapi.json`)).json();
  const operations = Object.entries(document.paths).flatMap(([path, item]) => Object.entries(item)
    .filter(([method]) => method !== "parameters").map(([method, { summary }]) => ({ path, method, summary })));
  assert.ok(operations.length > 10);
  await page.locator(".opblock").last().waitFor();
  const shown = await page.locator(".opblock").evaluateAll((blocks) => blocks.map((block) => ({
    path: block.querySelector("[data-path]").dataset.path,
    method: /opblock-(get|post|put|patch|delete|head)\b/.exec(block.className)[1],
    summary: block.querySelector(".opblock-summary-description").textContent,
  })));
  const sorted = (list) => list.map((each) => JSON.stringify([each.path, each.method, each.summary])).sort();
  assert.deepEqual(sorted(shown), sorted(operations));
  await page.getByText(document.info.title).first().waitFor();
  assert.deepEqual(page.complaints, []);
  // And one would be seen.
  await page.evaluate(() => document.body.append(Object.assign(document.createElement("script"), { text: "document.title = 'run'" })));
  assert.match(page.complaints.join(), /Content Security Policy/);
  page.complaints.length = 0;
  await done(page);
  await browser.close();
});

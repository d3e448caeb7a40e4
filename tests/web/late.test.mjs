// Answers that come when their view has gone: none replaces what was opened since, and none that cannot be had again is lost.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { done, download, file, heading, launch, new_page, open, press, secret_of, visit } from "./browser.mjs";
import { fill, new_request, store } from "./service.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

function signal() {
  let set;
  const came = new Promise((resolve) => (set = resolve));
  return { came, set };
}

// The next call of it waits in the network until it is let go, and then until the page has done what it does with the answer.
async function hold(page, path) {
  const [held, gone] = [signal(), signal()];
  const name = `**/api/v2/${path}`;
  await page.route(name, async (route) => {
    held.set();
    await gone.came;
    await route.continue();
  }, { times: 1 });
  const let_go = async () => {
    await Promise.all([page.waitForResponse(name), gone.set()]);
    await pause(300);
  };
  return { held: held.came, let_go };
}

const paste = (page, link) => page.evaluate((hash) => (location.hash = hash), new URL(link).hash);
const revealed = (page) => page.locator(".revealed pre").allTextContents();

test("who presses again and again asks once, and sees that it works", async () => {
  const { link } = await store();
  const page = await new_page(browser);
  await page.route("**/api/v2/secrets/status", (route) => route.fulfill({ status: 429 }), { times: 1 });
  await page.goto(link);
  await heading(page, "Too many tries");
  let asked = 0;
  page.on("request", (request) => (asked += request.url().endsWith("/secrets/status")));
  const status = await hold(page, "secrets/status");
  const retry = page.getByRole("button", { name: "Try again" });
  await retry.evaluate((button) => [1, 2, 3].forEach(() => button.click()));
  await page.getByRole("button", { name: "One moment…", disabled: true }).waitFor();
  await status.let_go();
  await open(page);
  assert.equal(await secret_of(page), "for your eyes only");
  assert.equal(asked, 1);
  await done(page);
});

test("a look for an answer that ends late does not replace the answer that was opened meanwhile", async () => {
  const request = await new_request();
  const page = await new_page(browser);
  await page.clock.install();
  await page.goto(request.own);
  await heading(page, "No answer yet");
  const look = await hold(page, "requests/status");
  await page.clock.runFor(15_000);
  await look.held;
  await fill(request);
  await press(page, "Check again");
  await open(page);
  assert.equal(await secret_of(page), "for the asker");
  await look.let_go();
  assert.deepEqual(await revealed(page), ["for the asker"]);
  await done(page);
});

test("a status that comes late does not replace the secret of a link that was pasted since", async () => {
  const [one, two] = [await store({ text: "one" }), await store({ text: "two" })];
  const page = await new_page(browser);
  const status = await hold(page, "secrets/status");
  await page.goto(one.link);
  await status.held;
  await paste(page, two.link);
  await open(page);
  assert.equal(await secret_of(page), "two");
  await status.let_go();
  assert.deepEqual(await revealed(page), ["two"]);
  await done(page);
});

test("a secret that comes after another link was pasted replaces nothing, and stays until the page is closed", async () => {
  const one = await store({ text: "one", files: [file("a.txt", "content")] });
  const [two, three] = [await store({ text: "two" }), await store({ text: "three" })];
  const page = await visit(browser, one.link);
  const answer = await hold(page, "secrets/retrieve");
  await open(page);
  await answer.held;
  await paste(page, two.link);
  await heading(page, "Somebody sent you a secret");
  await open(page);
  assert.equal(await secret_of(page), "two");
  await answer.let_go();
  await page.getByRole("heading", { name: "The secret that you opened before" }).waitFor();
  assert.deepEqual(await revealed(page), ["two", "one"]);
  await paste(page, three.link);
  await open(page);
  await page.getByText("three", { exact: true }).waitFor();
  assert.deepEqual(await revealed(page), ["three", "one"]);
  assert.equal(readFileSync(await (await download(page)).path(), "utf8"), "content");
  await done(page);
});

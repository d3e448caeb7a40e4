// Nothing that a stranger writes ever runs, is rendered, or leads away: as text, as a file's name, as a file, as a link. What
// is looked for is told by the page itself: a call of pwned(), a dialog, a violation of its policy, a request to elsewhere.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { done, download, fill_secret, heading, launch, new_page, open, press } from "./browser.mjs";
import { FILES, PAYLOADS } from "./payloads.mjs";
import { SERVICE, answer_parts, client_says, file_part, format, new_request, store, text_part } from "./service.mjs";

const { safe_file_name } = await import(process.env.PARTS_BUNDLE);

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

// Whatever is done to the page is a complaint; `page.blobs` are the types of what it offers to download.
async function watched_page() {
  const page = await new_page(browser);
  page.blobs = [];
  page.on("dialog", (dialog) => page.complaints.push(`a dialog: ${dialog.message()}`) && dialog.dismiss());
  page.on("popup", (popup) => page.complaints.push(`a window: ${popup.url()}`));
  page.on("framenavigated", (frame) => {
    if (frame !== page.mainFrame() || !frame.url().startsWith(`${SERVICE}/`)) {
      page.complaints.push(`a frame went to ${frame.url()}`);
    }
  });
  await page.exposeFunction("pwned", () => page.complaints.push("it ran"));
  await page.exposeFunction("offered", (type) => page.blobs.push(type));
  await page.exposeFunction("violated", (what) => page.complaints.push(`violated ${what}`));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", ({ violatedDirective }) => violated(violatedDirective));
    const { createObjectURL } = URL;
    URL.createObjectURL = (blob) => (offered(blob.type), createObjectURL.call(URL, blob));
  });
  return page;
}

const chunks_of = (list, size) => Array.from({ length: Math.ceil(list.length / size) }, (_, at) => list.slice(at * size, (at + 1) * size));
const shown_texts = (page) => page.locator(".revealed pre").evaluateAll((elements) => elements.map(({ textContent }) => textContent));
const offers = (page) => page.locator(".revealed li a").evaluateAll((links) => links.map((link) => ({
  href: link.href, name: link.download, target: link.target, shown: link.parentElement.querySelector("bdi").textContent })));

// Pointer and keyboard go over all of it, for handlers that wait for them.
async function wander(page) {
  for (const selector of ["pre", "bdi"]) {
    await page.locator(`.revealed ${selector}`).first().hover();
  }
  for (let presses = 0; presses < 8; presses += 1) {
    await page.keyboard.press("Tab");
  }
}

function check_offers(found, names) {
  assert.deepEqual(found.map(({ name }) => name), names.map(safe_file_name));
  for (const { href, name, target, shown } of found) {
    assert.ok(href.startsWith(`blob:${SERVICE}/`) && target === "" && shown === name, JSON.stringify(name));
    assert.doesNotMatch(name, /[/\\\p{Cc}\u202a-\u202e\u2066-\u2069]|^\./u);
  }
}

// Downloads those at `places`: they go to a file, byte by byte, and nowhere else.
async function check_downloads(page, files, places) {
  for (const at of places) {
    const downloaded = await download(page, page.locator(".revealed li a").nth(at));
    assert.equal(Buffer.compare(readFileSync(await downloaded.path()), Buffer.from(files[at].bytes)), 0);
    assert.doesNotMatch(downloaded.suggestedFilename(), /[/\\]/);
  }
  assert.deepEqual([page.url(), page.context().pages().length], [page.opened_at, 1]);
}

async function open_watched(link) {
  const page = await watched_page();
  await page.goto(link);
  page.opened_at = link.split("#")[0];
  await open(page);
  await page.locator(".revealed").waitFor();
  return page;
}

test("what is looked for would be seen", async () => {
  const page = await watched_page();
  await page.goto(`${SERVICE}/`);
  await heading(page, "Share a secret");
  await page.evaluate(() => {
    document.body.append(Object.assign(document.createElement("img"), { src: "https://evil.test/x" }));
    pwned();
    alert("pwned");
    for (const [object, name] of [[document.body, "innerHTML"], [document.createElement("script"), "text"]]) {
      try {
        object[name] = "pwned()";
      } catch {} // the policy refuses it, and says so
    }
  });
  await page.waitForTimeout(100);
  for (const seen of [/^it ran/, /^a dialog: pwned/, /^violated img-src/, /^violated require-trusted-types-for/]) {
    assert.ok(page.complaints.some((complaint) => seen.test(complaint)), `${seen}: ${page.complaints}`);
  }
  await page.context().close();
});

const hostile = [...PAYLOADS.map((payload) => [payload.slice(0, 20_000), payload]), ...FILES];

for (const [turn, chunk] of chunks_of(hostile, 49).entries()) {
  test(`texts and files of a stranger are shown as text and offered as bytes: ${turn + 1}`, async () => {
    const texts = chunk.map(([, content]) => content);
    const files = chunk.map(([name, content]) => file_part(name, format.utf8(content)));
    const parts = [...texts.map(text_part), ...files];
    // By a link, and as the answer to a request.
    const { link } = turn === 1 ? await answer_parts(await new_request(), parts) : await store({ parts });
    const page = await open_watched(link);
    assert.deepEqual(await shown_texts(page), texts);
    check_offers(await offers(page), chunk.map(([name]) => name));
    assert.deepEqual(page.blobs, files.map(() => "application/octet-stream"));
    await wander(page);
    await check_downloads(page, files, [...files.keys()].filter((at) => FILES.includes(chunk[at]) || at % 12 === 0));
    assert.deepEqual(await page.locator("main :is(script, iframe, object, embed, img, form, style, svg:not(.badge svg))").count(), 0);
    await done(page);
  });
}

const typed = PAYLOADS.map((payload) => payload.slice(0, 300)).join("\n");

test("typed and picked in the page, it arrives as it was, and the client keeps its files in the folder", async () => {
  const page = await watched_page();
  await page.goto(`${SERVICE}/`);
  const names = PAYLOADS.map((name) => name.slice(0, 100)).slice(-90);
  const files = names.map((name) => ({ name, mimeType: "text/html", buffer: Buffer.from(name) }));
  await fill_secret(page, { text: typed, files, views: 2 });
  assert.deepEqual(await page.locator(".files bdi").allTextContents(), names);
  await press(page, "Create the link");
  await heading(page, "Your link is ready");
  const link = await page.getByLabel("Link to the secret").inputValue();
  await done(page);

  const reader = await open_watched(link);
  assert.deepEqual(await shown_texts(reader), [typed.replace(/\r\n?/g, "\n")]); // as a text field has it
  check_offers(await offers(reader), names);
  await done(reader);

  const away = mkdtempSync(join(process.env.HOME, "y-"));
  const folder = join(away, "in/here");
  mkdirSync(folder, { recursive: true });
  const said = await client_says(["retrieve", link, "--output", folder]);
  assert.equal(said.toString(), typed.replace(/\r\n?/g, "\n"));
  const kept = readdirSync(folder, { withFileTypes: true });
  assert.equal(kept.filter((entry) => entry.isFile()).length, names.length);
  assert.equal(kept.length, names.length);
  // Under the names that the page offers; the second of a name has a number.
  const unnumbered = kept.map(({ name }) => name.replace(/ \(\d+\)(?=(\.[^.]*)?$)/, ""));
  assert.deepEqual([...new Set(unnumbered)].sort(), [...new Set(names.map(safe_file_name))].sort());
  assert.deepEqual([readdirSync(away), readdirSync(join(away, "in"))], [["in"], ["here"]]);
});

test("what the client shares is shown as text and offered as bytes, too", async () => {
  const folder = mkdtempSync(join(process.env.HOME, "z-"));
  const names = ["<img onerror>.html", "<img src=x onerror=pwned()>.svg", "\u202Egnp.html", "{{7*7}}.html", ...FILES.map(([name]) => name)];
  const content = FILES[0][1];
  names.forEach((name) => writeFileSync(join(folder, name), content));
  const link = (await client_says(["share", "-", ...names.map((name) => join(folder, name))], { input: typed })).toString().trim();
  const page = await open_watched(link);
  assert.deepEqual(await shown_texts(page), [typed]);
  check_offers(await offers(page), names);
  await wander(page);
  await check_downloads(page, names.map(() => ({ bytes: format.utf8(content) })), [0, 1, 4]);
  await done(page);
});

test("a link that is no link of ours runs nothing, whatever stands in it", async () => {
  const page = await watched_page();
  for (const path of ["s", "r", "q"]) {
    await page.goto(`${SERVICE}/${path}#x`);
    await heading(page, "The link is not complete");
    for (const payload of PAYLOADS.filter((_, at) => path === "s" || at % 10 === 0)) {
      await page.evaluate(() => document.querySelector("h1").remove());
      await page.evaluate((hash) => new Promise((resolve) => {
        addEventListener("hashchange", resolve, { once: true }); // after the page's own
        location.hash = hash;
      }), payload.slice(0, 2000));
      assert.equal(await page.evaluate(() => location.hash + document.querySelector("h1").textContent), "The link is not complete", payload);
    }
  }
  for (const payload of PAYLOADS.filter((_, at) => at % 14 === 0)) {
    await page.goto(`${SERVICE}/?lang=${encodeURIComponent(payload.slice(0, 60))}&x=${payload.slice(0, 60)}`);
    await heading(page, "Share a secret");
  }
  await done(page);
});

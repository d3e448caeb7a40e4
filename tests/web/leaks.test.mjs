// What leaves the browser while secrets are shared, opened, asked for and answered: every byte of it, as front.py has received
// it, and what nginx and the service have logged. The logs are searched by page_test.py for what is written to LEAKS_FILE.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { answer, ask, create, done, launch, open, press, secret_of, visit } from "./browser.mjs";
import { FRONT, NGINX, RESTRICTED, format, front } from "./service.mjs";

const TEXT = "what nobody else may read";
const PASSPHRASE = "correct horse battery";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const fragment_of = (link) => link.split("#")[1];

// All that the page can do, at `base`: the keys that only browsers may know, and those that only the service may.
async function journey(base, { guarded, note = async () => {} }) {
  const secret = await create(browser, { text: TEXT, views: 2, ...(guarded ? { passphrase: PASSPHRASE } : {}) }, base);
  const reader = await visit(browser, secret.link);
  await note(reader);
  if (guarded) {
    await reader.getByLabel("Passphrase").fill(PASSPHRASE);
  }
  await open(reader);
  assert.equal(await secret_of(reader), TEXT);
  await press(reader, "Delete it from the server now");
  await reader.getByText("It is deleted from this server").waitFor();
  const sender = await visit(browser, secret.receipt);
  await sender.getByRole("heading", { level: 1 }).waitFor();

  const { fill, own } = await ask(browser, base);
  await answer(browser, fill, TEXT);
  const asker = await visit(browser, own);
  await open(asker);
  assert.equal(await secret_of(asker), TEXT);
  await done(reader, sender, asker);

  const [secret_key, link_key] = fragment_of(secret.link).split(".");
  const [fill_key, request_key, pair] = fragment_of(own).split(".");
  const scalar = Buffer.from(pair, "base64url").subarray(0, 32);
  return {
    browsers: [Buffer.from(link_key, "base64url"), scalar],
    service: [secret_key, fragment_of(secret.receipt), fill_key, request_key],
  };
}

// The ways in which bytes are written down; of the longer ones what stands in a longer text as well.
function written(bytes) {
  const encoded = ["base64url", "base64", "hex"].map((way) => Buffer.from(bytes).toString(way).replace(/=+$/, "").slice(0, 40));
  return [Buffer.from(bytes), ...encoded.map((text) => Buffer.from(text))];
}

test("the service gets no key of any link, no passphrase and no text; whatever is asked for is its own", async () => {
  const before = (await front({})).calls.length;
  const { browsers, service } = await journey(FRONT, { guarded: true });
  const calls = (await front({})).calls.slice(before).map(({ path, head, body }) => ({
    path, bytes: Buffer.concat([Buffer.from(head, "base64"), Buffer.from(body, "base64")]) }));
  const asked = new Set(calls.map(({ path }) => path.replace(/\.[0-9a-f]{12}\./, ".*.")));
  for (const path of ["/", "/s", "/r", "/q", "secrets", "secrets/status", "secrets/retrieve", "secrets/delete", "receipts/status", "requests", "requests/fill"]) {
    assert.ok(asked.has(path.startsWith("/") ? path : `/api/v2/${path}`), `${path} was never asked for`);
  }
  for (const { path, bytes } of calls) {
    for (const hidden of [...browsers.flatMap(written), ...[TEXT, PASSPHRASE, encodeURIComponent(TEXT), encodeURIComponent(PASSPHRASE)].flatMap(written)]) {
      assert.ok(!bytes.includes(hidden), `${path}: ${bytes.toString("latin1").slice(0, 2000)}`);
    }
    const head = bytes.toString("latin1").split("\r\n\r\n")[0];
    assert.doesNotMatch(head, /^(referer|cookie):/im, path);
    // Keys travel in bodies.
    for (const key of service) {
      assert.ok(!head.split("\r\n")[0].includes(key), `${key} stands in an address`);
    }
  }
  // It would be found: these do travel.
  assert.ok(service.filter((key) => calls.some(({ bytes }) => bytes.includes(key))).length >= 3);
});

test("who follows a link of the page's footer takes nothing along", async () => {
  let followed = 0;
  const { browsers, service } = await journey(NGINX, {
    guarded: false,
    // What an operator could write there: to the same server and to another.
    note: async (page) => {
      await page.getByRole("button", { name: "Open the secret" }).waitFor();
      await page.evaluate((addresses) => {
        for (const href of addresses) {
          document.querySelector("footer").append(Object.assign(document.createElement("a"), { href, target: "_blank", textContent: href }), " ");
        }
      }, [`${NGINX}/imprint`, `${RESTRICTED}/imprint`]);
      for (const link of await page.locator("footer a").all()) {
        const [popup] = await Promise.all([page.waitForEvent("popup"), link.click()]);
        await popup.waitForLoadState();
        assert.equal(await popup.evaluate(() => document.referrer + (window.opener ?? "")), "");
        followed += 1;
      }
    },
  });
  assert.equal(followed, 2);
  const names = [...browsers.flatMap(written), ...service.map((key) => Buffer.from(key)), ...service.flatMap((key) => written(Buffer.from(key)))];
  writeFileSync(process.env.LEAKS_FILE, JSON.stringify(names.map((bytes) => bytes.toString("latin1"))));
});

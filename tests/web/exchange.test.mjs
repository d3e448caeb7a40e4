// From the page to the command-line client and back: what the one makes, the other opens, over TLS.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { answer, ask, create, done, download, heading, launch, open, press, secret_of, visit } from "./browser.mjs";
import { client, client_says, expiry } from "./service.mjs";

const TEXT = "пароль: 密码 🔑\n\tand <b>markup</b>";
const LARGE = 20 << 20;

let browser, folder;
before(async () => {
  browser = await launch();
  folder = mkdtempSync(join(process.env.HOME, "x-"));
});
after(() => browser.close());

// A file of the client's with this content: its path.
function written(name, content) {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const state_of = async (link) => JSON.parse(await client_says(["status", "--json", link])).state;
const retrieve = (link, ...more) => client_says(["retrieve", link, ...more], { in_folder: folder });
const share = async (words, input) => JSON.parse(await client_says(["share", "--json", "--receipt", ...words], { input }));
const key_of = (link) => /#([^.]+)/.exec(link)[1];

test("the page shares, the client retrieves: text, passphrase, several views", async () => {
  const { link, receipt } = await create(browser, { text: TEXT, views: 2, passphrase: "correct horse" });
  const [right, wrong] = [written("right", "correct horse"), written("wrong", "wrong horse")];
  assert.equal((await client(["retrieve", link, "--passphrase-file", wrong])).code, 5);
  assert.equal(await state_of(link), "live");
  assert.equal((await retrieve(link, "--passphrase-file", right)).toString(), TEXT);
  const sender = await visit(browser, receipt);
  await heading(sender, "Opened, and still available");
  await sender.getByText("Opened 1 of 2 times").waitFor();
  assert.equal((await retrieve(link, "--passphrase-file", right)).toString(), TEXT);
  await press(sender, "Check again");
  await heading(sender, "It was opened");
  assert.equal((await client(["retrieve", link, "--passphrase-file", right])).code, 4);
  assert.equal(JSON.parse(await client_says(["receipt", "--json", receipt])).state, "retrieved");
  const late = await visit(browser, link);
  await heading(late, "It was already opened");
  await done(sender, late);
});

test("the client shares, the page opens: text, passphrase, several views", async () => {
  const shared = await share(["--views", "2", "--passphrase-file", written("right", "correct horse")], TEXT);
  const page = await visit(browser, shared.link);
  await page.getByText("Can be opened 2 times").waitFor();
  await page.getByLabel("Passphrase").fill("wrong horse");
  await open(page);
  await page.getByText("This passphrase is wrong").waitFor();
  await page.getByLabel("Passphrase").fill("correct horse");
  await open(page);
  assert.equal(await secret_of(page), TEXT);
  await page.getByText("It can be opened once more").waitFor();
  const { state, views_left } = JSON.parse(await client_says(["receipt", "--json", shared.receipt_link]));
  assert.deepEqual([state, views_left], ["live", 1]);
  await press(page, "Delete it from the server now");
  await page.getByText("It is deleted from this server").waitFor();
  assert.equal(await state_of(shared.receipt_link), "deleted");
  const { code, error } = await client(["retrieve", shared.link, "--passphrase-file", join(folder, "right")]);
  assert.deepEqual([code, /deleted/.test(error)], [4, true]);
  await done(page);
});

test("a file of 20 MiB goes from the page to the client, byte by byte", async (t) => {
  const content = randomBytes(LARGE);
  const began = performance.now();
  const { link } = await create(browser, { files: [written("large-up", content)] });
  const created = performance.now();
  const away = mkdtempSync(join(folder, "away-"));
  await retrieve(link, "--output", away);
  const seconds = [created - began, performance.now() - created].map((time) => (time / 1000).toFixed(1));
  assert.deepEqual(readdirSync(away), ["large-up"]);
  assert.ok(readFileSync(join(away, "large-up")).equals(content));
  t.diagnostic(`figure: 20 MiB over TLS: the page shares in ${seconds[0]} s, the client retrieves in ${seconds[1]} s`);
});

test("a file of 20 MiB goes from the client to the page, byte by byte", async (t) => {
  const content = randomBytes(LARGE);
  const began = performance.now();
  const { link } = await share([written("large-down", content), "-"], "with a text");
  const shared = performance.now();
  const page = await visit(browser, link);
  await open(page);
  const downloaded = await download(page);
  const path = await downloaded.path();
  const seconds = [shared - began, performance.now() - shared].map((time) => (time / 1000).toFixed(1));
  assert.equal(downloaded.suggestedFilename(), "large-down");
  assert.ok(readFileSync(path).equals(content));
  assert.equal(await secret_of(page), "with a text");
  t.diagnostic(`figure: 20 MiB over TLS: the client shares in ${seconds[0]} s, the page opens in ${seconds[1]} s`);
  await done(page);
});

test("the page asks, the client fills, the page collects", async () => {
  const { fill, own } = await ask(browser);
  const asker = await visit(browser, own);
  await heading(asker, "No answer yet");
  await client_says(["share", "--to", fill], { input: TEXT });
  assert.equal((await client(["share", "--to", fill], { input: "second" })).code, 4);
  await press(asker, "Check again");
  await open(asker);
  assert.equal(await secret_of(asker), TEXT);
  assert.equal((await client(["request", "--collect", own, "--no-wait"])).code, 4);
  await done(asker);
});

test("the client asks, the page fills, the client collects", async () => {
  const { link, own_link } = JSON.parse(await client_says(["request", "--json"]));
  assert.equal((await client(["request", "--collect", own_link, "--no-wait"])).code, 8);
  const receipt = await answer(browser, link, TEXT);
  assert.equal(await state_of(receipt), "live");
  assert.equal((await client_says(["request", "--collect", own_link])).toString(), TEXT);
  assert.equal(await state_of(receipt), "retrieved");
  const late = await visit(browser, link);
  await heading(late, "It was already answered");
  await done(late);
});

test("what has expired, is spent, deleted, or has a wrong link, both say so and spend nothing", async () => {
  const short = await share(["--ttl", "1s"], TEXT);
  const spent = await create(browser);
  assert.equal((await retrieve(spent.link)).toString(), "for your eyes only");
  const deleted = await share([], TEXT);
  await client_says(["delete", deleted.receipt_link]);
  const live = await create(browser);
  const other = `${live.link.slice(0, -43)}${"A".repeat(43)}`;
  await expiry({ key: key_of(short.link) });
  for (const [link, code, shown] of [
    [short.link, 3, "It has expired"],
    [spent.link, 4, "It was already opened"],
    [deleted.link, 4, "It was deleted"],
    [live.link.slice(0, -5), 2, "The link is not complete"],
    [live.link.replace(/#.{8}/, "#00000000"), 3, "There is no secret here"],
  ]) {
    const said = await client(["retrieve", link]);
    assert.equal(said.code, code, `${shown}: ${said.error}`);
    const page = await visit(browser, link);
    await heading(page, shown);
    await done(page);
  }
  assert.equal((await client(["retrieve", other])).code, 5);
  const page = await visit(browser, other);
  await open(page);
  await heading(page, "The link does not fit");
  assert.equal((await retrieve(live.link)).toString(), "for your eyes only");
  await done(page);
});

// One way through everything, without a word to the fake: against the fake and against the real server alike.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { URL_OF_FAKE, ask, create, file, fill_secret, heading, launch, new_page, visit } from "./browser.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const open = (page) => page.getByRole("button", { name: "Open the secret" }).click();
const secret_of = (page) => page.getByRole("region", { name: "The secret" }).textContent();

async function done(...pages) {
  for (const page of pages) {
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  }
}

test("a secret with a file and a passphrase is opened twice, watched by its receipt, and deleted", async () => {
  const wishes = { text: "пароль: 密码", files: [file("key.pem", "-----BEGIN")], views: 3, passphrase: "correct horse" };
  const { link, receipt } = await create(browser, wishes);
  const sender = await visit(browser, receipt);
  await heading(sender, "Not opened yet");

  const reader = await visit(browser, link, { acceptDownloads: true });
  await reader.getByText("Can be opened 3 times").waitFor();
  await reader.getByLabel("Passphrase").fill("wrong horse");
  await open(reader);
  await reader.getByText("This passphrase is wrong").waitFor();
  await reader.getByLabel("Passphrase").fill("correct horse");
  await open(reader);
  assert.equal(await secret_of(reader), "пароль: 密码");
  const [download] = await Promise.all([reader.waitForEvent("download"), reader.getByRole("link", { name: /^Download/ }).click()]);
  assert.equal(readFileSync(await download.path(), "utf8"), "-----BEGIN");

  await sender.getByRole("button", { name: "Check again" }).click();
  await heading(sender, "Opened, and still available");
  await sender.getByText("Opened 1 of 3 times").waitFor();

  await reader.getByRole("button", { name: "Delete it from the server now" }).click();
  await reader.getByText("It is deleted from this server").waitFor();
  await sender.getByRole("button", { name: "Check again" }).click();
  await heading(sender, "It was deleted");
  const late = await visit(browser, link);
  await heading(late, "It was deleted");
  await done(sender, reader, late);
});

test("half a link and a wrong key spend nothing", async () => {
  const { link } = await create(browser);
  const half = await visit(browser, link.slice(0, -4));
  await heading(half, "The link is not complete");
  const wrong = await visit(browser, `${link.slice(0, -43)}${"A".repeat(43)}`);
  await open(wrong);
  await heading(wrong, "The link does not fit");
  const right = await visit(browser, link);
  await open(right);
  assert.equal(await secret_of(right), "for your eyes only");
  const late = await visit(browser, link);
  await heading(late, "It was already opened");
  await done(half, wrong, right, late);
});

// Lets the server answer and the browser hear nothing of it, as often as `times` says.
async function lose(page, path, times) {
  await page.route(`**/api/v2/${path}`, async (route) => {
    if (times === 0) {
      return route.continue();
    }
    times -= 1;
    await route.fetch();
    return route.abort("connectionreset");
  });
}

test("what was stored or spent while the network broke is neither stored nor spent twice", async () => {
  const writer = await new_page(browser);
  await lose(writer, "secrets", 2);
  await writer.goto(`${URL_OF_FAKE}/`);
  await fill_secret(writer, { text: "for your eyes only", passphrase: "correct horse" });
  await writer.getByRole("button", { name: "Create the link" }).click();
  await heading(writer, "Your link is ready");
  const link = await writer.getByLabel("Link to the secret").inputValue();

  const reader = await visit(browser, link);
  await lose(reader, "secrets/retrieve", 2);
  await reader.getByLabel("Passphrase").fill("correct horse");
  await open(reader);
  assert.equal(await secret_of(reader), "for your eyes only");
  const late = await visit(browser, link);
  await heading(late, "It was already opened");
  await done(writer, reader, late);
});

test("a secret is asked for, filled in and collected", async () => {
  const { fill, own } = await ask(browser);
  const asker = await visit(browser, own);
  await heading(asker, "No answer yet");
  const filler = await visit(browser, fill);
  await filler.getByLabel("Your answer").fill("for the asker");
  await filler.getByRole("button", { name: "Encrypt and send" }).click();
  await heading(filler, "It is sent");
  const receipt = await visit(browser, await filler.getByLabel("Receipt link").inputValue());
  await heading(receipt, "Not opened yet");
  await asker.getByRole("button", { name: "Check again" }).click();
  await open(asker);
  assert.equal(await secret_of(asker), "for the asker");
  const late = await visit(browser, fill);
  await heading(late, "It was already answered");
  await done(asker, filler, receipt, late);
});

test("a request that nobody has answered is deleted", async () => {
  const { fill, own } = await ask(browser);
  const asker = await visit(browser, own);
  await asker.getByRole("button", { name: "Delete the request" }).click();
  await asker.getByRole("button", { name: "Yes, delete for good" }).click();
  await heading(asker, "It is deleted");
  const filler = await visit(browser, fill);
  await heading(filler, "The request was deleted");
  await done(asker, filler);
});

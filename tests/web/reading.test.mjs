// What happens to a secret whose link somebody has, as reader and sender see it: a browser and the service, over TLS.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { create, done, download, file, heading, launch, new_page, open, press, secret_of, visit } from "./browser.mjs";
import { SERVICE, delete_secret, expiry, lock, new_request, request_expiry, store, take_view, views_of } from "./service.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

test("a secret is opened by a click, once, and whoever comes later is told when that was", async () => {
  const { link, key } = await store({ text: "  two lines\n\n\tand <b>markup</b> & 🔑 " });
  const page = await visit(browser, link);
  await heading(page, "Somebody sent you a secret");
  assert.equal(await views_of(key), 1, "looking spends nothing");
  await open(page);
  assert.equal(await secret_of(page), "  two lines\n\n\tand <b>markup</b> & 🔑 ");
  await page.getByText("It was opened for the last time").waitFor();
  const second = await visit(browser, link);
  await heading(second, "It was already opened");
  await second.getByText("If it was not you, tell the sender at once").waitFor();
  await done(second);
  await done(page);
});

test("the key leaves the address bar at once, and reaches no storage", async () => {
  const { link } = await store();
  const page = await visit(browser, link);
  await heading(page, "Somebody sent you a secret");
  assert.equal(page.url(), `${SERVICE}/s`);
  assert.equal(await page.evaluate(() => history.length), 2, "about:blank and this one");
  await open(page);
  await secret_of(page);
  const kept = await page.evaluate(async () => [document.cookie, localStorage.length, sessionStorage.length, (await indexedDB.databases()).length,
    (await caches.keys()).length, (await navigator.serviceWorker.getRegistrations()).length]);
  assert.deepEqual(kept, ["", 0, 0, 0, 0, 0]);
  const seen = await page.evaluate(() => [document.documentElement.outerHTML, JSON.stringify(history.state), window.name, document.title].join());
  assert.ok(seen.includes("for your eyes only"));
  assert.ok(![...link.split("#")[1].split(".")].some((key) => seen.includes(key)), seen);
  await done(page);
});

test("a passphrase guards the opening: wrong ones cost nothing, the fifth locks", async () => {
  const { link, key } = await store({ passphrase: "correct horse" });
  const page = await visit(browser, link);
  await open(page);
  await page.getByText("Please enter the passphrase").waitFor();
  const field = page.getByLabel("Passphrase");
  await field.fill("wrong horse");
  await field.press("Enter");
  await page.getByText("This passphrase is wrong").waitFor();
  assert.equal(await field.evaluate((element) => element === document.activeElement && element.ariaInvalid), "true");
  await field.fill("correct horse");
  await field.press("Enter");
  assert.equal(await secret_of(page), "for your eyes only");
  await done(page);

  const other = await store({ passphrase: "correct horse" });
  await lock(other, 3);
  const stranger = await visit(browser, other.link);
  for (const told of ["This passphrase is wrong", "There were too many wrong tries"]) {
    await stranger.getByLabel("Passphrase").fill("a guess");
    await open(stranger);
    await stranger.getByText(told).waitFor();
  }
  await stranger.getByText("Please wait 15 minutes").waitFor();
  assert.equal(await views_of(other.key), 1);
  assert.equal(await views_of(key), 0);
  await done(stranger);
});

test("how long a secret is locked is told by the server's clock, whatever the browser's says", async () => {
  const made = await store();
  await lock(made);
  const page = await new_page(browser);
  await page.clock.setFixedTime(Date.now() - 3 * 3600 * 1000);
  for (const [which, told] of [["link", "Please wait 15 minutes"], ["receipt", "Locked for 15 minutes"]]) {
    await page.goto(made[which]);
    await page.getByText(told).waitFor();
  }
  await done(page);
});

test("half a link spends nothing, and neither does one with a wrong key", async () => {
  const { link, key } = await store();
  const cut = await visit(browser, link.slice(0, -7));
  await heading(cut, "The link is not complete");
  await done(cut);
  const wrong = await visit(browser, `${link.split(".").slice(0, -1).join(".")}.${"A".repeat(43)}`);
  await open(wrong);
  await heading(wrong, "The link does not fit");
  assert.equal(await views_of(key), 1);
  await done(wrong);
});

test("files come back byte by byte under a harmless name, and are never shown", async () => {
  const content = "<script>document.title='run'</script>";
  const { link } = await create(browser, { files: [file("..\\evil/\u202Ecod.exe\u0000.html", content)] });
  const reader = await visit(browser, link);
  await open(reader);
  const downloaded = await download(reader);
  assert.equal(downloaded.suggestedFilename(), "_cod.exe_.html");
  assert.equal(readFileSync(await downloaded.path(), "utf8"), content);
  assert.match(await reader.title(), /^Here is your secret/);
  await done(reader);
});

test("a secret with views left can be deleted by its reader, and others are told", async () => {
  const { link } = await store({ views: 3 });
  const page = await visit(browser, link);
  await open(page);
  await page.getByText("It can be opened 2 more times.").waitFor();
  await page.getByRole("button", { name: "Hide" }).click();
  assert.equal(await secret_of(page), "Hidden");
  await page.getByRole("button", { name: "Show" }).click();
  assert.equal(await secret_of(page), "for your eyes only");
  await page.getByRole("button", { name: "Delete it from the server now" }).click();
  await page.getByText("It is deleted from this server").waitFor();
  const other = await visit(browser, link);
  await heading(other, "It was deleted");
  await done(other);
  await done(page);
});

test("a secret that is gone meanwhile is not deleted again and again", async () => {
  for (const end of [take_view, delete_secret]) {
    const made = await store({ views: 2 });
    const page = await visit(browser, made.link);
    await open(page);
    await page.getByText("It can be opened once more.").waitFor();
    await end(made);
    await press(page, "Delete it from the server now");
    await page.getByText(end === take_view ? "It is gone from this server already" : "It is deleted from this server").waitFor();
    assert.equal(await page.getByRole("button", { name: "Delete it" }).count(), 0);
    await done(page);
  }
});

test("a receipt tells what has become of a secret, and deletes it after a second question", async () => {
  const made = await store({ views: 3 });
  const page = await visit(browser, made.receipt);
  await heading(page, "Not opened yet");
  await press(page, "Delete the secret");
  await press(page, "Cancel");
  await take_view(made);
  await press(page, "Check again");
  await heading(page, "Opened, and still available");
  await page.getByText("Opened 1 of 3 times").waitFor();
  await press(page, "Delete the secret");
  await press(page, "Yes, delete for good");
  await heading(page, "It is deleted");
  const reader = await visit(browser, made.link);
  await heading(reader, "It was deleted");
  await done(reader, page);
});

test("who deletes what has just ended is told its end, as its sender", async () => {
  const cases = [
    [await store({ ttl: 5 }), "receipt", expiry, "It has expired"],
    [await new_request({ ttl: 5 }), "own", request_expiry, "The request has expired"],
    [await store(), "receipt", take_view, "It was opened"],
  ];
  const pages = [];
  for (const [made, which] of cases) {
    const page = await visit(browser, made[which]);
    await page.getByRole("button", { name: /^Delete the/ }).click();
    pages.push(page);
  }
  for (const [at, [made, , end, shown]] of [...cases.entries()].reverse()) {
    await end(made);
    await press(pages[at], "Yes, delete for good");
    await heading(pages[at], shown);
    assert.doesNotMatch(await pages[at].textContent("main"), /tell the sender|ask the sender/);
  }
  await done(...pages);
});

test("another link in the same tab is opened as if it came first", async () => {
  const [one, two] = [await store({ text: "one" }), await store({ text: "two" })];
  const page = await visit(browser, one.link);
  await open(page);
  assert.equal(await secret_of(page), "one");
  await page.evaluate((hash) => (location.hash = hash), new URL(two.link).hash);
  await open(page);
  await page.getByText("two", { exact: true }).waitFor();
  assert.equal(page.url(), `${SERVICE}/s`);
  await done(page);
});

test("an opened secret does not come back by the back button or by loading again, and the page says that it was opened", async () => {
  const { link } = await store();
  const page = await visit(browser, link);
  await open(page);
  await secret_of(page);
  await page.locator("#language").selectOption("de");
  await page.locator("#language").selectOption("en");
  await page.goto(`${SERVICE}/`);
  for (const come_back of [() => page.goBack(), () => page.reload()]) {
    await come_back();
    await heading(page, "You have opened it");
    assert.ok(!(await page.content()).includes("for your eyes only"));
    assert.equal(await page.evaluate(() => history.state), "opened");
  }
  await done(page);
});

test("a page that is loaded again with a link does not say that nothing is lost", async () => {
  const { link } = await store();
  const page = await visit(browser, link.slice(0, -7));
  await page.getByText("Nothing has been opened, and nothing is lost.").waitFor();
  await page.reload();
  await heading(page, "The link is not complete");
  assert.equal(await page.getByText("nothing is lost").count(), 0);
  await done(page);
});

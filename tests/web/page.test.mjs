// What the page does, as its users see it: a browser against the fake of API v2.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { URL_OF_FAKE, done, fake, file, fill_secret, heading, launch, new_page, new_request, open, secret_of, store, views_of, visit } from "./browser.mjs";

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

test("the key leaves the address bar at once, and reaches neither the server nor any storage", async () => {
  const { link } = await store();
  const key = link.split(".").at(-1);
  const page = await visit(browser, link);
  await heading(page, "Somebody sent you a secret");
  assert.equal(page.url(), `${URL_OF_FAKE}/s`);
  assert.equal(await page.evaluate(() => history.length), 2, "about:blank and this one");
  await open(page);
  await secret_of(page);
  const kept = await page.evaluate(() => [document.cookie, localStorage.length, sessionStorage.length, document.documentElement.outerHTML.length > 0]);
  assert.deepEqual(kept, ["", 0, 0, true]);
  assert.ok(!JSON.stringify(await fake({})).includes(key));
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
  const stranger = await visit(browser, other.link);
  for (let wrong = 1; wrong <= 6; wrong += 1) {
    await stranger.getByLabel("Passphrase").fill(`guess ${wrong}`);
    await open(stranger);
    await stranger.getByText(wrong < 6 ? "This passphrase is wrong" : "There were too many wrong tries").waitFor();
    await stranger.getByRole("button", { name: /Open the secret|Check again/ }).waitFor();
  }
  assert.equal(await views_of(other.key), 1);
  assert.equal(await views_of(key), 0);
  await done(stranger);
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
  const page = await new_page(browser, { acceptDownloads: true });
  await page.goto(`${URL_OF_FAKE}/`);
  await fill_secret(page, { files: [file("..\\evil/\u202Ecod.exe\u0000.html", "<script>document.title='run'</script>")] });
  await page.getByRole("button", { name: "Create the link" }).click();
  const link = await page.getByLabel("Link to the secret").inputValue();
  const reader = await visit(browser, link, { acceptDownloads: true });
  await open(reader);
  const [download] = await Promise.all([reader.waitForEvent("download"), reader.getByRole("link", { name: /^Download/ }).click()]);
  assert.match(download.suggestedFilename(), /^[a-z.]+html$/);
  assert.equal(readFileSync(await download.path(), "utf8"), "<script>document.title='run'</script>");
  assert.match(await reader.title(), /^Here is your secret/);
  await done(reader);
  await done(page);
});

test("files are taken by drop and by paste", async () => {
  const page = await new_page(browser);
  await page.goto(`${URL_OF_FAKE}/`);
  await page.getByLabel("Your secret").waitFor();
  for (const event of ["drop", "paste"]) {
    await page.evaluate((name) => {
      const data = new DataTransfer();
      data.items.add(new File(["content"], `${name}.txt`));
      const init = { bubbles: true, cancelable: true };
      document.body.dispatchEvent(name === "drop" ? new DragEvent(name, { ...init, dataTransfer: data })
        : new ClipboardEvent(name, { ...init, clipboardData: data }));
    }, event);
    await page.getByText(`${event}.txt`).waitFor();
  }
  await page.getByRole("button", { name: /^Remove .*drop.txt/ }).click();
  assert.equal(await page.getByText("drop.txt").count(), 0);
  await done(page);
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

test("a receipt tells what has become of a secret, and deletes it after a second question", async () => {
  const { link, receipt } = await store();
  const page = await visit(browser, receipt);
  await heading(page, "Not opened yet");
  await page.getByRole("button", { name: "Delete the secret" }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Check again" }).click();
  await heading(page, "Not opened yet");
  await page.getByRole("button", { name: "Delete the secret" }).click();
  await page.getByRole("button", { name: "Yes, delete for good" }).click();
  await heading(page, "It is deleted");
  const reader = await visit(browser, link);
  await heading(reader, "It was deleted");
  await done(reader);
  await done(page);
});

test("a request is asked, filled and collected, also when the filler's answer is lost", async () => {
  for (const fault of ["none", "lose"]) {
    const { fill, own } = await new_request();
    const asker = await visit(browser, own);
    await heading(asker, "No answer yet");
    assert.equal(await asker.getByLabel("Link for the other person").inputValue(), fill);
    await fake({ faults: [{ path: "requests/fill", fault, count: fault === "none" ? 0 : 1 }] });
    const filler = await visit(browser, fill);
    await filler.getByLabel("Your answer").fill("for the asker");
    await filler.getByRole("button", { name: "Encrypt and send" }).click();
    await filler.getByText(/Only the person who asked|An answer has just arrived/).waitFor();
    await asker.getByRole("button", { name: "Check again" }).click();
    await open(asker);
    assert.equal(await secret_of(asker), "for the asker");
    const late = await visit(browser, fill);
    await heading(late, "It was already answered");
    for (const page of [asker, filler, late]) {
      await done(page);
    }
  }
});

test("who asks is warned before the only link to the answer is lost", async () => {
  for (const copied of [false, true]) {
    const page = await new_page(browser, { permissions: ["clipboard-write", "clipboard-read"] });
    await page.goto(`${URL_OF_FAKE}/q`);
    await page.getByRole("button", { name: "Create the links" }).click();
    await heading(page, "Your links are ready");
    if (copied) {
      await page.getByRole("button", { name: "Copy the link to keep" }).click();
      await page.getByText("Copied").first().waitFor();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await page.getByLabel("Your own link").inputValue());
    }
    const asked = [];
    page.on("dialog", (dialog) => asked.push(dialog.type()) && dialog.accept());
    await page.goto("about:blank");
    assert.deepEqual(asked, copied ? [] : ["beforeunload"]);
    await done(page);
  }
});

test("another link in the same tab is opened as if it came first", async () => {
  const [one, two] = [await store({ text: "one" }), await store({ text: "two" })];
  const page = await visit(browser, one.link);
  await open(page);
  assert.equal(await secret_of(page), "one");
  await page.evaluate((hash) => (location.hash = hash), new URL(two.link).hash);
  await open(page);
  await page.getByText("two", { exact: true }).waitFor();
  assert.equal(page.url(), `${URL_OF_FAKE}/s`);
  await done(page);
});

test("an opened secret does not come back by the back button", async () => {
  const { link } = await store();
  const page = await visit(browser, link);
  await open(page);
  await secret_of(page);
  await page.goto(`${URL_OF_FAKE}/q`);
  await page.goBack();
  await heading(page, "The link is not complete");
  assert.ok(!(await page.content()).includes("for your eyes only"));
  await done(page);
});

test("the language is the browser's, can be changed without losing anything, and is kept by no storage", async () => {
  const page = await new_page(browser, { locale: "de-AT" });
  await page.goto(`${URL_OF_FAKE}/`);
  await page.getByLabel("Ihr Geheimnis").fill("bleibt");
  await page.locator("#language").selectOption("ar");
  await heading(page, "مشاركة سر");
  assert.deepEqual(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dir]), ["ar", "rtl"]);
  assert.equal(await page.locator("textarea").inputValue(), "bleibt");
  await page.getByRole("link", { name: "هل تحتاج إلى سر من شخص آخر؟ اطلبه برابط." }).click();
  await heading(page, "طلب سر");
  assert.equal(page.url(), `${URL_OF_FAKE}/q?lang=ar`);
  await page.goto(`${URL_OF_FAKE}/`);
  await heading(page, "Ein Geheimnis teilen");
  await done(page);
});

test("everything works by keyboard alone", async () => {
  const page = await new_page(browser);
  await page.goto(`${URL_OF_FAKE}/`);
  await page.getByLabel("Your secret").waitFor();
  const tab_to = async (name) => {
    for (let presses = 0; presses < 40; presses += 1) {
      await page.keyboard.press("Tab");
      if (await page.evaluate((wanted) => (document.activeElement.ariaLabel ?? document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent) === wanted, name)) {
        return;
      }
    }
    assert.fail(`no way to "${name}" by Tab`);
  };
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1");
  await tab_to("Your secret");
  await page.keyboard.type("typed");
  await tab_to("Generate a password");
  await page.keyboard.press("Enter");
  await tab_to("Insert a password");
  await page.keyboard.press("Enter");
  assert.match(await page.getByLabel("Your secret").inputValue(), /^typed.{20}$/);
  await tab_to("Create the link");
  await page.keyboard.press("Enter");
  await heading(page, "Your link is ready");
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1", "the new view's heading has the focus");
  await done(page);
});

test("what is too large or refused is said beside the form, which keeps its text", async () => {
  await fake({ service: { upload_bytes_max: 1000, creation: "token" } });
  const page = await new_page(browser);
  await page.goto(`${URL_OF_FAKE}/`);
  await fill_secret(page, { text: "x".repeat(900) });
  await page.getByRole("button", { name: "Create the link" }).click();
  await page.getByText("This is too large").waitFor();
  await fill_secret(page, { text: "short" });
  await page.getByLabel("Access token").fill("ds_wrong");
  await page.getByRole("button", { name: "Create the link" }).click();
  await page.getByText("This access token is not valid").waitFor();
  await page.getByLabel("Access token").fill("ds_token");
  await page.getByRole("button", { name: "Create the link" }).click();
  await heading(page, "Your link is ready");
  await fake({ service: { upload_bytes_max: 25 * 1024 * 1024, creation: "open" } });
  await done(page);
});

test("over plain http from another host it says what is wrong, and asks for nothing", async () => {
  const { port } = new URL(URL_OF_FAKE);
  const page = await new_page(browser);
  await page.goto(`http://insecure.test:${port}/s#nothing`);
  await heading(page, "This connection is not secure");
  await page.context().close();
});

test("without JavaScript it says what to do", async () => {
  // Playwright's own switch stops scripts, and lets the page be read as if there were any.
  const without = await launch(["--blink-settings=scriptEnabled=false"]);
  try {
    const page = await new_page(without);
    await page.goto(`${URL_OF_FAKE}/s#x`);
    const session = await page.context().newCDPSession(page);
    const { nodes } = await session.send("Accessibility.getFullAXTree");
    assert.ok(nodes.some(({ name }) => name?.value?.includes("Please allow JavaScript for this site")));
  } finally {
    await without.close();
  }
});

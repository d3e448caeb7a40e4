// What the page does, as its users see it: a browser and the service, over TLS.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { TRUST, answer, ask, create, done, download, file, fill_secret, heading, launch, new_page, open, press, secret_of, visit } from "./browser.mjs";
import { GUARDED, INSECURE, SERVICE, new_request, store, views_of } from "./service.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

test("a browser that does not know the certificate's key does not come in", async () => {
  const stranger = await launch([]);
  try {
    const page = await new_page(stranger);
    await assert.rejects(page.goto(`${SERVICE}/`), /ERR_CERT_AUTHORITY_INVALID/);
  } finally {
    await stranger.close();
  }
});

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
  const kept = await page.evaluate(() => [document.cookie, localStorage.length, sessionStorage.length, document.documentElement.outerHTML.length > 0]);
  assert.deepEqual(kept, ["", 0, 0, true]);
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
  const content = "<script>document.title='run'</script>";
  const { link } = await create(browser, { files: [file("..\\evil/\u202Ecod.exe\u0000.html", content)] });
  const reader = await visit(browser, link);
  await open(reader);
  const downloaded = await download(reader);
  assert.match(downloaded.suggestedFilename(), /^[a-z.]+html$/);
  assert.equal(readFileSync(await downloaded.path(), "utf8"), content);
  assert.match(await reader.title(), /^Here is your secret/);
  await done(reader);
});

test("files are taken by drop and by paste", async () => {
  const page = await new_page(browser);
  await page.goto(`${SERVICE}/`);
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

test("a request is asked, filled and collected", async () => {
  const { fill, own } = await ask(browser);
  const asker = await visit(browser, own);
  await heading(asker, "No answer yet");
  assert.equal(await asker.getByLabel("Link for the other person").inputValue(), fill);
  const receipt = await visit(browser, await answer(browser, fill, "for the asker"));
  await heading(receipt, "Not opened yet");
  await press(asker, "Check again");
  await open(asker);
  assert.equal(await secret_of(asker), "for the asker");
  const late = await visit(browser, fill);
  await heading(late, "It was already answered");
  await press(receipt, "Check again");
  await heading(receipt, "It was opened");
  await done(asker, receipt, late);
});

test("a request that nobody has answered is deleted", async () => {
  const { fill, own } = await new_request();
  const asker = await visit(browser, own);
  await press(asker, "Delete the request");
  await press(asker, "Yes, delete for good");
  await heading(asker, "It is deleted");
  const filler = await visit(browser, fill);
  await heading(filler, "The request was deleted");
  await done(asker, filler);
});

test("who asks is warned before the only link to the answer is lost", async () => {
  for (const copied of [false, true]) {
    const page = await new_page(browser, { permissions: ["clipboard-write", "clipboard-read"] });
    await page.goto(`${SERVICE}/q`);
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
  assert.equal(page.url(), `${SERVICE}/s`);
  await done(page);
});

test("an opened secret does not come back by the back button", async () => {
  const { link } = await store();
  const page = await visit(browser, link);
  await open(page);
  await secret_of(page);
  await page.goto(`${SERVICE}/q`);
  await page.goBack();
  await heading(page, "The link is not complete");
  assert.ok(!(await page.content()).includes("for your eyes only"));
  await done(page);
});

test("the language is the browser's, can be changed without losing anything, and is kept by no storage", async () => {
  const page = await new_page(browser, { locale: "de-AT" });
  await page.goto(`${SERVICE}/`);
  await page.getByLabel("Ihr Geheimnis").fill("bleibt");
  await page.locator("#language").selectOption("ar");
  await heading(page, "مشاركة سر");
  assert.deepEqual(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dir]), ["ar", "rtl"]);
  assert.equal(await page.locator("textarea").inputValue(), "bleibt");
  await page.getByRole("link", { name: "هل تحتاج إلى سر من شخص آخر؟ اطلبه برابط." }).click();
  await heading(page, "طلب سر");
  assert.equal(page.url(), `${SERVICE}/q?lang=ar`);
  await page.goto(`${SERVICE}/`);
  await heading(page, "Ein Geheimnis teilen");
  await done(page);
});

test("everything works by keyboard alone", async () => {
  const page = await new_page(browser);
  await page.goto(`${SERVICE}/`);
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
  const page = await visit(browser, `${GUARDED}/`);
  await fill_secret(page, { text: "x".repeat(5000) });
  await press(page, "Create the link");
  await page.getByText("This is too large").waitFor();
  await fill_secret(page, { text: "short" });
  await page.getByLabel("Access token").fill("ds_wrong");
  await press(page, "Create the link");
  await page.getByText("This access token is not valid").waitFor();
  await page.getByLabel("Access token").fill(process.env.TOKEN);
  await press(page, "Create the link");
  await page.getByText("The server has no room at the moment").waitFor();
  assert.equal(await page.getByLabel("Your secret").inputValue(), "short");
  await done(page);
});

test("over plain http from another host it says what is wrong, and asks for nothing", async () => {
  const page = await new_page(browser);
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(`${INSECURE}/s#nothing`);
  await heading(page, "This connection is not secure");
  assert.deepEqual(asked.filter((path) => path.startsWith("/api/")), []);
  await done(page);
});

test("without JavaScript it says what to do", async () => {
  // Playwright's own switch stops scripts, and lets the page be read as if there were any.
  const without = await launch([TRUST, "--blink-settings=scriptEnabled=false"]);
  try {
    const page = await new_page(without);
    await page.goto(`${SERVICE}/s#x`);
    const session = await page.context().newCDPSession(page);
    const { nodes } = await session.send("Accessibility.getFullAXTree");
    assert.ok(nodes.some(({ name }) => name?.value?.includes("Please allow JavaScript for this site")));
  } finally {
    await without.close();
  }
});

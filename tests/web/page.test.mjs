// What the page does, as its users see it: a browser and the service, over TLS.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { TRUST, answer, ask, done, fill_secret, heading, launch, new_page, open, press, secret_of, visit } from "./browser.mjs";
import { GUARDED, INSECURE, RESTRICTED, SERVICE, new_request } from "./service.mjs";

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

test("a file of the page that does not come would be seen", async () => {
  const page = await new_page(browser);
  await page.route("**/page/*.css", (route) => route.fulfill({ status: 404 }));
  await page.goto(`${SERVICE}/`);
  await heading(page, "Share a secret");
  assert.match(page.complaints.join(), /status of 404/);
  await page.context().close();
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
  assert.deepEqual(await page.locator(".files bdi").allTextContents(), ["paste.txt"]);
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

test("an address that has lost its key is called incomplete, also that of a request", async () => {
  const page = await new_page(browser);
  for (const path of ["s", "r", "q"]) {
    await page.goto(`${SERVICE}/${path}`);
    await heading(page, "The link is not complete");
    await page.getByText("Nothing has been opened, and nothing is lost.").waitFor();
  }
  await page.goto((await new_request()).fill);
  await heading(page, "You are asked for a secret");
  await page.reload();
  await heading(page, "The link is not complete");
  await page.goto(`${SERVICE}/`);
  await page.locator("#language").selectOption("de");
  await page.getByRole("link", { name: "Fragen Sie mit einem Link danach" }).click();
  await page.reload();
  await heading(page, "Um ein Geheimnis bitten");
  await page.locator("#language").selectOption("en");
  await page.reload();
  await heading(page, "Ask for a secret");
  await done(page);
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
    await page.goto(`${SERVICE}/q?ask`);
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
  assert.equal(page.url(), `${SERVICE}/q?ask=&lang=ar`);
  assert.deepEqual(await page.evaluate(() => [document.cookie, localStorage.length, sessionStorage.length]), ["", 0, 0]);
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

test("who may not create from here is told so, and not asked for a token that would not help", async () => {
  const page = await visit(browser, `${RESTRICTED}/`);
  await fill_secret(page, { text: "for your eyes only" });
  await press(page, "Create the link");
  await page.getByText("This server does not let you create from here. Ask whoever runs it.").waitFor();
  assert.equal(await page.getByLabel("Access token").isVisible(), false);
  await done(page);
});

test("over plain http from another host it says what is wrong, and asks for nothing", async () => {
  const page = await new_page(browser);
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(`${INSECURE}/s#nothing`);
  await heading(page, "This connection is not secure");
  assert.equal(page.url(), `${INSECURE}/s#nothing`, "with https before it, it is the link");
  assert.deepEqual(asked.filter((path) => path.startsWith("/api/")), []);
  await done(page);
});

test("a script that does not come, or that an old browser does not understand, leaves a page with words", async () => {
  for (const script of [{ status: 404 }, { contentType: "text/javascript", body: "a future syntax" }]) {
    const page = await new_page(browser);
    await page.route("**/page/page.*.js", (route) => route.fulfill(script));
    await page.goto(`${SERVICE}/s#key`);
    await page.getByText("If this message stays, load the page again, or open the link in a newer browser.").waitFor();
    assert.equal(page.url(), `${SERVICE}/s#key`, "there it is still whole");
    await page.context().close();
  }
});

test("words that do not come are English", async () => {
  const page = await new_page(browser, { locale: "de-AT" });
  await page.route("**/page/de.*.json", () => {}); // no answer
  await page.goto(`${SERVICE}/`);
  await heading(page, "Share a secret");
  assert.equal(await page.locator("#language").inputValue(), "en");
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

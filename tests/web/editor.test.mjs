// What is put into a secret: text, files, passwords; by a browser that may be slow.

import assert from "node:assert/strict";
import { mkdtempSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { done, file, heading, launch, new_page, press, visit } from "./browser.mjs";
import { SERVICE, new_request } from "./service.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

// What is slow in the browser itself takes a while; `page.reads` counts files that are read.
async function slow_page(path) {
  const page = await new_page(browser);
  page.reads = 0;
  await page.exposeFunction("reads_file", () => void (page.reads += 1));
  await page.addInitScript(() => {
    for (const [owner, name] of [[Blob.prototype, "arrayBuffer"], [SubtleCrypto.prototype, "generateKey"]]) {
      const work = owner[name];
      owner[name] = async function (...given) {
        await reads_file();
        await new Promise((resolve) => setTimeout(resolve, 200));
        return work.apply(this, given);
      };
    }
  });
  await page.goto(path);
  return page;
}

for (const [what, call, path, shown] of [
  ["creates", "secrets", async () => `${SERVICE}/`, "Your link is ready"],
  ["asks", "requests", async () => `${SERVICE}/q?ask`, "Your links are ready"],
  ["answers", "requests/fill", async () => (await new_request()).fill, "It is sent"],
]) {
  test(`a double click ${what} once, however long the browser takes`, async () => {
    const page = await slow_page(await path());
    let calls = 0;
    page.on("request", (request) => (calls += request.url() === `${SERVICE}/api/v2/${call}` ? 1 : 0));
    if (what !== "asks") {
      await page.locator("input[type=file]").setInputFiles([file("slow.txt", "content")]);
    }
    await page.locator("main button.large").dblclick();
    await heading(page, shown);
    assert.ok(page.reads > 0);
    await page.waitForTimeout(500);
    await page.getByRole("heading", { name: shown }).waitFor();
    assert.equal(calls, 1);
    await done(page);
  });
}

test("files that are too large are measured, not read", async () => {
  const page = await slow_page(`${SERVICE}/`);
  const large = join(mkdtempSync(join(process.env.HOME, "w-")), "disk.img");
  writeFileSync(large, "");
  truncateSync(large, 3 * 2 ** 30); // without a block on the disk
  await page.locator("input[type=file]").setInputFiles([large]);
  await page.getByText("This is too large").waitFor();
  await press(page, "Create the link");
  await page.getByText("This is too large").waitFor();
  assert.equal(page.reads, 0);
  await page.getByRole("button", { name: /^Remove .*disk.img/ }).click();
  await page.getByText("This is too large").waitFor({ state: "hidden" });
  await done(page);
});

test("a text that was copied with a picture of it is pasted as text, a file that was copied with its name is a file", async () => {
  const page = await new_page(browser, { permissions: ["clipboard-write", "clipboard-read"] });
  await page.goto(`${SERVICE}/`);
  const text = page.getByLabel("Your secret", { exact: true });
  await text.click();
  await page.evaluate(async () => {
    const image = new Promise((resolve) => document.createElement("canvas").toBlob(resolve));
    const words = (type, written) => new Blob([written], { type });
    await navigator.clipboard.write([new ClipboardItem({ "image/png": image, "text/plain": words("text/plain", "a cell"),
      "text/html": words("text/html", "<b>a cell</b>") })]);
  });
  await page.keyboard.press("Control+V");
  await page.waitForFunction(() => document.querySelector("textarea").value !== "" || document.querySelector(".files bdi") !== null);
  assert.deepEqual([await text.inputValue(), await page.locator(".files bdi").count()], ["a cell", 0]);
  await text.evaluate((field) => {
    const data = new DataTransfer();
    data.items.add(new File(["content"], "id_ed25519"));
    data.setData("text/plain", "id_ed25519");
    field.dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: data }));
  });
  assert.deepEqual(await page.locator(".files bdi").allTextContents(), ["id_ed25519"]);
  await done(page);
});

test("another password takes the place of the one before, and of nothing that was typed", async () => {
  const page = await visit(browser, `${SERVICE}/`);
  const text = page.getByLabel("Your secret", { exact: true });
  const insert = async (field) => {
    await press(page, "Insert a password");
    return field.inputValue();
  };
  await text.fill("first: ");
  await page.getByText("Generate a password").click();
  const first = await insert(text);
  const second = await insert(text);
  assert.match(second, /^first: .{20}$/);
  assert.notEqual(first, second);
  await text.press("End");
  await text.pressSequentially("\nsecond: ");
  await insert(text);
  const both = await insert(text);
  assert.ok(both.startsWith(`${second}\nsecond: `) && both.length === 2 * second.length + 2, both);
  await text.press("Control+Home");
  assert.match(await insert(text), new RegExp(`^.{20}first: `));
  await done(page);
});

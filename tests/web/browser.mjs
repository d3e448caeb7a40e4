// Chromium, driven by playwright-core, against the service: what the tests of the page share. It does not know the
// service's authority; it takes the one public key of world.py, and no other.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { ORIGINS, SERVICE } from "./service.mjs";

const modules = createRequire(join(process.env.NODE_TOOLS, "/"));
const { chromium } = modules("playwright-core");

const FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-crash-reporter", "--disable-breakpad",
  "--no-default-browser-check", "--no-proxy-server",
  // Whatever the page would ask from elsewhere fails and is reported.
  "--host-resolver-rules=MAP insecure.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"];
export const TRUST = `--ignore-certificate-errors-spki-list=${process.env.PUBLIC_KEY_HASH}`;
// The browser says so of every call that is no success or whose connection breaks, and of INSECURE. That a file of the page
// does not come is never expected.
const FAILED = /the server responded with a status of|net::ERR_(EMPTY_RESPONSE|CONTENT_LENGTH_MISMATCH|CONNECTION_|INTERNET_DISCONNECTED|FAILED)/;
const UNTRUSTED = /Opener-Policy header has been ignored, because the URL's origin was untrustworthy/;
const is_expected = (message) => (FAILED.test(message.text()) && message.location().url.includes("/api/v2/")) || UNTRUSTED.test(message.text());

export function launch(more = [TRUST]) {
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: [...FLAGS, ...more], chromiumSandbox: false });
}

// A page in a context of its own. `complaints` are what the console, scripts and the page's policy said.
export async function new_page(browser, options = {}) {
  const context = await browser.newContext({ locale: "en-GB", timezoneId: "UTC", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !is_expected(message)) {
      page.complaints.push(message.text());
    }
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (!ORIGINS.includes(url.origin)) {
      page.complaints.push(`asked for ${request.url()}`);
    }
  });
  return page;
}

export const heading = (page, name) => page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
export const press = (page, name) => page.getByRole("button", { name }).click();

export async function fill_secret(page, { text = "", files = [], views, passphrase }) {
  if (text !== "") {
    await page.getByLabel("Your secret", { exact: true }).fill(text);
  }
  if (files.length > 0) {
    await page.locator("input[type=file]").setInputFiles(files);
  }
  if (views !== undefined) {
    await page.getByLabel("How often it can be opened").fill(String(views));
  }
  if (passphrase !== undefined) {
    await page.getByLabel("Passphrase (optional)").fill(passphrase);
  }
}

// Creates through the page itself: {link, receipt, key}.
export async function create(browser, wishes = { text: "for your eyes only" }, base = SERVICE) {
  const page = await visit(browser, `${base}/`);
  await fill_secret(page, wishes);
  await press(page, "Create the link");
  await heading(page, "Your link is ready");
  const link = await page.getByLabel("Link to the secret").inputValue();
  const receipt = await page.getByLabel("Receipt link").inputValue();
  await done(page);
  return { link, receipt, key: link.split("#")[1].split(".")[0] };
}

// Asks through the page itself.
export async function ask(browser, base = SERVICE) {
  const page = await visit(browser, `${base}/q?ask`);
  await press(page, "Create the links");
  await heading(page, "Your links are ready");
  const fill = await page.getByLabel("Link for the other person").inputValue();
  const own = await page.getByLabel("Your own link").inputValue();
  await done(page);
  return { fill, own };
}

// Answers through the page itself: the receipt link.
export async function answer(browser, fill, text) {
  const page = await visit(browser, fill);
  await page.getByLabel("Your answer").fill(text);
  await press(page, "Encrypt and send");
  await heading(page, "It is sent");
  const receipt = await page.getByLabel("Receipt link").inputValue();
  await done(page);
  return receipt;
}

// Opens a link as a reader does: a page of its own, the link in the address bar.
export async function visit(browser, link, options) {
  const page = await new_page(browser, options);
  await page.goto(link);
  return page;
}

export const file = (name, content) => ({ name, mimeType: "text/html", buffer: Buffer.from(content) });

export const open = (page) => press(page, "Open the secret");
export const secret_of = (page) => page.getByRole("region", { name: "The secret" }).textContent();

export async function download(page, link = page.getByRole("link", { name: /^Download/ })) {
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  return download;
}

// Lets the page's own clock run until `shown` is there. page.clock is installed.
export async function run_until(page, shown, seconds) {
  for (let second = 0; second < seconds && !(await shown.isVisible()); second += 1) {
    await page.clock.runFor(1000);
    await pause(20);
  }
  assert.ok(await shown.isVisible(), await page.textContent("main"));
}

export async function done(...pages) {
  for (const page of pages) {
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  }
}

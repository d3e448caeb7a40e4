// Chromium, driven by playwright-core, against the fake of API v2: what the tests of the page share.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";

const modules = createRequire(join(process.env.NODE_TOOLS, "/"));
const { chromium } = modules("playwright-core");

const format = await import(process.env.FORMAT_BUNDLE);
export const URL_OF_FAKE = process.env.FAKE_URL;
const FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-crash-reporter", "--disable-breakpad",
  "--no-default-browser-check", "--no-proxy-server",
  // Whatever the page would ask from elsewhere fails and is reported.
  "--host-resolver-rules=MAP insecure.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"];
// The browser says so of every answer that is no success, and of every connection that breaks.
const EXPECTED = /the server responded with a status of|net::ERR_(EMPTY_RESPONSE|CONTENT_LENGTH_MISMATCH|CONNECTION_|INTERNET_DISCONNECTED|FAILED)/;

export function launch(more = []) {
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: [...FLAGS, ...more], chromiumSandbox: false });
}

export async function fake(wishes) {
  const response = await fetch(`${URL_OF_FAKE}/fake`, { method: "POST", body: JSON.stringify(wishes) });
  return response.json();
}

// A page in a context of its own. `complaints` are what the console, scripts and the page's policy said.
export async function new_page(browser, options = {}) {
  const context = await browser.newContext({ locale: "en-GB", timezoneId: "UTC", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(8000);
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !EXPECTED.test(message.text())) {
      page.complaints.push(message.text());
    }
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(URL_OF_FAKE) && !request.url().startsWith("blob:")) {
      page.complaints.push(`asked for ${request.url()}`);
    }
  });
  return page;
}

export const heading = (page, name) => page.getByRole("heading", { level: 1, name, exact: true }).waitFor();

async function call(path, body, headers = {}) {
  const response = await fetch(`${URL_OF_FAKE}/api/v2/${path}`, { method: "POST", body, headers });
  return response.json();
}

// What create() does, without a browser: for tests of what comes after.
export async function store({ text = "for your eyes only", files = [], views = 1, passphrase = "" } = {}) {
  const link_key = format.random_bytes(32);
  const keys = await format.derive_keys(link_key, passphrase);
  const parts = [{ kind: "text", name: "", bytes: format.utf8(text) },
    ...files.map(({ name, buffer }) => ({ kind: "file", name, bytes: new Uint8Array(buffer) }))];
  const headers = { "Content-Type": "application/octet-stream", "Secret-Views": String(views), "Secret-Proof": format.base64url_encode(keys.proof) };
  if (passphrase !== "") {
    headers["Secret-Passphrase"] = format.base64url_encode(format.utf8(keys.server_passphrase));
  }
  const body = await format.seal_secret(keys.content, format.random_bytes(12), parts);
  const { secret_key, receipt_key } = await call("secrets", body, headers);
  const link = format.format_secret_link(URL_OF_FAKE, { secret_key, key: link_key });
  return { link, receipt: format.format_receipt_link(URL_OF_FAKE, receipt_key), key: secret_key };
}

// What ask() does, without a browser.
export async function new_request() {
  const pair = await format.new_key_pair();
  const { fill_key, request_key } = await call("requests", "{}", { "Content-Type": "application/json" });
  const fill = format.format_fill_link(URL_OF_FAKE, { fill_key, public: pair.public });
  return { fill, own: format.format_request_link(URL_OF_FAKE, { fill_key, request_key, pair }), fill_key, request_key };
}

// Creates through the page itself and returns its links.
export async function create(browser, { text = "for your eyes only", files = [], views, passphrase } = {}) {
  const page = await new_page(browser);
  await page.goto(`${URL_OF_FAKE}/`);
  await fill_secret(page, { text, files, views, passphrase });
  await page.getByRole("button", { name: "Create the link" }).click();
  await heading(page, "Your link is ready");
  const link = await page.getByLabel("Link to the secret").inputValue();
  const receipt = await page.getByLabel("Receipt link").inputValue();
  await page.context().close();
  return { link, receipt, key: link.split("#")[1].split(".")[0] };
}

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

export async function ask(browser) {
  const page = await new_page(browser);
  await page.goto(`${URL_OF_FAKE}/q`);
  await page.getByRole("button", { name: "Create the links" }).click();
  await heading(page, "Your links are ready");
  const fill = await page.getByLabel("Link for the other person").inputValue();
  const own = await page.getByLabel("Your own link").inputValue();
  await page.context().close();
  const [fill_key, request_key] = own.split("#")[1].split(".");
  return { fill, own, fill_key, request_key };
}

// Opens a link as a reader does: a page of its own, the link in the address bar.
export async function visit(browser, link, options) {
  const page = await new_page(browser, options);
  await page.goto(link);
  return page;
}

export const file = (name, text) => ({ name, mimeType: "text/html", buffer: Buffer.from(text) });

export const open = (page) => page.getByRole("button", { name: "Open the secret" }).click();
export const secret_of = (page) => page.getByRole("region", { name: "The secret" }).textContent();
export const views_of = async (key) => (await fake({})).views[key];

export async function done(page) {
  assert.deepEqual(page.complaints, []);
  await page.context().close();
}

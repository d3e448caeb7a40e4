// Every state that the page can be in, and how to get there: [name, how]. `at` goes to a link in the page under test, whose
// language, width and colours are the caller's.

import { URL_OF_FAKE, fake, file, new_request, store } from "./browser.mjs";

const primary = (page) => page.locator("main button.large");
const opened = async (page) => page.locator(".revealed").waitFor();
const settled = async (page) => page.locator("main h1").waitFor();
const RECENT = 1795600000; // a fixed moment, so that two runs show the same

async function create_in(page) {
  await page.goto(`${URL_OF_FAKE}/${page.query}`);
  await settled(page);
}

async function at(page, link) {
  await page.goto(link.replace("#", `${page.query}#`));
  await settled(page);
}

// A secret in a state of our choice, seen by its link (or its receipt).
async function secret_in(page, changes, options = {}, which = "link") {
  const made = await store(options);
  await fake({ secrets: { [made.key]: changes } });
  await at(page, made[which]);
}

async function request_in(page, changes, which) {
  const made = await new_request();
  await fake({ requests: { [made.fill_key]: changes } });
  await at(page, made[which]);
  return made;
}

async function open(page) {
  await primary(page).click();
}

export const STATES = [
  ["create", create_in],
  ["create-password", async (page) => {
    await create_in(page);
    await page.locator("summary").click();
    await page.locator(".panel-body button").click();
  }],
  ["create-files", async (page) => {
    await create_in(page);
    await page.locator("input[type=file]").setInputFiles([file("id_ed25519", "key"), file("a very long name of a file that somebody has chosen.txt", "x".repeat(5000))]);
  }],
  ["create-nothing", async (page) => {
    await create_in(page);
    await open(page);
    await page.locator(".alert:visible").waitFor();
  }],
  ["create-token", async (page) => {
    await fake({ service: { creation: "token" } });
    await create_in(page);
    await fake({ service: { creation: "open" } });
  }],
  ["created", async (page) => {
    await create_in(page);
    await page.locator("textarea").fill("for your eyes only");
    await page.locator("input[type=password]").first().fill("a passphrase");
    await open(page);
    await page.locator(".receipt").waitFor();
    await page.locator("summary").click();
    await page.locator(".qr").waitFor();
  }],
  ["sealed", async (page) => secret_in(page, {}, { views: 3 })],
  ["sealed-passphrase", async (page) => secret_in(page, {}, { passphrase: "p" })],
  ["passphrase-wrong", async (page) => {
    await secret_in(page, {}, { passphrase: "p" });
    await page.locator("input[type=password]").fill("q");
    await open(page);
    await page.locator(".alert:visible").waitFor();
  }],
  ["opened-text", async (page) => {
    await secret_in(page, {}, { text: "user: admin\npassword: c0rrect-horse\n\nhttps://example.org/a/rather/long/address?that=has&to=be&broken=somewhere" });
    await open(page);
    await opened(page);
  }],
  ["opened-files", async (page) => {
    await secret_in(page, {}, { text: "the keys", files: [file("id_ed25519", "key"), file("отчёт.pdf", "x".repeat(70000))], views: 3 });
    await open(page);
    await opened(page);
  }],
  ["retrieved", async (page) => secret_in(page, { state: "retrieved", left: 0, changed: RECENT })],
  ["deleted", async (page) => secret_in(page, { state: "deleted", left: 0, changed: RECENT })],
  ["expired", async (page) => secret_in(page, { state: "expired", changed: RECENT, expires: RECENT })],
  ["locked", async (page) => secret_in(page, { locked: Date.now() / 1000 + 700 })],
  ["missing", async (page) => at(page, `${URL_OF_FAKE}/s#6b1f0c62-7a35-4c9e-9f3e-2d8a4b0c1d2e.${"A".repeat(43)}`)],
  ["incomplete", async (page) => at(page, `${URL_OF_FAKE}/s#6b1f0c62-7a35-4c9e-9f3e-2d8a4b0c1d2e.AAAA`)],
  ["wrong-key", async (page) => {
    const { key } = await store();
    await at(page, `${URL_OF_FAKE}/s#${key}.${"A".repeat(43)}`);
    await open(page);
    await page.locator(".badge.bad").waitFor();
  }],
  ["damaged", async (page) => {
    const made = await new_request();
    const other = await new_request();
    await fake({ requests: { [made.fill_key]: { state: "filled", request_key: made.request_key } } });
    await at(page, other.fill);
    await page.locator("textarea").fill("for another");
    await open(page);
    await page.locator(".receipt").waitFor();
    // The other's answer under this one's keys.
    const [fill_key, , pair] = made.own.split("#")[1].split(".");
    await fake({ requests: { [fill_key]: { state: "filled" } } });
    await at(page, `${URL_OF_FAKE}/q#${fill_key}.${other.request_key}.${pair}`);
    await open(page);
    await page.locator(".badge.bad").waitFor();
  }],
  ["rate-limited", async (page) => {
    const { link } = await store();
    await fake({ faults: [{ path: "secrets/status", fault: "429" }] });
    await at(page, link);
  }],
  ["receipt-unopened", async (page) => secret_in(page, {}, {}, "receipt")],
  ["receipt-partly", async (page) => secret_in(page, { left: 1, changed: RECENT }, { views: 3 }, "receipt")],
  ["receipt-opened", async (page) => secret_in(page, { state: "retrieved", left: 0, changed: RECENT }, {}, "receipt")],
  ["receipt-deleting", async (page) => {
    await secret_in(page, { locked: Date.now() / 1000 + 700 }, {}, "receipt");
    await page.locator("button.danger").click();
  }],
  ["receipt-missing", async (page) => at(page, `${URL_OF_FAKE}/r#${"A".repeat(64)}`)],
  ["ask", async (page) => {
    await page.goto(`${URL_OF_FAKE}/q${page.query}`);
    await settled(page);
  }],
  ["asked", async (page) => {
    await page.goto(`${URL_OF_FAKE}/q${page.query}`);
    await open(page);
    await page.locator(".keep").waitFor();
  }],
  ["fill", async (page) => request_in(page, {}, "fill")],
  ["sent", async (page) => {
    await request_in(page, {}, "fill");
    await page.locator("textarea").fill("for the asker");
    await open(page);
    await page.locator(".receipt").waitFor();
  }],
  ["filled", async (page) => request_in(page, { state: "filled" }, "fill")],
  ["request-expired", async (page) => request_in(page, { state: "expired" }, "fill")],
  ["request-deleted", async (page) => request_in(page, { state: "deleted" }, "own")],
  ["waiting", async (page) => request_in(page, {}, "own")],
];

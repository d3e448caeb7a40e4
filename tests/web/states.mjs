// Every state that the page can be in, and how to get there: [name, says, how]. All but those that say `front` are those of
// the real service. `says` is a sentence (of locales/, or a pattern) that stands there and in few other states. `how` leads the page under
// test, whose language, width and colours are the caller's, to it.

import { file, run_until } from "./browser.mjs";
import { FRONT, GUARDED, INSECURE, RESTRICTED, SERVICE, call, delete_secret, expiry, fill, front, lock, new_request, request_expiry, store, take_view } from "./service.mjs";

const NOBODYS = `6b1f0c62-7a35-4c9e-9f3e-2d8a4b0c1d2e.${"A".repeat(43)}`;
const KEY_OF_NOBODY = "A".repeat(64);
const LONG_NAME = "a very long name of a file that somebody has chosen.txt";

// To a link, with the caller's language.
async function at(page, link) {
  const url = new URL(link);
  url.search += url.search === "" ? page.query : page.query.replace("?", "&");
  await page.goto(url.href);
  await page.locator("main > h1:not(.loading)").waitFor();
}
const create_at = (page, base = SERVICE) => at(page, `${base}/`);
const press = (page) => page.locator("main button.large").click();
const told = (page, where = ".alert:visible") => page.locator(where).first().waitFor();
const type = (page, text = "for your eyes only") => page.locator("textarea").first().fill(text);

async function send(page, base, text) {
  await create_at(page, base);
  await type(page, text);
  await press(page);
}

async function secret(page, options, { before = () => {}, which = "link" } = {}) {
  const made = await store(options);
  await before(made);
  await at(page, made[which]);
  return made;
}

async function opened(page, options) {
  await secret(page, options);
  await press(page);
  await page.locator(".revealed").waitFor();
}

async function request(page, before, which = "fill", options) {
  const made = await new_request(options);
  await before(made);
  await at(page, made[which]);
  return made;
}

const delete_request = ({ fill_key, request_key }) => call("requests/delete", { fill_key, request_key });
const receipt = (page, options, before) => secret(page, options, { before, which: "receipt" });
const take_two = async (made) => void (await take_view(made), await take_view(made));

// A browser behind a proxy that names it, so that limits hold for it; each time another one.
let last_address = 0;
async function as_stranger(page) {
  const headers = { "X-Forwarded-For": `203.0.113.${(last_address += 1)}` };
  await page.setExtraHTTPHeaders(headers);
  return headers;
}

// One state at a time has the front, which has its faults for all.
let last = Promise.resolve();
const alone = (how) => (page) => (last = last.catch(() => {}).then(() => how(page)));

// What happens to all that is asked for there, until the page gives up.
const in_trouble = (fault) => alone(async (page) => {
  const { link } = await store();
  await page.clock.install();
  await front({ faults: [{ path: "secrets/status", fault, count: 40 }] });
  await page.goto(link.replace(SERVICE, FRONT).replace("#", `${page.query}#`));
  await run_until(page, page.locator(".badge.bad"), 60);
  await front({ clear: true });
});

// Made when they are asked for first; the moment in which they end is over by then, or soon.
const short_lived = {};
export async function prepare() {
  [short_lived.secret, short_lived.request] = await Promise.all([store({ ttl: 1 }), new_request({ ttl: 1 })]);
}

export const STATES = [
  ["create", "create_lede", (page) => create_at(page)],
  ["create-password", "password_characters", async (page) => {
    await create_at(page);
    await page.locator("summary").click();
    await page.locator(".panel-body button").click();
    await page.waitForFunction(() => document.querySelector("textarea").value.length === 20);
  }],
  ["create-files", "file_remove", async (page) => {
    await create_at(page);
    await page.locator("input[type=file]").setInputFiles([file("id_ed25519", "key"), file(LONG_NAME, "x".repeat(5000))]);
  }],
  ["create-nothing", "nothing_entered", async (page) => {
    await create_at(page);
    await press(page);
    await told(page);
  }],
  ["create-token", "token_hint", (page) => create_at(page, GUARDED)],
  ["create-token-wrong", "token_wrong", async (page) => {
    await create_at(page, GUARDED);
    await type(page);
    await page.locator("input[type=password]").last().fill("ds_wrong");
    await press(page);
    await told(page);
  }],
  ["create-too-large", "too_large", async (page) => {
    await send(page, GUARDED, "x".repeat(5000));
    await told(page);
  }],
  ["create-no-room", "storage_full", async (page) => {
    await create_at(page, GUARDED);
    await type(page, "x".repeat(3000));
    await page.locator("input[type=password]").last().fill(process.env.TOKEN);
    await press(page);
    await told(page);
  }],
  ["create-restricted", "creation_restricted", async (page) => {
    await send(page, RESTRICTED);
    await told(page);
  }],
  ["create-too-often", "rate_text", async (page) => {
    const headers = await as_stranger(page);
    await call("secrets", new Uint8Array(1), { headers });
    await send(page);
    await told(page);
  }],
  ["create-front-broken", "not_sent", alone(async (page) => {
    await create_at(page, FRONT);
    await type(page);
    await front({ faults: [{ path: "api/v2/secrets", fault: "500" }] });
    await press(page);
    await told(page);
  })],
  ["created", "tell_passphrase", async (page) => {
    await create_at(page);
    await type(page);
    await page.locator("input[type=password]").first().fill("a passphrase");
    await press(page);
    await page.locator(".receipt").waitFor();
    await page.locator("summary").click();
    await page.locator(".qr").waitFor();
  }],
  ["loading", "one_moment", async (page) => {
    const { link } = await store();
    await page.route("**/api/v2/secrets/status", () => {}, { times: 1 });
    await page.goto(link.replace("#", `${page.query}#`));
    await page.locator("h1.loading").waitFor();
  }],
  ["script-missing", /^This page is loading\. /, async (page) => {
    await page.route("**/page/page.*.js", (route) => route.fulfill({ status: 404 }), { times: 1 });
    await page.goto(`${SERVICE}/s#${NOBODYS}`);
    await page.locator(".stalled").waitFor();
    page.complaints.length = 0; // of the script
  }],
  ["sealed", "sealed_text", (page) => secret(page, { views: 3 })],
  ["sealed-passphrase", "passphrase_from_sender", (page) => secret(page, { passphrase: "p" })],
  ["passphrase-missing", "passphrase_needed", async (page) => {
    await secret(page, { passphrase: "p" });
    await press(page);
    await told(page);
  }],
  ["passphrase-wrong", "passphrase_wrong", async (page) => {
    await secret(page, { passphrase: "p" });
    await page.locator("input[type=password]").fill("q");
    await press(page);
    await told(page);
  }],
  ["opened-text", "last_view", (page) => opened(page, { text: "user: admin\npassword: c0rrect-horse\n\nhttps://example.org/a/rather/long/address?that=has&to=be&broken=somewhere" })],
  ["opened-files", "files_heading", (page) => opened(page, { text: "the keys", files: [file("id_ed25519", "key"), file("отчёт.pdf", "x".repeat(70000))], views: 3 })],
  ["opened-late", "opened_late", async (page) => {
    await secret(page, { files: [file("id_ed25519", "key")], views: 2 });
    const other = await store();
    await page.route("**/api/v2/secrets/retrieve", async (route) => {
      await page.evaluate((hash) => (location.hash = hash), new URL(other.link).hash); // pasted while it is on its way
      await route.continue();
    }, { times: 1 });
    await press(page);
    await page.locator(".revealed").waitFor();
    await page.locator("main > h1:not(.loading)").waitFor();
  }],
  ["opened-reloaded", "reloaded_text", async (page) => {
    await opened(page, {});
    await page.reload();
    await told(page, ".badge.gone");
  }],
  ["opened-hidden", "secret_hidden", async (page) => {
    await opened(page, {});
    await page.locator(".revealed .actions button").last().click();
  }],
  ["opened-deleted", "deleted_rest", async (page) => {
    await opened(page, { views: 2 });
    await page.locator("button.danger").click();
    await page.locator("button.danger").waitFor({ state: "detached" });
  }],
  ["opened-gone", "gone_rest", async (page) => {
    const made = await secret(page, { views: 2 });
    await press(page);
    await page.locator("button.danger").waitFor();
    await take_view(made);
    await page.locator("button.danger").click();
    await page.locator("button.danger").waitFor({ state: "detached" });
  }],
  ["retrieved", "retrieved_not_you", (page) => secret(page, {}, { before: take_view })],
  ["retrieved-meanwhile", "retrieved_not_you", async (page) => {
    const made = await secret(page, {});
    await take_view(made);
    await press(page);
    await told(page, ".badge.gone");
  }],
  ["front-retrieved-lost", "retrieved_lost", alone(async (page) => {
    const made = await store();
    await at(page, made.link.replace(SERVICE, FRONT));
    await front({ faults: [{ path: "secrets/retrieve", fault: "drop", count: 40 }] });
    await Promise.all([press(page), page.waitForEvent("requestfailed")]); // after some that the browser repeats itself
    await take_view(made);
    await front({ clear: true });
    await told(page, ".badge.gone");
  })],
  ["deleted", "deleted_text", (page) => secret(page, {}, { before: delete_secret })],
  ["expired", "expired_text", async (page) => {
    await expiry(short_lived.secret);
    await at(page, short_lived.secret.link);
  }],
  ["locked", "locked_text", (page) => secret(page, {}, { before: (made) => lock(made) })],
  ["missing", "missing_text", (page) => at(page, `${SERVICE}/s#${NOBODYS}`)],
  ["incomplete", "incomplete_text", (page) => at(page, `${SERVICE}/s#${NOBODYS.slice(0, -20)}`)],
  ["wrong-key", "wrong_key_text", async (page) => {
    const { key } = await store();
    await at(page, `${SERVICE}/s#${key}.${"A".repeat(43)}`);
    await press(page);
    await told(page, ".badge.bad");
  }],
  ["damaged", "damaged_text", async (page) => {
    await request(page, (made) => fill(made, new Uint8Array(200).fill(2)), "own");
    await press(page);
    await told(page, ".badge.bad");
  }],
  ["too-often", "rate_text", async (page) => {
    const headers = await as_stranger(page);
    await call("secrets/status", { secret_key: NOBODYS.split(".")[0] }, { headers });
    await at(page, `${SERVICE}/s#${NOBODYS}`);
  }],
  ["front-unreachable", "offline_text", in_trouble("drop")],
  ["front-unavailable", "unavailable_text", in_trouble("503")],
  ["insecure", "insecure_text", (page) => at(page, `${INSECURE}/s#${NOBODYS}`)],
  ["receipt-unopened", "receipt_unopened", (page) => receipt(page)],
  ["receipt-partly", "receipt_partly", (page) => receipt(page, { views: 3 }, take_two)],
  ["receipt-opened", "receipt_not_them", (page) => receipt(page, {}, take_view)],
  ["receipt-deleted", "receipt_deleted", (page) => receipt(page, {}, delete_secret)],
  ["receipt-expired", "receipt_expired", async (page) => {
    await expiry(short_lived.secret);
    await at(page, short_lived.secret.receipt);
  }],
  ["receipt-locked-deleting", "fact_locked", async (page) => {
    await receipt(page, {}, (made) => lock(made));
    await page.locator("button.danger").click();
    await page.locator("button.danger + button").waitFor();
  }],
  ["receipt-now-deleted", "now_deleted_text", async (page) => {
    await receipt(page);
    await page.locator("button.danger").click();
    await page.locator("button.danger").click();
    await told(page, ".badge.gone");
  }],
  ["receipt-missing", "receipt_missing_text", (page) => at(page, `${SERVICE}/r#${KEY_OF_NOBODY}`)],
  ["receipt-incomplete", "incomplete_text", (page) => at(page, `${SERVICE}/r#${KEY_OF_NOBODY.slice(1)}`)],
  ["ask", "ask_lede", (page) => at(page, `${SERVICE}/q?ask`)],
  ["ask-token", "token_hint", (page) => at(page, `${GUARDED}/q?ask`)],
  ["asked", "asked_keep_text", async (page) => {
    await at(page, `${SERVICE}/q?ask`);
    await press(page);
    await page.locator(".keep").waitFor();
  }],
  ["waiting", "waiting_text", (page) => request(page, () => {}, "own")],
  ["fill", "fill_lede", (page) => request(page, () => {})],
  ["sent", "sent_text", async (page) => {
    await request(page, () => {});
    await type(page, "for the asker");
    await press(page);
    await page.locator(".receipt").waitFor();
  }],
  ["answered-meanwhile", "answered_text", async (page) => {
    const made = await request(page, () => {});
    await fill(made);
    await type(page, "for the asker");
    await press(page);
    await told(page, ".badge.good");
  }],
  ["answer-to-open", "sealed_text", (page) => request(page, (made) => fill(made), "own")],
  ["filled", "filled_text", (page) => request(page, (made) => fill(made))],
  ["request-expired", "request_expired_text", async (page) => {
    await request_expiry(short_lived.request);
    await at(page, short_lived.request.fill);
  }],
  ["request-deleted", "request_deleted_text", (page) => request(page, delete_request, "own")],
  ["request-missing", "request_missing_text", (page) => at(page, `${SERVICE}/q#${NOBODYS.slice(0, 37)}B${"A".repeat(86)}`)],
  ["request-incomplete", "incomplete_text", (page) => at(page, `${SERVICE}/q#${NOBODYS}`)],
  ["request-cut", "incomplete_text", (page) => at(page, `${SERVICE}/q`)],
];

// What the page does when the network or the server fails: nothing is lost, and nothing is done twice. front.py stands
// before the service and does the failing.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { done, fill_secret, heading, launch, new_page, open, press, run_until, secret_of, visit } from "./browser.mjs";
import { FRONT, SERVICE, audit, call, delete_secret, front, new_request, store, take_view, until, views_of } from "./service.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const through_front = (link) => link.replace(SERVICE, FRONT);
const FOR_EVER = 1000;

// Until the page itself has noticed: what fails on a kept connection, a browser repeats without a word.
async function fail_until_noticed(page, path, fault) {
  await front({ faults: [{ path, fault, count: FOR_EVER }] });
  page.once("requestfailed", () => front({ clear: true }));
}

// Without them there would have been nothing to see.
async function all_faults_met() {
  assert.deepEqual((await front({})).left, []);
}

for (const fault of ["lose", "cut", "drop"]) {
  test(`an answer that does not arrive (${fault}) is asked for again over TLS, and one view is taken`, async () => {
    const { link, key } = await store({ views: 2 });
    const page = await visit(browser, through_front(link));
    await heading(page, "Somebody sent you a secret");
    const asked = (await front({})).calls.length;
    await fail_until_noticed(page, "secrets/retrieve", fault);
    await open(page);
    assert.equal(await secret_of(page), "for your eyes only");
    assert.equal(await views_of(key), 1);
    const tries = (await front({})).calls.slice(asked).filter(({ path }) => path.endsWith("secrets/retrieve"));
    assert.ok(tries.length >= 2, "the first was answered at once");
    assert.equal(new Set(tries.map(({ body }) => body)).size, 1, "each try brings the same claim");
    // All but those that were dropped before they reached the service have happened, and only the first took anything.
    const repeated = fault === "drop" ? 0 : tries.length - 1;
    const rows = await audit(key, 2 + repeated);
    assert.deepEqual(rows.map(({ action }) => action), ["created", ...Array(1 + repeated).fill("retrieved")]);
    assert.deepEqual(rows.slice(1).map(({ extra_data }) => extra_data.repeated ?? false), [false, ...Array(repeated).fill(true)]);
    await done(page);
  });
}

test("a server that is away for a moment is asked again", async () => {
  const { link, key } = await store({ views: 2 });
  const page = await visit(browser, through_front(link));
  await front({ faults: [{ path: "secrets/retrieve", fault: "503", count: 1 }] });
  await open(page);
  assert.equal(await secret_of(page), "for your eyes only");
  assert.equal(await views_of(key), 1);
  await all_faults_met();
  await done(page);
});

// More than one, and for the service the same.
function check_tries(tries) {
  const keys = tries.map(({ head }) => /^idempotency-key: (.+)$/im.exec(Buffer.from(head, "base64"))[1]);
  assert.ok(tries.length >= 2, "the first was answered at once");
  assert.deepEqual([new Set(keys).size, new Set(tries.map(({ body }) => body)).size], [1, 1]);
}

test("a proxy that gives up while the secret is on its way is asked again, and one view is taken", async () => {
  const { link, key } = await store({ views: 2 });
  const page = await visit(browser, through_front(link));
  await front({ faults: [{ path: "secrets/retrieve", fault: "lost, 524" }] });
  await open(page);
  assert.equal(await secret_of(page), "for your eyes only");
  assert.equal(await views_of(key), 1);
  await done(page);
});

for (const fault of ["lost, 500", "lost, 403"]) {
  test(`after an answer that says nothing of the secret (${fault}) the next try has it`, async () => {
    for (const pasted of [false, true]) {
      const { link, key } = await store();
      const page = await visit(browser, through_front(link));
      await front({ faults: [{ path: "secrets/retrieve", fault }] });
      await open(page);
      await heading(page, "The server is not available");
      assert.equal(await views_of(key), 0);
      await (pasted ? page.evaluate((hash) => (location.hash = hash), new URL(link).hash) : press(page, "Try again"));
      await open(page);
      assert.equal(await secret_of(page), "for your eyes only");
      await done(page);
    }
  });
}

test("after a lost answer and a refusal the next try has the secret", async () => {
  const { link, key } = await store();
  const page = await visit(browser, through_front(link));
  for (const [fault, told] of [["lost, 403", "The server is not available"], ["429", "Too many tries"]]) {
    await front({ faults: [{ path: "secrets/retrieve", fault }] });
    await open(page);
    await heading(page, told);
    assert.equal(await views_of(key), 0);
    await press(page, "Try again");
  }
  await open(page);
  assert.equal(await secret_of(page), "for your eyes only");
  await done(page);
});

test("a creation whose answer is lost is repeated, and stores one secret", async () => {
  const page = await visit(browser, `${FRONT}/`);
  await fill_secret(page, { text: "for your eyes only", passphrase: "correct horse" });
  const asked = (await front({})).calls.length;
  await fail_until_noticed(page, "api/v2/secrets", "lose");
  await press(page, "Create the link");
  await heading(page, "Your link is ready");
  check_tries((await front({})).calls.slice(asked).filter(({ path }) => path === "/api/v2/secrets"));
  const [, key] = /#([^.]+)/.exec(await page.getByLabel("Link to the secret").inputValue());
  assert.deepEqual((await audit(key, 1)).map(({ action }) => action), ["created"]);
  await done(page);
});

test("a creation whose key has been used up is made anew", async () => {
  const page = await visit(browser, `${SERVICE}/`);
  const keys = [];
  await page.route("**/api/v2/secrets", async (route) => {
    keys.push(route.request().headers()["idempotency-key"]);
    if (keys.length > 1) {
      return route.continue();
    }
    // It was stored, nobody heard of it, and it has ended since.
    const request = route.request();
    const headers = Object.fromEntries(Object.entries(request.headers()).filter(([name]) => /^(secret|idempotency)-/.test(name)));
    const { status, json } = await call("secrets", new Uint8Array(request.postDataBuffer()), { headers });
    assert.equal(status, 201, JSON.stringify(json));
    await delete_secret(json);
    return route.abort("connectionreset");
  });
  await fill_secret(page, { text: "for your eyes only" });
  await press(page, "Create the link");
  await heading(page, "Your link is ready");
  assert.equal(keys.length, 3);
  assert.equal(new Set(keys).size, 2, "the last brings another key");
  await done(page);
});

test("an answer to a request whose confirmation is lost is sent once, and confirmed", async () => {
  const request = await new_request();
  const page = await visit(browser, through_front(request.fill));
  await page.getByLabel("Your answer").fill("for the asker");
  const asked = (await front({})).calls.length;
  await fail_until_noticed(page, "requests/fill", "lose");
  await press(page, "Encrypt and send");
  await heading(page, "It is sent");
  check_tries((await front({})).calls.slice(asked).filter(({ path }) => path.endsWith("requests/fill")));
  const rows = await audit(request.request_key, 2);
  assert.deepEqual(rows.map(({ action, extra_data }) => [action, extra_data.request ?? false]), [["created", true], ["created", false]]);
  await done(page);
});

test("who answers while the server is away is told what is known, and that again when it is back", async () => {
  const request = await new_request();
  await front({ faults: [{ path: "requests/fill", fault: "lose" }, { path: "requests/fill", fault: "drop", count: FOR_EVER }] });
  const page = await new_page(browser);
  await page.clock.install();
  await page.goto(through_front(request.fill));
  await page.getByLabel("Your answer").fill("for the asker");
  await press(page, "Encrypt and send");
  await run_until(page, page.getByText("it is not known whether your answer has arrived"), 90);
  await front({ clear: true });
  await press(page, "Encrypt and send");
  await heading(page, "The request is answered");
  await done(page);
});

// Opens `link` in a page whose clock is the test's, and which counts the pieces that it reads of answers.
async function open_under_clock(link) {
  const page = await new_page(browser);
  await page.clock.install();
  await page.addInitScript(() => {
    const reader = ReadableStreamDefaultReader.prototype;
    const { read } = reader;
    window.pieces = 0;
    reader.read = function () {
      return read.call(this).finally(() => (window.pieces += 1));
    };
  });
  await page.goto(through_front(link));
  await heading(page, "Somebody sent you a secret");
  await open(page);
  return page;
}

const shown_secret = (page) => page.getByRole("region", { name: "The secret" });

test("a server that stays away is said to be unreachable, and the same claim works when it is back", async () => {
  const { link, key } = await store();
  await front({ faults: [{ path: "secrets/retrieve", fault: "lose", count: 1 }, { path: "secrets/retrieve", fault: "drop", count: FOR_EVER }] });
  const page = await open_under_clock(link);
  await run_until(page, page.getByText("No connection"), 90);
  assert.equal(await views_of(key), 0, "it was taken by the try whose answer was lost");
  await front({ clear: true });
  await press(page, "Try again");
  await open(page);
  assert.equal(await secret_of(page), "for your eyes only");
  await done(page);
});

test("a body that stops coming is asked for again, and one view is taken", async () => {
  const { link, key } = await store({ views: 2 });
  await front({ faults: [{ path: "secrets/retrieve", fault: "stall" }] });
  const page = await open_under_clock(link);
  await run_until(page, shown_secret(page), 50);
  assert.equal(await views_of(key), 1);
  await all_faults_met();
  await done(page);
});

test("a transfer that breaks off after minutes is asked for again: patience counts from the last sign of life", async () => {
  const { link, key } = await store();
  await front({ faults: [{ path: "secrets/retrieve", fault: "paced" }] });
  const page = await open_under_clock(link);
  for (let piece = 0; piece < 12; piece += 1) {
    const before = await page.evaluate(() => window.pieces);
    await front({ pace: 1 });
    await until(() => page.evaluate((least) => window.pieces > least, before), "the piece comes");
    await page.clock.runFor(10_000);
  }
  await front({ pace: FOR_EVER, faults: [{ path: "secrets/retrieve", fault: "drop" }] }); // to its middle, where it breaks
  await run_until(page, shown_secret(page), 50);
  assert.equal(await views_of(key), 0);
  await all_faults_met();
  await done(page);
});

test("a secret that is gone after a lost answer is not blamed on somebody else", async () => {
  const made = await store();
  const page = await visit(browser, through_front(made.link));
  await heading(page, "Somebody sent you a secret");
  await front({ faults: [{ path: "secrets/retrieve", fault: "drop", count: FOR_EVER }] });
  await Promise.all([open(page), page.waitForEvent("requestfailed")]);
  assert.equal((await take_view(made)).status, 200);
  await front({ clear: true });
  await page.getByText("Probably that was you").waitFor();
  await done(page);
});

test("neither is one that is gone when the page has given up, and is asked again", async () => {
  const made = await store();
  await front({ faults: [{ path: "secrets/retrieve", fault: "drop", count: FOR_EVER }] });
  const page = await open_under_clock(made.link);
  await run_until(page, page.getByText("No connection"), 90);
  assert.equal((await take_view(made)).status, 200);
  await front({ clear: true });
  await press(page, "Try again");
  await open(page);
  await page.getByText("Probably that was you").waitFor();
  await done(page);
});

test("the page of a network that wants a login is no answer", async () => {
  const { link, key } = await store({ views: 2 });
  await front({ faults: [{ path: "secrets/status", fault: "portal" }, { path: "secrets/retrieve", fault: "portal" }] });
  const page = await visit(browser, through_front(link));
  await heading(page, "Somebody sent you a secret");
  await open(page);
  assert.equal(await secret_of(page), "for your eyes only");
  assert.equal(await views_of(key), 1);
  await all_faults_met();
  await done(page);
});

// What the page does when the network or the server fails: nothing is lost, and nothing is done twice.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { create, done, fake, heading, launch, new_page, open, secret_of, store, views_of, visit } from "./browser.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

for (const fault of ["lose", "cut", "drop", "503"]) {
  test(`an answer that does not arrive (${fault}) is asked for again, and one view is taken`, async () => {
    const { link, key } = await store({ views: 2 });
    await fake({ faults: [{ path: "secrets/retrieve", fault, count: 2 }] });
    const page = await visit(browser, link);
    await open(page);
    assert.equal(await secret_of(page), "for your eyes only");
    assert.equal(await views_of(key), 1);
    await done(page);
  });
}

test("a creation whose answer is lost is repeated, and stores one secret", async () => {
  const before = (await fake({ faults: [{ path: "api/v2/secrets", fault: "lose", count: 2 }] })).secrets;
  await create(browser);
  assert.equal((await fake({})).secrets, before + 1);
});

test("a server that stays away is said to be unreachable, and the same claim works when it is back", async () => {
  const { link, key } = await store();
  const page = await new_page(browser);
  await page.clock.install();
  await page.goto(link);
  await heading(page, "Somebody sent you a secret");
  await fake({ faults: [{ path: "secrets/retrieve", fault: "lose", count: 1 }, { path: "secrets/retrieve", fault: "drop", count: 40 }] });
  await open(page);
  for (let second = 0; second < 90 && !(await page.getByText("No connection").isVisible()); second += 1) {
    await page.clock.runFor(1000);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await heading(page, "No connection");
  assert.equal(await views_of(key), 0, "it was taken by the try whose answer was lost");
  await fake({ clear: true });
  await page.getByRole("button", { name: "Try again" }).click();
  await open(page);
  assert.equal(await secret_of(page), "for your eyes only");
  await done(page);
});

// Opens `link` in a page whose clock is the test's.
async function open_under_clock(link) {
  const page = await new_page(browser);
  await page.clock.install();
  await page.goto(link);
  await heading(page, "Somebody sent you a secret");
  await open(page);
  return page;
}

async function run_until(page, shown, seconds) {
  for (let second = 0; second < seconds && !(await shown.isVisible()); second += 1) {
    await page.clock.runFor(1000);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.ok(await shown.isVisible(), await page.textContent("main"));
}

test("a body that stops coming is asked for again, and one view is taken", async () => {
  const { link, key } = await store({ views: 2 });
  await fake({ faults: [{ path: "secrets/retrieve", fault: "stall" }] });
  const page = await open_under_clock(link);
  await run_until(page, page.getByRole("region", { name: "The secret" }), 50);
  assert.equal(await views_of(key), 1);
  await done(page);
});

test("a transfer that breaks off after minutes is asked for again: patience counts from the last sign of life", async () => {
  const { link, key } = await store();
  await fake({ faults: [{ path: "secrets/retrieve", fault: "paced" }] });
  const page = await open_under_clock(link);
  for (let piece = 0; piece < 12; piece += 1) {
    await fake({ pace: 1 });
    await new Promise((resolve) => setTimeout(resolve, 60));
    await page.clock.runFor(10_000);
  }
  await fake({ pace: 1000, faults: [{ path: "secrets/retrieve", fault: "drop" }] }); // to its middle, where it breaks
  await run_until(page, page.getByRole("region", { name: "The secret" }), 50);
  assert.equal(await views_of(key), 0);
  await done(page);
});

test("a secret that was lost on the way is not blamed on somebody else", async () => {
  const { link, key } = await store();
  await fake({ faults: [{ path: "secrets/retrieve", fault: "paced" }] });
  const page = await open_under_clock(link);
  await fake({ pace: 1 });
  await fake({ secrets: { [key]: { claims: {} } }, pace: 1000 });
  await run_until(page, page.getByText("Probably that was you"), 50);
  await done(page);
});

test("the page of a network that wants a login is no answer", async () => {
  const { link, key } = await store({ views: 2 });
  await fake({ faults: [{ path: "secrets/status", fault: "portal" }, { path: "secrets/retrieve", fault: "portal" }] });
  const page = await visit(browser, link);
  await heading(page, "Somebody sent you a secret");
  await open(page);
  assert.equal(await secret_of(page), "for your eyes only");
  assert.equal(await views_of(key), 1);
  await done(page);
});

test("a creation whose key has been used up is made anew", async () => {
  const earlier = (await fake({ faults: [{ path: "api/v2/secrets", fault: "reused" }] })).calls.length;
  await create(browser);
  const calls = (await fake({})).calls.slice(earlier).filter(([, path]) => path === "/api/v2/secrets");
  assert.equal(new Set(calls.map(([, , headers]) => headers["Idempotency-Key"])).size, 2);
});

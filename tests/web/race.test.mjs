// Two browsers, one secret.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { done, heading, launch, open, visit } from "./browser.mjs";
import { audit, status_of, store } from "./service.mjs";

const ROUNDS = 6;
const READERS = 2;

let browsers;
before(async () => (browsers = await Promise.all(Array.from({ length: READERS }, () => launch()))));
after(() => Promise.all(browsers.map((browser) => browser.close())));

// "opened" or "told": what the page shows in the end.
async function outcome(page) {
  const [opened, told] = [page.locator(".revealed"), page.locator(".badge.gone")];
  await opened.or(told).waitFor();
  return (await opened.isVisible()) ? "opened" : "told";
}

test("two who press at once: one reads the secret, the other is told that, and when, it was opened", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { link, key } = await store({ text: `round ${round}` });
    const pages = await Promise.all(browsers.map((browser) => visit(browser, link)));
    await Promise.all(pages.map((page) => heading(page, "Somebody sent you a secret")));
    await Promise.all(pages.map((page) => open(page)));
    const outcomes = await Promise.all(pages.map(outcome));
    assert.deepEqual([...outcomes].sort(), ["opened", "told"]);
    const [winner, loser] = ["opened", "told"].map((wanted) => pages[outcomes.indexOf(wanted)]);
    assert.equal(await winner.locator(".revealed pre").textContent(), `round ${round}`);
    await heading(loser, "It was already opened");
    const when = new Date((await status_of(key)).changed_at);
    const shown = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" }).format(when);
    await loser.getByText(`This secret was opened on ${shown} and cannot be opened again.`).waitFor();
    await loser.getByText("If it was not you, tell the sender at once").waitFor();
    assert.ok(!(await loser.content()).includes(`round ${round}`));
    assert.deepEqual((await audit(key, 2)).map(({ action }) => action), ["created", "retrieved"]);
    await done(...pages);
  }
});

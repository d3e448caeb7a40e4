// Every state, of the service itself and over TLS: it says what its name says, no complaint of the browser, no violation that
// axe-core finds, valid HTML, nothing wider than the screen, also with text twice as large.
// The looks (wide, narrow and dark, narrow and from right to left) take turns; with DISPOSABLE_LONG, or with SCREENSHOTS,
// which keeps a picture of each, every state is seen in every look.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { launch, new_page } from "./browser.mjs";
import { STATES, prepare } from "./states.mjs";

const modules = createRequire(join(process.env.NODE_TOOLS, "/"));
const axe = readFileSync(modules.resolve("axe-core/axe.min.js"), "utf8");
const { HtmlValidate } = modules("html-validate");
const validator = new HtmlValidate({
  extends: ["html-validate:recommended"],
  rules: {
    "void-style": "off", // serialised by the browser
    "attribute-boolean-style": "off",
    "attribute-empty-style": "off",
    "aria-label-misuse": ["error", { allowAnyNamable: true }], // a list may have a name
    "autocomplete-password": "off", // these are no passwords of accounts, which a browser should offer or keep
  },
});
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const LOOKS = [
  { name: "wide", query: "", viewport: { width: 1100, height: 800 }, colorScheme: "light" },
  { name: "narrow-dark", query: "", viewport: { width: 320, height: 640 }, colorScheme: "dark" },
  { name: "narrow-arabic", query: "?lang=ar", viewport: { width: 320, height: 640 }, colorScheme: "light" },
];
const wanted = process.env.STATES?.split(",");
const screenshots = process.env.SCREENSHOTS;
assert.deepEqual(wanted?.filter((name) => !STATES.some(([known]) => known === name)) ?? [], [], "no such states");

// As the page says it in the look's language, whatever stands for the {names} in it.
function pattern_of(key, query) {
  const language = new URLSearchParams(query).get("lang") ?? "en";
  const sentence = JSON.parse(readFileSync(new URL(`../../src/web/page/locales/${language}.json`, import.meta.url)))[key];
  assert.ok(typeof sentence === "string", key);
  return new RegExp(`^${sentence.split(/\{\w+\}/).map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".+")}$`);
}

let browser;
before(async () => ([browser] = await Promise.all([launch(), prepare()])));
after(() => browser.close());

async function check_width(page, name) {
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wider <= 0, `${name} is ${wider} px wider than its screen`);
}

async function check(page, name) {
  await check_width(page, name);
  const beside = await page.evaluate(() => {
    const [name, language] = [".brand", ".language"].map((part) => document.querySelector(part).getBoundingClientRect());
    return language.height === 0 || (language.top < name.bottom && name.top < language.bottom);
  });
  assert.ok(beside, `${name}: the choice of language has a line of its own`);
  const crowded = await page.evaluate(() => {
    const box = (element) => element.getBoundingClientRect();
    const texts = [...document.querySelectorAll("main :is(label, p, button)")].filter((element) => element.checkVisibility());
    return [...document.querySelectorAll(".alert:not([hidden])")].filter((alert) =>
      texts.some((text) => box(text).top >= box(alert).bottom - 1 && box(text).top < box(alert).bottom + 10)).length;
  });
  assert.equal(crowded, 0, `${name}: an alert touches what is below it`);
  // Straight into the page's world by the debugger: the page's own policy would not let a test's script in.
  const found = await page.evaluate((rules) => axe.run(document, { runOnly: rules, resultTypes: ["violations"] }).then((result) => result.violations), RULES);
  const told = found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join("; ")}`);
  assert.deepEqual(told, [], name);
  assert.deepEqual(page.complaints, [], name);
  const report = await validator.validateString(`<!DOCTYPE html>${await page.evaluate(() => document.documentElement.outerHTML)}`);
  const wrong = report.results.flatMap(({ messages }) => messages.map(({ ruleId, message, selector }) => `${ruleId}: ${message} (${selector})`));
  assert.deepEqual(wrong, [], name);
}

const in_every_look = screenshots || process.env.DISPOSABLE_LONG;

// In the same page as the state before: a new one costs more than all the rest.
async function see(page, [name, says, reach], look) {
  page.complaints.length = 0;
  await page.setExtraHTTPHeaders({});
  await page.setViewportSize(look.viewport);
  await page.goto("about:blank"); // an address that differs in its fragment alone loads nothing
  await reach(page);
  await page.locator("main").getByText(says instanceof RegExp ? says : pattern_of(says, look.query)).filter({ visible: true }).first().waitFor();
  await page.evaluate(axe);
  await check(page, `${name}, ${look.name}`);
  if (screenshots) {
    mkdirSync(screenshots, { recursive: true });
    await page.screenshot({ path: join(screenshots, `${name}-${look.name}.png`), fullPage: true });
  }
  await page.setViewportSize({ width: 640, height: 640 });
  const grown = await page.evaluate(() => {
    const size = () => parseFloat(getComputedStyle(document.querySelector("main h1")).fontSize);
    const before = size();
    document.documentElement.style.fontSize = "200%";
    return size() / before;
  });
  assert.ok(grown > 1.5, `${name}: its text grows to ${grown} of its size only`);
  await check_width(page, `${name}, ${look.name}, twice as large`);
}

describe("every state is accessible, fits, and breaks no policy", { concurrency: LOOKS.length }, () => {
  for (const [turn, look] of LOOKS.entries()) {
    test(look.name, async () => {
      const states = STATES.filter((_, at) => in_every_look || at % LOOKS.length === turn);
      const page = await new_page(browser, { viewport: look.viewport, colorScheme: look.colorScheme, reducedMotion: "reduce" });
      page.query = look.query;
      for (const state of states.filter(([name]) => wanted?.includes(name) ?? true)) {
        try {
          await see(page, state, look);
        } catch (error) {
          error.message = `${state[0]}, ${look.name}: ${error.message}`;
          throw error;
        }
      }
      await page.context().close();
    });
  }
});

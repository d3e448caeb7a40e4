// The words of each language: all of them, with the plurals that the language has and the same names in braces.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const folder = new URL("../../src/web/page/locales/", import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(name, folder), "utf8"));
const english = read("en.json");
const names_of = (text) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))].sort();

for (const file of readdirSync(folder)) {
  const language = file.replace(".json", "");
  test(`${language} is whole`, () => {
    const words = read(file);
    assert.deepEqual(Object.keys(words), Object.keys(english));
    const plurals = [...new Intl.PluralRules(language).resolvedOptions().pluralCategories].sort();
    for (const [key, sentence] of Object.entries(words)) {
      const of_english = english[key];
      assert.equal(typeof sentence, typeof of_english, key);
      if (typeof sentence === "string") {
        assert.ok(sentence.trim() === sentence && sentence !== "", key);
        assert.deepEqual(names_of(sentence), names_of(of_english), key);
        continue;
      }
      assert.deepEqual(Object.keys(sentence).sort(), plurals, key);
      for (const form of Object.values(sentence)) {
        // "once" needs no number.
        assert.ok(names_of(form).every((name) => names_of(of_english.other).includes(name)), `${key}: ${form}`);
      }
    }
  });
}

test("a time stands for itself where a language would bend its words", () => {
  for (const language of ["ru", "ar"]) {
    const words = read(`${language}.json`);
    for (const [key, sentence] of Object.entries(words).filter(([key]) => String(english[key]).includes("{wait}"))) {
      assert.match(sentence, /: \{wait\}(\.|$)/, key);
    }
    // Beside a choice of "1 hour", "7 days".
    for (const key of ["lifetime", "ask_lifetime"]) {
      assert.doesNotMatch(words[key], /(в течение|на|за|لمدة|خلال)$/, key);
    }
  }
});

for (const [what, block] of [["has no JavaScript", /<noscript>(.*)<\/noscript>/s], ["waits for the script", /<div class="loading stalled">(.*)<\/div>\n<\/main>/s]]) {
  test(`who ${what} is told so in every language`, () => {
    const [, inside] = block.exec(readFileSync(new URL("../page.html", folder), "utf8"));
    const told = [...inside.matchAll(/<p lang="(\w+)"( dir="rtl")?>([^<]+)<\/p>/g)];
    assert.deepEqual(told.map(([, language]) => language).sort(), readdirSync(folder).map((file) => file.replace(".json", "")).sort());
    assert.deepEqual(told.filter(([, , rtl]) => rtl).map(([, language]) => language), ["ar"]);
    assert.equal(new Set(told.map(([, , , text]) => text)).size, told.length);
  });
}

test("every sentence is said somewhere", () => {
  const sources = new URL("../", folder);
  const text = readdirSync(sources).filter((name) => /\.(ts|html)$/.test(name)).map((name) => readFileSync(new URL(name, sources), "utf8")).join("\n");
  assert.deepEqual(Object.keys(english).filter((key) => !text.includes(`"${key}"`)), []);
});

test("no sentence was left in English", () => {
  for (const file of readdirSync(folder).filter((name) => name !== "en.json")) {
    const same = Object.entries(read(file)).filter(([key, text]) => typeof text === "string" && text === english[key] && !/^[^a-z]*\{|^\{/.test(text));
    assert.ok(same.length < 4, `${file}: ${same}`);
  }
});

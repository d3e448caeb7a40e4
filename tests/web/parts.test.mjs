// Parts of the page that need no browser: passwords and the names of files.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const { generate_password, random_below, safe_file_name } = await import(process.env.PARTS_BUNDLE);

test("random numbers are even: no bias towards small ones", () => {
  // 3 * 2^30 of 2^32 would come up twice as often as the rest if numbers were only taken modulo the bound.
  const bound = 3 * 2 ** 30;
  const low = Array.from({ length: 4000 }, () => random_below(bound)).filter((number) => number < 2 ** 30).length;
  assert.ok(low > 4000 * 0.28 && low < 4000 * 0.39, `${low} of 4000 in the first third`);
});

test("a password has its length, a character of each chosen kind and no other", () => {
  for (const length of [8, 20, 128]) {
    for (let mask = 0; mask < 16; mask += 1) {
      const [upper, digits, symbols, lookalikes] = [1, 2, 4, 8].map((bit) => (mask & bit) !== 0);
      const password = generate_password(length, { upper, digits, symbols, lookalikes });
      assert.equal(password.length, length);
      assert.match(password, /[a-z]/);
      assert.equal(/[A-Z]/.test(password), upper);
      assert.equal(/[0-9]/.test(password), digits);
      assert.equal(/[^A-Za-z0-9]/.test(password), symbols);
      assert.ok(lookalikes || !/[Il1|O0o]/.test(password), password);
      assert.doesNotMatch(password, /["'\\`\s]/);
    }
  }
  const all = { upper: true, digits: true, symbols: true, lookalikes: true };
  assert.equal(new Set(Array.from({ length: 500 }, () => generate_password(20, all))).size, 500);
});

test("files are downloaded under harmless names, which are those that the client gives", () => {
  const names = JSON.parse(readFileSync(new URL("../vectors/file_names.json", import.meta.url)));
  assert.ok(names.length > 30);
  for (const [given, safe] of names) {
    assert.equal(safe_file_name(given), safe, JSON.stringify(given));
  }
});

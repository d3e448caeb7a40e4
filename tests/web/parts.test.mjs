// Parts of the page that need no browser: passwords and the names of files.

import assert from "node:assert/strict";
import { test } from "node:test";

const { generate_password, random_below } = await import(process.env.PARTS_BUNDLE);
const { safe_file_name } = await import(process.env.PARTS_BUNDLE);

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

for (const [given, safe] of [
  ["report.pdf", "report.pdf"],
  ["отчёт 密码.txt", "отчёт 密码.txt"],
  ["../../etc/passwd", "passwd"],
  ["C:\\Windows\\evil.exe", "evil.exe"],
  ["gpj\u202Eexe.tar", "gpjexe.tar"],
  ["a\u0000b\r\n.txt", "ab.txt"],
  ["a\u00adb\u180ec\u{e0001}\u{e0041}\u{e007f}.txt", "abc.txt"],
  [`${"x".repeat(118)}..${"y".repeat(20)}`, "x".repeat(118)],
  [".bashrc", "bashrc"],
  ["...", "file"],
  ["", "file"],
  ["/", "file"],
  ["NUL", "_NUL"],
  ["com1.txt", "_com1.txt"],
  ["a<b>:c?.txt. ", "a_b__c_.txt"],
  [`${"x".repeat(300)}.tar`, `${"x".repeat(116)}.tar`],
  [`${"x".repeat(115)}🔑🔑.tar`, `${"x".repeat(115)}.tar`],
]) {
  test(`a file named ${JSON.stringify(given.slice(0, 40))} is downloaded under a harmless name`, () => {
    assert.equal(safe_file_name(given), safe);
  });
}

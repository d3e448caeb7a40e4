// Google's CSP Evaluator over the policies that are really served.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";

import { SERVICE } from "./service.mjs";

const modules = createRequire(join(process.env.NODE_TOOLS, "/"));
const { CspEvaluator, DEFAULT_CHECKS, STRICTCSP_CHECKS } = modules("csp_evaluator");
const { CspParser } = modules("csp_evaluator/dist/parser.js");
const { Severity } = modules("csp_evaluator/dist/finding.js");

// Those that are possible, too: all that it calls high, or perhaps high, and mistakes of syntax.
const GRAVE = [Severity.HIGH, Severity.HIGH_MAYBE, Severity.SYNTAX];

function findings(policy) {
  const found = new CspEvaluator(new CspParser(policy).csp).evaluate([], [...DEFAULT_CHECKS, ...STRICTCSP_CHECKS]);
  return found.map(({ severity, directive, value, description }) => ({ severity, text: `${Severity[severity]} ${directive} ${value ?? ""}: ${description}` }));
}

const grave = (policy) => findings(policy).filter(({ severity }) => GRAVE.includes(severity)).map(({ text }) => text);

test("it would find a weak policy", () => {
  assert.ok(grave("script-src 'self' 'unsafe-inline'; object-src 'none'").length > 0);
  assert.ok(grave("default-src 'self' https:").length > 0);
});

for (const path of ["/", "/s", "/r", "/q", "/docs"]) {
  test(`${path} has a policy without a grave finding`, async (t) => {
    const response = await fetch(SERVICE + path, { headers: { Accept: "text/html" } });
    assert.match(response.headers.get("Content-Type"), /^text\/html/);
    const policy = response.headers.get("Content-Security-Policy");
    for (const { text } of findings(policy)) {
      t.diagnostic(`${path} ${text}`);
    }
    assert.deepEqual(grave(policy), []);
  });
}

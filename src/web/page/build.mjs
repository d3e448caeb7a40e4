// Bundles the page: node build.mjs <folder with node_modules> <output folder>
//
// Writes page.html, page.js, page.css, icon.svg and the words of each language; names.inc: under which name each of them is
// served; and packages.txt: the npm packages of which something is in them, for packaging/sbom. A name holds a hash of its file, so that a browser may keep the file for ever, and never mixes two
// versions of the page. The same sources give the same bytes, wherever they lie.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const sources = dirname(fileURLToPath(import.meta.url));
const [tools, out] = process.argv.slice(2).map((folder) => resolve(folder));
const esbuild = createRequire(join(tools, "/"))("esbuild");

const names = new Map();
const packages = new Set();
mkdirSync(out, { recursive: true });

function emit(name, bytes) {
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  const ending = extname(name);
  names.set(name, `${name.slice(0, -ending.length)}.${hash}${ending}`);
  writeFileSync(join(out, name), bytes);
}

function bundle(entry, options) {
  const result = esbuild.buildSync({
    absWorkingDir: sources,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    charset: "utf8",
    legalComments: "none", // packaging/notices names what is in it
    nodePaths: [join(tools, "node_modules")],
    target: ["chrome109", "firefox115", "safari16"],
    logLevel: "warning",
    ...options,
  });
  for (const input of Object.keys(result.metafile.inputs)) {
    const [, name] = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input) ?? [];
    if (name !== undefined) {
      packages.add(name);
    }
  }
  return result.outputFiles[0].contents;
}

for (const name of readdirSync(join(sources, "locales")).sort()) {
  if (name !== "en.json") {
    emit(name, JSON.stringify(JSON.parse(readFileSync(join(sources, "locales", name), "utf8"))));
  }
}
const locales = Object.fromEntries([...names].map(([name, served]) => [name.slice(0, -".json".length), served]));
emit("page.js", bundle("main.ts", { format: "esm", define: { LOCALE_FILES: JSON.stringify(locales) } }));
emit("page.css", bundle("page.css", {}));
emit("icon.svg", readFileSync(join(sources, "icon.svg")));

const template = readFileSync(join(sources, "page.html"), "utf8");
const page = template.replace(/\{\{([a-z]+\.[a-z]+)\}\}/g, (_, name) => names.get(name));
writeFileSync(join(out, "page.html"), page);
writeFileSync(join(out, "names.inc"), [...names].map(([name, served]) => `{"${name}", "${served}"},\n`).join(""));
writeFileSync(join(out, "packages.txt"), [...packages].sort().map((name) => `${name}\n`).join(""));

"""Node.js for these tests: fetches the npm packages, bundles the page, and runs *.test.mjs with `node --test`."""

import os
import pathlib
import subprocess

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
TOOLS = ROOT / "build" / "web-tests"
PAGE = TOOLS / "page"


def run(*command):
    subprocess.run([str(part) for part in command], cwd=ROOT, check=True)


def prepare():
    """Fetches what is missing and bundles the page as the build does."""
    run(ROOT / "packaging" / "fetch-page-tools")
    run(FOLDER / "fetch")
    run("node", ROOT / "src/web/page/build.mjs", ROOT / "build/page-tools", PAGE)
    run(ROOT / "build/page-tools/node_modules/.bin/esbuild", *(ROOT / f"src/web/page/{name}.ts" for name in ("format", "parts")),
        "--bundle", "--format=esm", "--out-extension:.js=.mjs", "--log-level=warning", f"--outdir={TOOLS}")


def node_test(name, **environment):
    """What `node --test` says about tests/web/<name>.test.mjs: (whether it passed, its output)."""
    done = subprocess.run(["node", "--test", "--test-reporter=spec", f"{FOLDER}/{name}.test.mjs"], cwd=ROOT, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600,
                          env=os.environ | {"NODE_TOOLS": str(TOOLS), "FORMAT_BUNDLE": str(TOOLS / "format.mjs"),
                                            "PARTS_BUNDLE": str(TOOLS / "parts.mjs")} | environment)
    return done.returncode == 0, done.stdout

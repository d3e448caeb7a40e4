"""Node.js for these tests: fetches the npm packages, bundles the page, and runs *.test.mjs with `node --test`."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from suite import figure

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
TOOLS = ROOT / "build" / "web-tests"
PAGE = TOOLS / "page"
NODE_LEAST = 20


def run(*command):
    subprocess.run([str(part) for part in command], cwd=ROOT, check=True)


def prepare():
    """Fetches what is missing and bundles the page as the build does. Skips where Node.js is too old for the tools."""
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.removeprefix("v").split(".")[0]) < NODE_LEAST:
        raise unittest.SkipTest(f"the tools need Node.js {NODE_LEAST}, and this is {version.strip()}")
    run(ROOT / "packaging" / "fetch-page-tools")
    run(FOLDER / "fetch")
    run("node", ROOT / "src/web/page/build.mjs", ROOT / "build/page-tools", PAGE)
    run(ROOT / "build/page-tools/node_modules/.bin/esbuild", *(ROOT / f"src/web/page/{name}.ts" for name in ("format", "parts")),
        "--bundle", "--format=esm", "--out-extension:.js=.mjs", "--log-level=warning", f"--outdir={TOOLS}")


def node_test(*names, **environment):
    """What `node --test` says about each tests/web/<name>.test.mjs: (whether they passed, its output). A line "figure: ..." of it
    becomes a figure of the summary."""
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    bundles = {"FORMAT_BUNDLE": str(TOOLS / "format.mjs"), "PARTS_BUNDLE": str(TOOLS / "parts.mjs")}
    # The browser's home: a short name, since it makes a socket there, whose path may have 107 characters.
    with tempfile.TemporaryDirectory(prefix="c-") as home:
        folders = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "TMPDIR"), home)
        done = subprocess.run(["node", "--test", "--test-reporter=spec", "--test-concurrency=2", *(f"{FOLDER}/{name}.test.mjs" for name in names)], cwd=ROOT, text=True,
                              check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600,
                              env=kept | {"NODE_TOOLS": str(TOOLS)} | bundles | folders | environment)
    for text in re.findall(r"^ℹ figure: (.*)$", done.stdout, re.MULTILINE):
        figure(text)
    return done.returncode == 0, done.stdout

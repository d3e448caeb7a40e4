"""openapi.json, as the service serves it, before the eyes of others: Redocly's linter has nothing to say about it."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from service import Service

FOLDER = pathlib.Path(__file__).resolve().parent
LINTER = FOLDER.parents[1] / "build" / "api-tests" / "node_modules" / ".bin" / "redocly"
NODE_LEAST = (20, 19)


class LintTest(unittest.TestCase):
    def setUp(self):
        version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
        if tuple(map(int, version.removeprefix("v").split(".")[:2])) < NODE_LEAST:
            self.skipTest(f"the linter needs Node.js {'.'.join(map(str, NODE_LEAST))}, and this is {version}")
        subprocess.run([FOLDER / "fetch"], check=True)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="disposable-lint-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def lint(self, document):
        """(exit code, its report). It asks nobody on the network."""
        (self.folder / "openapi.json").write_bytes(document)
        quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "HOME": str(self.folder),
                 "TMPDIR": str(self.folder), "NO_COLOR": "1"}
        done = subprocess.run([LINTER, "lint", "openapi.json", "--extends", "recommended-strict", "--format", "stylish"],
                              cwd=self.folder, env=os.environ | quiet, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def test_the_linter_finds_nothing_in_what_is_served(self):
        with Service(self.folder / "service") as service:
            status, _, document = service.client().request("GET", "/openapi.json")
            self.assertEqual((status, service.stop()), (200, 0))
        code, report = self.lint(document)
        self.assertEqual(code, 0, report)  # strict: for a warning, too

    def test_the_linter_finds_what_is_wrong(self):
        right = (FOLDER.parents[1] / "src/http/openapi.json").read_bytes()
        wrong = right.replace(b'"operationId": "healthz"', b'"operationId": "readyz"')
        code, report = self.lint(wrong)
        self.assertNotEqual(code, 0)
        self.assertIn("operation-operationId-unique", report)

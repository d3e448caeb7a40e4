"""What testssl.sh says about the TLS listener. Everything it found is kept in build/test-logs/testssl.json."""

import json
import os
import shutil
import subprocess

from certificates import Authority
from fixture import LOGS, FrontCase
from suite import figure

# Protocols, cipher categories, forward secrecy, preference, certificate and defaults, HTTP headers, and every known
# vulnerability. Left out for their time: every single cipher (-e, -E) and the simulation of 40 clients (-c).
CHECKS = ("-p", "-s", "-f", "-P", "-S", "-h", "-U")
ACCEPTED = {"OK", "INFO", "LOW"}
# About the openssl command of this machine, not about the server.
NOT_OURS = {"engine_problem"}


class TestsslTest(FrontCase):
    def test_testssl_finds_nothing_above_low(self):
        authority = Authority(self.folder)
        pair = authority.issue("front")
        service = self.start("--tls-cert", str(pair.certificate), "--tls-key", str(pair.key))
        LOGS.mkdir(parents=True, exist_ok=True)
        archive = LOGS / "testssl.json"
        archive.unlink(missing_ok=True)
        work = self.folder / "testssl"
        work.mkdir()
        result = subprocess.run(
            ["testssl", "--quiet", "--warnings", "off", "--color", "0", "--nodns", "none", "--ip", "127.0.0.1", "--add-ca",
             authority.certificate, "--jsonfile", work / "found.json", *CHECKS, f"localhost:{service.port}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=240,
            env=os.environ | {"TMPDIR": str(work)}, check=False)
        self.assertTrue((work / "found.json").exists(), result.stdout[-2000:])
        shutil.copyfile(work / "found.json", archive)
        found = [row for row in json.loads(archive.read_text()) if row["id"] not in NOT_OURS]
        bad = [f"{row['severity']} {row['id']}: {row['finding']}" for row in found if row["severity"] not in ACCEPTED]
        self.assertEqual(bad, [])
        # It did look: both protocols that must be there, and those that must not.
        said = {row["id"]: row["finding"] for row in found}
        self.assertIn("offered", said.get("TLS1_3", ""))
        self.assertTrue(said.get("TLS1_1", "").startswith("not offered"), said.get("TLS1_1"))
        self.assertGreater(len(found), 80)
        low = sorted(row["id"] for row in found if row["severity"] == "LOW")
        figure(f"testssl.sh: {len(found)} findings, none above low; low: {', '.join(low) or 'none'}")
        self.assert_stops(service)

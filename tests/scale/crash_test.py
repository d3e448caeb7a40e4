"""tests/crash, kill -9 of one node under load, on each combination of stores and audit logs that are elsewhere."""

import pathlib
import subprocess
import sys

import suite
from fixture import ScaleCase

CYCLES = 100 if suite.LONG else 8
RUN = pathlib.Path(__file__).resolve().parents[1] / "crash" / "run"


class CrashTest(ScaleCase):
    def crash(self, *options):
        done = subprocess.run([sys.executable, str(RUN), "--cycles", str(CYCLES), *options], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        suite.figure(f"{' '.join(options)}: " + next(line for line in done.stdout.splitlines() if line.startswith("crash: ")))

    def test_kill_9_with_redis_and_an_audit_log_of_its_own(self):
        self.crash("--store", "redis")

    def test_kill_9_with_a_store_of_its_own_and_postgresql(self):
        self.crash("--audit", "postgresql")

    def test_kill_9_with_valkey_and_postgresql(self):
        self.crash("--store", "valkey", "--audit", "postgresql")

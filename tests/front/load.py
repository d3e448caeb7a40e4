"""wrk in the background, ended when the test is done with it; counts everything that is not a complete answer.

wrk takes a close after an answer with `Connection: close` as normal and opens the connection again; a close without an
answer is a read error, an answer that takes more than 10 s a timeout, and both are failures here.
"""

import json
import signal
import subprocess

from service import REPOSITORY

SCRIPTS = REPOSITORY / "tests" / "bench"
FAILURES = ("not_2xx", "connect_errors", "read_errors", "write_errors", "timeouts")


class Load:
    """`script` is one of tests/bench: summary.lua asks for the URL, create.lua creates. A context manager."""

    def __init__(self, url, script, connections):
        self.summary = None
        self.process = subprocess.Popen(
            ["wrk", "--threads", "1", "--connections", str(connections), "--duration", "600s", "--timeout", "10s",
             "--script", script, url], cwd=SCRIPTS, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)

    def end(self):
        """What it counted: {requests, seconds, p99_ms, ...} and `failed`."""
        if self.summary is None:
            self.process.send_signal(signal.SIGINT)
            output, _ = self.process.communicate(timeout=60)
            lines = [line for line in output.splitlines() if line.startswith("SUMMARY ")]
            if len(lines) != 1:
                raise AssertionError(f"wrk failed: {output[-1000:]}")
            self.summary = json.loads(lines[0].removeprefix("SUMMARY "))
            self.summary["failed"] = {name: self.summary[name] for name in FAILURES if self.summary[name]}
        return self.summary

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()

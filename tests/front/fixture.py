"""What the front tests share: a folder, a service and its metrics, a process seen through /proc, honest clients."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from service import REPOSITORY, Client, Service
from tcp_proxy import free_port

FOLDER = pathlib.Path(__file__).resolve().parent
LOGS = REPOSITORY / "build" / "test-logs"
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)(?: \d+)?$")


def cpu_seconds(pid):
    """User and system time of a process, all threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def memory_bytes(pid):
    """Resident: (now, the most there ever was)."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    values = dict(line.split(":", 1) for line in lines)
    return tuple(int(values[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))


def thread_count(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


class Metrics:
    """GET /metrics of a listener without TLS."""

    def __init__(self, port):
        self.port = port

    def read(self):
        """[(name, labels as a dictionary, value)]"""
        client = Client(self.port)
        status, _, content = client.request("GET", "/metrics")
        client.close()
        if status != 200:
            raise AssertionError(f"/metrics was answered {status}")
        text = content.decode()
        found = [SAMPLE.match(line) for line in text.splitlines() if line and not line.startswith("#")]
        return [(match[1], dict(re.findall(r'(\w+)="([^"]*)"', match[2] or "")), float(match[3])) for match in found]

    def connections(self, state):
        values = [value for name, labels, value in self.read()
                  if name == "disposable_secrets_http_connections" and labels.get("state") == state]
        if len(values) != 1:
            raise AssertionError(f"/metrics has {len(values)} values of connections in state {state}")
        return values[0]

    def requests(self):
        """How many requests have been answered in all, without those for /metrics."""
        values = [value for name, labels, value in self.read()
                  if name == "disposable_secrets_http_requests_total"
                  and not labels.get("route", "").endswith("/metrics")]
        if not values:
            raise AssertionError("/metrics does not count requests")
        return sum(values)


class Honest:
    """A client that creates and retrieves in a process of its own, for some seconds."""

    def __init__(self, port, seconds, authority=None):
        command = [sys.executable, str(FOLDER / "honest.py"), str(port), str(seconds)]
        if authority:
            command.append(str(authority))
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    def running(self):
        return self.process.poll() is None

    def result(self):
        """Its last line: {requests, failed, failures, p50_ms, p99_ms, max_ms}."""
        output, _ = self.process.communicate(timeout=120)
        if self.process.returncode != 0:
            raise AssertionError(f"the honest client ended with {self.process.returncode}")
        return json.loads(output)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.running():
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class FrontCase(unittest.TestCase):
    # What a noisy machine is forgiven: when the honest client alone needs more than half of the limit.
    P99_LIMIT_MS = 50
    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="disposable-front-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def start(self, *arguments, **options):
        """A service in a folder of its own; gone with the test."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        service = Service(folder, arguments, **options)
        self.addCleanup(service.kill)
        return service

    def start_with_metrics(self, *arguments, **options):
        """(service, its Metrics on a listener of its own)"""
        port = free_port()
        service = self.start("--metrics-listen", f"http://127.0.0.1:{port}", *arguments, **options)
        return service, Metrics(port)

    def assert_stops(self, service):
        self.assertEqual(service.stop(), 0, service.log[-5:])

    def honest_alone(self, service, authority=None):
        """What the machine's own noise makes of an honest client."""
        with Honest(service.port, 3, authority) as honest:
            result = honest.result()
        self.assertEqual(result["failed"], 0, result)
        return result

    def assert_honest(self, result, alone):
        """Nothing was refused, and it was quick."""
        self.assertEqual(result["failed"], 0, result)
        noisy = alone["p99_ms"] > self.P99_LIMIT_MS / 2
        limit = self.P99_LIMIT_MS + (alone["p99_ms"] if noisy else 0)
        self.assertLess(result["p99_ms"], limit, f"alone {alone}, now {result}")

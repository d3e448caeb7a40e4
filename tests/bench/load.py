"""Loads made with wrk, and the keys they need."""

import dataclasses
import json
import os
import pathlib
import sqlite3
import subprocess

FOLDER = pathlib.Path(__file__).resolve().parent
THREADS = min(2, os.cpu_count() or 1)
LOADER_CONNECTIONS = 128
KEY_LINE_BYTES = 37
COUNT_ROWS = "SELECT action, count(*) FROM secret_logs GROUP BY action"
SOCKET_ERRORS = ("connect_errors", "read_errors", "write_errors", "timeouts")


class LoadError(Exception):
    """Something was answered or counted that must not be."""


def run_wrk(server, script, connections, seconds, arguments=(), threads=THREADS, tls=False):
    """What wrk measured, as the dictionary that summary.lua prints."""
    command = ["wrk", "--threads", threads, "--connections", connections, "--duration", f"{seconds}s",
               "--timeout", "10s", "--script", script, server.url(tls), "--", *arguments]
    result = subprocess.run([str(part) for part in command], cwd=FOLDER, capture_output=True, text=True,
                            stdin=subprocess.DEVNULL)
    lines = [line for line in result.stdout.splitlines() if line.startswith("SUMMARY ")]
    server.check_running()
    if len(lines) != 1:
        raise LoadError(f"wrk with {script} failed: {(result.stderr or result.stdout).strip()[-500:]}")
    summary = json.loads(lines[0].removeprefix("SUMMARY "))
    if summary["not_2xx"]:
        raise LoadError(f"{script}: {summary['not_2xx']} of {summary['requests']} answers were not 200")
    return summary


@dataclasses.dataclass
class Sample:
    """One load in one round."""

    requests: int
    requests_per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms_per_1000: float
    settle_seconds: float  # how long the server went on working after the last answer
    socket_errors: int


def sample(server, run):
    """Runs a load and adds the server's CPU, including what it does afterwards for the requests it has answered."""
    before = server.cpu_seconds()
    summary = run()
    settled = server.settle()
    cpu = server.cpu_seconds() - before
    requests = summary["requests"]
    if requests == 0:
        raise LoadError("no request was answered")
    return summary, Sample(requests, requests / summary["seconds"], summary["p50_ms"], summary["p99_ms"],
                           cpu * 1e6 / requests, settled, sum(summary[name] for name in SOCKET_ERRORS))


def unknown_outcomes(summary, connections):
    """At most so many requests were answered unseen: those in hand at the end, and those that lost their connection."""
    return connections + sum(summary[name] for name in SOCKET_ERRORS)


class Ledger:
    """What the server has acknowledged, to be compared with its audit log when it has ended."""

    def __init__(self):
        self.sure = {"created": 0, "retrieved": 0}
        self.maybe = {"created": 0, "retrieved": 0}  # the answer was not seen

    def note(self, action, acknowledged, unknown):
        self.sure[action] += acknowledged
        self.maybe[action] += unknown

    def compare(self, audit_log):
        connection = sqlite3.connect(f"file:{audit_log}?mode=ro", uri=True)
        rows = dict(connection.execute(COUNT_ROWS))
        connection.close()
        self.compare_rows(rows)

    def compare_rows(self, rows):
        """`rows` is how many the audit log has of each action."""
        for action, sure in self.sure.items():
            found = rows.get(action, 0)
            if not sure <= found <= sure + self.maybe[action]:
                raise LoadError(f"{sure} to {sure + self.maybe[action]} secrets were {action}; "
                                f"the audit log has {found}")


class Keys:
    """A file of keys of live secrets, each to be used once; every one was acknowledged."""

    def __init__(self, path, ledger):
        self.path = pathlib.Path(path)
        self.ledger = ledger
        self.first = 0  # the ones before are used

    def total(self):
        return self.path.stat().st_size // KEY_LINE_BYTES if self.path.exists() else 0

    def unused(self):
        return self.total() - self.first

    def create(self, server, count):
        wanted = self.total() + count
        connections = min(LOADER_CONNECTIONS, count)
        # The duration is only the limit; keys.lua ends wrk.
        summary = run_wrk(server, "keys.lua", connections, 3600, (self.path, count), threads=1)
        self.ledger.note("created", count, unknown_outcomes(summary, connections))
        if self.total() != wanted or self.path.stat().st_size % KEY_LINE_BYTES:
            raise LoadError(f"{wanted} keys were expected and {self.total()} are there")

    def take(self, count=1):
        """The next unused keys."""
        with self.path.open("rb") as file:
            file.seek(self.first * KEY_LINE_BYTES)
            lines = file.read(count * KEY_LINE_BYTES).decode().split()
        if len(lines) != count:
            raise LoadError("there are not enough keys")
        self.first += count
        return lines

    def retrieve(self, server, connections, seconds, tls=False):
        """A Sample of retrieving each key once; makes more keys and starts again when they did not last."""
        while True:
            arguments = (self.path, self.first, self.unused(), THREADS)
            summary, measured = sample(
                server, lambda: run_wrk(server, "retrieve.lua", connections, seconds, arguments, tls=tls))
            used = min(self.unused(), summary["sent_most"] * THREADS)
            self.first += used
            if not summary["exhausted"]:
                # wrk takes one request to look at before it starts.
                self.ledger.note("retrieved", summary["requests"], unknown_outcomes(summary, connections) + 1)
                return measured
            self.ledger.note("retrieved", 0, used)
            self.create(server, 2 * used)

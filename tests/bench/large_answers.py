"""Measures how fast large secrets are stored and handed out on loopback, plain: medians, and what stays resident.

Not a part of tests/bench/run, since it has no baseline: python3 tests/bench/large_answers.py, with
DISPOSABLE_EXECUTABLE for another executable than that of the release preset.
"""

import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

sys.dont_write_bytecode = True

from server import Server, free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXECUTABLE = os.environ.get("DISPOSABLE_EXECUTABLE", ROOT / "build/release/disposable-secrets")
MIB = 1024 * 1024
ROUNDS = 7


def timed(server, *request):
    began = time.perf_counter()
    status, body = server.ask(*request)
    if status != 200:
        raise SystemExit(f"{request[:2]} was answered {status}")
    return time.perf_counter() - began, body


def measure(server, size):
    """Seconds to store and to hand out one secret of that size."""
    stored, handed_out = [], []
    for _ in range(ROUNDS):
        seconds, body = timed(server, "POST", "/api/v1/secret", {"secret": "x" * size})
        stored.append(seconds)
        handed_out.append(timed(server, "GET", f"/api/v1/secret/{json.loads(body)['secret_key']}")[0])
    return statistics.median(stored), statistics.median(handed_out)


def main():
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        port = free_port()
        command = [EXECUTABLE, "serve", "--data-dir", f"{folder}/data", "--listen", f"127.0.0.1:{port}",
                   "--secret-bytes-max", "16M"]
        with Server(command, port, f"{folder}/log") as server:
            server.wait_until_serving("/readyz")
            for size in (MIB, 16 * MIB):
                stored, handed_out = measure(server, size)
                print(f"{size // MIB:2} MiB: stored in {1000 * stored:.1f} ms, handed out in {1000 * handed_out:.1f} ms "
                      f"({size / handed_out / 1e6:.0f} MB/s)")
            now, most = server.memory()
            print(f"resident {now / MIB:.0f} MiB, at most {most / MIB:.0f}")


if __name__ == "__main__":
    main()

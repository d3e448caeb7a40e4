"""System calls that fail: strace makes the kernel answer with an error, which works on a static executable too.

Only calls on files of the data folder fail; the same calls on sockets, on the log or inside the process do not. strace counts
the occurrences of a call in every thread for itself.
"""

import contextlib
import os
import signal
import subprocess

from suite import wait_until

# More than any of these stores ever numbers its files.
FILE_NUMBERS = 250


def data_paths(data_dir):
    """Every file that a small store may have, and its folders."""
    store = f"{data_dir}/store"
    numbered = [f"{store}/{prefix}{number:06}{suffix}" for number in range(1, FILE_NUMBERS)
                for prefix, suffix in (("", ".log"), ("", ".sst"), ("", ".dbtmp"), ("MANIFEST-", ""), ("OPTIONS-", ""))]
    return [str(data_dir), store, f"{store}/CURRENT", f"{store}/IDENTITY", f"{store}/LOCK", f"{store}/in-use",
            *(f"{data_dir}/audit.db{suffix}" for suffix in ("", "-wal", "-shm", "-journal")), *numbered]


def arguments(call, error, when, paths, record):
    """strace's, to fail `call` with `error` at the occurrences `when`: 3 is the third, 3+ that and all after it."""
    chosen = [argument for path in paths for argument in ("-P", path)]
    return ("-f", "-qq", "-o", str(record), *chosen, "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={when}")


def is_traced(pid):
    """Every thread of the process has a tracer."""
    for thread in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/status") as status:
            if "TracerPid:\t0\n" in status.read():
                return False
    return True


class Tracer:
    """strace on a running service while used as a context manager."""

    def __init__(self, service, call, error, when, paths=None, record="/dev/null"):
        paths = data_paths(service.data_dir) if paths is None else paths
        self.process = subprocess.Popen(["strace", *arguments(call, error, when, paths, record), "-p", str(service.pid)],
                                        stderr=subprocess.DEVNULL)
        wait_until(lambda: service.process.poll() is not None or is_traced(service.pid), 10, "strace has attached")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait()

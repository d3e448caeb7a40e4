"""The machine on which was measured."""

import json
import os
import pathlib
import platform
import statistics
import subprocess
import time

SYNCS = 200


def output(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False).stdout


def cpu_model():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith(("model name", "Model", "Hardware")):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def file_system(folder):
    """Type and options of the mount that holds `folder`."""
    found = ("", "unknown")
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        fields, kind = line.split(" - ")
        point = fields.split()[4]
        if pathlib.Path(folder).resolve().is_relative_to(point) and len(point) >= len(found[0]):
            found = (point, f"{kind.split()[0]} ({fields.split()[5]})")
    return found[1]


def sync_milliseconds(folder):
    """Median of an append of 4 KiB and fdatasync."""
    path = pathlib.Path(folder) / "sync-probe"
    seconds = []
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        for _ in range(SYNCS):
            os.write(descriptor, os.urandom(4096))
            began = time.perf_counter()
            os.fdatasync(descriptor)
            seconds.append(time.perf_counter() - began)
    finally:
        os.close(descriptor)
        path.unlink()
    return statistics.median(seconds) * 1000


def version(executable):
    try:
        return json.loads(output(executable, "version", "--json"))
    except (OSError, ValueError):
        return {}


def read_conditions(executable, folder):
    build = version(executable)
    return {
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20,
        "kernel": platform.release(),
        "file_system": file_system(folder),
        "sync_ms": round(sync_milliseconds(folder), 3),
        "wrk": output("wrk", "--version").split("Copyright")[0].strip(),
        "load_average": [round(value, 2) for value in os.getloadavg()],
        "version": build.get("version", "unknown"),
        "commit": build.get("commit", "unknown"),
        "compiler": build.get("compiler", "unknown"),
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }

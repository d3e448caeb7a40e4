"""Memory, disk and start-up time: with nothing stored, and with many live secrets."""

import http.client
import signal
import statistics
import time

from load import Keys, Ledger, LoadError
from server import Product

STARTS = 5
IDLE_SECONDS = 5
PROBES = 1000


def median_times(times):
    """Medians of (first 200 for /healthz, first secret retrieved) in milliseconds."""
    health, retrieved = zip(*times)
    return {"healthz_ms": statistics.median(health) * 1000, "retrieve_ms": statistics.median(retrieved) * 1000,
            "slowest_ms": max(retrieved) * 1000}


def time_start(server, keys):
    """Seconds from exec to the first 200 for /healthz, and to the first secret retrieved."""
    health = server.wait_until_serving("/healthz")
    key = keys.take()[0]
    status, _ = server.ask("GET", f"/api/v1/secret/{key}")
    retrieved = time.monotonic() - server.began
    if status != 200:
        raise LoadError(f"a live secret was answered with {status} after a start")
    keys.ledger.note("retrieved", 1, 0)
    return health, retrieved


def end(server, number):
    expected = -number if number == signal.SIGKILL else 0
    if (code := server.end(number)) != expected:
        raise RuntimeError(f"the service ended with {code}")


def time_restarts(product, keys, burst, number):
    """Start-up times after the process before has created `burst` secrets and was ended by signal `number` at once."""
    times = []
    for i in range(STARTS + 1):
        with product.start() as server:
            if i == 0:
                server.wait_until_serving("/healthz")
            else:
                times.append(time_start(server, keys))
            keys.create(server, burst)
            end(server, number)
    return median_times(times)


def time_first_starts(executable, folder):
    """With a folder that does not exist yet: database and keyring are created."""
    times = []
    for i in range(STARTS):
        product = Product(executable, folder / f"new-{i}")
        with product.start() as server:
            health = server.wait_until_serving("/healthz")
            keys = Keys(product.folder / "keys", Ledger())
            began = time.monotonic()
            keys.create(server, 1)
            creating = time.monotonic() - began
            times.append((health, time_start(server, keys)[1] - creating))
            end(server, signal.SIGTERM)
    return median_times(times)


def measure_idle(product):
    with product.start() as server:
        server.wait_until_serving("/healthz")
        started, _ = server.memory()
        time.sleep(IDLE_SECONDS)
        idle, peak = server.memory()
        end(server, signal.SIGTERM)
    return {"started_bytes": started, "idle_bytes": idle, "peak_bytes": peak}


def fill(product, server, keys, size):
    """Creates secrets until `size` of them live, and looks at memory and disk."""
    began = time.monotonic()
    keys.create(server, size - keys.unused())
    created = time.monotonic() - began
    settled = server.settle()
    resident, peak = server.memory()
    store, audit = product.disk_bytes()
    return {"live": size, "resident_bytes": resident, "peak_bytes": peak, "store_bytes": store, "audit_bytes": audit,
            "create_seconds": created, "settle_seconds": settled}


def probe(server, keys):
    """Each of some keys opens its secret once, and only once."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    for key in keys.take(min(PROBES, keys.unused())):
        for expected in (200, 410):
            connection.request("GET", f"/api/v1/secret/{key}")
            response = connection.getresponse()
            response.read()
            if response.status != expected:
                raise LoadError(f"{response.status} instead of {expected} for a stored secret")
        keys.ledger.note("retrieved", 1, 0)
    connection.close()


def measure_population(executable, folder, sizes, burst, say):
    product = Product(executable, folder / "population")
    keys = Keys(product.folder / "keys", Ledger())
    say("starts on an empty store")
    result = {"idle": measure_idle(product), "empty": {
        "new folder": time_first_starts(executable, folder),
        "after SIGTERM": time_restarts(product, keys, 1, signal.SIGTERM),
        "after SIGKILL": time_restarts(product, keys, 1, signal.SIGKILL)}}
    with product.start() as server:
        server.wait_until_serving("/healthz")
        result["sizes"] = []
        for size in sizes:
            say(f"{size:,} live secrets")
            result["sizes"].append(fill(product, server, keys, size))
        end(server, signal.SIGTERM)
    say(f"starts with {sizes[-1]:,} live secrets")
    result["full"] = {"after SIGTERM": time_restarts(product, keys, burst, signal.SIGTERM),
                      "after SIGKILL": time_restarts(product, keys, burst, signal.SIGKILL)}
    with product.start() as server:
        server.wait_until_serving("/healthz")
        server.settle()
        result["restarted_bytes"] = server.memory()[0]
        probe(server, keys)
        server.settle()
        end(server, signal.SIGTERM)
    keys.ledger.compare(product.data_dir / "audit.db")
    return result

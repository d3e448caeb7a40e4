"""Requests per second: rounds in which every load runs once, each beside the ceiling of the same round."""

import dataclasses
import shutil
import statistics

from load import Keys, Ledger, run_wrk, sample, unknown_outcomes
from server import Product, Server, free_port

FEW, USUAL, MANY = 32, 256, 2000
STOCK = "stock"
STOCK_POOL = "stock, a thread per connection"
CEILING = (STOCK, STOCK_POOL)  # the faster of the two in its round
ROWS = [(load, connections) for connections in (FEW, USUAL)
        for load in (STOCK, STOCK_POOL, "healthz", "create", "retrieve", "pairs")]
ROWS += [(load, MANY) for load in ("healthz", "create", "retrieve")]
ROWS += [(f"{load} over TLS", USUAL) for load in ("healthz", "create", "retrieve")]
WARM_UP_SECONDS = 1


def measure_stock(baseline, folder, connections, seconds, pool=()):
    port = free_port()
    with Server([baseline, port, *pool], port, folder / "stock.log") as server:
        server.wait_until_serving("/")
        return sample(server, lambda: run_wrk(server, "summary.lua", connections, seconds))[1]


def measure_healthz(server, connections, seconds, tls=False):
    return sample(server, lambda: run_wrk(server, "healthz.lua", connections, seconds, tls=tls))[1]


def measure_create(server, ledger, connections, seconds, tls=False):
    summary, measured = sample(server, lambda: run_wrk(server, "create.lua", connections, seconds, tls=tls))
    ledger.note("created", summary["requests"], unknown_outcomes(summary, connections))
    return measured


def measure_pairs(server, ledger, connections, seconds):
    summary, measured = sample(server, lambda: run_wrk(server, "pairs.lua", connections, seconds))
    for action in ("created", "retrieved"):
        ledger.note(action, summary[action], unknown_outcomes(summary, connections))
    return measured


def measure_round(baseline, executable, folder, seconds):
    """(load, connections) -> Sample. The service starts with an empty store in every round."""
    samples = {}
    product = Product(executable, folder / "round")
    ledger = Ledger()
    keys = Keys(product.folder / "keys", ledger)

    def measure(load, connections):
        tls = load.endswith(" over TLS")
        load = load.removesuffix(" over TLS")
        if load in CEILING:
            pool = (connections,) if load == STOCK_POOL else ()
            return measure_stock(baseline, folder, connections, seconds, pool)
        if load == "healthz":
            return measure_healthz(server, connections, seconds, tls)
        if load == "create":
            return measure_create(server, ledger, connections, seconds, tls)
        if load == "retrieve":
            # Retrieving is faster than creating; keys that are left are for the next time.
            created = samples[("create over TLS" if tls else "create"), connections]
            keys.create(server, max(1000, int(1.5 * created.requests) - keys.unused()))
            server.settle()
            return keys.retrieve(server, connections, seconds, tls)
        return measure_pairs(server, ledger, connections, seconds)

    with product.start(tls=True) as server:
        server.wait_until_serving("/healthz")
        measure_create(server, ledger, FEW, WARM_UP_SECONDS)
        for row in ROWS:
            samples[row] = measure(*row)
        if server.end() != 0:
            raise RuntimeError("the service did not end well")
    ledger.compare(product.data_dir / "audit.db")
    shutil.rmtree(product.folder)
    return samples


def ceiling(samples, connections):
    """What stock does with as many connections; with many, what it does with the usual number of them."""
    return max(samples[name, min(connections, USUAL)].requests_per_second for name in CEILING)


def summarize(rounds):
    """A row per load and number of connections: medians over the rounds."""
    rows = []
    for load, connections in ROWS:
        samples = [one[load, connections] for one in rounds]
        row = {"load": load, "connections": connections}
        for field in dataclasses.fields(samples[0]):
            row[field.name] = statistics.median(getattr(one, field.name) for one in samples)
        rates = [one.requests_per_second for one in samples]
        row["slowest_round"], row["fastest_round"] = min(rates), max(rates)
        row["socket_errors"] = sum(one.socket_errors for one in samples)
        row["of_ceiling"] = statistics.median(
            one[load, connections].requests_per_second / ceiling(one, connections) for one in rounds)
        usual = load, USUAL
        row["of_usual"] = statistics.median(
            one[load, connections].requests_per_second / one[usual].requests_per_second for one in rounds)
        rows.append(row)
    return rows

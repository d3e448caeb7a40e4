"""Requests per second: rounds in which every load runs once, each beside the ceiling of the same round."""

import dataclasses
import shutil
import statistics

from load import Keys, Ledger, run_wrk, sample, unknown_outcomes
from server import Product, Server, free_port

CONNECTIONS = (32, 256)
STOCK = "stock"
STOCK_POOL = "stock, a thread per connection"
CEILING = (STOCK, STOCK_POOL)  # the faster of the two in its round
LOADS = (STOCK, STOCK_POOL, "create", "retrieve", "pairs")
WARM_UP_SECONDS = 1


def measure_stock(baseline, folder, connections, seconds, pool=()):
    port = free_port()
    with Server([baseline, port, *pool], port, folder / "stock.log") as server:
        server.wait_until_serving("/")
        return sample(server, lambda: run_wrk(server, "summary.lua", connections, seconds))[1]


def measure_create(server, ledger, connections, seconds):
    summary, measured = sample(server, lambda: run_wrk(server, "create.lua", connections, seconds))
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
    with product.start() as server:
        server.wait_until_serving("/healthz")
        measure_create(server, ledger, CONNECTIONS[0], WARM_UP_SECONDS)
        for connections in CONNECTIONS:
            samples[STOCK, connections] = measure_stock(baseline, folder, connections, seconds)
            samples[STOCK_POOL, connections] = measure_stock(baseline, folder, connections, seconds, (connections,))
            created = measure_create(server, ledger, connections, seconds)
            samples["create", connections] = created
            # Retrieving is faster than creating; keys that are left are for the next time.
            keys.create(server, max(1000, int(1.5 * created.requests) - keys.unused()))
            server.settle()
            samples["retrieve", connections] = keys.retrieve(server, connections, seconds)
            samples["pairs", connections] = measure_pairs(server, ledger, connections, seconds)
        if server.end() != 0:
            raise RuntimeError("the service did not end well")
    ledger.compare(product.data_dir / "audit.db")
    shutil.rmtree(product.folder)
    return samples


def ceiling(samples, connections):
    return max(samples[name, connections].requests_per_second for name in CEILING)


def summarize(rounds):
    """A row per load and number of connections: medians over the rounds."""
    rows = []
    for connections in CONNECTIONS:
        for load in LOADS:
            samples = [one[load, connections] for one in rounds]
            row = {"load": load, "connections": connections}
            for field in dataclasses.fields(samples[0]):
                row[field.name] = statistics.median(getattr(one, field.name) for one in samples)
            rates = [one.requests_per_second for one in samples]
            row["slowest_round"], row["fastest_round"] = min(rates), max(rates)
            row["socket_errors"] = sum(one.socket_errors for one in samples)
            row["of_ceiling"] = statistics.median(
                one[load, connections].requests_per_second / ceiling(one, connections) for one in rounds)
            rows.append(row)
    return rows

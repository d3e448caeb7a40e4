"""One node and several on one Redis and one PostgreSQL, beside redis-benchmark on the same Redis in the same round."""

import concurrent.futures
import csv
import io
import shutil
import statistics
import subprocess

import backends
from load import COUNT_ROWS, Keys, Ledger, Sample
from server import Product
from throughput import USUAL, WARM_UP_SECONDS, measure_create

NODES = 3
SECRET_BYTES = 256
# Keys that redis-benchmark takes at random. So many more than it takes that nine of ten are there.
BENCHMARK_KEYS = 500_000
BENCHMARK_REQUESTS = 100_000
FILL = "for i = 0, ARGV[1] - 1 do redis.call('SET', string.format('key:%012d', i), ARGV[2]) end"

BASELINES = {"create": "redis-benchmark SET", "retrieve": "redis-benchmark GETDEL"}
WITH_LEDGER = "retrieve with --ledger"
ROWS = [*((load, nodes) for load in BASELINES for nodes in (0, 1, NODES)), (WITH_LEDGER, NODES)]  # no nodes: the baseline


def run_redis_benchmark(redis, *command):
    """A Sample of redis-benchmark with as many connections as the loads have."""
    result = subprocess.run(["redis-benchmark", "-h", "127.0.0.1", "-p", str(redis.port), "-c", str(USUAL), "--csv",
                             "-n", str(BENCHMARK_REQUESTS), "-r", str(BENCHMARK_KEYS), *command],
                            capture_output=True, text=True, stdin=subprocess.DEVNULL, check=True)
    row = list(csv.DictReader(io.StringIO(result.stdout)))[-1]
    return Sample(BENCHMARK_REQUESTS, float(row["rps"]), float(row["p50_latency_ms"]), float(row["p99_latency_ms"]), 0.0, 0.0, 0)


def measure_baselines(redis):
    """SET of new values, and GETDEL of keys of which nine in ten are there: a durable write each."""
    value = "x" * SECRET_BYTES
    samples = {("create", 0): run_redis_benchmark(redis, "SET", "key:__rand_int__", value)}
    redis.cli("EVAL", FILL, 0, BENCHMARK_KEYS, value)
    samples["retrieve", 0] = run_redis_benchmark(redis, "GETDEL", "key:__rand_int__")
    redis.cli("FLUSHALL")
    return samples


def at_once(servers, measure):
    """The sum of measure(number, server) of all servers, each with its share of the connections."""
    with concurrent.futures.ThreadPoolExecutor(len(servers)) as pool:
        samples = list(pool.map(measure, range(len(servers)), servers))
    return Sample(sum(one.requests for one in samples), sum(one.requests_per_second for one in samples),
                  statistics.median(one.p50_ms for one in samples), max(one.p99_ms for one in samples),
                  statistics.mean(one.cpu_ms_per_1000 for one in samples), max(one.settle_seconds for one in samples),
                  sum(one.socket_errors for one in samples))


def measure_nodes(executable, folder, redis, postgres, count, seconds, reveal_ledger=False):
    """(load, count) -> Sample, of `count` nodes with a schema and keys of their own."""
    name = f"nodes{count}" + ("ledger" if reveal_ledger else "")
    options = ("--store", redis.url(prefix=name), "--audit", postgres.url(name))
    if reveal_ledger:
        options += ("--ledger", postgres.url(name))
    products = [Product(executable, folder / f"{name}-{number}", options, folder / f"{name}-keyring")
                for number in range(count)]
    ledger = Ledger()
    keys = [Keys(product.folder / "keys", ledger) for product in products]
    connections = USUAL // count
    servers = []
    try:
        for product in products:
            servers.append(product.start())
            servers[-1].wait_until_serving("/readyz")
        samples = {}
        at_once(servers, lambda _, server: measure_create(server, ledger, connections, WARM_UP_SECONDS))
        samples["create", count] = at_once(
            servers, lambda _, server: measure_create(server, ledger, connections, seconds))
        wanted = max(1000, int(2 * samples["create", count].requests / count))
        for number in range(count):  # a node reads what another has created
            keys[number].create(servers[(number + 1) % count], wanted)
            servers[number].settle()
        samples[WITH_LEDGER if reveal_ledger else "retrieve", count] = at_once(
            servers, lambda number, server: keys[number].retrieve(server, connections, seconds))
        for server in servers:
            if server.end() != 0:
                raise RuntimeError("a node did not end well")
    finally:
        for server in servers:
            server.__exit__()
    rows = dict(line.split("|") for line in postgres.psql(COUNT_ROWS, name).splitlines())
    ledger.compare_rows({action: int(number) for action, number in rows.items()})
    return samples


def measure_round(executable, folder, seconds):
    """(load, nodes) -> Sample. Every round has new servers."""
    place = folder / "scale-out"
    place.mkdir()
    try:
        with backends.Redis(place) as redis, backends.Postgres(place) as postgres:
            samples = measure_baselines(redis)
            for count in (1, NODES):
                samples |= measure_nodes(executable, place, redis, postgres, count, seconds)
            with_ledger = measure_nodes(executable, place, redis, postgres, NODES, seconds, reveal_ledger=True)
            samples[WITH_LEDGER, NODES] = with_ledger[WITH_LEDGER, NODES]
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return samples


def summarize(rounds):
    """A row per load and number of nodes: medians over the rounds."""
    rows = []
    for load, nodes in ROWS:
        samples = [one[load, nodes] for one in rounds]
        rates = [one.requests_per_second for one in samples]
        rows.append({"load": load if nodes else BASELINES[load], "nodes": nodes,
                     "requests_per_second": statistics.median(rates), "slowest_round": min(rates), "fastest_round": max(rates),
                     "p50_ms": statistics.median(one.p50_ms for one in samples),
                     "p99_ms": statistics.median(one.p99_ms for one in samples),
                     "cpu_ms_per_1000": statistics.median(one.cpu_ms_per_1000 for one in samples),
                     "of_baseline": statistics.median(one[load, nodes].requests_per_second / one[load.split()[0], 0].requests_per_second
                                                      for one in rounds)})
    return rows

"""Many readers of each secret at once, over all nodes: one gets it, and the audit log says so once."""

import collections
import json
import pathlib
import subprocess
import threading
import time

import suite
from audit_check import CREATED, RETRIEVED, Fingerprints, Rows
from backends import Nginx, Postgres, Redis
from clients import CLIENTS
from fixture import DAY, Cluster, ScaleCase
from service import Client

READERS = 32
SECRETS = 2000
CONNECTIONS = 64
SCRIPT = pathlib.Path(__file__).with_name("readers.lua")


def create(port, count):
    """Keys of `count` secrets, `race 1` to `race COUNT`, in this order."""
    keys = [None] * count

    def work(first):
        client = Client(port)
        for index in range(first, count, CLIENTS):
            keys[index] = client.create(f"race {index + 1}", ttl_seconds=DAY)
        client.close()

    threads = [threading.Thread(target=work, args=(first,)) for first in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return keys


def read_at_once(port, keys, folder):
    """({status: count}, {number of a secret: how many got it})"""
    path, answers = folder / "keys", folder / "answers"
    path.write_text("".join(f"{key}\n" for key in keys))
    done = subprocess.run(["wrk", "--threads=1", f"--connections={CONNECTIONS}", "--duration=300s", "--timeout=20s",
                           f"--script={SCRIPT}", f"http://127.0.0.1:{port}/", "--", path, str(READERS), answers],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=330, check=False)
    if not answers.exists() or "Socket errors" in done.stdout:
        raise AssertionError(f"wrk did not get all answers: {done.stdout}{done.stderr}")
    seen = json.loads(answers.read_text())
    return {int(status): count for status, count in seen["statuses"].items()}, seen["winners"]


class RaceTest(ScaleCase):
    def race(self, server):
        redis = self.enterContext(Redis(self.new_folder(), server=server))
        postgres = self.enterContext(Postgres(self.new_folder()))
        cluster = self.enterContext(Cluster(self.new_folder(), redis.url(), postgres))
        proxy = self.enterContext(Nginx(self.new_folder(), *(node.address for node in cluster.nodes)))
        began = time.monotonic()
        keys = create(proxy.port, SECRETS)
        created = time.monotonic()
        statuses, winners = read_at_once(proxy.port, keys, self.new_folder())
        seconds = time.monotonic() - created
        suite.figure(f"race, {server}: {SECRETS:,} secrets created in {created - began:.1f} s, {READERS} readers each over "
                     f"{len(cluster.nodes)} nodes in {seconds:.1f} s ({sum(statuses.values()) / seconds:,.0f} requests/s)")
        # One winner each; so every other of a secret's readers is among the 410.
        self.assertEqual(statuses, {200: SECRETS, 410: SECRETS * (READERS - 1)})
        self.assertEqual(winners, {str(number): 1 for number in range(1, SECRETS + 1)})
        for node in cluster.nodes:
            self.assertGreater(sum('"status":200' in line for line in node.service.log), SECRETS // 4, "a node was idle")
        cluster.stop()
        rows, fingerprints = Rows(), Fingerprints(cluster.key_file)
        cluster.read_rows(rows)
        self.assertEqual(rows.totals, {CREATED: SECRETS, RETRIEVED: SECRETS})
        wrong = collections.Counter(tuple(rows.by_fingerprint[fingerprints.of(key)]) for key in keys)
        self.assertEqual(wrong, {(CREATED, RETRIEVED): SECRETS})
        self.assertEqual(rows.repeated_events, 0)
        verdict, code = cluster.audit_log.verify()
        self.assertEqual((verdict["ok"], verdict["rows"], code), (True, 2 * SECRETS, 0), verdict)

    def test_of_many_readers_over_three_nodes_exactly_one_gets_each_secret(self):
        self.race("redis")

    def test_of_many_readers_over_three_nodes_exactly_one_gets_each_secret_with_valkey(self):
        self.race("valkey")

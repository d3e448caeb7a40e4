"""Redis with replicas and Sentinel: what a failover forgets, and that the ledger hands out nothing twice all the same.

Redis copies to its replicas without waiting for them, so a replica that takes over may not know of a spend that was
acknowledged. Without --ledger, or ?replicas=, that is a second reading; how often is measured, not judged.
"""

import collections
import http.client
import threading
import time

import suite
from audit_check import RETRIEVED, Fingerprints, Rows
from backends import Postgres, Proxy, Redis, Sentinels
from fixture import DAY, Cluster, ScaleCase
from service import Client
from suite import LONG, wait_until

FAILOVERS = 50 if LONG else 3
WORKERS = 3
# Each worker reads one in so many seconds: enough secrets for a failover of some seconds.
SECRETS, PAUSE_SECONDS = 1200, 0.01
NODES = 2
# A failover falls into the middle of the load, which goes on with the old primary while there is one.
BEFORE_SECONDS, AFTER_SECONDS = 0.5, 1.0
DEMOTED_SECONDS = 30


def ask(client, method, path, value=None):
    """(status, body); status None when the connection broke."""
    try:
        return client.json(method, path, value)
    except (OSError, http.client.HTTPException):
        return None, None


def read_until_answered(node, key, seconds=30):
    """The status of a retrieval that is neither refused nor broken."""
    def answer():
        client = Client(node.address, 20)
        status, _ = ask(client, "GET", f"/api/v1/secret/{key}")
        client.close()
        return status if status not in (None, 503) else None
    return wait_until(answer, seconds, "the retrieval is answered")


def copied(redis):
    return redis.info("replication").get("master_link_status") == "up"


class Readers:
    """Read secrets that all replicas have, one after the other, over all nodes of a cluster, until the block ends."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.read = []  # keys of those that were handed out
        self._stop = threading.Event()
        self._live = []
        self._each(self._create)
        self._threads = []

    @staticmethod
    def _each(work):
        threads = [threading.Thread(target=work, args=(number,)) for number in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _create(self, number):
        client = Client(self.cluster.nodes[number % NODES].address, 20)
        for _ in range(SECRETS // WORKERS):
            self._live.append(client.create("of a failover", ttl_seconds=DAY))
        client.close()

    def _read(self, number):
        clients = [Client(node.address, 20) for node in self.cluster.nodes]
        while not self._stop.wait(PAUSE_SECONDS):
            number += 1
            try:
                key = self._live.pop()
            except IndexError:
                break
            status, _ = ask(clients[number % NODES], "GET", f"/api/v1/secret/{key}")
            if status == 200:
                self.read.append(key)
        for client in clients:
            client.close()

    def __enter__(self):
        self._threads = [threading.Thread(target=self._read, args=(number,)) for number in range(WORKERS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def read_again(self):
        """{status: how many}, of everything that was handed out."""
        statuses = []

        def work(number):
            for key in self.read[number::WORKERS]:
                statuses.append(read_until_answered(self.cluster.nodes[number % NODES], key))

        self._each(work)
        return collections.Counter(statuses)


class FailoverTest(ScaleCase):
    def setUp(self):
        self.servers = [self.enterContext(Redis(self.new_folder()))]
        self.servers += [self.enterContext(Redis(self.new_folder(), replicaof=self.servers[0])) for _ in range(2)]
        self.sentinels = self.enterContext(Sentinels(self.new_folder(), self.servers[0], replicas=2))
        self.postgres = self.enterContext(Postgres(self.new_folder()))

    def server(self, port):
        return next(server for server in self.servers if server.port == port)

    def new_primary(self):
        """Its port; None when the Sentinels have given up, as they do on a busy machine."""
        try:
            return self.sentinels.failover(10)
        except AssertionError:
            return None

    def fail_over(self):
        """Forces one, and waits until the old primary is a replica of the new one: what it alone knew is gone."""
        before = self.sentinels.primary_port()
        after = wait_until(self.new_primary, 120, "a failover that was not given up")
        time.sleep(AFTER_SECONDS)
        old, new = self.server(before), self.server(after)
        old.cli("replicaof", "127.0.0.1", after)  # what Sentinel does some seconds later
        old.cli("client", "kill", "type", "normal")
        wait_until(lambda: copied(old), DEMOTED_SECONDS, "the old primary is a replica")
        wait_until(lambda: new.info("replication")["connected_slaves"] == "2", DEMOTED_SECONDS, "both are replicas")

    def cluster(self, name, *arguments):
        return self.enterContext(Cluster(self.new_folder(), self.sentinels.url(prefix=name), self.postgres,
                                         schema=name, count=NODES, arguments=arguments))

    def unrecorded(self, cluster, keys):
        """How many of what was handed out has no row: the event was forgotten with the spend."""
        cluster.stop()
        self.assertEqual(cluster.audit_log.verify()[1], 0)
        rows, fingerprints = Rows(), Fingerprints(cluster.key_file)
        cluster.read_rows(rows)
        return sum(RETRIEVED not in rows.by_fingerprint[fingerprints.of(key)] for key in keys)

    def test_failovers_hand_out_nothing_twice_with_the_ledger(self):
        names = {"with the ledger": self.cluster("guarded", "--ledger", self.postgres.url("guarded")),
                 "without": self.cluster("relaxed")}
        keys = collections.defaultdict(list)
        again = collections.defaultdict(collections.Counter)
        for _ in range(FAILOVERS):
            readers = {name: Readers(cluster) for name, cluster in names.items()}
            self.assertEqual(self.server(self.sentinels.primary_port()).cli("wait", 2, 10_000), "2")
            with readers["with the ledger"], readers["without"]:
                time.sleep(BEFORE_SECONDS)
                self.fail_over()
            for name, those in readers.items():
                those.cluster.wait_until_ready()
                again[name] += those.read_again()
                keys[name] += those.read
        for name, seen in again.items():
            suite.figure(f"{FAILOVERS} failovers {name}: {len(keys[name]):,} secrets handed out around them, then asked for "
                         f"again: {seen[200]} second readings, {seen[410]:,} x 410, {seen[404]} x 404; "
                         f"{self.unrecorded(names[name], keys[name])} without a row in the audit log")
            self.assertGreater(len(keys[name]), 20 * FAILOVERS, "there was no load")
            self.assertEqual(set(seen) - {200, 404, 410}, set())
        self.assertEqual(again["with the ledger"][200], 0, "handed out twice")


class StaleReplicaTest(ScaleCase):
    """A replica that takes over without knowing of the spend, made so on purpose."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.postgres = cls.enterClassContext(Postgres(cls.folder))

    def read_around_a_failover(self, name, *arguments, **query):
        """(status of the reading at the old primary, status of the one at the new primary)"""
        primary = self.enterContext(Redis(self.new_folder()))
        replica = self.enterContext(Redis(self.new_folder(), replicaof=primary))
        wait_until(lambda: copied(replica), 20, "the replica follows")
        proxy = self.enterContext(Proxy(primary.port))
        cluster = self.enterContext(Cluster(self.new_folder(), primary.url(port=proxy.port, **query), self.postgres,
                                            schema=name, count=2, arguments=arguments))
        client = Client(cluster.nodes[0].address, 20)
        key = client.create("of a failover", ttl_seconds=DAY)
        self.assertEqual(primary.cli("wait", 1, 5000), "1")
        replica.cli("replicaof", "no", "one")
        first, _ = client.retrieve(key)
        client.close()
        primary.cli("replicaof", "127.0.0.1", replica.port)  # what it alone knew is gone
        wait_until(lambda: copied(primary), 20, "the old primary follows")
        proxy.target = replica.port
        proxy.cut_connections()
        cluster.wait_until_ready()
        return first, read_until_answered(cluster.nodes[1], key)

    def test_without_anything_a_stale_replica_hands_it_out_again(self):
        """The control: such a failover does happen here, so that the other two mean something."""
        self.assertEqual(self.read_around_a_failover("control"), (200, 200))

    def test_with_the_ledger_a_stale_replica_hands_out_nothing(self):
        self.assertEqual(self.read_around_a_failover("ledger", "--ledger", self.postgres.url("ledger")), (200, 410))

    def test_where_a_replica_must_confirm_nothing_is_handed_out_before(self):
        self.assertEqual(self.read_around_a_failover("replicas", replicas=1), (503, 200))

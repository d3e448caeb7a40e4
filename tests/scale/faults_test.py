"""Nodes, Redis and PostgreSQL that are killed, frozen, or out of disk, while three nodes are under load.

Whatever fails: nothing acknowledged is lost, nothing is handed out twice, no live secret is answered 404, and afterwards
the audit log has each event once.
"""

import signal
import time

import suite
from backends import Postgres, Redis
from disks import MemoryDisk
from fixture import Cluster, ScaleCase
from load import LATE_SECONDS, Trial
from history import DONE, RETRIEVE
from suite import LONG

# Operations that are acknowledged before a fault, and after it.
BUSY = 300
FROZEN_SECONDS = 30 if LONG else 4
AWAY_SECONDS = 180 if LONG else 5
KILLS = 30 if LONG else 4


class FaultCase(ScaleCase):
    """A cluster for all tests of the class. Each test makes one kind of fault, and is judged by itself."""

    ledger = False
    redis_options = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.start_redis()
        cls.postgres = cls.enterClassContext(Postgres(cls.folder))
        arguments = ("--ledger", cls.postgres.url()) if cls.ledger else ()
        cls.cluster = cls.enterClassContext(Cluster(cls.folder / "cluster", cls.redis.url(), cls.postgres,
                                                    arguments=arguments))
        cls.trial = Trial(cls.cluster, cls.__name__)

    @classmethod
    def start_redis(cls):
        cls.redis = cls.enterClassContext(Redis(cls.folder))

    def tearDown(self):
        self.trial.violations()

    def judge(self, everything=False):
        self.trial.read_back(everything)
        self.trial.check_audit()
        if found := self.trial.violations():
            self.fail(found)

    def assert_unavailable(self, nodes):
        """So many nodes say so: all of them that depend on what is away, one when it is the one that carries events."""
        unready = lambda: sum(node.status("/readyz") == 503 for node in self.cluster.nodes)
        suite.wait_until(lambda: unready() >= nodes, 30, f"/readyz says 503 on {nodes}")

    def assert_nothing_is_acknowledged(self, seconds, count=None):
        """`count` gives what must not grow; without it all operations."""
        count = count or self.trial.answered
        time.sleep(LATE_SECONDS)  # for answers that have left, and whose clients have not seen them yet
        before = count()
        time.sleep(seconds)
        self.assertEqual(count(), before, "acknowledged without a store or a ledger")


class FaultsTest(FaultCase):
    @classmethod
    def tearDownClass(cls):
        suite.figure(f"faults: {cls.trial.summary()}; {sum(cls.trial.rows.totals.values()):,} rows in the audit log")

    def test_a_node_is_killed_in_the_middle_and_starts_again(self):
        with self.trial.load() as now:
            for number in range(KILLS):
                node = self.cluster.nodes[number % len(self.cluster.nodes)]
                self.trial.wait_for_answers(BUSY)
                now.begin_fault()
                node.kill()
                self.trial.wait_for_answers(BUSY)  # by the others
                node.start()
                now.end_fault()
            self.trial.wait_for_answers(BUSY)
        self.judge()

    def rows(self):
        return int(self.postgres.psql("SELECT count(*) FROM secret_logs"))

    def freeze_who_carries_events(self):
        """The node, or None when it was done before it was frozen."""
        carrier = lambda: self.redis.cli("hget", "{disposable}:meta", "projector")
        name = carrier()
        for node in self.cluster.nodes:
            if (node.folder / "data" / "node").read_text().strip() == name:
                node.service.process.send_signal(signal.SIGSTOP)
                if carrier() == name:
                    return node
                node.service.process.send_signal(signal.SIGCONT)
        return None

    def test_another_node_carries_the_events_when_the_one_that_did_is_frozen(self):
        with self.trial.load(pause=0.05) as now:
            self.trial.wait_for_answers(BUSY)
            with self.trial.fault(now):
                node = suite.wait_until(self.freeze_who_carries_events, 20, "a node is frozen while it carries events")
                try:
                    wanted = self.rows() + BUSY
                    suite.wait_until(lambda: self.rows() >= wanted, 30, "another node writes the audit log")
                finally:
                    node.service.process.send_signal(signal.SIGCONT)
            self.trial.wait_for_answers(BUSY)
        self.judge()

    def test_redis_is_killed_and_starts_again(self):
        for _ in range(KILLS if LONG else 1):
            with self.trial.load() as now:
                self.trial.wait_for_answers(BUSY)
                with self.trial.fault(now):
                    self.redis.kill()
                    try:
                        self.assert_unavailable(nodes=len(self.cluster.nodes))
                        self.assert_nothing_is_acknowledged(1)
                    finally:
                        self.redis.start()
                self.trial.wait_for_answers(BUSY)
        self.judge()

    def test_redis_is_frozen_for_seconds(self):
        with self.trial.load() as now:
            self.trial.wait_for_answers(BUSY)
            refused = self.trial.refused()
            with self.trial.fault(now):
                self.redis.freeze()
                try:
                    time.sleep(FROZEN_SECONDS)
                finally:
                    self.redis.thaw()
            self.trial.wait_for_answers(BUSY)
        self.assertGreater(self.trial.refused(), refused, "nobody has noticed")
        self.judge()

    def test_all_nodes_and_redis_are_killed_at_once(self):
        with self.trial.load() as now:
            self.trial.wait_for_answers(BUSY)
            with self.trial.fault(now):
                self.redis.kill()
                self.cluster.kill()
                self.redis.start()
                self.cluster.start()
            self.trial.wait_for_answers(BUSY)
        self.judge()

    def without_postgres(self, away, back, noticed):
        """The audit log is away: everything is answered, and recorded later. `noticed`: /readyz says so soon."""
        with self.trial.load(pause=0.5 if LONG else 0.02):
            self.trial.wait_for_answers(BUSY)
            away()
            try:
                before, refused = self.trial.answered(), self.trial.refused()
                if noticed:
                    self.assert_unavailable(nodes=1)
                time.sleep(AWAY_SECONDS)
                self.assertGreater(self.trial.answered() - before, BUSY)
                self.assertEqual(self.trial.refused(), refused)
            finally:
                back()
            self.cluster.wait_until_ready()
            self.trial.wait_for_answers(BUSY)
        self.judge()

    def test_postgresql_is_killed_and_comes_back(self):
        self.without_postgres(self.postgres.kill, self.postgres.start, True)

    def test_postgresql_is_frozen_for_seconds(self):
        self.without_postgres(self.postgres.freeze, self.postgres.thaw, LONG)

    def test_what_all_of_this_has_left_is_read_once(self):
        self.judge(everything=True)


class LedgerFaultsTest(FaultCase):
    """With --ledger a secret is handed out only after PostgreSQL has said so."""

    ledger = True

    def test_without_the_ledger_nothing_is_revealed_and_nothing_is_lost(self):
        with self.trial.load() as now:
            self.trial.wait_for_answers(BUSY)
            with self.trial.fault(now):
                self.postgres.kill()
                try:
                    self.assert_unavailable(nodes=len(self.cluster.nodes))
                    self.assert_nothing_is_acknowledged(2, self.retrieved)
                finally:
                    self.postgres.start()
            self.trial.wait_for_answers(BUSY)
        self.judge(everything=True)

    def retrieved(self):
        return self.trial.oracle.totals[RETRIEVE, DONE]


class FullDiskTest(FaultCase):
    """Redis on a small disk, which somebody else fills."""

    @classmethod
    def start_redis(cls):
        cls.disk = cls.enterClassContext(MemoryDisk(cls.folder / "disk", 48))
        cls.redis = cls.enterClassContext(Redis(cls.disk.folder))

    def test_the_disk_of_redis_is_full_and_emptied_again(self):
        with self.trial.load() as now:
            self.trial.wait_for_answers(BUSY)
            with self.trial.fault(now):
                self.disk.fill()
                try:
                    self.assert_unavailable(nodes=len(self.cluster.nodes))
                    self.assert_nothing_is_acknowledged(1)
                finally:
                    self.disk.free()
                self.assertFalse(self.redis.running(), "with `appendfsync always` it ends")
                self.redis.start()
            self.trial.wait_for_answers(BUSY)
        self.judge(everything=True)


class ForgetfulRedisTest(FaultCase):
    """The control: were something acknowledged and lost, the tests above would see it."""

    def test_a_redis_that_has_forgotten_what_it_confirmed_is_found_out(self):
        with self.trial.load() as now:
            self.trial.wait_for_answers(BUSY)
            with self.trial.fault(now):
                self.redis.kill()
                log = next((self.redis.data / "appendonlydir").glob("*.incr.aof"))
                with log.open("r+b") as file:
                    file.truncate(log.stat().st_size * 3 // 4)
                self.redis.start()
        self.trial.read_back()
        found = {category for category, _ in self.trial.oracle.violations}
        self.assertIn("acknowledged secret lost", found)
        self.assertTrue(found & {"spending undone", "retrieved twice"}, found)

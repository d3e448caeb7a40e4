"""The network between the nodes and their servers is cut, and comes back: the nodes live in a network namespace of their
own, at the other end of a pair of linked interfaces. Clients reach them over Unix sockets, so that they see everything."""

import signal
import subprocess
import time

import suite
from backends import Postgres, Proxy, Redis
from fixture import Cluster, ScaleCase
from load import Trial
from suite import LONG

BUSY = 200
LOST_ANSWERS = 1000 if LONG else 60
CUT_SECONDS = 60 if LONG else 5
SERVERS, NODES = "10.77.0.1", "10.77.0.2"
HERE, THERE = "servers", "nodes"


def ip(*command, inside=()):
    subprocess.run([*inside, "ip", *command], check=True, capture_output=True, stdin=subprocess.DEVNULL)


class Elsewhere:
    """A network namespace that reaches ours by one link. A context manager."""

    def __enter__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"], stdin=subprocess.DEVNULL)
        self.enter = ("nsenter", f"--net=/proc/{self.holder.pid}/ns/net")
        ours = subprocess.run(["readlink", "/proc/self/ns/net"], capture_output=True, text=True, check=True).stdout
        suite.wait_until(lambda: subprocess.run(["readlink", f"/proc/{self.holder.pid}/ns/net"], capture_output=True,
                                                text=True, check=False).stdout != ours, 10, "another namespace")
        ip("link", "add", HERE, "type", "veth", "peer", "name", THERE, "netns", str(self.holder.pid))
        ip("address", "add", f"{SERVERS}/24", "dev", HERE)
        ip("link", "set", HERE, "up")
        ip("address", "add", f"{NODES}/24", "dev", THERE, inside=self.enter)
        ip("link", "set", THERE, "up", inside=self.enter)
        ip("link", "set", "lo", "up", inside=self.enter)
        return self

    def drop_packets(self):
        """The far end is down: what the nodes send is lost, and nobody tells them."""
        ip("link", "set", HERE, "down")

    def pull_cable(self):
        """The nodes' own end is down: they have no route any more."""
        ip("link", "set", THERE, "down", inside=self.enter)

    def mend(self):
        ip("link", "set", HERE, "up")
        ip("link", "set", THERE, "up", inside=self.enter)

    def __exit__(self, *exception):
        self.holder.send_signal(signal.SIGKILL)
        self.holder.wait()
        # The last process of the nodes may hold the namespace a moment longer.
        subprocess.run(["ip", "link", "del", HERE], capture_output=True, check=False)


class LostAnswersTest(ScaleCase):
    """Connections to Redis break when it has done what was asked and before it can say so: no client notices."""

    def test_what_redis_has_done_and_could_not_say_is_answered_as_done(self):
        redis = self.enterContext(Redis(self.new_folder()))
        proxy = self.enterContext(Proxy(redis.port))
        postgres = self.enterContext(Postgres(self.new_folder()))
        cluster = self.enterContext(Cluster(self.new_folder() / "c", redis.url(port=proxy.port), postgres))
        trial = Trial(cluster, "lost answers")
        with trial.load() as now:
            trial.wait_for_answers(BUSY)
            with trial.fault(now):
                for _ in range(LOST_ANSWERS):
                    proxy.swallow_answers(then_cut=True)
                    trial.wait_for_answers(10)
        again = sum(node.metric("disposable_secrets_store_redis_reruns_total") for node in cluster.nodes)
        trial.read_back(everything=True)
        trial.check_audit()
        suite.figure(f"{LOST_ANSWERS} answers of Redis lost, {again:.0f} of them to changes: {trial.summary()}")
        self.assertGreater(again, LOST_ANSWERS / 5)
        self.assertEqual(trial.violations(), "")


class NetworkTest(ScaleCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.there = cls.enterClassContext(Elsewhere())
        redis = cls.enterClassContext(Redis(cls.folder, extra=(f"bind 127.0.0.1 {SERVERS}", "protected-mode no")))
        cls.postgres = cls.enterClassContext(Postgres(cls.folder, settings=(f"listen_addresses=127.0.0.1,{SERVERS}",)))
        with (cls.postgres.data / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {NODES}/32 scram-sha-256\n")
        cls.postgres.psql("select pg_reload_conf()")
        cls.cluster = cls.enterClassContext(Cluster(cls.folder / "c", redis.url(), cls.postgres, host=SERVERS,
                                                    wrapper=cls.there.enter, unix=True))
        cls.trial = Trial(cls.cluster, cls.__name__)

    @classmethod
    def tearDownClass(cls):
        suite.figure(f"network: {cls.trial.summary()}")

    def settled(self):
        """How much was acknowledged, when nothing is any more: what Redis had said before may still be on its way."""
        before = self.trial.answered()
        time.sleep(0.5)
        return before if self.trial.answered() == before else None

    def cut(self, how):
        with self.trial.load() as now:
            self.trial.wait_for_answers(BUSY)
            with self.trial.fault(now):
                how()
                try:
                    suite.wait_until(lambda: self.cluster.nodes[0].status("/readyz") == 503, 15, "/readyz says 503")
                    before = suite.wait_until(self.settled, 5, "nothing is acknowledged any more")
                    time.sleep(CUT_SECONDS)
                    self.assertEqual(self.trial.answered(), before, "acknowledged without a store")
                finally:
                    self.there.mend()
            self.trial.wait_for_answers(BUSY)
        self.trial.read_back()
        self.trial.check_audit()
        if found := self.trial.violations():
            self.fail(found)

    def test_packets_are_lost_for_seconds(self):
        self.cut(self.there.drop_packets)

    def test_the_nodes_have_no_network_for_seconds(self):
        self.cut(self.there.pull_cable)

    def test_what_was_cut_is_read_once(self):
        self.trial.read_back(everything=True)
        self.assertEqual(self.trial.violations(), "")

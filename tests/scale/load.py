"""Mixed load on all nodes of a cluster, judged by an oracle outside, while parts of the cluster fail.

Clients, oracle and judge are those of tests/crash. What is a life there is a round here: it begins with a load and ends when
everything is well again. A request that overlaps a fault may be answered 503, or lose its connection; then its outcome is
unknown. Everything else is held against the fault as if there were none.
"""

import contextlib
import itertools
import threading
import time

import audit_check
from clients import Client, Load, for_each
from history import DONE, RETRIEVE, UNKNOWN, Oracle
from judge import judge
from suite import wait_until
from wire import NotSent, Unanswered

VIOLATIONS_SHOWN = 5
# The sweeper looks once a second; the longest of the short lives is 3 seconds.
SWEPT_SECONDS = 3 + 2.5
# After which a command that a node has sent and given up is no longer on its way to a store.
LATE_SECONDS = 0.5
PAUSE_SECONDS = 0.02


class Round:
    """What clients.Client knows of a life. note_broken and excuses are for all threads."""

    def __init__(self, number, addresses):
        self.number = number
        self.over = threading.Event()
        self.broken = []  # connections without a fault to blame
        self._turns = itertools.cycle(addresses)
        self._faults = []  # [begin, end]

    @property
    def address(self):
        """Of the next node in turn."""
        return next(self._turns)

    def begin_fault(self):
        self._faults.append([time.monotonic(), float("inf")])

    def end_fault(self):
        self._faults[-1][1] = time.monotonic()

    def excuses(self, start):
        """Whether a fault was on after `start`, until now."""
        return any(start <= end for _, end in self._faults)

    def note_broken(self, start, end):
        if not self.excuses(start):
            self.broken.append(end)


class ClusterLoad(Load):
    """Goes on with the next node when one is gone, until the round is over. A client pauses after each operation."""

    def __init__(self, oracle, life, pause):
        super().__init__(oracle, life)
        self._pause = pause

    def _work(self, number):
        chooser = self._oracle.chooser(self._life.number, number)
        act = self._act_guarded if number < 2 else self._act
        client = Client(self._oracle, self._life, chooser)
        while not self._life.over.is_set():
            start = time.monotonic()
            try:
                act(client, chooser)
                gone = False
            except (NotSent, Unanswered):
                gone = True
                self._life.note_broken(start, time.monotonic())
            if gone:
                client.close()
                client = Client(self._oracle, self._life, chooser)
            self._life.over.wait(PAUSE_SECONDS if gone or client.refused else self._pause)
        client.close()


class Trial:
    """Rounds of load on a cluster, and their judgement. For one thread."""

    def __init__(self, cluster, seed):
        self.cluster = cluster
        self.oracle = Oracle(seed)
        self.rows = audit_check.Rows()
        self.chooser = self.oracle.chooser("trial")
        self.rounds = 0

    def _round(self):
        self.rounds += 1
        return Round(self.rounds, [node.address for node in self.cluster.nodes])

    @contextlib.contextmanager
    def load(self, pause=0.0):
        """A round; the block makes its fault, by `with trial.fault(round)`. `pause`: of each client, after an operation."""
        now = self._round()
        load = ClusterLoad(self.oracle, now, pause)
        load.start()
        try:
            yield now
            self.cluster.wait_until_ready()
            time.sleep(LATE_SECONDS)
        finally:
            now.over.set()
            load.join()
            self.oracle.end_life(time.monotonic())
        if now.broken:
            self.oracle.complain("connection broken", f"{len(now.broken)} in round {now.number}, without a fault")

    @contextlib.contextmanager
    def fault(self, now):
        """What the block does is to blame for 503 and closed connections, until all nodes are ready again."""
        now.begin_fault()
        yield
        self.cluster.wait_until_ready()
        now.end_fault()

    def answered(self):
        """How many operations have been acknowledged so far."""
        return sum(count for (_, outcome), count in self.oracle.totals.items() if outcome == DONE)

    def refused(self):
        return sum(count for (_, outcome), count in self.oracle.totals.items() if outcome == UNKNOWN)

    def wait_for_answers(self, count, seconds=30):
        """Until so many more operations were acknowledged: it works, and is in the middle of it."""
        wanted = self.answered() + count
        wait_until(lambda: self.answered() >= wanted, seconds, f"{count} more operations are acknowledged")

    def read_back(self, everything=False):
        """Reads what the last round may have touched, over all nodes, and judges all histories that have changed."""
        secrets = self.oracle.unread() if everything else self.oracle.to_read_back(self.chooser)

        def read(client, secret):
            if secret.passphrase:
                self.oracle.forget(self.oracle.guarded, secret)
            client.retrieve(secret)

        for_each(self.oracle, self._round(), secrets, read)
        for secret in self.oracle.take_unjudged():
            if (violation := judge(secret)) is not None:
                self.oracle.complain(violation, audit_check.describe(secret, self.oracle.origin))

    def check_audit(self):
        """All rows against all operations, and the chain. The nodes are stopped for it and started again."""
        self.cluster.stop()
        verdict, code = self.cluster.audit_log.verify()
        if code != 0 or not verdict["ok"]:
            self.oracle.complain("audit verify", str(verdict))
        self.cluster.read_rows(self.rows)
        if verdict.get("rows") != sum(self.rows.totals.values()):
            self.oracle.complain("audit verify", f"{verdict.get('rows')} rows, read {sum(self.rows.totals.values())}")
        fingerprints = audit_check.Fingerprints(self.cluster.key_file)
        for category, text in audit_check.findings(self.oracle, self.rows, fingerprints):
            self.oracle.complain(category, text)
        self.cluster.start()

    def violations(self):
        """The text of what is wrong so far, or an empty one; forgets it, so that the next test begins anew."""
        found = list(self.oracle.violations)
        self.oracle.violations.clear()
        shown = [f"{category}: {text}" for category, text in found[:VIOLATIONS_SHOWN]]
        return "\n".join([f"{len(found)} violations", *shown]) if found else ""

    def summary(self):
        done = sum(count for (kind, outcome), count in self.oracle.totals.items() if (kind, outcome) == (RETRIEVE, DONE))
        return (f"{sum(self.oracle.totals.values()):,} operations, {self.answered():,} acknowledged ({done:,} retrieved), "
                f"{self.refused():,} unknown")

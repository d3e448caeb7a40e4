"""What the fault tests share: a folder, waiting, and clients at work in the background."""

import contextlib
import pathlib
import random
import shutil
import tempfile
import threading
import time
import unittest

from oracle import Oracle
from suite import wait_until


def seconds_until(condition, seconds, what):
    """How long wait_until() took."""
    began = time.monotonic()
    wait_until(condition, seconds, what)
    return time.monotonic() - began


class FaultCase(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="disposable-faults-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.oracle = Oracle()

    def assert_nothing_wrong(self):
        self.assertEqual(self.oracle.wrong[:10], [], self.oracle.summary())

    def assert_says(self, service, text):
        """A line with `text` is in the log, or is on its way: lines gather before they are written."""
        wait_until(lambda: any(text in line for line in list(service.log)), 5, f"'{text}' in the log")

    def assert_ended_cleanly(self, service):
        """A process that has ended has done so by itself, with a reason in its log."""
        if service.process.poll() is not None:
            self.assertEqual(service.process.returncode, 1, service.log[-5:])
            self.assert_says(service, '"level":"error"')


def _work(service, oracle, stop, seed, size, guarded):
    chance = random.Random(seed)
    client = service.client()
    mine = []
    while not stop.is_set() and service.process.poll() is None:
        choice = chance.random()
        if choice < 0.5 or not mine:
            secret = oracle.create(client, chance.choice(size), "pass" if guarded and chance.random() < 0.03 else None)
            if secret:
                mine.append(secret)
            else:
                stop.wait(0.01)
        else:
            # Mostly a fresh one; sometimes one that is spent, and must stay so.
            secret = chance.choice(mine) if choice < 0.6 else mine.pop()
            status = oracle.delete(client, secret) if chance.random() < 0.2 else oracle.retrieve(client, secret)
            if status == 503:
                stop.wait(0.01)
    client.close()


@contextlib.contextmanager
def at_work(service, oracle, sizes=((40,), (40, 2000), (65_536, 1_000_000)), guarded=True):
    """One thread for each of `sizes` creates, retrieves and deletes until the block ends."""
    stop = threading.Event()
    threads = [threading.Thread(target=_work, args=(service, oracle, stop, seed, size, guarded))
               for seed, size in enumerate(sizes)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()

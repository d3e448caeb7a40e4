"""The events cannot be carried over while the store can: the service goes on, says so, and catches up."""

import contextlib
import sqlite3

from fixture import FaultCase
from injection import Tracer
from oracle import read_back
from service import Service
from suite import wait_until


@contextlib.contextmanager
def locked_by_somebody(service):
    """Another process (here: this one) holds SQLite's write lock."""
    database = sqlite3.connect(service.data_dir / "audit.db", isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        database.execute("ROLLBACK")
        database.close()


def failing_calls(service, error):
    """Every write of SQLite's files, and only of those, fails."""
    return Tracer(service, "pwrite64,fdatasync,fsync,ftruncate", error, "1+",
                  [f"{service.data_dir}/audit.db{suffix}" for suffix in ("", "-wal", "-shm")])


class ProjectionTest(FaultCase):
    def ready(self):
        status, body = self.client.json("GET", "/readyz")
        if status == 503:
            self.assertEqual(body["status"], "unavailable")
            self.assertTrue(body["reasons"] and all(body["reasons"]), body)
        return status == 200

    def fails_and_catches_up(self, trouble):
        oracle = self.oracle
        with Service(self.folder) as service:
            self.client = client = service.client()
            before = oracle.create(client)
            wait_until(lambda: len(service.audit()) == 1, 10, "the first row")
            with trouble(service):
                self.assertEqual(oracle.retrieve(client, before), 200)
                wait_until(lambda: not self.ready(), 15, "/readyz says that the audit log is behind")
                for _ in range(50):
                    oracle.retrieve(client, oracle.create(client))
                self.assertEqual(oracle.count(503), 0, "the service goes on")
                self.assertEqual(len(service.audit()), 1, "nothing reached the audit log")
            wait_until(self.ready, 20, "/readyz is content again")
            wait_until(lambda: len(service.audit()) == 102, 20, "every row is there")
            self.assert_says(service, "events cannot be carried over")
            self.assert_says(service, "events reach the audit log again")
            self.assertEqual(read_back(service, oracle), [])

    def test_a_locked_audit_log_is_caught_up_with(self):
        self.fails_and_catches_up(locked_by_somebody)

    def test_a_full_disk_under_the_audit_log_is_caught_up_with(self):
        self.fails_and_catches_up(lambda service: failing_calls(service, "ENOSPC"))

    def test_a_read_only_audit_log_is_caught_up_with(self):
        self.fails_and_catches_up(lambda service: failing_calls(service, "EROFS"))

    def test_an_audit_log_whose_disk_fails_is_caught_up_with(self):
        self.fails_and_catches_up(lambda service: failing_calls(service, "EIO"))

    def test_a_process_killed_while_behind_catches_up_at_the_next_start(self):
        with Service(self.folder) as service:
            client = service.client()
            self.oracle.create(client)
            wait_until(lambda: len(service.audit()) == 1, 10, "the first row")
            with locked_by_somebody(service):
                for _ in range(50):
                    self.oracle.retrieve(client, self.oracle.create(client))
                service.kill()
        with Service(self.folder) as service:
            self.assertEqual(read_back(service, self.oracle), [])

    def test_a_stop_while_behind_says_so_and_the_next_start_catches_up(self):
        with Service(self.folder) as service:
            client = service.client()
            with locked_by_somebody(service):
                for _ in range(5):
                    self.oracle.create(client)
                self.assertEqual(service.stop(timeout=30), 1, service.log[-5:])
            self.assert_says(service, "behind")
        with Service(self.folder) as service:
            self.assertEqual(read_back(service, self.oracle), [])

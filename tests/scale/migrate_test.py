"""Moving an installation: what was there is there, nothing is readable in both places, and a move that is killed goes on."""

import json
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

from backends import Postgres, Redis
from service import EXECUTABLE, AuditLog, Service, StartError, run

LIVE, SPENT, GUARDED = 60, 20, 10


class MigrateTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="migrate-"))
        cls.folder.chmod(0o711)  # PostgreSQL is another user
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.redis = Redis(cls.folder)
        cls.addClassCleanup(cls.redis.close)
        cls.postgres = Postgres(cls.folder)
        cls.addClassCleanup(cls.postgres.close)
        cls.count = 0

    def setUp(self):
        type(self).count += 1
        self.home = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        self.store = self.redis.url(prefix=f"migrate-{self.count}")
        self.audit = self.postgres.url(schema=f"migrate_{self.count}", sslmode="prefer")
        self.elsewhere = ("--store", self.store, "--audit", self.audit)
        self.live, self.spent, self.guarded = [], [], []

    def fill(self, arguments=()):
        with Service(self.home, arguments) as service:
            client = service.client()
            for number in range(LIVE):
                self.live.append(client.create(f"secret {number} " + "x" * (number % 3 * 2000), ttl_seconds=86_400))
            for number in range(SPENT):
                self.spent.append(client.create(f"spent {number}"))
                self.assertEqual(client.retrieve(self.spent[-1])[0], 200)
            for number in range(GUARDED):
                self.guarded.append(client.create(f"guarded {number}", passphrase="right", ttl_seconds=86_400))
            client.close()
            self.assertEqual(service.stop(), 0)

    def migrate(self, *ends):
        return ("migrate", "--data-dir", self.home / "data", "--key-file", self.home / "keyring", *ends)

    def to_servers(self):
        return self.migrate("--from", "rocksdb:", "--from", "sqlite:", "--to", self.store, "--to", self.audit)

    def check_all_is_there(self, arguments, audit_log=None):
        """Every live secret opens once, every spent one is known as spent, and the log is whole."""
        with Service(self.home, arguments) as service:
            client = service.client()
            for number, key in enumerate(self.live):
                expected = f"secret {number} " + "x" * (number % 3 * 2000)
                self.assertEqual(client.retrieve(key), (200, {"secret": expected}))
                self.assertEqual(client.retrieve(key)[0], 410)
            for key in self.spent:
                self.assertEqual(client.retrieve(key)[0], 410)
            for key in self.guarded:
                self.assertEqual(client.delete(key, "wrong")[0], 403)
                self.assertEqual(client.delete(key, "right")[0], 200)
            client.close()
            self.assertEqual(service.stop(), 0)
        log = audit_log or AuditLog("--key-file", self.home / "keyring", "--data-dir", self.home / "data")
        verdict, code = log.verify()
        self.assertEqual((verdict["ok"], code), (True, 0), verdict)
        actions = [row["action"] for row in log.rows()]
        self.assertEqual(actions.count("created"), LIVE + SPENT + GUARDED)
        self.assertEqual(actions.count("retrieved"), LIVE + SPENT)
        self.assertEqual(actions.count("deleted"), GUARDED)

    def assert_refused(self, arguments, words):
        with self.assertRaises(StartError) as refused:
            Service(self.home, arguments).kill()
        self.assertIn(words, refused.exception.output)

    def elsewhere_log(self):
        return AuditLog("--key-file", self.home / "keyring", "--audit", self.audit)

    def test_everything_moves_to_the_servers_and_nothing_can_be_read_where_it_was(self):
        self.fill()
        done = run(*self.to_servers(), "--json")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        moved = json.loads(done.stdout)
        self.assertEqual((moved["secrets"], moved["resumed"]), (LIVE + SPENT + GUARDED, False))
        self.assert_refused((), "was moved to another")
        self.check_all_is_there(self.elsewhere, self.elsewhere_log())

    def test_everything_moves_back(self):
        self.fill(self.elsewhere)
        done = run(*self.migrate("--from", self.store, "--from", self.audit, "--to", "rocksdb:", "--to", "sqlite:"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assert_refused(self.elsewhere, "was moved to another")
        self.check_all_is_there(())

    def test_a_move_that_is_killed_again_and_again_goes_on_and_loses_nothing(self):
        self.fill()
        kills = 0
        while True:
            process = subprocess.Popen([EXECUTABLE, *map(str, self.to_servers())], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            try:
                output, errors = process.communicate(timeout=0.005 * (1 + kills))  # a little further each time
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                kills += 1
                continue
            self.assertEqual(process.returncode, 0, errors)
            break
        self.assertGreater(kills, 0)
        self.assert_refused((), "was moved to another")
        self.check_all_is_there(self.elsewhere, self.elsewhere_log())

    def test_a_service_that_runs_keeps_its_folder(self):
        self.fill()
        with Service(self.home):
            done = run(*self.to_servers())
            self.assertEqual(done.returncode, 1)
            self.assertIn("stop the service first", done.stderr)
        self.check_all_is_there(())

    def test_nodes_that_still_run_are_refused_from_the_moment_the_store_leaves(self):
        self.fill(self.elsewhere)
        with Service(self.home / "other", self.elsewhere, key_file=self.home / "keyring") as node:
            done = run(*self.migrate("--from", self.store, "--to", "rocksdb:"))
            self.assertEqual(done.returncode, 0, done.stderr)
            client = node.client()
            self.assertIn(client.retrieve(self.live[0])[0], (404, 503))
            self.assertEqual(client.json("POST", "/api/v1/secret", {"secret": "late"})[0], 503)
            client.close()
        self.check_all_is_there(("--audit", self.audit), self.elsewhere_log())

    def test_a_run_that_was_frozen_changes_nothing_after_another_has_ended_the_move(self):
        self.fill(self.elsewhere)
        other = self.redis.url(prefix=f"other-{self.count}")
        ends = ("--key-file", self.home / "keyring", "--from", self.store, "--to", other)
        frozen = subprocess.Popen([EXECUTABLE, "migrate", "--data-dir", self.home / "a", *map(str, ends)],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            while int(self.redis.cli("ZCARD", f"{{other-{self.count}}}:due")) < 20:
                self.assertIsNone(frozen.poll(), "it ended before it could be frozen")
            frozen.send_signal(signal.SIGSTOP)
            done = run("migrate", "--data-dir", self.home / "b", *ends)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            with Service(self.home / "b", ("--store", other, "--audit", self.audit),
                         key_file=self.home / "keyring") as node:
                client = node.client()
                self.assertEqual({client.retrieve(key)[0] for key in self.live}, {200})
                frozen.send_signal(signal.SIGCONT)
                _, errors = frozen.communicate(timeout=30)
                self.assertEqual(frozen.returncode, 1)
                self.assertIn("another migrate goes on", errors)
                self.assertEqual({client.retrieve(key)[0] for key in self.live + self.spent}, {410})
                self.assertEqual({client.delete(key, "right")[0] for key in self.guarded}, {200})
                client.close()
        finally:
            frozen.kill()
            frozen.communicate()

    def test_one_log_under_two_names_is_not_moved_onto_itself(self):
        self.fill()
        done = run(*self.migrate("--from", "sqlite:", "--to", f"sqlite:{self.home}/data/../data/audit.db"))
        self.assertIn("the same place", done.stderr)
        self.assertEqual(run(*self.to_servers()).returncode, 0)
        spelled = self.audit + "&application_name=other"
        done = run(*self.migrate("--from", self.audit, "--to", spelled))
        self.assertEqual(done.returncode, 1)
        self.assertIn("the same place", done.stderr)
        done = run(*self.migrate("--from", self.store, "--to", self.store + "&timeout_ms=1999"))
        self.assertEqual(done.returncode, 1)
        self.check_all_is_there(self.elsewhere, self.elsewhere_log())

    def test_a_log_of_another_data_folder_is_not_taken_from_under_its_service(self):
        self.fill()
        ends = ("--from", f"sqlite:{self.home}/data/audit.db", "--to", self.audit)
        with Service(self.home):
            done = run("migrate", "--data-dir", self.home / "b", "--key-file", self.home / "keyring", *ends)
            self.assertEqual(done.returncode, 1)
            self.assertIn("stop the service first", done.stderr)
        self.check_all_is_there(())

    def test_a_log_goes_to_and_fro_and_was_moved_only_to_where_it_is(self):
        self.fill()
        there, back = ("--from", "sqlite:", "--to", self.audit), ("--from", self.audit, "--to", "sqlite:")
        rows = len(AuditLog("--key-file", self.home / "keyring", "--data-dir", self.home / "data").rows())
        for ends in (there, there, back, back, there, back, there):
            done = run(*self.migrate(*ends))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f"moved {rows} rows", done.stdout)
        other = self.postgres.url(schema=f"other_{self.count}", sslmode="prefer")
        done = run(*self.migrate("--from", "sqlite:", "--to", other))
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout, "")
        self.check_all_is_there(("--audit", self.audit), self.elsewhere_log())

    def test_what_cannot_be_moved_is_one_clear_line(self):
        self.fill()
        other = self.redis.url(prefix=f"other-{self.count}")
        for ends, words in (
                (("--from", "rocksdb:", "--to", self.audit), "a store goes to a store"),
                (("--from", "rocksdb:", "--from", "rocksdb:/x", "--to", other), "one store and one audit log"),
                (("--from", "rocksdb:", "--to", "rocksdb:"), "the same place"),
                (("--from", "ftp://x", "--to", other), "a store is rocksdb:FOLDER"),
                (("--from", "sqlite:/x/log.db", "--to", self.audit), "its file audit.db"),
                (("--from", other, "--to", "rocksdb:"), "there is no store"),
                (("--from", f"rocksdb:{self.home}/nothing", "--to", other), "there is no store"),
                (("--from", self.audit, "--to", "sqlite:"), "there is no audit log here")):
            with self.subTest(words):
                done = run(*self.migrate(*ends))
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(words, done.stderr)
                self.assertEqual(done.stdout, "")
                self.assertLessEqual(len(done.stderr.splitlines()), 2)
        self.assertFalse((self.home / "nothing").exists())
        self.check_all_is_there(())


if __name__ == "__main__":
    unittest.main()

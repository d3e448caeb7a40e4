"""`audit` and `audit verify` while the server writes."""

import datetime
import json
import re
import threading

from fixture import DELETED, DENIED, ServiceCase
from service import run
from suite import wait_until

UUID8 = r"^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"


class AuditTest(ServiceCase):
    """One history for all tests: retrieved, deleted, denied until locked, expired."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        client = cls.service.client()
        cls.retrieved = client.create("a", ttl_seconds=60)
        cls.deleted = client.create("b")
        cls.locked = client.create("c", passphrase="right")
        cls.expired = client.create("d", ttl_seconds=1)
        assert client.retrieve(cls.retrieved)[0] == 200
        assert client.delete(cls.deleted) == DELETED
        for attempt in range(5):
            assert client.delete(cls.locked, f"wrong {attempt}") == DENIED
        assert client.delete(cls.locked, "right")[0] == 429
        cls.rows = wait_until(lambda: (rows := cls.service.audit()) and len(rows) == 13 and rows, 20, "13 audit rows")

    def actions(self, *arguments):
        return [row["action"] for row in self.service.audit(*arguments)]

    def text(self, *arguments):
        done = run("audit", "--data-dir", self.service.data_dir, "--key-file", self.service.key_file, *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.splitlines()

    def test_every_operation_has_its_row(self):
        self.assertEqual([row["action"] for row in self.rows],
                         ["created"] * 4 + ["retrieved", "deleted"] + ["denied"] * 5 + ["locked", "expired"])

    def test_rows_have_what_the_specification_asks_for(self):
        for number, row in enumerate(self.rows, start=1):
            with self.subTest(row=row):
                self.assertEqual(sorted(row), ["action", "created_at", "event_id", "extra_data", "id", "ip_address",
                                               "secret_key"])
                self.assertEqual(row["id"], number)
                self.assertRegex(row["secret_key"], UUID8)
                self.assertEqual(row["ip_address"], "" if row["action"] == "expired" else "127.0.0.1")
                age = datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromisoformat(
                    row["created_at"].replace("Z", "+00:00"))
                self.assertLess(abs(age.total_seconds()), 60)
                self.assertIsInstance(row["extra_data"], dict)
        self.assertEqual(len({row["event_id"] for row in self.rows}), 13)
        self.assertEqual(len({row["secret_key"] for row in self.rows}), 4)
        self.assertEqual(self.rows[0]["extra_data"], {"ttl_seconds": 60, "passphrase": False})
        self.assertEqual(self.rows[2]["extra_data"], {"ttl_seconds": 300, "passphrase": True})

    def test_a_key_finds_the_rows_of_its_secret_and_no_row_shows_the_key(self):
        for key, actions in ((self.retrieved, ["created", "retrieved"]), (self.deleted, ["created", "deleted"]),
                             (self.locked, ["created"] + ["denied"] * 5 + ["locked"]),
                             (self.expired, ["created", "expired"]), (self.retrieved.upper(), ["created", "retrieved"]),
                             ("550e8400-e29b-41d4-a716-446655440000", [])):
            with self.subTest(actions=actions):
                self.assertEqual(self.actions("--secret-key", key), actions)
        everything = json.dumps(self.rows) + "\n".join(self.text())
        for key in (self.retrieved, self.deleted, self.locked, self.expired):
            self.assertNotIn(key, everything)

    def test_filters_choose_rows(self):
        for arguments, actions in (
                (("--action", "denied"), ["denied"] * 5),
                (("--action", "expired"), ["expired"]),
                (("--limit", "2"), ["locked", "expired"]),
                (("--limit", "1", "--action", "created"), ["created"]),
                (("--since", "1h", "--action", "locked"), ["locked"]),
                (("--since", "2020-01-01", "--action", "locked"), ["locked"]),
                (("--since", "2020-01-01T00:00:00Z", "--action", "locked"), ["locked"]),
                (("--since", "2999-01-01"), []),
                (("--since", self.rows[-1]["created_at"][:19] + "Z", "--action", "expired"), ["expired"]),
                (("--secret-key", self.locked, "--action", "denied", "--limit", "3"), ["denied"] * 3)):
            with self.subTest(arguments=arguments):
                self.assertEqual(self.actions(*arguments), actions)

    def test_the_newest_rows_come_last(self):
        self.assertEqual([row["id"] for row in self.service.audit("--limit", "3")], [11, 12, 13])

    def test_text_output_is_one_line_a_row_for_people(self):
        lines = self.text("--limit", "13")
        self.assertEqual(len(lines), 13)
        for line, row in zip(lines, self.rows):
            with self.subTest(line=line):
                self.assertTrue(line.startswith(row["created_at"]))
                self.assertIn(row["secret_key"], line)
                self.assertRegex(line, rf"\b{row['action']}\b")
                self.assertNotIn("\x1b", line)
        self.assertEqual(self.text("--action", "created", "--since", "2999-01-01"), [])


class VerifyTest(ServiceCase):
    def test_verify_holds_while_the_server_writes(self):
        stop = threading.Event()

        def write():
            client = self.service.client()
            while not stop.is_set():
                client.create("noise")

        writer = threading.Thread(target=write)
        writer.start()
        try:
            wait_until(lambda: len(self.service.audit()) >= 5, 10, "the first rows")
            for _ in range(10):
                report, code = self.service.audit_verify()
                self.assertEqual((code, report["ok"], report["first_bad_id"]), (0, True, 0), report)
                self.assertGreaterEqual(report["rows"], 5)
                self.assertEqual(len(self.service.audit("--limit", "5")), 5)
        finally:
            stop.set()
            writer.join()
        done = run("audit", "verify", "--data-dir", self.service.data_dir, "--key-file", self.service.key_file)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(re.search(r"\d+ rows", done.stdout), done.stdout)

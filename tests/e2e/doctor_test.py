"""`doctor`: a line for each check, and an exit code that a script can use."""

import datetime
import json
import os
import shutil
import sqlite3
import unittest

import certificates
from fixture import temporary_folder
from service import Service, run

CHECKS = ["configuration", "certificate", "permissions", "disk", "clock", "keyring", "creators", "page", "store",
          "audit log", "ledger", "webhooks", "limits", "memory", "sandbox"]


class DoctorTest(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)
        self.data, self.key_file = self.folder / "data", self.folder / "keyring"

    def examine(self, *arguments):
        """(exit code, {check: finding})"""
        result = run("doctor", "--json", "--data-dir", self.data, "--key-file", self.key_file, *arguments)
        self.assertEqual(result.stderr, "")
        findings = [json.loads(line) for line in result.stdout.splitlines()]
        self.assertEqual([finding["check"] for finding in findings], CHECKS)
        return result.returncode, {finding["check"]: finding for finding in findings}

    def serve(self):
        with Service(self.folder) as service:
            client = service.client()
            client.retrieve(client.create("x"))
            service.stop()

    def assert_finding(self, check, verdict, text, *arguments):
        code, findings = self.examine(*arguments)
        self.assertEqual(findings[check]["verdict"], verdict, findings[check])
        self.assertIn(text, findings[check]["text"])
        self.assertEqual(code, 1 if verdict == "failed" else 0)
        self.assertEqual(verdict == "ok", findings[check]["hint"] == "", findings[check])

    def test_beside_a_service_that_runs_all_is_well_but_for_what_the_machine_lacks(self):
        with Service(self.folder) as service:
            client = service.client()
            for _ in range(50):
                client.create("x")
            code, findings = self.examine()
            self.assertEqual(code, 0)
            for check in ("configuration", "certificate", "permissions", "disk", "keyring", "creators", "store", "audit log"):
                self.assertEqual(findings[check]["verdict"], "ok", findings[check])
            self.assertIn("50 secrets", findings["store"]["text"])

    def test_in_a_pipe_there_is_a_line_for_each_check_and_nothing_else(self):
        self.serve()
        result = run("doctor", "--data-dir", self.data, "--key-file", self.key_file)
        self.assertEqual(len(result.stdout.splitlines()), len(CHECKS))
        for line, check in zip(result.stdout.splitlines(), CHECKS):
            self.assertRegex(line, rf"^(ok |warning|FAILED) +{check} ")

    def test_each_fault_is_found(self):
        def lose_keyring():
            self.key_file.unlink()

        def other_keyring():
            self.key_file.unlink()
            run("keys", "create", "--key-file", self.key_file)

        def edit_audit_log():
            database = sqlite3.connect(self.data / "audit.db")
            database.execute("UPDATE secret_logs SET ip_address = '192.0.2.9' WHERE id = 1")
            database.commit()
            database.close()

        def newer_row():
            database = sqlite3.connect(self.data / "audit.db")
            database.execute("UPDATE secret_logs SET created_at = '2999-01-01T00:00:00.000Z'")
            database.commit()
            database.close()

        def damage_store():
            for path in (self.data / "store").glob("MANIFEST-*"):
                path.write_bytes(b"\0" * 100)

        def half_restore():
            (self.data / "restoring").mkdir()
            shutil.rmtree(self.data / "store")

        def lose_current():
            (self.data / "store" / "CURRENT").unlink()

        def lose_audit_log():
            for path in self.data.glob("audit.db*"):
                path.unlink()

        def lose_store():
            shutil.rmtree(self.data / "store")

        def put_back_audit_log():
            shutil.copy(self.data / "audit.db", self.folder / "earlier")
            self.serve()
            shutil.copy(self.folder / "earlier", self.data / "audit.db")

        def damage_epochs():
            (self.data / "epochs").write_text("nonsense\n")

        def damage_tokens():
            run("token", "create", "--data-dir", self.data)
            (self.data / "tokens").write_text("nonsense\n")

        def rotate():
            run("keys", "rotate", "--data-dir", self.data, "--key-file", self.key_file)

        table = (
            (lose_keyring, "keyring", "failed", "does not exist"),
            (other_keyring, "store", "failed", "does not belong"),
            (edit_audit_log, "audit log", "failed", "was changed"),
            (newer_row, "clock", "failed", "2999"),
            (damage_store, "store", "failed", "RocksDB"),
            (half_restore, "store", "failed", "a restore did not end"),
            (lose_current, "store", "failed", "CURRENT"),
            (lose_audit_log, "audit log", "failed", "there was one"),
            (lose_store, "store", "failed", "there was one"),
            (put_back_audit_log, "audit log", "failed", "earlier state"),
            (damage_epochs, "keyring", "failed", "line 1"),
            (damage_tokens, "creators", "failed", "line 1"),
            (rotate, "keyring", "warning", "still uses epoch 1"),
            (lambda: os.chmod(self.data, 0o755), "permissions", "warning", "open to other users"),
            (lambda: os.chmod(self.key_file, 0o644), "keyring", "failed", "open to others"),
        )
        for fault, check, verdict, text in table:
            with self.subTest(check=check, text=text):
                shutil.rmtree(self.data, ignore_errors=True)
                self.key_file.unlink(missing_ok=True)
                self.serve()
                fault()
                self.assert_finding(check, verdict, text)

    def test_options_that_do_not_fit_the_machine_are_found(self):
        self.serve()
        authority = certificates.Authority(self.folder)
        now = datetime.datetime.now(datetime.timezone.utc)
        lasting, ending, over = (authority.issue(name, (now + datetime.timedelta(days=days)).strftime("%Y%m%d%H%M%SZ"))
                                 for name, days in (("lasting", 90), ("ending", 5), ("over", -1)))

        def tls(pair):
            return "--tls-cert", pair.certificate, "--tls-key", pair.key

        webhook_key = self.folder / "webhook-key"
        webhook_key.write_text("whsec_" + "A" * 42 + "E=\n")
        webhook_key.chmod(0o600)

        def webhook(url, *more, key=webhook_key):
            return "--webhook-url", url, "--webhook-key-file", key, *more

        table = (
            ((), "webhooks", "ok", "nobody is called"),
            (webhook("https://127.0.0.1:1/", "--webhook-allow", "127.0.0.1"), "webhooks", "ok", "nobody was called"),
            (webhook("https://localhost/"), "webhooks", "failed", "no address that may be called"),
            (webhook("https://127.0.0.1/", key=self.folder / "missing"), "webhooks", "failed", "does not exist"),
            (("--disk-reserve-bytes", "1000G"), "disk", "failed", "less than --disk-reserve-bytes"),
            (("--connections-max", "1000000"), "limits", "warning", "1000000"),
            (("--no-sandbox",), "sandbox", "warning", "off"),
            (("--webhooks", "everybody", "--webhook-allow", "10.0.0.0/8"), "webhooks", "warning", "allows nothing"),
            (("--page-name", "Bank"), "page", "ok", "named 'Bank'"),
            (("--page-logo", self.folder / "nothing.svg"), "page", "failed", "nothing.svg"),
            (("--creators", "token,10.0.0.0/8"), "creators", "warning", "token,10.0.0.0/8; 0 tokens of 0 valid"),
            (tls(lasting), "certificate", "ok", "valid until"),
            (tls(ending), "certificate", "warning", "valid until"),
            (tls(over), "certificate", "failed", "expired"),
            (("--tls-cert", "/nonexistent", "--tls-key", "/nonexistent"), "certificate", "failed", "/nonexistent"),
        )
        for arguments, check, verdict, text in table:
            with self.subTest(arguments=arguments):
                self.assert_finding(check, verdict, text, *arguments)

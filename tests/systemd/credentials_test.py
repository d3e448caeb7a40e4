"""Keyring and TLS key come as credentials: copies in memory that root made, and that only the service can read."""

import errno
import os
import pathlib
import ssl
import tempfile

from certificates import Authority
from fixture import DATA, KEYRING, PORT, InstalledCase
from machine import UNIT
from seen_by import error_of_reading
from service import Client

CREDENTIALS = f"/run/credentials/{UNIT}"
USE_TLS = "[Service]\nEnvironment=DISPOSABLE_SECRETS_TLS_CERT=%d/tls-cert DISPOSABLE_SECRETS_TLS_KEY=%d/tls-key\n"


class CredentialsTest(InstalledCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.authority = Authority(folder)

    def credentials(self):
        return pathlib.Path(f"/proc/{self.pid()}/root{CREDENTIALS}")

    def test_the_keyring_is_read_from_the_credential(self):
        command = pathlib.Path(f"/proc/{self.pid()}/cmdline").read_text().split("\0")
        self.assertEqual(command[command.index("--key-file") + 1], f"{CREDENTIALS}/keyring")
        original = self.machine.root / KEYRING[1:]
        self.assertEqual((self.credentials() / "keyring").read_bytes(), original.read_bytes())
        self.assertEqual((original.stat().st_uid, original.stat().st_mode & 0o777), (0, 0o600))
        self.assertEqual(os.statvfs(self.credentials()).f_flag & os.ST_RDONLY, os.ST_RDONLY)
        mounts = pathlib.Path(f"/proc/{self.pid()}/mountinfo").read_text().splitlines()
        self.assertIn("ramfs", next(line for line in mounts if f" {CREDENTIALS} " in line))  # never in swap

    def test_the_user_of_the_service_cannot_read_the_file_itself(self):
        self.assertEqual(error_of_reading(self.pid(), f"{CREDENTIALS}/keyring"), 0)
        self.assertIn(error_of_reading(self.pid(), KEYRING), (errno.EACCES, errno.ENOENT))
        done = self.machine.run("setpriv", "--reuid=disposable-secrets", "--clear-groups", "--regid=disposable-secrets",
                                "cat", KEYRING, check=False)  # also outside of the unit
        self.assertIn("Permission denied", done.stderr)

    def test_credentials_that_are_not_there_are_passed_over(self):
        self.assertEqual([path.name for path in self.credentials().iterdir()], ["keyring"])
        self.assert_active()

    def test_a_rotated_keyring_is_in_use_after_a_restart(self):
        before = self.client.create("before")
        self.client.close()
        self.machine.run("disposable-secrets", "keys", "rotate", "--data-dir", DATA, "--key-file", KEYRING)
        self.machine.systemctl("restart", UNIT)
        self.assertIn("epoch 2 ", (self.machine.root / DATA[1:] / "epochs").read_text())
        after = self.client.create("after")
        for key, secret in ((before, "before"), (after, "after")):
            self.assertEqual(self.client.retrieve(key), (200, {"secret": secret}))

    def use(self, pair):
        for name, file in (("tls-cert", pair.certificate), ("tls-key", pair.key)):
            self.machine.write(f"/etc/credstore/{name}", file.read_text(), mode=0o600)
        self.machine.systemctl("restart", UNIT)

    def test_tls_works_with_certificate_and_key_from_credentials_and_a_restart_renews_them(self):
        self.machine.drop_in(USE_TLS)
        self.addCleanup(self.machine.run, "sh", "-c", f"rm -r /etc/credstore && systemctl revert {UNIT} && "
                                                      f"systemctl restart {UNIT}")
        seen = []
        for name in ("first", "second"):
            pair = self.authority.issue(name)
            self.use(pair)
            client = Client(PORT, context=self.authority.context())
            self.assertEqual(client.retrieve(client.create(name)), (200, {"secret": name}))
            seen.append(client.connection.sock.getpeercert(True))
            self.assertEqual(seen[-1], ssl.PEM_cert_to_DER_cert(pair.certificate.read_text()))
            client.close()
        self.assertNotEqual(*seen)
        self.assertEqual({path.name for path in self.credentials().iterdir()}, {"keyring", "tls-cert", "tls-key"})
        self.machine.systemctl("reload", UNIT)  # there is nothing new to read, and nothing to complain about
        self.wait_for_line("reloaded")
        self.assertEqual([line for line in self.lines() if line["level"] in ("warning", "error")], [])

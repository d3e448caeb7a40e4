"""New certificates while the service runs: 100 swaps under load lose no request, and a bad one changes nothing."""

import os
import pathlib
import shutil
import signal
import socket
import time

from certificates import Authority, encoded
from fixture import FrontCase
from load import Load
from suite import figure, wait_until

SWAPS = 100


class CertificatesTest(FrontCase):
    def setUp(self):
        super().setUp()
        self.authority = Authority(self.folder)
        self.certificate, self.key = self.folder / "tls.pem", self.folder / "tls.key"
        self.good = self.authority.issue("good")
        self.install(self.good.certificate, self.good.key)
        self.service = self.start("--tls-cert", str(self.certificate), "--tls-key", str(self.key))
        self.context = self.authority.context()

    def install(self, certificate, key):
        """Both files by rename, so that the service never reads half of one."""
        for source, target in ((certificate, self.certificate), (key, self.key)):
            new = pathlib.Path(f"{target}.new")
            shutil.copyfile(source, new)
            new.chmod(0o600)
            new.rename(target)

    def reload(self):
        os.kill(self.service.pid, signal.SIGHUP)

    def served(self):
        """What a new connection is shown (DER)."""
        with socket.create_connection(("127.0.0.1", self.service.port), 5) as plain:
            with self.context.wrap_socket(plain, server_hostname="localhost") as connection:
                return connection.getpeercert(binary_form=True)

    def test_no_request_fails_while_certificates_are_swapped(self):
        pairs = [self.authority.issue(f"swap-{number}") for number in range(10)]
        with Load(f"https://127.0.0.1:{self.service.port}/healthz", "summary.lua", 32) as reads, \
                Load(f"https://127.0.0.1:{self.service.port}/", "create.lua", 1) as creates:
            began = time.monotonic()
            for number in range(SWAPS):
                pair = pairs[number % len(pairs)]
                self.install(pair.certificate, pair.key)
                self.reload()
                wait_until(lambda wanted=encoded(pair.certificate): self.served() == wanted, 5, "the new one is served")
            seconds = time.monotonic() - began
            read, created = reads.end(), creates.end()
        figure(f"{SWAPS} certificates in {seconds:.1f} s under load: {read['requests']} requests and {created['requests']} "
               f"creates, failed {read['failed'] or 'none'} and {created['failed'] or 'none'}")
        self.assertEqual((read["failed"], created["failed"]), ({}, {}))
        self.assertGreater(read["requests"], SWAPS)
        self.assertGreater(created["requests"], 0)
        self.assert_stops(self.service)

    def test_connections_outlive_a_new_certificate(self):
        with socket.create_connection(("127.0.0.1", self.service.port), 5) as plain, \
                self.context.wrap_socket(plain, server_hostname="localhost") as kept:
            new = self.authority.issue("new")
            self.install(new.certificate, new.key)
            self.reload()
            wait_until(lambda: self.served() == encoded(new.certificate), 5, "the new one is served")
            kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertTrue(kept.recv(4096).startswith(b"HTTP/1.1 200 "))
        self.assert_stops(self.service)

    def bad_pairs(self):
        """[(what is wrong, certificate, key)]"""
        other = self.authority.issue("other")
        old = self.authority.issue("old", ends="20210101000000Z")
        files = {"garbage": b"\x00garbage\n" * 50, "empty": b"", "cut": self.good.certificate.read_bytes()[:300]}
        for name, content in files.items():
            (self.folder / name).write_bytes(content)
        return (("the key of another certificate", self.good.certificate, other.key), ("expired", old.certificate, old.key),
                ("garbage for a certificate", self.folder / "garbage", other.key),
                ("garbage for a key", other.certificate, self.folder / "garbage"),
                ("an empty certificate", self.folder / "empty", other.key),
                ("half a certificate", self.folder / "cut", self.good.key),
                ("a key for a certificate", self.good.key, self.good.key))

    def complaints(self):
        return [line for line in self.service.log if '"level":"info"' not in line and '"level":"debug"' not in line]

    def assert_refused(self):
        """One line says so, and the good one is still served."""
        before = len(self.complaints())
        self.reload()
        wait_until(lambda: len(self.complaints()) > before, 5, "a line in the log")
        self.assertEqual(self.served(), encoded(self.good.certificate))
        new = self.complaints()[before:]
        self.assertEqual(len(new), 1, new)
        self.assertRegex(new[0], "certificate|key")
        self.assertNotIn("PRIVATE", new[0])

    def test_a_bad_certificate_keeps_the_old_one_and_says_so_in_one_line(self):
        for what, certificate, key in self.bad_pairs():
            with self.subTest(what=what):
                self.install(certificate, key)
                self.assert_refused()
        with self.subTest(what="no file"):
            self.certificate.unlink()
            self.assert_refused()
        # None of this keeps a good one out.
        new = self.authority.issue("new")
        self.install(new.certificate, new.key)
        self.reload()
        wait_until(lambda: self.served() == encoded(new.certificate), 5, "the new one is served")
        self.assert_stops(self.service)

"""TLS: which versions are spoken, how certificates are replaced, and what a bad one does. See also tests/front."""

import contextlib
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
import unittest

from certificates import Authority, encoded
from fixture import temporary_folder
from refusal_test import FAILURE, USAGE, RefusalTest as Refusals
from service import EXECUTABLE, Service
from suite import wait_until

GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
KEPT, READ = "the old certificate stays in use", "the certificate was read again"


def connect(service, context):
    """A TLS connection; the caller closes it."""
    plain = socket.create_connection(("127.0.0.1", service.port), 10)
    try:
        return context.wrap_socket(plain, server_hostname="localhost")
    except BaseException:
        plain.close()
        raise


def served(service, context):
    """What a new connection is shown (DER)."""
    with connect(service, context) as connection:
        return connection.getpeercert(binary_form=True)


def messages(service, *wanted):
    return [entry for entry in map(json.loads, service.log) if entry["message"] in wanted]


def reload(service, outcome):
    """SIGHUP, and the line about the certificate, which has to be this outcome."""
    before = len(messages(service, KEPT, READ))
    os.kill(service.pid, signal.SIGHUP)
    line = wait_until(lambda: messages(service, KEPT, READ)[before:], 5, outcome)[0]
    if line["message"] != outcome:
        raise AssertionError(line)
    return line


class TlsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = temporary_folder(cls)
        cls.authority = Authority(cls.folder)
        cls.context = cls.authority.context()
        cls.good = cls.authority.issue("good")
        cls.service = Service(cls.folder, ("--listen", "http://127.0.0.1:0", "--tls-cert", str(cls.good.certificate),
                                           "--tls-key", str(cls.good.key)))
        cls.addClassCleanup(cls.service.kill)

    @classmethod
    def tearDownClass(cls):
        code = cls.service.stop()
        assert code == 0, f"the service ended with {code}: {cls.service.log[-5:]}"

    def limited(self, version):
        context = self.authority.context()
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        return context

    def test_tls_1_2_and_1_3_are_spoken_with_aead_suites(self):
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            with self.subTest(version=name), connect(self.service, self.limited(version)) as connection:
                self.assertEqual(connection.version(), name)
                self.assertRegex(connection.cipher()[0], "GCM|CHACHA20")
                connection.sendall(GET)
                self.assertTrue(connection.recv(4096).startswith(b"HTTP/1.1 200 "))

    def test_older_versions_and_other_suites_are_refused(self):
        cbc = self.limited(ssl.TLSVersion.TLSv1_2)
        cbc.set_ciphers("ECDHE+AES:!AESGCM:!AESCCM:@SECLEVEL=0")
        for what, context in (("1.0", self.limited(ssl.TLSVersion.TLSv1)), ("1.1", self.limited(ssl.TLSVersion.TLSv1_1)),
                              ("CBC", cbc)):
            with self.subTest(what), self.assertRaises(ssl.SSLError) as raised:
                connect(self.service, context)
            # The service says so: it is not the client that refuses to begin.
            self.assertRegex(str(raised.exception), "(?i)alert")

    def test_an_answer_that_ends_the_connection_is_followed_by_the_end_that_tls_has_of_its_own(self):
        for request in (b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"x\r\n\r\n"):
            plain = socket.create_connection(("127.0.0.1", self.service.port), timeout=10)
            with self.context.wrap_socket(plain, server_hostname="127.0.0.1", suppress_ragged_eofs=False) as client:
                client.sendall(request)
                while client.recv(4096):  # raises ssl.SSLEOFError for an end that anybody can forge
                    pass

    def test_http_on_the_port_of_https_is_closed_without_an_answer(self):
        with socket.create_connection(("127.0.0.1", self.service.port), 10) as plain:
            plain.sendall(GET)
            received = b""
            with contextlib.suppress(ConnectionResetError):
                while chunk := plain.recv(4096):
                    received += chunk
        self.assertNotIn(b"HTTP", received)

    def test_a_handshake_has_a_deadline_in_fractions_of_a_second(self):
        arguments = ("--tls-cert", str(self.good.certificate), "--tls-key", str(self.good.key), "--handshake-timeout", "0.3")
        with Service(temporary_folder(self), arguments) as service:
            for sent in (b"", b"\x16", b"\x16\x03\x01\x00\xc8\x01"):  # up to the type of a ClientHello
                with self.subTest(sent=sent), socket.create_connection(("127.0.0.1", service.port), 10) as plain:
                    began = time.monotonic()
                    plain.sendall(sent)
                    with contextlib.suppress(ConnectionResetError):
                        self.assertEqual(plain.recv(4096), b"")
                    taken = time.monotonic() - began
                    self.assertGreater(taken, 0.25)
                    self.assertLess(taken, 3, "every other deadline is longer")
            self.assertEqual(service.stop(), 0)

    def test_http_and_https_may_be_served_side_by_side(self):
        addresses = wait_until(lambda: len(messages(self.service, "listening")) == 2 and
                               [entry["address"] for entry in messages(self.service, "listening")], 5, "two listeners")
        self.assertEqual([address.split(":")[0] for address in addresses], ["https", "http"])
        port = int(addresses[1].rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port), 10) as plain:
            plain.sendall(GET)
            self.assertTrue(plain.recv(4096).startswith(b"HTTP/1.1 200 "))

    def test_the_access_log_says_which_version_was_spoken(self):
        with connect(self.service, self.limited(ssl.TLSVersion.TLSv1_3)) as connection:
            connection.sendall(GET)
            connection.recv(4096)
        wait_until(lambda: [entry for entry in messages(self.service, "request") if entry.get("tls") == "TLSv1.3"], 5,
                   "the line of the request")


class ReplacementTest(unittest.TestCase):
    """Under the sandbox: what is read again must have been foreseen when the process was confined."""

    def setUp(self):
        self.folder = temporary_folder(self)
        self.authority = Authority(self.folder)
        self.context = self.authority.context()
        self.first, self.second = self.authority.issue("first"), self.authority.issue("second")

    def start(self, certificate, key):
        service = Service(self.folder, ("--tls-cert", str(certificate), "--tls-key", str(key)))
        self.addCleanup(service.kill)
        self.assertEqual(served(service, self.context), encoded(self.first.certificate))
        return service

    def assert_swapped(self, service, kept):
        reload(service, READ)
        self.assertEqual(served(service, self.context), encoded(self.second.certificate))
        kept.sendall(GET)
        self.assertTrue(kept.recv(4096).startswith(b"HTTP/1.1 200 "), "an old connection goes on")
        self.assertEqual(service.stop(), 0)

    def test_files_may_be_replaced_by_rename(self):
        live = self.folder / "live"
        live.mkdir()
        for source, name in zip(self.first, ("tls.pem", "tls.key")):
            shutil.copy(source, live / name)
        service = self.start(live / "tls.pem", live / "tls.key")
        with connect(service, self.context) as kept:
            for source, name in zip(self.second, ("tls.pem", "tls.key")):
                shutil.copy(source, live / "new")
                os.chown(live / "new", live.stat().st_uid, live.stat().st_gid)  # the service may be another user
                (live / "new").rename(live / name)
            self.assert_swapped(service, kept)

    def test_links_may_be_switched_as_certbot_does(self):
        live, archive = self.folder / "etc/live/name", self.folder / "etc/archive/name"
        live.mkdir(parents=True)
        archive.mkdir(parents=True)
        for number, pair in enumerate((self.first, self.second), 1):
            shutil.copy(pair.certificate, archive / f"fullchain{number}.pem")
            shutil.copy(pair.key, archive / f"privkey{number}.pem")
        names = ("fullchain", "privkey")
        for name in names:
            (live / f"{name}.pem").symlink_to(f"../../archive/name/{name}1.pem")
        service = self.start(*(live / f"{name}.pem" for name in names))
        with connect(service, self.context) as kept:
            for name in names:
                (live / f"{name}.pem").unlink()
                (live / f"{name}.pem").symlink_to(f"../../archive/name/{name}2.pem")
            self.assert_swapped(service, kept)

    def test_a_linked_folder_may_be_switched_as_kubernetes_does(self):
        mount = self.folder / "mount"
        mount.mkdir()
        for version, pair in (("..1", self.first), ("..2", self.second)):
            (mount / version).mkdir()
            for source, name in zip(pair, ("tls.crt", "tls.key")):
                shutil.copy(source, mount / version / name)
        (mount / "..data").symlink_to("..1")
        for name in ("tls.crt", "tls.key"):
            (mount / name).symlink_to(f"..data/{name}")
        service = self.start(mount / "tls.crt", mount / "tls.key")
        with connect(service, self.context) as kept:
            (mount / "..new").symlink_to("..2")
            (mount / "..new").rename(mount / "..data")
            self.assert_swapped(service, kept)


class BadPairTest(Refusals):
    """At a start a bad pair is a refusal; later it keeps what is in use. tests/front has more of the second kind."""

    @classmethod
    def setUpClass(cls):
        cls.folder = temporary_folder(cls)
        cls.authority = Authority(cls.folder)
        cls.good, cls.other = cls.authority.issue("good"), cls.authority.issue("other")
        cls.old = cls.authority.issue("old", ends="20210101000000Z")
        (cls.folder / "garbage").write_bytes(b"\x00garbage\n" * 50)
        (cls.folder / "garbage").chmod(0o600)
        cls.encrypted, cls.open = cls.folder / "encrypted.key", cls.folder / "open.key"
        subprocess.run(["openssl", "pkcs8", "-topk8", "-in", cls.good.key, "-out", cls.encrypted, "-passout", "pass:x"],
                       check=True, capture_output=True)
        shutil.copy(cls.good.key, cls.open)
        cls.open.chmod(0o644)

    def pairs(self):
        """[(certificate, key, words of the reason)]"""
        good, other, garbage = self.good, self.other, self.folder / "garbage"
        absent = self.folder / "absent"
        return ((garbage, good.key, garbage, "PEM"), (good.certificate, garbage, garbage, "PEM"),
                (absent, good.key, absent, "No such file"), (good.certificate, absent, absent),
                (good.certificate, other.key, other.key, good.certificate, "does not belong"),
                (good.certificate, self.encrypted, self.encrypted, "encrypted"),
                (good.certificate, self.open, self.open), (self.folder, good.key, self.folder),
                (good.certificate, self.folder, self.folder))

    def serve(self, *arguments):
        return [EXECUTABLE, "serve", "--listen", "127.0.0.1:0", "--data-dir", self.folder / "data", "--key-file",
                self.folder / "keyring", *arguments]

    def test_a_start_with_a_bad_pair_is_one_clear_line(self):
        for certificate, key, *words in self.pairs():
            with self.subTest(certificate=certificate.name, key=key.name):
                self.refused(self.serve("--tls-cert", certificate, "--tls-key", key), FAILURE, *words)
        for half in (("--tls-cert", self.good.certificate), ("--tls-key", self.good.key)):
            with self.subTest(half=half[0]):
                self.refused(self.serve(*half), USAGE, "--tls-cert", "--tls-key")

    def test_a_bad_pair_later_keeps_the_old_one_and_names_the_file(self):
        config = self.folder / "service.conf"
        write = lambda certificate, key: config.write_text(f"tls-cert={certificate}\ntls-key={key}\n")
        write(self.good.certificate, self.good.key)
        context = self.authority.context()
        with Service(self.folder, ("--config", str(config))) as service:
            for certificate, key, *words in (*self.pairs(), (self.old.certificate, self.old.key, self.old.certificate, "expired")):
                with self.subTest(certificate=certificate.name, key=key.name):
                    write(certificate, key)
                    line = reload(service, KEPT)
                    self.assertEqual(line["level"], "error")
                    for word in words:
                        self.assertIn(str(word), line["reason"])
                    self.assertEqual(served(service, context), encoded(self.good.certificate))
            self.assertEqual(len(messages(service, KEPT)), len(self.pairs()) + 1, "one line each")
            write(self.other.certificate, self.other.key)
            reload(service, READ)
            self.assertEqual(served(service, context), encoded(self.other.certificate))
            self.assertEqual(service.stop(), 0)

    def test_an_expired_certificate_at_the_start_is_served_with_a_warning(self):
        arguments = ("--tls-cert", str(self.old.certificate), "--tls-key", str(self.old.key))
        with Service(self.folder, arguments) as service:
            lax = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            lax.check_hostname, lax.verify_mode = False, ssl.CERT_NONE
            self.assertEqual(served(service, lax), encoded(self.old.certificate))
            warning, = messages(service, "the certificate is not valid now; clients will refuse it")
            self.assertEqual(warning["level"], "warning")
            self.assertIn("expired at 2021-01-01", warning["reason"])
            self.assertEqual(service.stop(), 0)

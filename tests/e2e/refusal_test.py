"""What cannot work is refused with one clear line and exit code 1 or 2, and nothing is damaged: afterwards the good
configuration starts and has its data."""

import os
import pathlib
import socket
import sqlite3
import subprocess
import unittest

from fixture import temporary_folder
from service import EXECUTABLE, Service, StartError, run
from suite import wait_until

FAILURE, USAGE = 1, 2

# Root may write anywhere; without these it may not, like everybody else.
UNPRIVILEGED = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner", "--inh-caps",
                "-dac_override,-dac_read_search,-fowner") if os.geteuid() == 0 else ()


def output_of(command, environment=None):
    """(exit code, standard output, lines of standard error) of a command that must end by itself."""
    done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=30, env=environment)
    return done.returncode, done.stdout, done.stderr.splitlines()


class RefusalTest(unittest.TestCase):
    def refused(self, command, code, *words, environment=None):
        """One line that has every word, at most one hint after it, nothing on standard output. What a first start notes
        in its log is not counted."""
        actual, out, lines = output_of(command, environment)
        lines = [line for line in lines if '"level":"info"' not in line]
        self.assertEqual((actual, out), (code, ""), lines)
        self.assertIn(len(lines), (1, 2), lines)
        self.assertTrue(lines[0].startswith("disposable-secrets: error: "), lines)
        self.assertTrue(all(line.startswith("hint: ") for line in lines[1:]), lines)
        for word in words:
            self.assertIn(str(word), lines[0])
        self.assertLess(len(lines[0]), 500)


class UsageTest(RefusalTest):
    def test_a_command_line_that_says_nothing_sensible_is_a_usage_error(self):
        folder = temporary_folder(self)
        good = ("serve", "--data-dir", folder / "data", "--key-file", folder / "keyring")
        for arguments, *words in (
                ((),),
                (("--nonsense",),),
                (("frobnicate",), "frobnicate"),
                ((*good, "--nonsense"), "--nonsense"),
                ((*good, "surplus"), "surplus"),
                ((*good, "--listen"), "--listen"),
                ((*good, "--listen", "nonsense"), "--listen"),
                ((*good, "--listen", "127.0.0.1"), "--listen"),
                ((*good, "--listen", "127.0.0.1:"), "--listen"),
                ((*good, "--listen", ":8000"), "--listen"),
                ((*good, "--listen", "127.0.0.1:65536"), "--listen"),
                ((*good, "--listen", "127.0.0.1:-1"), "--listen"),
                ((*good, "--listen", "127.0.0.1:80x"), "--listen"),
                ((*good, "--listen", "::1:8000"), "--listen"),
                ((*good, "--trusted-proxy", "nonsense"), "--trusted-proxy"),
                ((*good, "--trusted-proxy", "10.0.0.0/33"), "--trusted-proxy"),
                ((*good, "--workers", "0"), "--workers"),
                ((*good, "--workers", "many"), "--workers"),
                ((*good, "--ttl-max", "0"), "--ttl-max"),
                ((*good, "--secret-bytes-max", "-1"), "--secret-bytes-max"),
                ((*good, "--config", folder / "absent.conf"), "absent.conf"),
                (("audit", "--limit", "0"), "--limit"),
                (("audit", "--limit", "x"), "--limit"),
                (("audit", "frobnicate"), "frobnicate"),
                (("audit", "--action", "stolen"), "--action"),
                (("audit", "--since", "yesterday"), "--since"),
                (("audit", "--secret-key", "x"), "--secret-key"),
                (("version", "--nonsense"), "--nonsense"),
        ):
            with self.subTest(arguments=arguments):
                self.refused([EXECUTABLE, *arguments], USAGE, *words)
        self.assertFalse((folder / "data").exists(), "a usage error creates nothing")
        self.assertFalse((folder / "keyring").exists(), "a usage error creates nothing")

    def test_a_bad_environment_variable_is_a_usage_error(self):
        folder = temporary_folder(self)
        for name, value in (("WORKERS", "0"), ("TTL_MAX", "x"), ("LISTEN", "nonsense"), ("CONFIG", "/nonexistent")):
            with self.subTest(name=name):
                self.refused([EXECUTABLE, "serve", "--data-dir", folder / "data", "--key-file", folder / "keyring"],
                             USAGE, environment=os.environ | {f"DISPOSABLE_SECRETS_{name}": value})

    def test_a_bad_configuration_file_is_a_usage_error(self):
        folder = temporary_folder(self)
        config = folder / "service.conf"
        for content in ("nonsense=1\n", "workers=0\n", "workers=many\n", "config=other\n", "[serve]\nworkers=2\n",
                        "listen=nonsense\n", "workers=2\nworkers\n"):
            with self.subTest(content=content):
                config.write_text(content)
                self.refused([EXECUTABLE, "serve", "--data-dir", folder / "data", "--key-file", folder / "keyring",
                              "--config", config], USAGE)
        self.assertFalse((folder / "data").exists())

    def test_help_is_no_error(self):
        for arguments in (("--help",), ("serve", "--help"), ("audit", "--help"), ("version", "--help")):
            with self.subTest(arguments=arguments):
                code, out, lines = output_of([EXECUTABLE, *arguments])
                self.assertEqual((code, lines), (0, []))
                self.assertIn("Usage", out)


class DamageTest(RefusalTest):
    """Each test breaks one thing about a store that holds a secret, sees the refusal, mends it, and finds the secret."""

    SECRET = "still there"

    def setUp(self):
        self.folder = temporary_folder(self)
        with Service(self.folder) as service:
            self.key = service.client().create(self.SECRET)
            self.assertEqual(service.stop(), 0)
        self.data, self.keyring = self.folder / "data", self.folder / "keyring"

    def serve(self, data_dir=None, key_file=None, listen="127.0.0.1:0"):
        return (EXECUTABLE, "serve", "--listen", listen, "--data-dir", data_dir or self.data, "--key-file",
                key_file or self.keyring)

    def assert_undamaged(self):
        with Service(self.folder) as service:
            self.assertEqual(service.client().retrieve(self.key), (200, {"secret": self.SECRET}))
            self.assertEqual(service.stop(), 0)
            self.assertEqual([row["action"] for row in service.audit()], ["created", "retrieved"])
            self.assertEqual(service.audit_verify()[1], 0)

    def test_a_data_folder_that_cannot_be_one_is_one_clear_line(self):
        (self.folder / "file").write_text("not a folder")
        for path in (self.folder / "file", self.folder / "file" / "below", "/proc/disposable", "/dev/null",
                     f"{self.folder}/{'x' * 300}"):
            with self.subTest(path=path):
                self.refused(self.serve(data_dir=path), FAILURE, str(path)[:40])
        self.assertEqual((self.folder / "file").read_text(), "not a folder")
        self.assert_undamaged()

    def test_a_data_folder_without_permission_to_write_is_one_clear_line(self):
        for path in (self.data, self.data / "store"):
            with self.subTest(path=path):
                path.chmod(0o500)
                self.refused([*UNPRIVILEGED, *self.serve()], FAILURE)
                path.chmod(0o700)
        self.assert_undamaged()

    def test_a_parent_folder_without_permission_to_write_is_one_clear_line(self):
        parent = self.folder / "parent"
        parent.mkdir(mode=0o500)
        self.refused([*UNPRIVILEGED, *self.serve(data_dir=parent / "data")], FAILURE, parent)
        self.refused([*UNPRIVILEGED, *self.serve(data_dir=self.folder / "new", key_file=parent / "keyring")], FAILURE,
                     parent)
        self.assertEqual(list(parent.iterdir()), [])
        self.assert_undamaged()

    def test_a_missing_keyring_is_not_replaced_while_there_is_a_store(self):
        self.keyring.rename(self.folder / "away")
        self.refused(self.serve(), FAILURE, self.keyring)
        self.assertFalse(self.keyring.exists(), "a new keyring would lock the old secrets away for ever")
        (self.folder / "away").rename(self.keyring)
        self.assert_undamaged()

    def test_another_keyring_is_refused(self):
        other = self.folder / "other"
        other.mkdir()
        with Service(other) as service:
            service.stop()
        self.refused(self.serve(key_file=other / "keyring"), FAILURE, "key")
        self.assert_undamaged()

    def test_a_damaged_keyring_is_refused(self):
        good = self.keyring.read_bytes()
        middle = len(good) // 2
        flipped = good[:middle] + (b"0" if good[middle:middle + 1] != b"0" else b"1") + good[middle + 1:]
        for name, content in (("empty", b""), ("truncated", good[:-20]), ("one digit changed", flipped),
                              ("foreign", b"-----BEGIN PRIVATE KEY-----\n"), ("huge", b"x" * 1_000_000),
                              ("a line more", good + b"epoch 9 00\n"), ("binary", bytes(range(256)))):
            with self.subTest(name):
                self.keyring.write_bytes(content)
                self.keyring.chmod(0o600)
                self.refused(self.serve(), FAILURE, "key")
                self.assertEqual(self.keyring.read_bytes(), content, "what may still be mended is not touched")
        self.keyring.write_bytes(good)
        self.assert_undamaged()

    def test_a_keyring_that_others_may_read_is_refused(self):
        for mode in (0o644, 0o604, 0o666, 0o620):
            with self.subTest(mode=oct(mode)):
                self.keyring.chmod(mode)
                self.refused(self.serve(), FAILURE, self.keyring)
        self.keyring.chmod(0o600)
        self.assert_undamaged()

    def test_a_keyring_that_is_no_file_is_refused(self):
        self.refused(self.serve(key_file=self.data), FAILURE, self.data)
        self.refused(self.serve(key_file="/dev/zero"), FAILURE, "/dev/zero")
        pipe = self.folder / "pipe"
        os.mkfifo(pipe, 0o600)
        self.refused(self.serve(key_file=pipe), FAILURE, pipe)
        self.assert_undamaged()

    def test_a_port_in_use_is_one_clear_line(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.refused(self.serve(listen=f"127.0.0.1:{port}"), FAILURE, port)
        self.assert_undamaged()

    def test_an_address_that_is_not_ours_is_one_clear_line(self):
        for address, code in (("192.0.2.1:0", FAILURE), ("[2001:db8::1]:0", FAILURE), ("no-such-host.invalid:0", USAGE)):
            with self.subTest(address=address):
                self.refused(self.serve(listen=address), code)
        self.assert_undamaged()

    def test_a_data_folder_in_use_is_left_alone(self):
        with Service(self.folder) as service:
            self.refused(self.serve(), FAILURE, "use")
            self.refused(self.serve(), FAILURE, "use")
            self.assertEqual(service.client().retrieve(self.key), (200, {"secret": self.SECRET}))
            self.assertEqual(service.stop(), 0)

    def test_a_store_that_lost_its_head_is_refused_and_can_be_mended(self):
        current = self.data / "store" / "CURRENT"
        content = current.read_bytes()
        for name, damage in (("missing", current.unlink), ("empty", lambda: current.write_bytes(b"")),
                             ("garbage", lambda: current.write_bytes(b"garbage"))):
            with self.subTest(name):
                damage()
                self.refused(self.serve(), FAILURE)
                current.write_bytes(content)
        self.assert_undamaged()

    def test_an_audit_log_that_was_put_back_or_lost_is_refused(self):
        log = self.data / "audit.db"
        old = log.read_bytes()
        with Service(self.folder) as service:
            service.client().create("one more")
            service.stop()
        new = log.read_bytes()
        for name, damage in (("missing", log.unlink), ("older", lambda: log.write_bytes(old)),
                             ("no database", lambda: log.write_bytes(b"x" * 8192))):
            with self.subTest(name):
                damage()
                self.refused(self.serve(), FAILURE, "audit")
                log.write_bytes(new)
                log.chmod(0o600)
        with Service(self.folder) as service:
            self.assertEqual(service.client().retrieve(self.key), (200, {"secret": self.SECRET}))
            service.stop()

    def test_the_audit_command_says_what_is_missing(self):
        nothing = self.folder / "nothing"
        self.refused([EXECUTABLE, "audit", "--data-dir", nothing, "--key-file", self.keyring], FAILURE, nothing)
        self.refused([EXECUTABLE, "audit", "verify", "--data-dir", nothing, "--key-file", self.keyring], FAILURE, nothing)
        self.refused([EXECUTABLE, "audit", "verify", "--data-dir", self.data, "--key-file", nothing], FAILURE, nothing)
        self.refused([EXECUTABLE, "audit", "--secret-key", self.key, "--data-dir", self.data, "--key-file", nothing],
                     FAILURE, nothing)
        self.assertFalse(nothing.exists(), "looking creates nothing")
        self.assert_undamaged()

    def test_an_edited_audit_log_does_not_verify(self):
        with sqlite3.connect(self.data / "audit.db") as database:
            database.execute("UPDATE secret_logs SET ip_address = '10.0.0.1' WHERE id = 1")
        database.close()
        self.refused([EXECUTABLE, "audit", "verify", "--data-dir", self.data, "--key-file", self.keyring], FAILURE)
        done = run("audit", "verify", "--json", "--data-dir", self.data, "--key-file", self.keyring)
        self.assertEqual(done.returncode, FAILURE)
        self.assertIn('"ok":false', done.stdout)
        self.assertIn('"first_bad_id":1', done.stdout)


class FreshStartTest(RefusalTest):
    def test_a_failed_first_start_does_not_stand_in_the_way_of_the_next(self):
        folder = temporary_folder(self)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.refused([EXECUTABLE, "serve", "--listen", f"127.0.0.1:{taken.getsockname()[1]}", "--data-dir",
                          folder / "data", "--key-file", folder / "keyring"], FAILURE)
        with Service(folder) as service:
            key = service.client().create("x")
            self.assertEqual(service.client().retrieve(key), (200, {"secret": "x"}))

    def test_files_are_private_from_their_first_moment(self):
        folder = temporary_folder(self)
        self.addCleanup(os.umask, os.umask(0))
        with Service(folder / "deep" / "er") as service:
            service.client().create("x")
            wait_until(service.audit, 5, "the audit row")
            paths = [service.key_file, service.data_dir, *service.data_dir.rglob("*")]
            self.assertGreater(len(paths), 5)
            for path in paths:
                with self.subTest(path=path.name):
                    self.assertEqual(path.stat().st_mode & 0o077, 0, oct(path.stat().st_mode))

    def test_a_start_that_fails_ends_the_process(self):
        with self.assertRaises(StartError) as caught:
            Service(pathlib.Path("/proc/disposable"))
        self.assertEqual(caught.exception.code, FAILURE)

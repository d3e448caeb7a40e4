"""Where the service listens: several addresses at once, Unix sockets, sockets that were passed to it, metrics apart."""

import contextlib
import fcntl
import json
import os
import socket
import stat
import subprocess
import unittest

from fixture import UNKNOWN_KEY, temporary_folder
from refusal_test import FAILURE, USAGE, RefusalTest as Refusals
from service import EXECUTABLE, Client, Service
from suite import wait_until

# The sockets become descriptors 3 and 4, and LISTEN_PID the pid that the service is going to have.
PASS = """
one=$1 two=$2
shift 2
exec 3<&"$one" 4<&"$two" {one}<&- {two}<&-
LISTEN_PID=$$ exec "$@"
"""


def listening(service, message="listening"):
    """The addresses that the log names, in the order in which they were opened."""
    return [entry["address"] for entry in map(json.loads, service.log) if entry["message"] == message]


def status_at(address, path):
    """The status of a GET at an address as the log names it."""
    scheme, place = address.split("://", 1)
    command = ["curl", "--silent", "--output", os.devnull, "--write-out", "%{http_code}", "--max-time", "10"]
    if place.startswith("unix:"):
        command += ["--unix-socket", place.removeprefix("unix:")]
        place = "localhost"
    done = subprocess.run([*command, f"{scheme}://{place}{path}"], capture_output=True, text=True, check=False)
    return int(done.stdout)


class ListenTest(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)
        self.path = self.folder / "service.sock"

    def curl(self, *arguments):
        done = subprocess.run(["curl", "--silent", "--show-error", "--max-time", "10", "--unix-socket", str(self.path),
                               *arguments], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_it_listens_on_several_addresses_at_once(self):
        more = [part for place in ("127.0.0.2:0", "[::1]:0", f"unix:{self.path}") for part in ("--listen", place)]
        with Service(self.folder, more) as service:
            wait_until(lambda: len(listening(service)) == 4, 5, "four listeners")
            addresses = listening(service)
            for address, pattern in zip(addresses, (r"http://127\.0\.0\.1:\d+", r"http://127\.0\.0\.2:\d+",
                                                    r"http://\[::1\]:\d+", f"http://unix:{self.path}")):
                self.assertRegex(address, f"^{pattern}$")
                self.assertEqual(status_at(address, "/healthz"), 200, address)
            self.assertEqual(service.stop(), 0)
        self.assertFalse(self.path.exists(), "its file is removed")

    def test_the_audit_log_says_where_a_request_came_from(self):
        with Service(self.folder, ("--listen", "[::1]:0", "--listen", f"unix:{self.path}")) as service:
            key = self.curl("--json", '{"secret":"over a file"}', "http://localhost/api/v1/secret")["secret_key"]
            self.assertEqual(self.curl(f"http://localhost/api/v1/secret/{key}"), {"secret": "over a file"})
            self.assertEqual(status_at(listening(service)[1], f"/api/v1/secret/{service.client().create('v4')}"), 200)
            self.assertEqual(service.stop(), 0)
        self.assertEqual([(row["action"], row["ip_address"]) for row in service.audit()],
                         [("created", "unix"), ("retrieved", "unix"), ("created", "127.0.0.1"), ("retrieved", "::1")])

    def test_the_mode_of_a_unix_socket_is_as_asked(self):
        for arguments, mode in (((), 0o660), (("--listen-mode", "0600"), 0o600), (("--listen-mode", "666"), 0o666)):
            with self.subTest(arguments=arguments), Service(self.folder, arguments, listen=f"unix:{self.path}") as service:
                status = self.path.stat()
                self.assertTrue(stat.S_ISSOCK(status.st_mode))
                self.assertEqual(stat.S_IMODE(status.st_mode), mode)
                self.assertEqual(service.stop(), 0)
                self.assertFalse(self.path.exists())

    def test_a_socket_file_that_was_left_behind_is_replaced(self):
        with Service(self.folder, listen=f"unix:{self.path}") as service:
            service.kill()
        self.assertTrue(self.path.exists())
        with Service(self.folder, listen=f"unix:{self.path}") as service:
            self.assertEqual(self.curl("http://localhost/healthz"), {"status": "ok"})
            self.assertEqual(service.stop(), 0)

    def test_a_socket_file_that_another_put_there_is_not_removed(self):
        with Service(self.folder, listen=f"unix:{self.path}") as service:
            self.path.unlink()
            with socket.socket(socket.AF_UNIX) as other:
                other.bind(str(self.path))
                self.assertEqual(service.stop(), 0)
                self.assertTrue(self.path.exists())

    def test_metrics_apart_are_there_and_nowhere_else(self):
        for place in ("127.0.0.1:0", f"unix:{self.path}"):
            with self.subTest(place=place), Service(self.folder, ("--metrics-listen", place)) as service:
                wait_until(lambda: listening(service, "listening for metrics"), 5, "the line in the log")
                address, = listening(service, "listening for metrics")
                for path in ("/metrics", "/healthz", "/readyz"):
                    self.assertEqual(status_at(address, path), 200, path)
                for path in ("/", "/docs", "/openapi.json", "/api/v1/secret", f"/api/v1/secret/{UNKNOWN_KEY}"):
                    self.assertEqual(status_at(address, path), 404, path)
                key = service.client().create("not for those who measure")
                self.assertEqual(status_at(address, f"/api/v1/secret/{key}"), 404)
                self.assertEqual(service.client().retrieve(key)[0], 200)
                self.assertEqual(service.client().request("GET", "/metrics")[0], 404)
                for path in ("/healthz", "/readyz"):
                    self.assertEqual(service.client().request("GET", path)[0], 200)
                self.assertEqual(service.stop(), 0)


class PassedTest(unittest.TestCase):
    """Sockets passed as systemd passes them: sd_listen_fds(3)."""

    def setUp(self):
        self.folder = temporary_folder(self)
        self.path = self.folder / "passed.sock"
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.tcp = self.stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.port = self.tcp.getsockname()[1]
        self.file = self.stack.enter_context(socket.socket(socket.AF_UNIX))
        self.file.bind(str(self.path))
        self.file.listen()

    def numbers(self):
        """Of copies that are not in the way of 3 and 4."""
        copies = [fcntl.fcntl(one.fileno(), fcntl.F_DUPFD, 50) for one in (self.tcp, self.file)]
        for copy in copies:
            self.stack.callback(os.close, copy)
        return copies

    def start(self, *arguments, names="web:local", listen=None):
        numbers = self.numbers()
        wrapper = ["bash", "-c", PASS, "pass", *map(str, numbers)]
        places = [part for place in listen or [] for part in ("--listen", place)]
        command = [*wrapper, str(EXECUTABLE), "serve", "--data-dir", str(self.folder / "data"), "--key-file",
                   str(self.folder / "keyring"), *places, *arguments]
        return Service(self.folder, command=command, pass_fds=numbers,
                       environment=os.environ | {"LISTEN_FDS": "2", "LISTEN_FDNAMES": names})

    def assert_served(self, service):
        self.assertEqual(status_at(f"http://127.0.0.1:{self.port}", "/healthz"), 200)
        self.assertEqual(status_at(f"http://unix:{self.path}", "/healthz"), 200)
        self.assertEqual(service.stop(), 0)
        self.assertTrue(self.path.exists(), "whoever passed the socket owns its file")

    def test_all_that_is_passed_is_served_without_an_option(self):
        with self.start() as service:
            wait_until(lambda: len(listening(service)) == 2, 5, "two listeners")
            self.assertEqual(listening(service), [f"http://127.0.0.1:{self.port}", f"http://unix:{self.path}"])
            self.assert_served(service)

    def test_names_choose_among_what_is_passed(self):
        for listen in (["fd:web", "fd:local"], ["fd:local", "fd:web"], ["systemd"], ["fd:web", "systemd"]):
            with self.subTest(listen=listen), self.start(listen=listen) as service:
                self.assert_served(service)

    def test_one_name_may_stand_for_several_sockets(self):
        with self.start(names="all:all", listen=["fd:all"]) as service:
            self.assert_served(service)

    def test_a_passed_socket_may_be_the_one_for_metrics(self):
        with self.start("--metrics-listen", "fd:local", listen=["fd:web"]) as service:
            self.assertEqual(status_at(f"http://unix:{self.path}", "/metrics"), 200)
            self.assertEqual(status_at(f"http://127.0.0.1:{self.port}", "/metrics"), 404)
            self.assert_served(service)

    def test_an_address_that_is_asked_for_and_was_passed_is_served_once(self):
        with self.start(listen=[f"127.0.0.1:{self.port}", f"unix:{self.path}"]) as service:
            wait_until(lambda: len(listening(service)) == 2, 5, "two listeners")
            self.assert_served(service)

    def test_a_restart_refuses_nobody(self):
        with self.start() as service:
            key = Client(self.port).create("before the restart")
            self.assertEqual(service.stop(), 0)
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as waiting:
            waiting.sendall(f"GET /api/v1/secret/{key} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            with self.start() as service:
                self.assertTrue(waiting.recv(65536).startswith(b"HTTP/1.1 200 "))
                self.assertEqual(service.stop(), 0)

    def test_sockets_for_another_process_are_not_taken(self):
        command = [str(EXECUTABLE), "serve", "--listen", "127.0.0.1:0", "--data-dir", str(self.folder / "data"),
                   "--key-file", str(self.folder / "keyring")]
        environment = os.environ | {"LISTEN_FDS": "2", "LISTEN_PID": str(os.getpid())}
        with Service(self.folder, command=command, environment=environment) as service:
            self.assertNotEqual(service.port, self.port)
            self.assertEqual(service.client().request("GET", "/healthz")[0], 200)
            self.assertEqual(service.stop(), 0)


class RefusedListenerTest(Refusals):
    def setUp(self):
        self.folder = temporary_folder(self)

    def serve(self, *arguments):
        return [EXECUTABLE, "serve", "--data-dir", self.folder / "data", "--key-file", self.folder / "keyring", *arguments]

    def test_what_cannot_be_listened_on_is_one_clear_line(self):
        (self.folder / "file").write_text("not a socket")
        for address, code, *words in (
                ("fd:web", FAILURE, "fd:web"),
                ("systemd", FAILURE, "systemd"),
                ("fd:", USAGE, "--listen"),
                (f"unix:{self.folder}/{'x' * 108}", USAGE, "--listen", "107"),
                ("unix:relative", USAGE, "--listen", "absolute"),
                (f"unix:{self.folder}/absent/x.sock", FAILURE, "cannot listen", "absent", "No such file"),
                (f"unix:{self.folder}/file", FAILURE, f"{self.folder}/file", "no socket"),
                ("https://127.0.0.1:0", FAILURE, "certificate"),
                (f"https://unix:{self.folder}/x.sock", FAILURE, "certificate"),
                ("ftp://127.0.0.1:0", USAGE, "--listen")):
            with self.subTest(address=address):
                self.refused(self.serve("--listen", address), code, *words)
                self.assertFalse((self.folder / "x.sock").exists())
        self.assertEqual((self.folder / "file").read_text(), "not a socket")

    def test_a_listener_in_use_is_one_clear_line(self):
        with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
            place = f"[::1]:{taken.getsockname()[1]}"
            self.refused(self.serve("--listen", "127.0.0.1:0", "--listen", place), FAILURE, place, "in use")
        with socket.socket(socket.AF_UNIX) as taken:
            path = self.folder / "taken.sock"
            taken.bind(str(path))
            taken.listen()
            self.refused(self.serve("--listen", f"unix:{path}"), FAILURE, path, "in use")
            self.assertTrue(path.exists())

    def test_a_mode_that_is_none_is_a_usage_error(self):
        for mode in ("9", "rw-rw----", "01777", ""):
            with self.subTest(mode=mode):
                self.refused(self.serve("--listen-mode", mode), USAGE, "--listen-mode")

    def test_a_passed_socket_that_nobody_asked_for_is_one_clear_line(self):
        with socket.create_server(("127.0.0.1", 0)) as one:
            number = fcntl.fcntl(one.fileno(), fcntl.F_DUPFD, 50)
            self.addCleanup(os.close, number)
            script = 'LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=web exec "$@" 3<&' + str(number)
            done = subprocess.run(["bash", "-c", script, "pass", *map(str, self.serve("--listen", "127.0.0.1:0"))],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
                                  pass_fds=(number,), check=False)
        lines = [line for line in done.stderr.splitlines() if not line.startswith("{")]
        self.assertEqual((done.returncode, len(lines)), (FAILURE, 1), done.stderr)
        self.assertIn("fd:web", lines[0])

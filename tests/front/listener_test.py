"""A listener that does not die: every error of accept4, no descriptors left, no thread to be had."""

import http.client
import os
import socket
import time

from fixture import FrontCase, cpu_seconds
from injection import Tracer, arguments
from service import Client, StartError
from suite import figure

# man accept, its ERRORS and "already-pending network errors", and what the protocols of Linux add.
ERRORS = ("EAGAIN", "EBADF", "ECONNABORTED", "EFAULT", "EINTR", "EINVAL", "EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "ENOTSOCK",
          "EOPNOTSUPP", "EPROTO", "EPERM", "ENETDOWN", "ENOPROTOOPT", "EHOSTDOWN", "ENONET", "EHOSTUNREACH", "ENETUNREACH",
          "ETIMEDOUT", "ENOSR", "ESOCKTNOSUPPORT", "EPROTONOSUPPORT", "ERESTARTSYS", "ECONNRESET", "EIO")
IN_A_ROW = 5
# Those that last: nothing else is to be done than to wait.
LASTING = ("EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EPERM", "EINVAL")
CALLS_A_SECOND = 1000
DESCRIPTORS = 64
STORE_DESCRIPTORS = 256
FLUSHED_SECRETS = 50  # of 1 MB: more than RocksDB keeps in memory, so it opens files
HEAD_SECONDS = 5
THREADS_MAX = 400
GET = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


class ListenerTest(FrontCase):
    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("the service lets only root trace it")

    def ask(self, service, limit=1.0):
        """One honest request over a new connection; the seconds it took."""
        client = Client(service.port, timeout=limit + 1)
        began = time.monotonic()
        try:
            status = client.request("GET", "/healthz")[0]
        except (OSError, http.client.HTTPException) as error:
            status = f"{type(error).__name__} {error}"
        finally:
            client.close()
        taken = time.monotonic() - began
        self.assertEqual(status, 200, f"after {taken:.1f} s")
        self.assertLess(taken, limit)
        return taken

    def tracer(self, service, error, when):
        return Tracer(service, "accept4", error, when, paths=[], record=self.folder / "record")

    def injected(self):
        return (self.folder / "record").read_text(errors="replace").count("(INJECTED)")

    def test_after_every_error_of_accept_the_next_request_is_answered_within_a_second(self):
        service = self.start("--no-sandbox")
        slowest = 0.0
        for error in ERRORS:
            with self.subTest(error=error):
                with self.tracer(service, error, f"1..{IN_A_ROW}"):
                    slowest = max(slowest, self.ask(service))
                self.assertGreaterEqual(self.injected(), 1)
                self.ask(service)
        figure(f"accept4: {len(ERRORS)} errors, {IN_A_ROW} times each; the request meanwhile took {slowest * 1000:.0f} ms at most")
        self.assert_stops(service)

    def test_an_error_of_accept_that_lasts_burns_no_cpu(self):
        service = self.start("--no-sandbox")
        for error in LASTING:
            with self.subTest(error=error), socket.socket() as waiting:
                with self.tracer(service, error, "1+"):
                    cpu, began = cpu_seconds(service.pid), time.monotonic()
                    waiting.connect(("127.0.0.1", service.port))
                    waiting.sendall(GET)
                    time.sleep(1.0)  # how long the error lasts
                    seconds = time.monotonic() - began
                    share = (cpu_seconds(service.pid) - cpu) / seconds
                    tries = self.injected() / seconds
                waiting.settimeout(1.0)
                self.assertTrue(waiting.recv(4096).startswith(b"HTTP/1.1 200 "))
                self.assertGreaterEqual(tries, 1)
                self.assertLess(tries, CALLS_A_SECOND)
                self.assertLess(share, 0.2)
        self.assert_stops(service)

    def start_with_few_descriptors(self):
        """A service, or None when it refuses to start with one clear line."""
        try:
            return self.start(wrapper=("prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}"))
        except StartError as error:
            self.assertEqual(self.what_is_wrong(error), "")
            figure(f"with {DESCRIPTORS} descriptors it does not start: {error.output.strip()}")
            return None

    def what_is_wrong(self, error):
        """With a start that failed: it has to be exit code 1 and, after the log, one clear line."""
        lines = error.output.strip().splitlines()
        clear = error.code == 1 and lines and lines[-1].startswith("disposable-secrets: error: ")
        return "" if clear else f"exit code {error.code}: {lines[-1] if lines else 'not a word'}"

    def crowd(self, service, count, sent):
        clients = []
        for _ in range(count):
            client = socket.socket()
            self.addCleanup(client.close)
            client.settimeout(5)
            client.connect(("127.0.0.1", service.port))
            client.sendall(sent)
            clients.append(client)
        return clients

    def test_idle_clients_on_all_descriptors_make_room(self):
        service = self.start_with_few_descriptors()
        if service:
            self.ask(service)
            self.crowd(service, 3 * DESCRIPTORS, GET)
            self.ask(service)
            self.assert_stops(service)

    def test_clients_on_all_descriptors_leave_the_store_its_own(self):
        service = self.start(wrapper=("prlimit", f"--nofile={STORE_DESCRIPTORS}:{STORE_DESCRIPTORS}"))
        self.crowd(service, 2 * STORE_DESCRIPTORS, GET)
        client = service.client()
        for _ in range(FLUSHED_SECRETS):
            client.create("x" * 1_000_000)
        client.close()
        self.assert_stops(service)

    def test_silent_clients_on_all_descriptors_hold_the_listener_no_longer_than_a_head_may_take(self):
        service = self.start_with_few_descriptors()
        if service:
            # As many as fit, and some that have to wait.
            clients = self.crowd(service, DESCRIPTORS - len(os.listdir(f"/proc/{service.pid}/fd")) + 10, b"G")
            cpu, began = cpu_seconds(service.pid), time.monotonic()
            taken = self.ask(service, limit=HEAD_SECONDS + 1)
            share = (cpu_seconds(service.pid) - cpu) / max(time.monotonic() - began, 1.0)
            figure(f"{len(clients)} silent clients on {DESCRIPTORS} descriptors: the next request took {taken:.1f} s")
            self.assertLess(share, 0.2)
            for client in clients:
                client.close()
            self.ask(service)
            self.assert_stops(service)

    def start_without_thread(self, nth):
        """(was a thread refused, what went wrong or "", did it serve), when the nth thread cannot be made."""
        record = self.folder / f"thread-{nth}"
        wrong, served = "", False
        try:
            # -D: the service keeps the pid we wait for, strace is its grandchild.
            service = self.start("--no-sandbox", wrapper=(
                "strace", "-D", *arguments("clone,clone3", "EAGAIN", nth, [], record)))
            self.ask(service)
            self.assert_stops(service)
            served = True
        except StartError as error:
            wrong = self.what_is_wrong(error)
        except AssertionError as error:
            wrong = f"it said that it listens, and then: {error}; {service.log[-1:]}"
        return "(INJECTED)" in record.read_text(errors="replace"), wrong, served

    def test_a_thread_that_cannot_be_made_ends_the_start_with_a_clear_line_or_is_not_needed(self):
        wrong, count, nth = [], {True: 0, False: 0}, 1
        while True:
            refused, what, served = self.start_without_thread(nth)
            if what:
                wrong.append(f"thread {nth}: {what}")
            if not refused:
                break
            count[served] += 1
            nth += 1
            self.assertLess(nth, THREADS_MAX)
        figure(f"thread creation: of {nth - 1} threads, refused in turn, {count[False]} ended the start, {count[True]} did not")
        self.assertGreater(nth, 1, "no thread was refused")
        self.assertEqual(wrong, [])

"""What an operator sees: metrics, the access log, readiness, and what the service manager is told."""

import json
import os
import re
import signal
import socket
import struct
import subprocess
import unittest
import uuid

from fixture import UNKNOWN_KEY, ServiceCase, temporary_folder
from metrics import Metrics
from service import EXECUTABLE, Client, Service
from suite import wait_until

CREATE = "/api/v1/secret"
ROUTE = CREATE + "/{secret_key}"
ACCESS_FIELDS = {"time": str, "level": str, "message": str, "id": str, "method": str, "route": str, "status": int,
                 "duration_ms": float, "bytes_in": int, "bytes_out": int, "address": str}


def read_metrics(client):
    status, headers, content = client.request("GET", "/metrics")
    if (status, headers["content-type"]) != (200, "text/plain; version=0.0.4; charset=utf-8"):
        raise AssertionError((status, headers))
    return Metrics(content.decode())


class MetricsTest(ServiceCase):
    arguments = ("--trusted-proxy", "127.0.0.1", "--creates-burst", "2", "--misses-burst", "1")

    def count(self, metrics, method, route, status):
        return metrics.value("http_requests_total", method=method, route=route, status=str(status))

    def test_they_count_what_was_done(self):
        client = self.client
        before = read_metrics(client)
        key, guarded = client.create("x" * 1000), client.create("y" * 500, passphrase="right")
        client.create("z", ttl_seconds=1)
        between = read_metrics(client)
        self.assertEqual(between.value("live_secrets") - before.value("live_secrets"), 3)
        self.assertGreaterEqual(between.value("stored_payload_bytes") - before.value("stored_payload_bytes"), 1501)
        self.assertEqual([client.retrieve(key)[0] for _ in range(2)], [200, 410])
        self.assertEqual(client.delete(guarded, "wrong")[0], 403)
        self.assertEqual(client.delete(guarded, "right")[0], 200)
        client.request("GET", "/absent")
        for _ in range(2):
            client.request("GET", f"{CREATE}/{UNKNOWN_KEY}", headers={"X-Forwarded-For": "203.0.113.1"})
        wait_until(lambda: read_metrics(client).value("live_secrets") == before.value("live_secrets"), 10, "all are gone")
        after = wait_until(lambda: (seen := read_metrics(client)).value("outbox_events") == 0 and seen, 5, "all is logged")
        for method, route, status, number in (("POST", CREATE, 200, 3), ("GET", ROUTE, 200, 1), ("GET", ROUTE, 410, 1),
                                              ("DELETE", ROUTE, 403, 1), ("DELETE", ROUTE, 200, 1), ("GET", ROUTE, 404, 1)):
            with self.subTest(method=method, status=status):
                self.assertEqual(self.count(after, method, route, status) - self.count(before, method, route, status), number)
        self.assertEqual(after.value("http_requests_total", route="unmatched", status="404"), 1)
        self.assertEqual(after.value("http_requests_total", route=ROUTE, status="429"), 1)
        self.assertEqual(after.value("limit_hits_total", limit="misses"), 1)
        self.assertEqual(after.value("outbox_age_seconds"), 0)
        self.assertEqual(after.value("audit_events_total") - before.value("audit_events_total"), 7)
        store = (("store_redis_exchange_seconds_count", "store_redis_commands_total") if "store_redis" in after.text else
                 ("store_sync_seconds_count", "store_sync_operations_count", "store_commits_total"))
        for name in (*store, "audit_batch_seconds_count"):
            self.assertGreater(after.value(name), before.value(name), name)
        self.assertGreaterEqual(after.value("passphrase_seconds_count") - before.value("passphrase_seconds_count"), 3)
        self.assertEqual(after.value("http_request_seconds_count", method="POST", route=CREATE),
                         after.value("http_requests_total", method="POST", route=CREATE))
        self.assertEqual(after.value("http_connections", state="working"), 1)
        for name in ("http_received_bytes_total", "http_sent_bytes_total", "http_request_seconds_sum"):
            self.assertGreater(after.value(name), between.value(name), name)

    def test_they_hold_nothing_that_a_client_chose_and_nobodys_address(self):
        mark = f"mark{uuid.uuid4().hex}"
        key = self.client.create(mark, passphrase=mark)
        for method, path in (("GET", f"/{mark}"), (mark.upper(), "/healthz"), ("GET", f"/docs/{mark}"), ("DELETE", f"{CREATE}/{key}")):
            self.client.request(method, path, headers={"X-Forwarded-For": "203.0.113.99", "User-Agent": mark})
        text = read_metrics(self.client).text
        for word in (mark, mark.upper(), key, key[:8], "203.0.113", "127.0.0", str(self.folder)):
            self.assertNotIn(word, text)

    def test_every_series_is_there_from_the_start(self):
        """So that a rate can be taken of the first event; and nobody can add to them without end."""
        with Service(temporary_folder(self)) as service:
            first = read_metrics(service.client())
            operations = json.loads(service.client().request("GET", "/openapi.json")[2])["paths"]
            self.assertEqual(service.stop(), 0)
        for path, methods in operations.items():
            for method in methods.keys() & {"get", "post", "delete"}:
                with self.subTest(method=method, path=path):
                    first.value("http_requests_total", method=method.upper(), route=path,
                                status=min(methods[method]["responses"]))
        self.assertEqual({family.type for family in first.families.values()}, {"counter", "gauge", "histogram"})


class AccessLogTest(unittest.TestCase):
    def journey(self, service, mark):
        """Requests with the mark in all their parts; the keys that they made, and how many there were."""
        client = service.client()
        keys = [client.create(mark, passphrase=mark) for _ in range(2)]
        client.delete(keys[0], mark + "wrong")
        client.retrieve(keys[0])
        client.delete(keys[1], mark)
        requests = (("GET", f"/{mark}", None), ("GET", f"/healthz?{mark}", None), ("GET", f"/docs/{mark}", None),
                    ("GET", f"{CREATE}/{keys[0]}x", None), ("PUT", CREATE, mark), ("POST", CREATE, f'{{"secret":"{mark}'),
                    ("POST", CREATE, f'{{"{mark}":1}}'), ("GET", "/" + mark * 20, None), ("BREW", "/", None))
        for method, path, body in requests:
            client.request(method, path, body, {"User-Agent": mark, "X-Forwarded-For": mark, "Cookie": mark})
        for broken in (f"GET /{mark}\r\n\r\n", f"GET / HTTP/1.1\r\nHost: {mark} x\r\n\r\n", f"{mark}\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", service.port), 10) as raw:
                raw.sendall(broken.encode())
                raw.recv(4096)
        client.close()
        return keys, 5 + len(requests) + 3

    def life(self, *arguments):
        """(lines of the log, those of requests, how many requests there were) of one service that did the journey."""
        mark = f"mark{uuid.uuid4().hex[:16]}"
        with Service(temporary_folder(self), arguments) as service:
            keys, number = self.journey(service, mark)
            self.assertEqual(service.stop(), 0)
        text = "\n".join(service.log)
        for word in (mark, mark.upper(), mark[::-1], mark.encode().hex(), *keys, *(uuid.UUID(key).hex for key in keys)):
            self.assertNotIn(word, text)
        entries = [json.loads(line) for line in service.log]
        return entries, [entry for entry in entries if entry["level"] == "request"], number

    def test_a_request_is_one_line_that_names_nothing_of_what_was_said(self):
        for level in ((), ("--log-level", "request"), ("--log-level", "debug")):
            with self.subTest(level=level):
                _, requests, number = self.life(*level)
                self.assertEqual(len(requests), number)
                for entry in requests:
                    self.assertEqual({name: type(value) for name, value in entry.items()}, ACCESS_FIELDS)
                    self.assertRegex(entry["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
                    self.assertRegex(entry["id"], r"^[0-9a-f]{16}$")
                    self.assertEqual((entry["message"], entry["address"]), ("request", "127.0.0.1"))
                    self.assertGreaterEqual(entry["duration_ms"], 0)
                    self.assertGreater(entry["bytes_in"], 0)
                    self.assertGreater(entry["bytes_out"], 0)
                self.assertEqual(len({entry["id"] for entry in requests}), number)
                self.assertEqual([(entry["method"], entry["route"], entry["status"]) for entry in requests[:8]],
                                 [("POST", CREATE, 200)] * 2 + [("DELETE", ROUTE, 403), ("GET", ROUTE, 200), ("DELETE", ROUTE, 200),
                                  ("GET", "unmatched", 404), ("GET", "/healthz", 200), ("GET", "/docs/{asset}", 404)])

    def test_other_levels_have_no_line_of_a_request(self):
        for level, allowed in (("info", {"info", "warning", "error"}), ("warning", {"warning", "error"}), ("error", {"error"})):
            with self.subTest(level=level):
                # Below info nothing says where it listens, so it is told where.
                if level == "info":
                    entries, requests, _ = self.life("--log-level", level)
                    self.assertEqual(requests, [])
                    self.assertLessEqual({entry["level"] for entry in entries}, allowed)
                else:
                    self.assert_quiet(level, allowed)

    def assert_quiet(self, level, allowed):
        folder = temporary_folder(self)
        path = folder / "service.sock"
        process = subprocess.Popen([str(EXECUTABLE), "serve", "--listen", f"unix:{path}", "--data-dir", str(folder / "data"),
                                    "--key-file", str(folder / "keyring"), "--log-level", level],
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            wait_until(path.exists, 20, "it listens")
            ask = ["curl", "--silent", "--retry", "5", "--retry-connrefused", "--unix-socket", str(path), "http://x/healthz"]
            self.assertEqual(subprocess.run(ask, capture_output=True, check=True).stdout, b'{"status":"ok"}')
            process.terminate()
            self.assertLessEqual({json.loads(line)["level"] for line in process.communicate(timeout=20)[1].splitlines()}, allowed)
        finally:
            process.kill()
            process.communicate()
        self.assertEqual(process.returncode, 0)

    def test_a_log_that_nobody_reads_holds_nobody(self):
        folder = temporary_folder(self)
        path = folder / "service.sock"
        process = subprocess.Popen([str(EXECUTABLE), "serve", "--listen", f"unix:{path}", "--listen", "127.0.0.1:0",
                                    "--data-dir", str(folder / "data"), "--key-file", str(folder / "keyring"), "--workers", "2"],
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, pipesize=4096)
        try:
            # The first lines fit, and the last of them says the port.
            port, lines = None, []
            while not port:
                lines.append(json.loads(process.stderr.readline()))
                port = lines[-1]["message"] == "listening" and lines[-1]["port"]
            client = Client(port, timeout=5)
            # 10,000 lines of 200 bytes: more than a pipe and the buffer before it hold.
            statuses = {client.request("GET", "/healthz")[0] for _ in range(10_000)}
            self.assertEqual(statuses, {200})
            self.assertEqual(client.retrieve(client.create("still works"))[0], 200)
            client.close()
            process.terminate()
            self.assertEqual(process.wait(20), 0, "and it can be stopped")
        finally:
            process.kill()
            process.communicate()


class ReadinessTest(ServiceCase):
    """What is said when something is down is in tests/faults."""

    def test_it_is_alive_and_ready(self):
        self.assertEqual(self.client.json("GET", "/healthz"), (200, {"status": "ok"}))
        self.assertEqual(self.client.json("GET", "/readyz"), (200, {"status": "ready"}))


class ServiceManagerTest(unittest.TestCase):
    """sd_notify(3), under the sandbox."""

    def setUp(self):
        self.folder = temporary_folder(self)

    def start(self, address, **more):
        """(service, the socket that it tells things to)"""
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.bind(address.replace("@", "\0", 1) if address.startswith("@") else address)
        manager.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        manager.settimeout(10)
        service = Service(self.folder, environment=os.environ | {"NOTIFY_SOCKET": address} | more)
        self.addCleanup(service.kill)
        return service, manager

    def told(self, service, manager):
        """The next message as a dictionary; systemd takes it only from the process itself."""
        message, ancillary, _, _ = manager.recvmsg(4096, socket.CMSG_SPACE(struct.calcsize("3i")))
        pid, _, _ = struct.unpack("3i", ancillary[0][2])
        self.assertEqual(pid, service.pid)
        return dict(line.split("=", 1) for line in message.decode().splitlines())

    def test_it_says_when_it_is_ready_reloads_and_stops(self):
        for address in (str(self.folder / "notify"), f"@disposable-{uuid.uuid4()}"):
            with self.subTest(address=address):
                service, manager = self.start(address)
                self.assertEqual(self.told(service, manager)["READY"], "1")
                self.assertEqual(service.client().request("GET", "/healthz")[0], 200)
                os.kill(service.pid, signal.SIGHUP)
                reloading = self.told(service, manager)
                self.assertEqual(reloading["RELOADING"], "1")
                self.assertRegex(reloading["MONOTONIC_USEC"], r"^\d+$")
                self.assertEqual(self.told(service, manager)["READY"], "1")
                service.process.send_signal(signal.SIGTERM)
                self.assertEqual(self.told(service, manager)["STOPPING"], "1")
                self.assertEqual(service.stop(), 0)

    def test_it_feeds_the_watchdog_in_time(self):
        service, manager = self.start(str(self.folder / "notify"), WATCHDOG_USEC="1000000")
        manager.settimeout(1.0)  # one that is late is a timeout
        said = [self.told(service, manager) for _ in range(6)]
        self.assertGreaterEqual(sum("WATCHDOG" in message for message in said), 5)
        self.assertEqual(service.stop(), 0)

    def test_the_watchdog_of_another_process_is_not_fed(self):
        service, manager = self.start(str(self.folder / "notify"), WATCHDOG_USEC="100000", WATCHDOG_PID="1")
        self.assertEqual(self.told(service, manager)["READY"], "1")
        manager.settimeout(0.5)
        with self.assertRaises(TimeoutError):
            self.told(service, manager)
        self.assertEqual(service.stop(), 0)

    def test_a_manager_that_is_not_there_is_one_clear_line(self):
        done = subprocess.run([str(EXECUTABLE), "serve", "--listen", "127.0.0.1:0", "--data-dir", str(self.folder / "data"),
                               "--key-file", str(self.folder / "keyring")], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=30, env=os.environ | {"NOTIFY_SOCKET": str(self.folder / "absent")}, check=False)
        lines = [line for line in done.stderr.splitlines() if not line.startswith("{")]
        self.assertEqual((done.returncode, len(lines)), (1, 1), done.stderr)
        self.assertTrue(re.match("disposable-secrets: error: .*service manager", lines[0]), lines)

"""SIGHUP reads the configuration file again: what changes, what needs a restart, and what a broken file does."""

import json
import os
import signal
import socket
import unittest

from fixture import UNKNOWN_KEY, temporary_folder
from service import Service
from suite import wait_until

RELOADED, KEPT = "reloaded", "the configuration stays as it was"
RESTART = "this option was changed and needs a restart"


def entries(service, *wanted):
    return [entry for entry in map(json.loads, list(service.log)) if entry["message"] in wanted]


class ReloadTest(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)
        self.config = self.folder / "service.conf"

    def start(self, text, *arguments):
        self.config.write_text(text)
        service = Service(self.folder, ("--config", str(self.config), *arguments))
        self.addCleanup(service.kill)
        self.client = service.client()
        self.addCleanup(self.client.close)
        return service

    def reload(self, service, text=None, outcome=RELOADED):
        """SIGHUP; all lines of the log that came with it but those of requests."""
        if text is not None:
            self.config.write_text(text)
        ends = (RELOADED, KEPT)
        before, lines = len(entries(service, *ends)), len(service.log)
        os.kill(service.pid, signal.SIGHUP)
        end = wait_until(lambda: entries(service, *ends)[before:], 5, outcome)[0]
        self.assertEqual(end["message"], outcome, end)
        return [entry for entry in map(json.loads, list(service.log)[lines:]) if entry["level"] != "request"]

    def assert_stops(self, service):
        self.assertEqual(service.stop(), 0, service.log[-5:])

    def target(self, size):
        return self.client.request("GET", "/healthz?" + "x" * (size - len("/healthz?")))[0]

    def misses(self, address, count):
        """The last status of so many retrievals of what is not there."""
        headers = {"X-Forwarded-For": address}
        return [self.client.request("GET", f"/api/v1/secret/{UNKNOWN_KEY}", headers=headers)[0] for _ in range(count)][-1]

    def test_limits_of_requests_change(self):
        service = self.start("target-bytes-max=100\nidle-timeout=60\n")
        self.assertEqual((self.target(100), self.target(101)), (200, 414))
        self.reload(service, "target-bytes-max=200\n")
        self.assertEqual((self.target(200), self.target(201)), (200, 414))
        self.reload(service, "")
        self.assertEqual((self.target(512), self.target(513)), (200, 414), "the default again")
        self.assert_stops(service)

    def test_what_an_address_may_do_changes(self):
        service = self.start("trusted-proxy=127.0.0.1/32\nmisses-burst=3\n")
        self.assertEqual((self.misses("203.0.113.1", 3), self.misses("203.0.113.1", 1)), (404, 429))
        self.reload(service, "trusted-proxy=127.0.0.1/32\nmisses-per-minute=0\n")
        self.assertEqual(self.misses("203.0.113.1", 40), 404, "0 is no limit")
        self.reload(service, "trusted-proxy=127.0.0.1/32\nmisses-burst=5\n")
        self.assertEqual((self.misses("203.0.113.2", 5), self.misses("203.0.113.2", 1)), (404, 429))
        self.assert_stops(service)

    def test_trusted_proxies_change(self):
        service = self.start("")
        self.misses("203.0.113.1", 1)
        self.reload(service, "trusted-proxy=127.0.0.0/8\n")
        self.misses("203.0.113.2", 1)
        self.reload(service, "trusted-proxy=192.0.2.0/24\n")
        self.misses("203.0.113.3", 1)
        self.assert_stops(service)
        self.assertEqual([entry["address"] for entry in entries(service, "request")],
                         ["127.0.0.1", "203.0.113.2", "127.0.0.1"])

    def test_the_log_level_changes(self):
        statuses = lambda: [entry["status"] for entry in entries(service, "request")]
        service = self.start("log-level=info\n")
        self.target(20)
        self.client.request("GET", "/nothing")  # the line of the one before is written or not by now
        self.reload(service, "log-level=request\n")
        self.target(1000)
        wait_until(lambda: 414 in statuses(), 5, "the line of a request")
        self.reload(service, "log-level=info\n")
        self.target(20)
        self.assert_stops(service)
        # The answer to the second may have been there before its line.
        self.assertEqual([status for status in statuses() if status != 404], [414])

    def test_bytes_that_may_be_stored_change(self):
        service = self.start("stored-bytes-max=1M\n")
        body = {"secret": "x" * 700_000}
        self.assertEqual(self.client.json("POST", "/api/v1/secret", body)[0], 200)
        self.assertEqual(self.client.json("POST", "/api/v1/secret", body)[0], 507)
        self.reload(service, "stored-bytes-max=2M\n")
        self.assertEqual(self.client.json("POST", "/api/v1/secret", body)[0], 200)
        self.assertEqual(self.client.json("POST", "/api/v1/secret", body)[0], 507)
        self.assert_stops(service)

    def test_the_command_line_goes_on_to_win(self):
        service = self.start("target-bytes-max=100\n", "--target-bytes-max", "150")
        self.reload(service, "target-bytes-max=200\n")
        self.assertEqual((self.target(150), self.target(151)), (200, 414))
        self.assert_stops(service)

    def test_what_needs_a_restart_is_named_and_stays(self):
        service = self.start("ttl-max=100\n", "--log-level", "info")
        changed = {"ttl-max": "200", "workers": "2", "loops": "3", "cache-bytes": "2M", "secret-bytes-max": "10",
                   "listen-mode": "0600", "metrics-listen": "127.0.0.1:1", "no-sandbox": "true",
                   "token-file": str(self.folder / "others")}
        lines = self.reload(service, "target-bytes-max=200\n" + "".join(f"{name}={value}\n" for name, value in changed.items()))
        warnings = [line for line in lines if line["message"] == RESTART]
        self.assertEqual(sorted(line["option"] for line in warnings), sorted(f"--{name}" for name in changed))
        self.assertEqual({line["level"] for line in warnings}, {"warning"})
        self.assertEqual(len(lines), len(warnings) + 1)
        ask = lambda ttl: self.client.json("POST", "/api/v1/secret", {"secret": "longer than ten", "ttl_seconds": ttl})[0]
        self.assertEqual((ask(100), ask(101)), (200, 422))
        self.assertEqual((self.target(200), self.target(201)), (200, 414), "the rest is in force")
        # What was changed and is changed back is no difference.
        self.assertEqual([line["message"] for line in self.reload(service, "ttl-max=100\n")], [RELOADED])
        self.assert_stops(service)

    def test_a_broken_file_keeps_everything_and_says_so_in_one_line(self):
        good = "target-bytes-max=100\nlog-level=info\n"
        service = self.start(good)
        for content, *words in (("nonsense=1\n", "line 1", "nonsense"), ("target-bytes-max=200\nworkers\n", "line 2"),
                                ("target-bytes-max=200\nhead-timeout=soon\n", "--head-timeout"),
                                ("target-bytes-max=200\ntrusted-proxy=nonsense\n", "--trusted-proxy"),
                                ("target-bytes-max=1\n", "--target-bytes-max"), ("log-level=loud\n", "--log-level"),
                                (f"target-bytes-max=200\ntls-cert={self.folder}/a.pem\n", "--tls-key"),
                                ("\0\xff\n", "line 1")):
            with self.subTest(content=content):
                lines = self.reload(service, content, KEPT)
                self.assertEqual([line["level"] for line in lines], ["error"])
                for word in words:
                    self.assertIn(word, lines[0]["reason"])
                self.assertNotIn("\n", lines[0]["reason"])
                self.assertEqual((self.target(100), self.target(101)), (200, 414))
        self.config.unlink()
        self.assertIn(str(self.config), self.reload(service, outcome=KEPT)[0]["reason"])
        self.assertEqual((self.target(100), self.target(101)), (200, 414))
        self.reload(service, good.replace("100", "300"))
        self.assertEqual((self.target(300), self.target(301)), (200, 414), "a good one is taken again")
        self.assert_stops(service)

    def test_requests_in_hand_are_not_disturbed(self):
        service = self.start("head-timeout=30\nbody-timeout=30\n")
        head = b"POST /api/v1/secret HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 18\r\n"
        body = b'{"secret":"later"}'
        kinds = {"in the head": head[:30], "in the body": head + b"\r\n" + body[:4]}
        connections = {kind: socket.create_connection(("127.0.0.1", service.port), 10) for kind in kinds}
        for kind, connection in connections.items():
            self.addCleanup(connection.close)
            connection.sendall(kinds[kind])
        self.target(20)
        for size in ("4096", "8192"):
            self.reload(service, f"head-bytes-max={size}\nhead-timeout=30\nbody-timeout=30\n")
        self.assertEqual(self.target(20), 200, "an idle connection stays")
        for kind, connection in connections.items():
            with self.subTest(kind):
                connection.sendall((head + b"\r\n" + body)[len(kinds[kind]):])
                self.assertTrue(connection.recv(4096).startswith(b"HTTP/1.1 200 "))
        self.assert_stops(service)

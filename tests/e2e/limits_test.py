"""What one client may do, and how large and how slow its requests may be: the refusals, and whom they are about."""

import contextlib
import json
import socket
import time
import unittest

from fixture import UNKNOWN_KEY, ServiceCase, temporary_folder
from service import Service

CREATE, JSON = "/api/v1/secret", {"Content-Type": "application/json"}
PROXY = ("--trusted-proxy", "127.0.0.1/32")


def everything_from(connection):
    """What the peer sends until it closes."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


class ClientAddressTest(unittest.TestCase):
    """Who is meant by X-Forwarded-For; the audit log has the answer."""

    FORWARDED = (("203.0.113.7", "203.0.113.7"), ("2001:db8::7", "2001:db8::7"), ("203.0.113.7:4711", "203.0.113.7"),
                 ("[2001:db8::7]:4711", "2001:db8::7"), ("198.51.100.1, 203.0.113.7", "203.0.113.7"),
                 ("203.0.113.7, 10.1.2.3", "203.0.113.7"), ("198.51.100.1, 203.0.113.7, 10.1.2.3", "203.0.113.7"),
                 ("nonsense, 203.0.113.7", "203.0.113.7"), ("203.0.113.7, nonsense", None), ("nonsense", None),
                 ("", None), ("10.1.2.3", "10.1.2.3"), ("127.0.0.1\u00a0, 203.0.113.7", "203.0.113.7"))

    def addresses(self, *arguments):
        """The addresses in the audit log, one for each of FORWARDED."""
        with Service(temporary_folder(self), arguments) as service:
            client = service.client()
            for header, _ in self.FORWARDED:
                headers = JSON | {"X-Forwarded-For": header.encode()}
                self.assertEqual(client.request("POST", CREATE, b'{"secret":"x"}', headers)[0], 200, header)
            self.assertEqual(service.stop(), 0)
        return [row["ip_address"] for row in service.audit()]

    def test_behind_trusted_proxies_it_is_the_last_hop_that_is_none(self):
        found = self.addresses("--trusted-proxy", "127.0.0.1", "--trusted-proxy", "10.0.0.0/8")
        for (header, wanted), address in zip(self.FORWARDED, found, strict=True):
            with self.subTest(header=header):
                self.assertEqual(address, wanted or "127.0.0.1")

    def test_who_is_not_trusted_says_nothing(self):
        self.assertEqual(set(self.addresses("--trusted-proxy", "10.0.0.0/8")), {"127.0.0.1"})


class BucketTest(ServiceCase):
    """Bucket by bucket; each test has addresses of its own."""

    arguments = (*PROXY, "--creates-burst", "3", "--misses-burst", "3", "--wrong-passphrases-burst", "3",
                 "--creates-per-minute", "2", "--misses-per-minute", "2", "--wrong-passphrases-per-minute", "2",
                 "--retrieves-burst", "3", "--retrieves-per-minute", "2",
                 "--address-bytes-per-day", "4K")

    def ask(self, address, method, path, value=None):
        """The status; a 429 has to say when to come back."""
        headers = {"X-Forwarded-For": address} if address else {}
        body = None if value is None else json.dumps(value)
        status, answered, content = self.client.request(method, path, body, headers | (JSON if body else {}))
        if status == 429:
            self.assertGreater(int(answered["retry-after"]), 0)
            self.assertIn("detail", json.loads(content))
        return status

    def create(self, address, secret="x"):
        return self.ask(address, "POST", CREATE, {"secret": secret})

    def test_creates(self):
        self.assertEqual([self.create("203.0.113.1") for _ in range(4)], [200] * 3 + [429])
        self.assertEqual(self.create("203.0.113.2"), 200, "another address")
        self.assertEqual([self.create("2001:db8:1::1") for _ in range(3)], [200] * 3)
        self.assertEqual(self.create("2001:db8:1::2"), 429, "a /64 is one client")
        self.assertEqual(self.create("2001:db8:1:1::1"), 200)

    def test_what_was_not_created_is_not_counted_as_bytes(self):
        bad = {"secret": "x" * 1500, "ttl_seconds": 0}
        self.assertEqual([self.ask("203.0.113.3", "POST", CREATE, bad) for _ in range(3)], [422] * 3)

    def test_bytes_of_a_day(self):
        self.assertEqual([self.create("203.0.113.4", "x" * 1900) for _ in range(3)], [200, 200, 429])
        self.assertEqual(self.create("203.0.113.4", "small"), 200, "a small one has room")

    def test_misses(self):
        path = f"{CREATE}/{UNKNOWN_KEY}"
        key = self.client.create("found")
        self.assertEqual([self.ask("203.0.113.5", "GET", path) for _ in range(2)], [404] * 2)
        self.assertEqual(self.ask("203.0.113.5", "DELETE", path), 404)
        self.assertEqual([self.ask("203.0.113.5", method, path) for method in ("GET", "DELETE")], [429] * 2)
        self.assertEqual(self.ask("203.0.113.5", "GET", f"{CREATE}/{key}"), 429, "he learns nothing either")
        self.assertEqual(self.ask("203.0.113.6", "GET", f"{CREATE}/{key}"), 200, "and nothing was spent")

    def test_retrieves_also_repeated_ones(self):
        key = self.client.json("POST", "/api/v2/secrets", {"secret": "x", "views": 9})[1]["secret_key"]
        claimed = {"secret_key": key, "claim": "A" * 22}
        retrieve = lambda address: self.ask(address, "POST", "/api/v2/secrets/retrieve", claimed)
        self.assertEqual([retrieve("203.0.113.12") for _ in range(4)], [200] * 3 + [429])
        self.assertEqual(self.ask("203.0.113.12", "GET", f"{CREATE}/{self.client.create('y')}"), 429)
        self.assertEqual([retrieve("203.0.113.13"), retrieve(None)], [200, 200])

    def test_wrong_passphrases(self):
        keys = [self.client.create("guarded", passphrase="right") for _ in range(4)]
        guess = lambda address, key, passphrase: self.ask(address, "DELETE", f"{CREATE}/{key}", {"passphrase": passphrase})
        self.assertEqual([guess("203.0.113.8", key, "wrong") for key in keys], [403] * 3 + [429], "over all secrets")
        self.assertEqual(guess("203.0.113.8", keys[3], "right"), 429)
        self.assertEqual(guess("203.0.113.9", keys[3], "right"), 200)

    def test_loopback_is_exempt_unless_a_proxy_named_it(self):
        path = f"{CREATE}/{UNKNOWN_KEY}"
        self.assertEqual({self.create(None) for _ in range(10)}, {200})
        self.assertEqual({self.ask(None, "GET", path) for _ in range(10)}, {404})
        self.assertEqual([self.ask("127.0.0.9", "GET", path) for _ in range(4)], [404] * 3 + [429])

    def test_a_refusal_comes_before_the_body(self):
        self.assertEqual([self.create("203.0.113.10") for _ in range(3)], [200] * 3)
        for announced, address, status in ((100, "203.0.113.10", 429), (5000, "203.0.113.11", 413)):
            with self.subTest(announced=announced), socket.create_connection(("127.0.0.1", self.service.port), 10) as raw:
                raw.sendall(f"POST {CREATE} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Forwarded-For: {address}"
                            f"\r\nContent-Length: {announced}\r\n\r\n".encode())
                raw.settimeout(3)  # less than a body may take
                answer = raw.recv(65536)
                self.assertTrue(answer.startswith(b"HTTP/1.1 %d " % status), answer)
                self.assertEqual(b"\r\nRetry-After: " in answer, status == 429, "what will never fit is not told to wait")


class StorageTest(unittest.TestCase):
    def test_over_what_may_be_stored_creation_is_refused_and_nothing_else(self):
        with Service(temporary_folder(self), ("--stored-bytes-max", "1M")) as service:
            client = service.client()
            keys = [client.create("x" * 400_000) for _ in range(2)]
            status, headers, content = client.request("POST", CREATE, json.dumps({"secret": "x" * 400_000}), JSON)
            self.assertEqual(status, 507)
            self.assertIn("detail", json.loads(content))
            self.assertGreater(int(headers["retry-after"]), 0)
            client.create("a small one has room")
            self.assertEqual([client.retrieve(key)[0] for key in keys], [200, 200])
            self.assertEqual(client.request("GET", "/readyz")[0], 200)
            self.assertEqual(service.stop(), 0)


class SizeTest(ServiceCase):
    arguments = ("--head-bytes-max", "2K", "--headers-max", "6", "--target-bytes-max", "100", "--secret-bytes-max", "10")

    def head(self, size=None, fields=1, target=9):
        """The status that a request gets whose head, fields or target are so large."""
        lines = [f"GET /healthz{'?' * (target > 8)}{'x' * (target - 9)} HTTP/1.1", "Host: x"]
        lines += [f"A{number}: b" for number in range(fields - 1)]
        if size:
            lines.append("Fill: " + "x" * (size - len("\r\n".join(lines)) - len("\r\nFill: \r\n\r\n")))
        with socket.create_connection(("127.0.0.1", self.service.port), 10) as raw:
            raw.sendall("\r\n".join([*lines, "", ""]).encode())
            return int(raw.recv(65536)[9:12])

    def test_limits_of_the_head_are_as_asked(self):
        self.assertEqual((self.head(size=2048), self.head(size=2049)), (200, 431))
        self.assertEqual((self.head(fields=6), self.head(fields=7)), (200, 431))
        self.assertEqual((self.head(target=100), self.head(target=101)), (200, 414))

    def test_the_limit_of_a_secret_is_as_asked(self):
        self.assertEqual(self.client.retrieve(self.client.create("x" * 10)), (200, {"secret": "x" * 10}))
        self.assertEqual(self.client.json("POST", CREATE, {"secret": "x" * 11})[0], 422)


class ConnectionsTest(unittest.TestCase):
    MOST = 8

    def test_who_was_idle_longest_makes_room(self):
        with Service(temporary_folder(self), ("--connections-max", str(self.MOST))) as service:
            clients = [service.client() for _ in range(self.MOST)]
            for client in [*clients, clients[0]]:
                self.assertEqual(client.request("GET", "/healthz")[0], 200)
            newcomer = service.client()
            self.assertEqual(newcomer.request("GET", "/healthz")[0], 200)
            # The first one was used again, so it is the second one that had to go.
            clients[1].connection.sock.settimeout(5)
            self.assertEqual(clients[1].connection.sock.recv(1), b"")
            for client in (*clients[2:], clients[0], newcomer):
                client.connection.auto_open = False  # no second connection behind our back
                self.assertEqual(client.request("GET", "/healthz")[0], 200)
            for client in (*clients, newcomer):
                client.close()
            self.assertEqual(service.stop(), 0)

    def test_half_a_request_keeps_nobody_out(self):
        with Service(temporary_folder(self), ("--connections-max", str(self.MOST), "--head-timeout", "30")) as service:
            busy = []
            for _ in range(self.MOST):
                busy.append(socket.create_connection(("127.0.0.1", service.port), 10))
                self.addCleanup(busy[-1].close)
                busy[-1].sendall(b"GET /healthz HT")
            self.assertEqual(service.client().request("GET", "/healthz")[0], 200)
            with contextlib.suppress(ConnectionResetError):
                self.assertEqual(everything_from(busy[0]), b"", "the oldest made room")
            for connection in busy[1:]:
                connection.sendall(b"TP/1.1\r\nHost: x\r\n\r\n")
                self.assertTrue(connection.recv(4096).startswith(b"HTTP/1.1 200 "))
            self.assertEqual(service.stop(), 0)

    def test_connections_of_one_address_are_limited_but_for_loopback(self):
        with Service(temporary_folder(self), ("--address-connections-max", "1")) as service:
            clients = [service.client() for _ in range(5)]
            self.assertEqual({client.request("GET", "/healthz")[0] for client in clients}, {200})
            for client in clients:
                client.close()
            self.assertEqual(service.stop(), 0)


class DeadlineTest(unittest.TestCase):
    POST = b"POST /api/v1/secret HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n"

    def test_deadlines_may_be_fractions_of_a_second(self):
        rate = ("--rate-min", "1M")  # so that the body's size adds next to nothing
        for option, sent, status in (("--head-timeout", b"", None), ("--head-timeout", b"GET / HT", 408),
                                     ("--body-timeout", self.POST + b'{"se', 408),
                                     ("--idle-timeout", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 200)):
            with self.subTest(option=option, sent=sent), Service(temporary_folder(self), (option, "0.3", *rate)) as service:
                with socket.create_connection(("127.0.0.1", service.port), 10) as raw:
                    began = time.monotonic()
                    raw.sendall(sent)
                    answer = everything_from(raw)
                    taken = time.monotonic() - began
                self.assertEqual(int(answer[9:12]) if answer else None, status, answer)
                self.assertEqual(answer.count(b"HTTP/1.1 "), 1 if status else 0)
                self.assertGreater(taken, 0.25)
                self.assertLess(taken, 3, "every other deadline is longer")
                self.assertEqual(service.stop(), 0)

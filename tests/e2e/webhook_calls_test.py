"""Webhooks with a receiver that listens: what arrives, how it is signed, what is tried again, and what is never called."""

import base64
import json
import os
import re
import socket
import threading
import time
import unittest

from fixture import temporary_folder
from receiver import KEY_FILE, Receiver, certificate, signature
from service import Service, run
from suite import wait_until

LOOPBACK = ("--webhook-allow", "127.0.0.0/8")
EVENTS = ("created", "retrieved", "deleted", "expired")


class WebhookCallsTest(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)
        self.key_file = self.folder / "webhook-key"
        self.key_file.write_text(KEY_FILE)
        self.key_file.chmod(0o600)
        self.receiver = Receiver()
        self.addCleanup(lambda: self.receiver.close())

    def serve(self, *arguments, url=None, wrapper=()):
        service = Service(self.folder, ["--webhook-url", url or self.receiver.url, "--webhook-key-file",
                                        str(self.key_file), *arguments], wrapper)
        self.addCleanup(service.kill)
        return service

    def metric(self, service, name, to="server"):
        text = service.client().request("GET", "/metrics")[2].decode()
        return float(re.search(rf'^disposable_secrets_{name}{{to="{to}"}} (\S+)$', text, re.MULTILINE).group(1))

    def wait_for(self, count):
        wait_until(lambda: len(self.receiver.told) >= count, 20, f"{count} are told, not {self.receiver.types()}")

    def test_each_event_is_told_once_signed_and_by_fingerprint_alone(self):
        service = self.serve(*LOOPBACK)
        client = service.client()
        retrieved, deleted = client.create("read me"), client.create("drop me", passphrase="open")
        expired = client.create("late", ttl_seconds=1)
        client.delete(deleted, "wrong")
        client.retrieve(retrieved)
        client.delete(deleted, "open")
        self.wait_for(6)
        wait_until(lambda: self.metric(service, "webhooks_pending") == 0, 10, "nothing is pending")
        rows = {row["event_id"]: row for row in service.audit() if row["action"] != "denied"}
        self.assertEqual(sorted(self.receiver.types()), sorted(f"secret.{row['action']}" for row in rows.values()))
        self.assertEqual({row["action"] for row in rows.values()}, set(EVENTS))
        for path, fields, body in self.receiver.told:
            self.assertEqual(path, "/hook?for=us")
            self.assertEqual(fields["webhook-signature"], signature(fields, body))
            self.assertLess(abs(int(fields["webhook-timestamp"]) - time.time()), 60)
            self.assertEqual(fields["Content-Type"], "application/json")
            self.assertRegex(fields["User-Agent"], r"^disposable-secrets/\d+\.\d+")
            row = rows.pop(fields["webhook-id"])
            extra = row["extra_data"] if isinstance(row["extra_data"], dict) else json.loads(row["extra_data"])
            self.assertEqual(json.loads(body), {"type": f"secret.{row['action']}", "timestamp": row["created_at"],
                                                "data": {"fingerprint": row["secret_key"], **extra}})
            for secret in (retrieved, deleted, expired, "read me", "127.0.0.1"):
                self.assertNotIn(secret.encode(), body)
        self.assertEqual(rows, {})
        self.assertEqual(service.stop(), 0)

    def test_what_was_not_taken_is_told_after_a_while_also_over_a_kill(self):
        self.receiver.answer = 503
        service = self.serve(*LOOPBACK)
        service.client().create("x")
        self.wait_for(1)
        wait_until(lambda: self.metric(service, "webhooks_failures_total") == 1, 5, "the failure is counted")
        service.kill()
        self.receiver.answer = 204
        again = self.serve(*LOOPBACK)
        began = time.monotonic()
        self.wait_for(2)
        self.assertLess(time.monotonic() - began, 8)
        self.assertEqual(*(fields["webhook-id"] for _, fields, _ in self.receiver.told))
        wait_until(lambda: self.metric(again, "webhooks_pending") == 0, 10, "it is settled")
        self.assertEqual(again.stop(), 0)
        self.assertEqual(len(self.receiver.told), 2)
        lines = [json.loads(line) for line in service.log if "webhook" in line]
        self.assertEqual([(line["to"], line["reason"]) for line in lines],
                         [("server", "the receiver has answered with 503")])
        self.assertEqual(lines[0]["fingerprint"], again.audit()[0]["secret_key"])

    def test_what_was_told_before_a_kill_is_not_told_again(self):
        service = self.serve(*LOOPBACK)
        client = service.client()
        for _ in range(5):
            client.create("x")
        self.wait_for(5)
        wait_until(lambda: self.metric(service, "webhooks_delivered_total") == 5, 10, "all are settled")
        service.kill()
        again = self.serve(*LOOPBACK)
        again.client().create("last")
        self.wait_for(6)
        self.assertEqual(again.stop(), 0)
        self.assertEqual(len(self.receiver.told), 6)

    def test_a_redirect_is_not_followed(self):
        other = Receiver()
        self.addCleanup(other.close)
        self.receiver.answer, self.receiver.fields = 302, {"Location": other.url}
        service = self.serve(*LOOPBACK)
        service.client().create("x")
        wait_until(lambda: self.metric(service, "webhooks_failures_total") == 1, 10, "it counts as a failure")
        self.assertEqual(other.told, [])
        self.assertEqual(service.stop(), 0)

    def test_who_is_gone_is_given_up_at_once(self):
        self.receiver.answer = 410
        service = self.serve(*LOOPBACK)
        service.client().create("x")
        wait_until(lambda: self.metric(service, "webhooks_given_up_total") == 1, 10, "it is given up")
        wait_until(lambda: self.metric(service, "webhooks_pending") == 0, 10, "it is not tried again")
        self.assertEqual(service.stop(), 0)

    def test_a_private_address_is_never_connected_to_whatever_name_it_has(self):
        connections = []
        listener = socket.create_server(("127.0.0.1", 0))
        listener.settimeout(0.1)
        self.addCleanup(listener.close)
        port = listener.getsockname()[1]
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
            with self.subTest(host=host):
                folder = self.folder
                self.folder = temporary_folder(self)
                service = self.serve(url=f"https://{host}:{port}/")
                self.folder = folder
                service.client().create("x")
                wait_until(lambda: self.metric(service, "webhooks_failures_total") == 1, 10, "it is refused")
                with self.assertRaises(TimeoutError):
                    connections.append(listener.accept())
                self.assertEqual(service.stop(), 0)
                self.assertIn("it has no address that may be connected to", "".join(service.log))
        self.assertEqual(connections, [])

    def test_a_receiver_without_a_trusted_certificate_is_told_nothing(self):
        service = self.serve(*LOOPBACK, url=f"https://127.0.0.1:{self.receiver.port}/")
        service.client().create("x")
        wait_until(lambda: self.metric(service, "webhooks_failures_total") == 1, 10, "it is refused")
        self.assertEqual((self.receiver.told, service.stop()), ([], 0))

    def test_a_name_and_a_certificate_are_looked_up_within_the_sandbox(self):
        if os.geteuid() != 0:
            self.skipTest("a file of hosts of its own needs root")
        hosts = self.folder / "hosts"
        hosts.write_text("127.0.0.1 hooks.test\n")
        trusted, key = certificate(self.folder, "hooks.test")
        self.receiver.use_tls(trusted, key)
        files = ("/etc/hosts", "/etc/ssl/certs/ca-certificates.crt")
        script = f'mount --bind "$1" {files[0]} && mount --bind "$2" {files[1]} && shift 2 && exec "$@"'
        service = self.serve(*LOOPBACK, url=f"https://hooks.test:{self.receiver.port}/x",
                             wrapper=("unshare", "--mount", "sh", "-c", script, "sh", str(hosts), str(trusted)))
        service.client().create("x")
        self.wait_for(1)
        self.assertEqual(self.receiver.told[0][1]["Host"], f"hooks.test:{self.receiver.port}")
        self.assertEqual(service.stop(), 0)

    def test_a_receiver_that_hangs_or_drips_holds_up_neither_service_nor_end(self):
        released = threading.Event()
        self.addCleanup(released.set)

        def drip(connection):
            while not released.wait(0.2):
                connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")

        for answer in (lambda _: released.wait(60), drip):
            self.receiver.answer = answer
            before = len(self.receiver.told)
            service = self.serve(*LOOPBACK)
            client = service.client()
            key = client.create("x")
            self.wait_for(before + 1)
            self.assertEqual(client.retrieve(key), (200, {"secret": "x"}))
            began = time.monotonic()
            self.assertEqual(service.stop(), 0)
            self.assertLess(time.monotonic() - began, 3)

    def test_a_receiver_with_endless_lines_ends_nothing(self):
        def long_line(connection):
            connection.send(b"HTTP/1.1 200 " + b"A" * 32_700 + b"\r\nContent-Length: 0\r\n\r\n")

        self.receiver.answer = long_line
        service = self.serve(*LOOPBACK, wrapper=("prlimit", "--stack=2097152:2097152"))  # of threads, too
        service.client().create("x")
        self.wait_for(1)
        wait_until(lambda: self.metric(service, "webhooks_failures_total") == 1, 5, "it counts as a failure")
        self.assertEqual(service.stop(), 0)

    def test_without_webhooks_there_is_no_queue_and_mistakes_are_named(self):
        with Service(self.folder) as service:
            service.client().create("x")
            self.assertEqual(service.stop(), 0)
            self.assertFalse((service.data_dir / "webhooks.db").exists())
        other = ["--data-dir", self.folder / "other", "--key-file", self.folder / "other-key"]
        (self.folder / "bad-key").write_text("whsec_AAAA\n")
        (self.folder / "bad-key").chmod(0o600)
        url, key = ("--webhook-url", "https://hooks.example/"), ("--webhook-key-file", self.key_file)
        for arguments, text in (
                (url, "are needed together"), (key, "are needed together"),
                (("--webhook-url", "ftp://hooks.example/", *key), "begins with https://"),
                (("--webhook-url", "http://hooks.example/", *key), "--webhook-allow"),
                ((*url, *key, "--webhook-allow", "10.0.0.1/8"), "behind the prefix"),
                ((*url, "--webhook-key-file", self.folder / "bad-key"), "24 to 64 bytes"),
                ((*url, "--webhook-key-file", self.folder / "missing"), "does not exist")):
            with self.subTest(arguments=arguments):
                done = run("serve", *other, "--listen", "127.0.0.1:0", *arguments)
                self.assertIn(text, done.stderr)
                self.assertIn(done.returncode, (1, 2))
        os.chmod(self.key_file, 0o644)
        self.assertIn("open to others", run("serve", *other, *url, *key).stderr)


class NamedTest(unittest.TestCase):
    """Those that secrets and requests name."""

    def setUp(self):
        self.folder = temporary_folder(self)
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)
        token = json.loads(run("token", "create", "--json", "--data-dir", self.folder / "data").stdout)["token"]
        self.shown = {"Authorization": f"Bearer {token}"}

    def serve(self, *arguments):
        service = Service(self.folder, [*LOOPBACK, *arguments])
        self.addCleanup(service.kill)
        return service

    def post(self, service, path, value, headers=None):
        content = value if isinstance(value, bytes) else json.dumps(value)
        kind = "application/octet-stream" if isinstance(value, bytes) else "application/json"
        status, _, answer = service.client().request("POST", f"/api/v2/{path}", content, {"Content-Type": kind} | (headers or {}))
        self.assertIn(status, (200, 201), answer)
        return json.loads(answer) if kind == "application/json" and path != "secrets/retrieve" else answer

    def assert_told(self, created, types):
        """All of these types once each, in order, signed with this secret's key and naming it by its fingerprint."""
        told = lambda: [(fields, body) for _, fields, body in self.receiver.told
                        if json.loads(body)["data"]["fingerprint"] == created["fingerprint"]]
        wait_until(lambda: len(told()) >= len(types), 20, f"{types}, not {self.receiver.types()}")
        self.assertEqual([json.loads(body)["type"] for _, body in told()], types)
        key = base64.b64decode(created["webhook_key"].removeprefix("whsec_"))
        for fields, body in told():
            self.assertEqual(fields["webhook-signature"], signature(fields, body, key))

    def test_a_creator_is_told_of_his_own_secret_with_his_own_key(self):
        service = self.serve("--webhooks", "tokens")
        named = {"secret": "x", "webhook": self.receiver.url}
        read, gone = (self.post(service, "secrets", named | {"views": views}, self.shown) for views in (2, 1))
        self.post(service, "secrets", {"secret": "of somebody else"})
        for _ in range(2):
            self.post(service, "secrets/retrieve", {"secret_key": read["secret_key"]})
        self.post(service, "secrets/delete", {"secret_key": gone["secret_key"]})
        self.assert_told(read, ["secret.retrieved"] * 2)
        self.assert_told(gone, ["secret.deleted"])
        self.assertEqual(len(self.receiver.told), 3)
        self.assertEqual(service.stop(), 0)

    def test_a_stranger_cannot_have_called_what_the_operator_may(self):
        (self.folder / "key").write_text("whsec_" + "A" * 42 + "E=\n")
        (self.folder / "key").chmod(0o600)
        operator = Receiver()
        self.addCleanup(operator.close)
        service = self.serve("--webhooks", "everybody", "--webhook-url", operator.url, "--webhook-key-file", self.folder / "key")
        named = f"https://localhost:{self.receiver.port}/"  # that it leads here is known only when it is called
        created = self.post(service, "secrets", {"secret": "x", "webhook": named})
        self.post(service, "secrets/delete", {"secret_key": created["secret_key"]})
        wait_until(lambda: len(operator.told) == 2, 10, "the operator is told of both")
        text = lambda: service.client().request("GET", "/metrics")[2].decode()
        wait_until(lambda: 'webhooks_failures_total{to="secret"} 1' in text(), 10, "the other is refused")
        self.assertEqual((self.receiver.told, service.stop()), ([], 0))

    def test_who_asked_is_told_when_the_request_is_filled_and_read(self):
        service = self.serve("--webhooks", "tokens")
        asked = self.post(service, "requests", {"webhook": self.receiver.url}, self.shown)
        for _ in range(2):  # the filler is told neither key nor fingerprint, and repeating himself tells nobody anything
            filled = self.post(service, "requests/fill", b"x", {"Request-Fill-Key": asked["fill_key"], "Idempotency-Key": "k" * 16})
            self.assertNotIn(b"webhook_key", filled)
        self.post(service, "secrets/retrieve", {"secret_key": asked["request_key"]})
        self.assert_told(asked, ["secret.created", "secret.retrieved"])
        self.assertEqual(service.stop(), 0)

    def test_one_that_hangs_holds_up_no_other(self):
        released = threading.Event()
        self.addCleanup(released.set)
        slow = Receiver()
        self.addCleanup(slow.close)
        slow.answer = lambda _: released.wait(60)
        service = self.serve("--webhooks", "tokens")
        for url in [slow.url] * 3 + [self.receiver.url]:
            created = self.post(service, "secrets", {"secret": "x", "webhook": url}, self.shown)
            self.post(service, "secrets/delete", {"secret_key": created["secret_key"]})
        self.assert_told(created, ["secret.deleted"])
        self.assertEqual(len(slow.told), 1)
        self.assertEqual(service.stop(), 0)

    def test_what_was_named_is_told_while_anybody_is_called_and_dropped_when_nobody_is(self):
        with self.serve("--webhooks", "tokens") as service:
            named = {"secret": "x", "webhook": self.receiver.url}
            first, second = (self.post(service, "secrets", named, self.shown) for _ in range(2))
            service.stop()
        with self.serve() as service:
            self.post(service, "secrets/delete", {"secret_key": first["secret_key"]})
            text = lambda: service.client().request("GET", "/metrics")[2].decode()
            wait_until(lambda: 'webhooks_dropped_total{to="secret"} 1' in text(), 10, "it is counted")
            self.assertEqual(service.stop(), 0)
            self.assertEqual(len([line for line in service.log if "webhooks are not told" in line]), 1)
        with self.serve("--webhooks", "tokens") as service:
            self.post(service, "secrets/delete", {"secret_key": second["secret_key"]})
            self.assert_told(second, ["secret.deleted"])
            self.assertEqual(service.stop(), 0)
        self.assertEqual(len(self.receiver.told), 1)


if __name__ == "__main__":
    unittest.main()

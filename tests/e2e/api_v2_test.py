"""API v2 over real sockets: bytes, options, receipts, requests, claims, idempotency, and what stands between the versions."""

import base64
import json
import os

from fixture import UNKNOWN_KEY, ServiceCase, temporary_folder
from service import Service
from suite import wait_until

MEBIBYTE = 1024 * 1024
UPLOAD_BYTES_MAX = 25 * MEBIBYTE
BYTES = {"Content-Type": "application/octet-stream"}
PROBLEM = "urn:disposable-secrets:problem:"
ALL_BYTES = bytes(range(256))
TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def recorded(service, key, actions):
    """Waits until the audit log, which follows the answers within moments, has these actions for the secret."""
    wait_until(lambda: [row["action"] for row in service.audit("--secret-key", key)] == actions,
               5, f"{actions} in the audit log")


class V2:
    """API v2 over a Client. Every answer is (status, value): an object, the bytes of a secret, or a problem's name."""

    def __init__(self, client):
        self.client = client
        self.headers = {}  # of the latest answer

    def send(self, path, body, headers):
        status, self.headers, content = self.client.request("POST", "/api/v2/" + path, body, headers)
        kind = self.headers["content-type"]
        assert "no-store" in self.headers["cache-control"], self.headers
        if kind == "application/octet-stream":
            return status, content
        value = json.loads(content)
        if status < 400:
            assert kind == "application/json", kind
            return status, value
        assert kind == "application/problem+json" and value["status"] == status, (kind, value)
        self.problem = value
        return status, value["type"].removeprefix(PROBLEM)

    def post(self, path, **value):
        return self.send(path, json.dumps(value), {"Content-Type": "application/json"})

    def create(self, data, **options):
        """The answer to a creation from bytes; `Secret-Views` is written Secret_Views."""
        headers = BYTES | {name.replace("_", "-"): str(value) for name, value in options.items()}
        status, value = self.send("secrets", data, headers)
        assert status == 201, (status, value)
        return value

    def retrieve(self, key, **more):
        return self.post("secrets/retrieve", secret_key=key, **more)

    def status(self, key):
        status, value = self.post("secrets/status", secret_key=key)
        assert status == 200, (status, value)
        return value


class V2Case(ServiceCase):
    def setUp(self):
        super().setUp()
        self.v2 = V2(self.client)


class SecretsTest(V2Case):
    def test_any_bytes_come_back_as_often_as_was_said(self):
        created = self.v2.create(ALL_BYTES, Secret_Views=2, Secret_TTL=60)
        self.assertEqual(set(created), {"secret_key", "receipt_key", "expires_at"})
        self.assertRegex(created["expires_at"], TIME)
        for left in ("1", "0"):
            self.assertEqual(self.v2.retrieve(created["secret_key"]), (200, ALL_BYTES))
            self.assertEqual(self.v2.headers["secret-views-left"], left)
        self.assertEqual(self.v2.retrieve(created["secret_key"]), (410, "retrieved"))
        self.assertRegex(self.v2.problem["at"], TIME)
        recorded(self.service, created["secret_key"], ["created", "retrieved", "retrieved"])

    def test_the_largest_upload_makes_the_round_trip_and_one_byte_more_is_refused(self):
        data = os.urandom(MEBIBYTE) * 25
        key = self.v2.create(data)["secret_key"]
        status, got = self.v2.retrieve(key)
        self.assertTrue(status == 200 and got == data, (status, len(got)))
        # By its announcement alone: a client that goes on sending may not see the answer.
        connection = self.service.client().connection
        self.addCleanup(connection.close)
        connection.putrequest("POST", "/api/v2/secrets")
        for name, value in (BYTES | {"Content-Length": str(UPLOAD_BYTES_MAX + 1)}).items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        self.assertEqual((response.status, json.loads(response.read())["type"]), (413, PROBLEM + "too-large"))

    def test_a_text_in_json_is_kept_with_its_options(self):
        status, created = self.v2.post("secrets", secret="grüße\0", passphrase="päss", views=1, ttl_seconds=60)
        self.assertEqual(status, 201)
        key = created["secret_key"]
        self.assertEqual(self.v2.retrieve(key), (403, "wrong-passphrase"))
        self.assertEqual(self.v2.retrieve(key, passphrase="pass"), (403, "wrong-passphrase"))
        self.assertEqual(self.v2.retrieve(key, passphrase="päss"), (200, "grüße\0".encode()))

    def test_passphrase_and_proof_are_both_asked_for_and_five_mistakes_lock(self):
        proof, passphrase = os.urandom(32), os.urandom(20)
        created = self.v2.create(b"x", Secret_Proof=encoded(proof), Secret_Passphrase=encoded("päss".encode()))
        key, right = created["secret_key"], {"proof": encoded(proof), "passphrase": "päss"}
        for wrong, problem in (({}, "wrong-proof"), (right | {"proof": encoded(os.urandom(32))}, "wrong-proof"),
                               ({"proof": right["proof"]}, "wrong-passphrase"),
                               (right | {"passphrase": encoded(passphrase)}, "wrong-passphrase")):
            self.assertEqual(self.v2.retrieve(key, **wrong), (403, problem))
        self.assertEqual(self.v2.post("secrets/delete", secret_key=key), (403, "wrong-proof"))
        self.assertEqual(self.v2.retrieve(key, **right), (429, "locked"))
        self.assertGreater(int(self.v2.headers["retry-after"]), 800)
        status = self.v2.status(key)
        self.assertRegex(status.pop("locked_until"), TIME)
        self.assertRegex(status.pop("created_at"), TIME)
        self.assertEqual(status, {"state": "live", "expires_at": created["expires_at"], "views": 1, "views_left": 1,
                                  "passphrase": True, "proof": True, "bytes": 1})

    def test_a_receipt_watches_and_deletes_and_cannot_open(self):
        created = self.v2.create(b"x", Secret_Passphrase=encoded(b"p"))
        receipt = created["receipt_key"]
        self.assertEqual(self.v2.post("receipts/status", receipt_key=receipt)[1]["state"], "live")
        self.assertEqual(self.v2.retrieve(receipt), (404, "not-found"))
        status, deleted = self.v2.post("receipts/delete", receipt_key=receipt)
        self.assertEqual((status, deleted["state"]), (200, "deleted"))
        self.assertEqual(self.v2.retrieve(created["secret_key"], passphrase="p"), (410, "deleted"))
        self.assertEqual(self.v2.problem["at"], deleted["deleted_at"])
        self.assertEqual(self.v2.post("receipts/status", receipt_key=receipt)[1]["state"], "deleted")
        forged = receipt[:-1] + ("A" if receipt[-1] != "A" else "Q")
        self.assertEqual(self.v2.post("receipts/status", receipt_key=forged), (404, "not-found"))

    def test_a_request_is_filled_by_one_and_read_by_another(self):
        status, asked = self.v2.send("requests", None, {})
        self.assertEqual(status, 201)
        fill = BYTES | {"Request-Fill-Key": asked["fill_key"]}
        self.assertEqual(self.v2.post("requests/status", fill_key=asked["fill_key"])[1]["state"], "waiting")
        status, filled = self.v2.send("requests/fill", ALL_BYTES, fill)
        self.assertEqual((status, set(filled)), (201, {"receipt_key", "expires_at"}))
        self.assertEqual(self.v2.send("requests/fill", b"y", fill), (409, "filled"))
        self.assertEqual(self.v2.post("requests/status", fill_key=asked["fill_key"])[1]["state"], "filled")
        self.assertEqual(self.v2.retrieve(asked["fill_key"]), (404, "not-found"))
        self.assertEqual(self.v2.retrieve(asked["request_key"]), (200, ALL_BYTES))
        _, other = self.v2.post("requests", ttl_seconds=60)
        both = {"fill_key": other["fill_key"], "request_key": other["request_key"]}
        self.assertEqual(self.v2.post("requests/delete", **both | {"request_key": UNKNOWN_KEY}), (404, "not-found"))
        self.assertEqual(self.v2.post("requests/delete", **both)[1]["state"], "deleted")
        self.assertEqual(self.v2.send("requests/fill", b"y", fill | {"Request-Fill-Key": other["fill_key"]}),
                         (410, "deleted"))

    def test_who_withdraws_after_somebody_has_read_is_told_when(self):
        _, asked = self.v2.post("requests")
        both = {"fill_key": asked["fill_key"], "request_key": asked["request_key"]}
        self.assertEqual(self.v2.send("requests/fill", b"x", BYTES | {"Request-Fill-Key": asked["fill_key"]})[0], 201)
        self.assertEqual(self.v2.retrieve(asked["request_key"]), (200, b"x"))
        self.assertEqual(self.v2.post("requests/delete", **both), (410, "retrieved"))
        self.assertRegex(self.v2.problem["at"], TIME)
        self.assertEqual(self.v2.post("requests/status", fill_key=asked["fill_key"])[1]["state"], "filled")

    def test_options_that_would_be_ignored_are_refused(self):
        _, asked = self.v2.post("requests")
        fill = BYTES | {"Request-Fill-Key": asked["fill_key"]}
        proof = encoded(bytes(32))
        for answer in (self.v2.send("requests/fill", b"x", fill | {"Secret-Passphrase": encoded(b"x")}),
                       self.v2.post("secrets", secret="x", proof=proof), self.v2.post("requests", passphrase="x"),
                       self.v2.send("secrets", b"x", BYTES | {"Secret-Passphrase": encoded(b"\xff")})):
            self.assertEqual(answer, (422, "invalid-body"))

    def test_a_large_upload_that_is_refused_gets_to_its_answer(self):
        body = bytes(24 * MEBIBYTE)
        for path, kind, status in (("secrets", "text/plain", 415), ("secrets/status", "application/json", 413)) * 2:
            client = self.service.client()
            self.assertEqual(client.request("POST", "/api/v2/" + path, body, {"Content-Type": kind})[0], status)
            client.close()

    def test_a_prefetch_spends_nothing(self):
        key = self.v2.create(b"x")["secret_key"]
        headers = {"Content-Type": "application/json", "Sec-Purpose": "prefetch"}
        answer = V2(self.service.client()).send("secrets/retrieve", json.dumps({"secret_key": key}), headers)
        self.assertEqual(answer, (403, "prefetch"))
        self.assertEqual(self.v2.retrieve(key), (200, b"x"))

    def test_refusals_are_problems_wherever_they_are_made(self):
        for method, path, body, headers, expected in (
                ("POST", "/api/v2/nothing", "{}", {}, (404, "not-found")),
                ("GET", "/api/v2/secrets", None, {}, (405, "method-not-allowed")),
                ("POST", "/api/v2/secrets", "x", {"Content-Type": "text/plain"}, (415, "unsupported-media-type")),
                ("POST", "/api/v2/secrets", "x", BYTES | {"Secret-Views": "0"}, (422, "invalid-body")),
                ("POST", "/api/v2/secrets/retrieve", "{", {}, (422, "invalid-body")),
                ("POST", "/api/v2/secrets/retrieve", " " * 20_000, {}, (413, "too-large"))):
            with self.subTest(path=path, expected=expected):
                status, answered, content = self.service.client().request(method, path, body, headers)
                self.assertEqual(answered["content-type"], "application/problem+json")
                self.assertEqual((status, json.loads(content)["type"]), (expected[0], PROBLEM + expected[1]))

    def test_the_service_tells_its_limits(self):
        self.assertEqual(self.client.json("GET", "/api/v2/service"), (200, {
            "name": "Disposable Secrets", "upload_bytes_max": UPLOAD_BYTES_MAX, "ttl_seconds_max": 2592000,
            "ttl_seconds_default": 86400, "views_max": 100, "passphrase_bytes_max": 1024, "creation": "open",
            "webhooks": False}))

    def test_version_1_neither_opens_nor_spends_what_version_2_created(self):
        key = self.v2.create(b"x", Secret_Passphrase=encoded(b"p"))["secret_key"]
        for _ in range(6):  # and counts nothing
            self.assertEqual(self.client.retrieve(key)[0], 403)
            self.assertEqual(self.client.delete(key, "p")[0], 403)
        self.assertEqual(self.v2.retrieve(key, passphrase="p"), (200, b"x"))

    def test_version_2_keeps_the_rules_of_what_version_1_created(self):
        key = self.client.create("grüße", passphrase="p")
        self.assertEqual(self.v2.status(key)["state"], "live")
        self.assertEqual(self.v2.post("secrets/delete", secret_key=key), (403, "wrong-passphrase"))
        self.assertEqual(self.v2.retrieve(key), (200, "grüße".encode()))
        self.assertEqual(self.client.retrieve(key)[0], 410)


class CrashTest(V2Case):
    """Each test has a service of its own, so that it can be killed."""

    def setUp(self):
        super().setUp()
        self.own = temporary_folder(self)

    def started(self):
        service = Service(self.own)
        self.addCleanup(service.kill)
        client = service.client()
        self.addCleanup(client.close)
        return service, V2(client)

    def test_a_claim_gets_the_answer_again_after_kill_9_and_nobody_else_does(self):
        service, v2 = self.started()
        key, claim = v2.create(ALL_BYTES)["secret_key"], encoded(os.urandom(16))
        self.assertEqual(v2.retrieve(key, claim=claim), (200, ALL_BYTES))
        service.kill()
        service, v2 = self.started()
        self.assertEqual(v2.retrieve(key, claim=encoded(os.urandom(16))), (410, "retrieved"))
        self.assertEqual(v2.retrieve(key), (410, "retrieved"))
        for _ in range(2):
            self.assertEqual(v2.retrieve(key, claim=claim), (200, ALL_BYTES))
        recorded(service, key, ["created", "retrieved", "retrieved", "retrieved"])

    def test_a_request_may_be_filled_again_after_kill_9_by_who_filled_it_until_it_is_collected(self):
        service, v2 = self.started()
        _, asked = v2.post("requests")
        fill = BYTES | {"Request-Fill-Key": asked["fill_key"], "Idempotency-Key": encoded(os.urandom(24))}
        filled = v2.send("requests/fill", ALL_BYTES, fill)
        self.assertEqual(filled[0], 201)
        service.kill()
        _, v2 = self.started()
        self.assertEqual(v2.send("requests/fill", ALL_BYTES, fill), filled)
        for data, headers in ((b"y", fill), (ALL_BYTES, fill | {"Idempotency-Key": encoded(os.urandom(24))}),
                              (ALL_BYTES, BYTES | {"Request-Fill-Key": asked["fill_key"]})):
            self.assertEqual(v2.send("requests/fill", data, headers), (409, "filled"))
        self.assertEqual(v2.retrieve(asked["request_key"]), (200, ALL_BYTES))
        self.assertEqual(v2.send("requests/fill", ALL_BYTES, fill), (409, "filled"))

    def test_a_creation_may_be_sent_again_after_kill_9_until_it_is_spent(self):
        service, v2 = self.started()
        options = {"Idempotency_Key": encoded(os.urandom(24)), "Secret_Views": 2}
        created = v2.create(b"x", **options)
        self.assertEqual(v2.create(b"x", **options), created)
        service.kill()
        _, v2 = self.started()
        self.assertEqual(v2.create(b"x", **options), created)
        headers = BYTES | {"Idempotency-Key": options["Idempotency_Key"], "Secret-Views": "2"}
        for data, changed in ((b"y", headers), (b"x", headers | {"Secret-Views": "1"})):
            self.assertEqual(v2.send("secrets", data, changed), (422, "idempotency-key-reused"))
        for _ in range(2):
            self.assertEqual(v2.retrieve(created["secret_key"]), (200, b"x"))
        self.assertEqual(v2.send("secrets", b"x", headers), (422, "idempotency-key-reused"))


class LimitTest(V2Case):
    arguments = ("--upload-bytes-max", "10", "--ttl-max", "600")

    def test_the_operators_limits_hold_and_are_told(self):
        facts = self.client.json("GET", "/api/v2/service")[1]
        self.assertEqual((facts["upload_bytes_max"], facts["ttl_seconds_max"], facts["ttl_seconds_default"]),
                         (10, 600, 600))
        self.v2.create(b"0123456789", Secret_TTL=600)
        self.assertEqual(self.v2.send("secrets", b"x", BYTES | {"Secret-TTL": "601"}), (422, "invalid-body"))
        self.assertEqual(self.v2.problem["errors"][0]["loc"], ["header", "Secret-TTL"])
        self.assertEqual(V2(self.service.client()).send("secrets", b"01234567890", BYTES), (413, "too-large"))

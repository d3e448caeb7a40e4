"""Who may name a webhook, what he is told, and that its URL stays where only the keyring finds it. That it is called is
tested elsewhere."""

import base64
import json
import secrets
import unittest

from fixture import temporary_folder
from service import Service, run
from suite import wait_until

JSON = {"Content-Type": "application/json"}
MARK = "c4n4ry" + secrets.token_hex(8)
URL = f"https://{MARK}.localhost/hooks/{MARK}?token={MARK}"


class WebhooksTest(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)

    def serve(self, *arguments):
        service = Service(self.folder, arguments)
        self.addCleanup(service.kill)
        return service

    def post(self, service, path, value, headers=None):
        """(status, decoded answer), or (status, name of the problem)."""
        client = service.client()
        self.addCleanup(client.close)
        status, _, content = client.request("POST", f"/api/v2/{path}", json.dumps(value), JSON | (headers or {}))
        answer = json.loads(content)
        return (status, answer) if status < 400 else (status, answer["type"].rsplit(":", 1)[1])

    def named_so(self, service, key, fingerprint):
        """In the log, which may come a moment later; and nothing else is of this key."""
        rows = wait_until(lambda: service.audit("--secret-key", key), 5, "the log has it")
        self.assertEqual([row["secret_key"] for row in rows], [fingerprint])

    def test_by_default_nobody_may_name_one(self):
        service = self.serve()
        self.assertEqual(self.post(service, "secrets", {"secret": "x", "webhook": URL}), (403, "webhook-refused"))
        self.assertEqual(self.post(service, "requests", {"webhook": URL}), (403, "webhook-refused"))
        self.assertIs(service.client().json("GET", "/api/v2/service")[1]["webhooks"], False)
        self.assertEqual(service.audit(), [])

    def test_tokens_may_when_the_operator_says_so(self):
        token = json.loads(run("token", "create", "--json", "--data-dir", self.folder / "data").stdout)["token"]
        service = self.serve("--webhooks", "tokens")
        self.assertIs(service.client().json("GET", "/api/v2/service")[1]["webhooks"], True)
        self.assertEqual(self.post(service, "secrets", {"secret": "x", "webhook": URL}), (403, "webhook-refused"))
        shown = {"Authorization": f"Bearer {token}"}
        self.assertEqual(self.post(service, "secrets", {"secret": "x", "webhook": URL}, shown)[0], 201)
        self.assertEqual(self.post(service, "requests", {"webhook": URL}, shown)[0], 201)
        self.assertEqual(self.post(service, "secrets", {"secret": "x", "webhook": "https://a@b/"}, shown),
                         (422, "invalid-body"))

    def test_one_that_can_never_be_called_is_refused(self):
        never = ("http://hooks.example/", "http://10.0.0.1/x", "https://127.0.0.1/", "https://169.254.169.254/x", "https://[::1]/")
        service = self.serve("--webhooks", "everybody", "--webhook-allow", "127.0.0.0/8")
        token = json.loads(run("token", "create", "--json", "--data-dir", self.folder / "data").stdout)["token"]
        for url in never:
            self.assertEqual(self.post(service, "secrets", {"secret": "x", "webhook": url}), (422, "invalid-body"), url)
            self.assertEqual(self.post(service, "requests", {"webhook": url}), (422, "invalid-body"), url)
        self.assertEqual(service.audit(), [])
        self.assertEqual(service.stop(), 0)
        service = self.serve("--webhooks", "tokens", "--webhook-allow", "127.0.0.0/8")
        shown = {"Authorization": f"Bearer {token}"}
        for url in never:
            status = 422 if "10.0" in url or "169" in url or "::1" in url else 201
            self.assertEqual(self.post(service, "secrets", {"secret": "x", "webhook": url}, shown)[0], status, url)
        self.assertEqual(service.stop(), 0)

    def test_the_creator_is_told_the_name_that_the_log_has_and_a_key_that_lasts(self):
        service = self.serve("--webhooks", "everybody")
        secret = {"secret": "x", "webhook": URL}
        again = {"Idempotency-Key": "of-this-secret-alone"}
        status, created = self.post(service, "secrets", secret, again)
        self.assertEqual((status, len(base64.b64decode(created["webhook_key"].removeprefix("whsec_")))), (201, 32))
        service.kill()
        service = self.serve("--webhooks", "everybody")
        self.assertEqual(self.post(service, "secrets", secret, again), (201, created))
        self.named_so(service, created["secret_key"], created["fingerprint"])
        status, asked = self.post(service, "requests", {"webhook": URL})
        self.assertEqual(status, 201)
        for key in ("request_key", "fill_key"):
            self.named_so(service, asked[key], asked["fingerprint"])

    def test_its_url_is_in_no_file_and_in_no_line_of_the_log(self):
        service = self.serve("--webhooks", "everybody", "--log-level", "debug")
        for views in (1, 2):
            created = self.post(service, "secrets", {"secret": "x", "views": views, "webhook": URL})[1]
            self.assertEqual(self.post(service, "secrets", {"secret": "x", "webhook": URL + "#"})[0], 422)
            client = service.client()
            retrieval = json.dumps({"secret_key": created["secret_key"]})
            self.assertEqual(client.request("POST", "/api/v2/secrets/retrieve", retrieval, JSON)[0], 200)
            client.close()
        self.assertEqual(self.post(service, "requests", {"webhook": URL})[0], 201)
        for moment in ("running", "stopped"):
            if moment == "stopped":
                self.assertEqual(service.stop(), 0)
            files = [path for path in self.folder.rglob("*") if path.is_file()]
            self.assertTrue(files)
            found = [path for path in files if MARK[2:].encode() in path.read_bytes()]
            self.assertEqual((moment, found), (moment, []))
        self.assertGreater(len(service.log), 5)
        self.assertEqual([line for line in service.log if MARK[2:] in line], [])

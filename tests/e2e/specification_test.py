"""The examples of the specification's README, verbatim apart from port and key, and what it says they answer."""

import json
import os
import sqlite3
import subprocess

from fixture import DELETED, SPENT, ServiceCase

PORT = "localhost:8000"
KEY = "550e8400-e29b-41d4-a716-446655440000"

CREATE = """curl -X POST "http://localhost:8000/api/v1/secret" -H "Content-Type: application/json" -d '{"secret": "my_secret", "passphrase": "pass123", "ttl_seconds": 600}'"""
RETRIEVE = """curl "http://localhost:8000/api/v1/secret/550e8400-e29b-41d4-a716-446655440000\""""
DELETE = """curl -X DELETE "http://localhost:8000/api/v1/secret/550e8400-e29b-41d4-a716-446655440000" -H "Content-Type: application/json" -d '{"passphrase": "pass123"}'"""

# Section "API Usage": the bodies of its examples.
CREATE_BODY = {"secret": "my_confidential_data", "passphrase": "my_passphrase", "ttl_seconds": 3600}
RETRIEVED = {"secret": "my_confidential_data"}
DELETE_BODY = {"passphrase": "my_passphrase"}


class SpecificationTest(ServiceCase):
    def shell(self, line, key=KEY):
        line = line.replace(PORT, f"localhost:{self.service.port}").replace(KEY, key)
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=30,
                              env=os.environ | {"no_proxy": "*", "NO_PROXY": "*"})
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def created_by_curl(self):
        answer = self.shell(CREATE)
        self.assertEqual(list(answer), ["secret_key"])
        self.assertRegex(answer["secret_key"], r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
        return answer["secret_key"]

    def test_the_curl_examples_create_and_retrieve_once(self):
        key = self.created_by_curl()
        self.assertEqual(self.shell(RETRIEVE, key), {"secret": "my_secret"})
        self.assertEqual(self.shell(RETRIEVE, key), {"detail": "Secret already retrieved or deleted"})
        self.assertEqual(self.shell(DELETE, key), {"detail": "Secret already retrieved or deleted"})

    def test_the_curl_examples_create_and_delete(self):
        key = self.created_by_curl()
        self.assertEqual(self.shell(DELETE, key), {"status": "secret deleted"})
        self.assertEqual(self.shell(RETRIEVE, key), {"detail": "Secret already retrieved or deleted"})

    def test_the_key_of_the_examples_is_unknown(self):
        self.assertEqual(self.shell(RETRIEVE), {"detail": "Secret not found or expired"})

    def test_the_bodies_of_the_usage_section_work(self):
        status, created = self.client.json("POST", "/api/v1/secret", CREATE_BODY)
        self.assertEqual((status, list(created)), (200, ["secret_key"]))
        key = created["secret_key"]
        self.assertEqual(self.client.retrieve(key), (200, RETRIEVED))
        self.assertEqual(self.client.retrieve(key), SPENT)
        _, created = self.client.json("POST", "/api/v1/secret", CREATE_BODY)
        key = created["secret_key"]
        self.assertEqual(self.client.json("DELETE", f"/api/v1/secret/{key}", DELETE_BODY), DELETED)
        self.assertEqual(self.client.retrieve(key), SPENT)

    def test_every_answer_forbids_caching(self):
        key = self.client.create("x")
        for method, path, body in (("POST", "/api/v1/secret", b'{"secret":"x"}'), ("POST", "/api/v1/secret", b"{"),
                                   ("GET", f"/api/v1/secret/{key}", None), ("GET", f"/api/v1/secret/{key}", None),
                                   ("DELETE", f"/api/v1/secret/{key}", None), ("GET", "/api/v1/secret/x", None),
                                   ("PUT", "/api/v1/secret", None), ("GET", "/api/v1/nothing", None)):
            with self.subTest(method=method, path=path, body=body):
                _, headers, _ = self.client.request(method, path, body)
                self.assertEqual(headers["cache-control"], "no-cache, no-store, must-revalidate")
                self.assertEqual(headers["pragma"], "no-cache")
                self.assertEqual(headers["expires"], "0")
                self.assertEqual(headers["x-content-type-options"], "nosniff")
                self.assertEqual(headers["referrer-policy"], "no-referrer")
                self.assertNotIn("etag", headers)

    def test_the_log_table_has_the_specified_columns(self):
        self.client.create("x")
        with sqlite3.connect(f"file:{self.service.data_dir}/audit.db?mode=ro", uri=True) as database:
            columns = [row[1] for row in database.execute("PRAGMA table_info(secret_logs)")]
        database.close()
        self.assertEqual(columns[:6], ["id", "secret_key", "action", "ip_address", "created_at", "extra_data"])

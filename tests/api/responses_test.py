"""Every response that openapi.json lists comes from the running service, and none that it does not list."""

import http.client
import json
import pathlib
import shutil
import socket
import tempfile
import unittest

import hostile
from description import Answer, Description
from recorder import Asker, Record
from scenarios import SCENARIOS
from service import Service
from suite import figure
from tcp_proxy import free_port


def described(service):
    client = service.client()
    status, _, body = client.request("GET", "/openapi.json")
    client.close()
    assert status == 200
    return Description(json.loads(body))


class ResponsesTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="disposable-api-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def served(self, name, options=(), files=None):
        """A service in a folder of its own with these files in it."""
        folder = self.folder / name
        folder.mkdir()
        for file, content in (files or {}).items():
            (folder / file).write_bytes(content)
        service = Service(folder, [option.format(folder=folder, port=free_port()) for option in options])
        self.addCleanup(service.kill)
        return service

    def test_every_listed_response_comes_and_no_other_one(self):
        record = None
        for number, (scenario, options, files) in enumerate(SCENARIOS):
            with self.subTest(scenario.__name__, options=options):
                service = self.served(str(number), options, files)
                record = record or Record(described(service))
                scenario(Asker(record, service.port), service)
                self.assertEqual(service.stop(), 0)
        self.assertEqual(record.faults[:20], [])
        missing = record.missing()
        self.assertEqual(missing, [], f"{len(missing)} of what openapi.json lists did not come")
        figure(f"answers as listed in openapi.json: {record.count}; operations: {len(record.description.operations)}, "
               f"their responses: {len({row for row in record.wanted() if len(row) == 2})}")

    def test_odd_and_hostile_requests_get_listed_responses_and_no_500(self):
        service = self.served("hostile", ("--webhooks", "everybody"))
        record = Record(described(service))
        asker = Asker(record, service.port)
        for row in hostile.requests(record.description):
            asker.ask(*row)
        for sent in hostile.RAW:
            asker.raw(sent, *hostile.RAW_IS, wait=False)
        self.assertEqual(record.faults[:20], [])
        listed = record.description.schema("FieldError")["properties"]["type"]["enum"]
        self.assertEqual(record.mistakes, set(listed))
        self.assertEqual(asker.ask("GET", "/readyz").status, 200)
        self.assertEqual(service.stop(), 0)
        figure(f"answers to odd and hostile requests: {record.count}")


class DescriptionTest(unittest.TestCase):
    """The judge itself."""

    HEADERS = {"content-type": "application/json", "content-length": "1", "date": "now",
               "cache-control": "no-cache, no-store, must-revalidate", "pragma": "no-cache", "expires": "0",
               "x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
    WRONG = (
        ("a status", "GET", "/api/v2/service", 201, {}, b"{}", "201 is not listed"),
        ("a defect", "GET", "/healthz", 500, {}, b'{"detail":"x"}', "500 is not listed"),
        ("a content type", "GET", "/healthz", 200, {"content-type": "text/plain"}, b"x", "content type"),
        ("a member", "GET", "/healthz", 200, {}, b'{"status":"ok","more":1}', "Additional properties"),
        ("no member", "GET", "/healthz", 200, {}, b"{}", "required property"),
        ("a type", "GET", "/healthz", 200, {}, b'{"status":1}', "not of type"),
        ("no JSON", "GET", "/healthz", 200, {}, b"{", "no JSON"),
        ("no Retry-After", "GET", "/metrics", 503, {}, b'{"detail":"x"}', "without retry-after"),
        ("a bad Retry-After", "GET", "/metrics", 503, {"retry-after": "0"}, b'{"detail":"x"}', "less than the minimum"),
        ("a Retry-After too many", "GET", "/healthz", 200, {"retry-after": "1"}, b'{"status":"ok"}', "not listed"),
        ("no Allow", "PUT", "/healthz", 405, {}, b'{"detail":"x"}', "Allow"),
        ("an unknown path", "GET", "/nothing", 200, {}, b"{}", "404 is the answer"),
        ("a method", "PUT", "/healthz", 200, {}, b"{}", "405 is the answer"),
        ("kept", "GET", "/api/v1/secret/x", 404, {"cache-control": "public"}, b'{"detail":"x"}', "cache-control"),
        ("a time", "POST", "/api/v2/requests/status", 200, {}, b'{"state":"filled","expires_at":"now"}',
         "is not a 'date-time'"),
        ("a problem's status", "POST", "/api/v2/requests/status", 404, {"content-type": "application/problem+json"},
         b'{"type":"about:blank","title":"x","status":405}', "says that its status is 405"),
        ("a body to HEAD", "HEAD", "/healthz", 200, {}, b"x", "HEAD has a body"),
    )

    def test_it_finds_what_is_wrong_and_only_that(self):
        document = json.loads((pathlib.Path(__file__).resolve().parents[2] / "src/http/openapi.json").read_text())
        description = Description(document)
        for name, method, target, status, headers, body, fault in self.WRONG:
            with self.subTest(name):
                faults = description.faults(method, target, Answer(status, self.HEADERS | headers, body))
                self.assertEqual(len(faults), 1, faults)
                self.assertIn(fault, faults[0])
        fine = description.faults("GET", "/healthz", Answer(200, self.HEADERS, b'{"status":"ok"}'))
        self.assertEqual(fine, [])

    def test_what_did_not_come_is_missed(self):
        document = json.loads((pathlib.Path(__file__).resolve().parents[2] / "src/http/openapi.json").read_text())
        record = Record(Description(document))
        before = len(record.missing())
        record.add("GET", "/healthz", Answer(200, self.HEADERS, b'{"status":"ok"}'))
        self.assertEqual(before - len(record.missing()), 3, "the status, its content type, its words")

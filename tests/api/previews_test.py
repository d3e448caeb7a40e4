"""Whoever looks at a link spends nothing, and no log learns a key: of what every client sends, and of what broken ones do."""

import base64
import json
import os
import pathlib
import shutil
import socket
import tempfile
import unittest
import urllib.parse

from agents import AGENTS, LOOKS
from nginx import Nginx
from recorder import read_answer
from service import Service
from suite import figure, wait_until

JSON = {"Content-Type": "application/json"}
PATHS = ("/", "/s", "/r", "/q")
FORMS = ("application/x-www-form-urlencoded", "application/json", "text/plain")


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Links:
    """A live secret with two views, a request, and their links; `keys` is all that nobody may learn."""

    def __init__(self, client):
        self.client = client
        proof = {"Secret-Proof": encoded(os.urandom(32)), "Secret-Views": "2", "Content-Type": "application/octet-stream"}
        status, _, body = client.request("POST", "/api/v2/secrets", b"\1 sealed", proof)
        assert status == 201, body
        self.secret, self.proof = json.loads(body), proof["Secret-Proof"]
        status, self.request = self.post("requests")
        assert status == 201, self.request
        link_key, public, private = encoded(os.urandom(32)), encoded(b"\4" + os.urandom(64)), encoded(os.urandom(97))
        fill, request = self.request["fill_key"], self.request["request_key"]
        self.links = {"/s": [f"{self.secret['secret_key']}.{link_key}"], "/r": [self.secret["receipt_key"]],
                      "/q": [f"{fill}.{public}", f"{fill}.{request}.{private}"]}
        self.keys = {part for links in self.links.values() for link in links for part in link.split(".")}

    def post(self, operation, **value):
        status, _, body = self.client.request("POST", f"/api/v2/{operation}", json.dumps(value), JSON)
        return status, json.loads(body)

    def state(self):
        """What the secret, its receipt and the request say of themselves."""
        return (self.post("secrets/status", secret_key=self.secret["secret_key"])[1],
                self.post("receipts/status", receipt_key=self.secret["receipt_key"])[1],
                self.post("requests/status", fill_key=self.request["fill_key"])[1])

    def known_to(self, text):
        """The keys that a text has, also percent-encoded or in another case."""
        text = urllib.parse.unquote(text).lower()
        return {key for key in self.keys if key.lower() in text}


class PreviewsTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="disposable-previews-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.service = Service(self.folder, ("--log-level", "debug", "--trusted-proxy", "127.0.0.1/32"))
        self.addCleanup(self.service.kill)
        self.client = self.service.client()
        self.addCleanup(self.client.close)
        self.links = Links(self.client)
        self.before = self.links.state()
        self.looks = 0

    def look(self, port, method, target, headers, body=None):
        """The status and body. Sends the target as it is; an answer has no key in it."""
        fields = {"Host": "secrets.example.org", "Connection": "close"} | headers
        if body is not None:
            fields["Content-Length"] = str(len(body))
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            connection.sendall(f"{method} {target} HTTP/1.1\r\n".encode() +
                               "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value).encode() +
                               b"\r\n" + (body or b""))
            answer = read_answer(connection, method)
        self.looks += 1
        self.assertEqual(self.links.known_to(f"{answer.headers} {answer.body.decode()}"), set(), (method, target))
        return answer.status, answer.body

    def assert_nothing_is_spent(self):
        self.assertEqual(self.links.state(), self.before)
        secret, _, request = self.before
        self.assertEqual((secret["state"], secret["views_left"], request["state"]), ("live", 2, "waiting"))
        rows = lambda: [row["action"] for row in self.service.audit()]
        wait_until(lambda: len(rows()) >= 2, 5, "the creations are in the audit log")
        self.assertEqual(rows(), ["created", "created"])

    def assert_the_service_learnt_nothing(self, requests):
        """Not from its log, which has a line for each request, nor from its metrics."""
        metrics = self.client.request("GET", "/metrics")[2].decode()
        self.assertEqual(self.service.stop(), 0)
        log = "\n".join(self.service.log)
        self.assertGreaterEqual(log.count('"level":"request"'), requests)
        self.assertEqual(self.links.known_to(log + metrics), set())

    def logged(self, nginx):
        return {name: (nginx.folder / f"{name}.log").read_text() for name in ("access", "error")}

    def test_agents_that_drop_the_fragment_get_a_page_and_no_log_learns_a_key(self):
        self.assertGreaterEqual(len(AGENTS), 30)
        expected = {"GET": {200}, "HEAD": {200}, "OPTIONS": {405}}
        line = '"$request" "$http_referer" "$http_user_agent" "$args" "$request_body"'
        with Nginx(self.folder, self.service.port, log_more=line) as nginx:
            pages = {self.look(self.service.port, "GET", path, {"Accept": "text/html"}) for path in PATHS}
            self.assertEqual(len(pages), 1, "it is the same page everywhere")
            page, = pages
            for number, (name, agent, headers) in enumerate(AGENTS):
                fields = {"User-Agent": agent, "X-Forwarded-For": f"198.51.100.{number}"} | headers
                for path in PATHS:
                    for method, more in LOOKS:
                        status, body = self.look(nginx.port, method, path, fields | more)
                        self.assertIn(status, expected[method], (name, method, path))
                        if method == "GET" and path != "/":
                            self.assertEqual((status, body), page, (name, more))
                    form = {"Content-Type": FORMS[number % len(FORMS)]}
                    self.assertEqual(self.look(nginx.port, "POST", path, fields | form, b"url=x&click=1")[0], 405)
            # A line is written after its answer.
            wait_until(lambda: nginx.forwarded() == self.looks - len(PATHS), 5, "nginx has logged every look")
            self.assert_nothing_is_spent()
            for name, text in self.logged(nginx).items():
                self.assertEqual(self.links.known_to(text), set(), name)
        self.assert_the_service_learnt_nothing(self.looks)
        figure(f"agents: {len(AGENTS)}; looks at links: {self.looks}; secrets spent: 0")

    def broken(self):
        """(what is done to a link, the target, the answers of the service that are fine)"""
        for path, links in self.links.links.items():
            for link in links:
                yield "the fragment is sent", f"{path}#{link}", {400}
                yield "it is sent with the host", f"http://secrets.example.org{path}#{link}", {400}
                yield "the # is percent-encoded", f"{path}%23{link}", {404}
                yield "all is percent-encoded", path + "%23" + "".join(f"%{ord(c):02x}" for c in link), {404, 414}
                yield "it is made a query", f"{path}?{link}", {200}
                yield "it is made a parameter", f"{path}?url={urllib.parse.quote(path + '#' + link)}", {200}
                yield "it is made a path", f"{path}/{link}", {404}
                yield "it is looked for elsewhere", f"/{link}", {404}
                yield "it is taken for a key of version 1", f"/api/v1/secret/{link}", {403, 404}
                yield "its first part is", f"/api/v1/secret/{link.split('.')[0]}", {403, 404}

    def test_agents_that_send_the_fragment_spend_nothing_and_the_service_learns_no_key(self):
        with Nginx(self.folder, self.service.port, log_more='"$request"') as nginx:
            for number, (name, agent, headers) in enumerate(AGENTS):
                fields = {"User-Agent": agent, "X-Forwarded-For": f"198.51.100.{number}"} | headers
                for what, target, statuses in self.broken():
                    for method, more in LOOKS if number < 3 else LOOKS[number % len(LOOKS):][:1]:
                        port = nginx.port if number % 2 else self.service.port
                        status, _ = self.look(port, method, target, fields | more)
                        self.assertIn(status, statuses if method == "GET" else statuses | {405}, (name, method, what))
                for path in PATHS:  # what a form would send, or who replays what he found
                    body = json.dumps(self.links.secret | self.links.request | {"proof": self.links.proof}).encode()
                    self.assertEqual(self.look(self.service.port, "POST", path, fields | JSON, body)[0], 405)
            # What a proxy is sent it may log, and this one does: only the senders can help that.
            self.assertEqual(self.links.known_to(self.logged(nginx)["access"]), self.links.keys)
        self.assert_nothing_is_spent()
        opened = self.client.request("POST", "/api/v2/secrets/retrieve", json.dumps(
            {"secret_key": self.links.secret["secret_key"], "proof": self.links.proof}), JSON)
        self.assertEqual((opened[0], opened[1]["secret-views-left"], opened[2]), (200, "1", b"\1 sealed"))
        self.assert_the_service_learnt_nothing(self.looks)
        figure(f"broken looks at links: {self.looks}; secrets spent: 0; keys in the log of the service: 0")

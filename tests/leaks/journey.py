"""Sends canaries down every path of the service, and remembers every answer without what it legitimately says."""

import http.client
import json
import socket
import time

from canaries import Canaries
from injection import Tracer
from service import Client
from suite import wait_until

JSON = {"Content-Type": "application/json"}
CREATE = "/api/v1/secret"


class Journey:
    def __init__(self, context=None):
        """With a context (ssl) all of it goes over TLS."""
        self.context = context
        self.canaries = Canaries()
        self.answers = []  # bytes of everything the service said
        self.statuses = set()
        self.live = {}  # key -> plaintext of what was created and not spent
        self.port = None

    def client(self):
        return Client(self.port, context=self.context)

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=15)
        return self.context.wrap_socket(connection, server_hostname="localhost") if self.context else connection

    def ask(self, method, path, body=None, headers=None, expected=(), legitimate=""):
        """The body of the answer. `legitimate` is what this answer is there to tell."""
        client = self.client()
        try:
            status, answered, content = client.request(method, path, body, headers or {})
        except (OSError, http.client.HTTPException):
            status, answered, content = None, {}, b""
        finally:
            client.close()
        self.statuses.add(status)
        if expected and status not in expected:
            raise AssertionError(f"{method} answered {status}, not one of {expected}: {content[:200]}")
        self.answers.append(str(answered).encode() + content.replace(legitimate.encode() or b"\0\0", b""))
        return content

    def raw(self, data):
        """Bytes that no HTTP client would send."""
        with self.connect() as connection:
            answer = b""
            try:
                connection.sendall(data)
                socket.socket.shutdown(connection, socket.SHUT_WR)  # only that: an SSLSocket's own forgets its keys
                while chunk := connection.recv(65536):
                    answer += chunk
            except OSError:
                pass
        self.answers.append(answer)
        self.statuses.add(int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else None)

    def create(self, label, passphrase=None, ttl_seconds=600, copies=12):
        """The key, with its plaintext in self.live."""
        plaintext = self.canaries.plaintext(label, copies)
        value = {"secret": plaintext, "ttl_seconds": ttl_seconds} | ({"passphrase": passphrase} if passphrase else {})
        content = self.ask("POST", CREATE, json.dumps(value), JSON, (200,))
        key = json.loads(content)["secret_key"]
        self.answers[-1] = self.answers[-1].replace(key.encode(), b"")
        self.canaries.add_key(key, label)
        self.live[key] = plaintext
        return key

    def retrieve(self, key, expected=(200,)):
        plaintext = self.live.pop(key, "")
        content = self.ask("GET", f"{CREATE}/{key}", expected=expected, legitimate=plaintext)
        if expected == (200,) and json.loads(content) != {"secret": plaintext}:
            raise AssertionError("a secret came back changed")

    def delete(self, key, passphrase, expected):
        body = json.dumps({"passphrase": passphrase}) if passphrase else None
        self.ask("DELETE", f"{CREATE}/{key}", body, JSON if body else {}, expected)

    # The paths.

    def lives(self):
        make = self.canaries
        key = self.create("retrieved")
        self.retrieve(key)
        self.retrieve(key, (410,))
        self.delete(key, make.passphrase("delete after retrieve"), (410,))
        key = self.create("retrieved, 1 MiB", copies=57_000)
        self.retrieve(key)
        guard = make.passphrase("right passphrase")
        key = self.create("deleted", guard)
        self.delete(key, None, (403,))
        self.delete(key, make.passphrase("wrong passphrase"), (403,))
        self.delete(key, guard, (200,))
        self.delete(key, guard, (410,))
        self.retrieve(key, (410,))
        self.live.pop(key, None)
        key = self.create("locked", make.passphrase("passphrase of the locked"))
        for _ in range(5):
            self.delete(key, make.passphrase("guess"), (403,))
        self.delete(key, make.passphrase("guess at the locked"), (429,))
        self.create("kept alive")
        self.create("kept alive, guarded", make.passphrase("passphrase of the kept"))

    def expires(self):
        key = self.create("expired", self.canaries.passphrase("passphrase of the expired"), ttl_seconds=1)
        self.live.pop(key)
        over = time.monotonic() + 1.1
        while time.monotonic() < over:
            time.sleep(0.02)
        self.ask("GET", f"{CREATE}/{key}", expected=(404,))
        self.delete(key, self.canaries.passphrase("delete after expiry"), (404,))

    def refusals(self):
        """Bodies that are refused, with a canary in each of their fields."""
        plain, phrase = self.canaries.plaintext, self.canaries.passphrase
        for body in (
                {"secret": plain("422 ttl is a text"), "ttl_seconds": phrase("422 as the ttl")},
                {"secret": plain("422 ttl too small"), "ttl_seconds": 0},
                {"secret": plain("422 ttl fractional"), "ttl_seconds": 1.5},
                {"secret": plain("422 ttl too large"), "ttl_seconds": 10**30},
                {"secret": [plain("422 secret is a list")], "passphrase": {phrase("422 a name in an object"): 1}},
                {"secret": {"secret": plain("422 secret is an object")}},
                {"secret": plain("422 passphrase too long"), "passphrase": phrase("422 passphrase too long", 100)},
                {"secret": plain("422 secret too long", 59_000)},
                {plain("422 a name"): plain("422 a value")},
                [plain("422 a list")], plain("422 a text")):
            self.ask("POST", CREATE, json.dumps(body), JSON, (422,))
        for body in ('{"secret":"%s"' % plain("422 not closed"), '{"secret":"%s\\q"}' % plain("422 bad escape"),
                     '{"secret":"%s' % plain("422 text not closed"), plain("422 no JSON"),
                     '{"secret":"%s\\ud800"}' % plain("422 half a pair"), "[" * 100 + '"%s"' % plain("422 deep"),
                     ('{"secret":"%s' % plain("422 bad UTF-8")).encode() + b'\xff\xfe"}',
                     '{"secret":"%s","secret":1}' % plain("422 repeated field")):
            self.ask("POST", CREATE, body, JSON, (422,))
        self.ask("POST", CREATE, plain("415"), {"Content-Type": plain("415 as the type")}, (415,))
        self.ask("POST", CREATE, json.dumps({"secret": plain("415 encoded")}), JSON | {"Content-Encoding": "gzip"}, (415,))
        self.ask("POST", CREATE, plain("413", 500_000), JSON, (413, None))
        self.ask("PUT", CREATE, json.dumps({"secret": plain("405")}), JSON, (405,))
        self.ask("POST", f"/{plain('404 as the path', 2)}", plain("404 body"), JSON, (404,))
        key = self.create("refused deletions", phrase("passphrase of refused deletions"))
        for body in ({"passphrase": [phrase("422 deletion, list")]}, {"passphrase": phrase("422 deletion, long", 100)},
                     phrase("422 deletion, text")):
            self.ask("DELETE", f"{CREATE}/{key}", json.dumps(body), JSON, (422,))
        self.ask("DELETE", f"{CREATE}/{key}", '{"passphrase":"%s"' % phrase("422 deletion, not closed"), JSON, (422,))
        self.ask("DELETE", f"{CREATE}/{key}", phrase("415 deletion"), {"Content-Type": "text/plain"}, (415,))
        self.ask("DELETE", f"{CREATE}/{key}", phrase("413 deletion", 2000), JSON, (413,))

    def wrong_ways(self):
        """A good key on wrong ways, which must not spend it, and canaries where no canary belongs."""
        key = self.create("asked for in wrong ways")
        path = f"{CREATE}/{key}"
        for method in ("HEAD", "OPTIONS", "PUT", "POST", "PATCH", "TRACE", "BREW"):
            self.ask(method, path, headers={"Range": "bytes=0-3"}, expected=(405,))
        for name, value in (("Purpose", "prefetch"), ("Sec-Purpose", "prefetch;prerender")):
            self.ask("GET", path, headers={name: value}, expected=(403,))
        plain = self.canaries.plaintext
        for name in ("User-Agent", "Referer", "Cookie", "Authorization", "X-Forwarded-For", "X-Request-Id", "Origin", "Accept"):
            self.ask("GET", f"{CREATE}/{self.canaries.key('unknown')}", headers={name: plain(f"header {name}")}, expected=(404,))
        self.ask("GET", "/healthz?" + plain("query", 2), expected=(200,))
        self.ask("GET", "/docs/" + plain("docs path", 2), expected=(404,))
        for wrong in (key[:-1], key + "0", key.replace("-", ""), "{" + key + "}", "%20" + key, key + "%0a", key + "/",
                      key + "/x", "../" + key):
            self.ask("GET", f"{CREATE}/{wrong}", expected=(404,))
        self.ask("GET", f"/other/{key}", expected=(404,))
        self.ask("GET", f"{CREATE}?secret_key={key}", expected=(405,))
        self.ask("GET", path, headers={"Range": "bytes=0-3", "If-None-Match": "*"}, expected=(200,),
                 legitimate=self.live.pop(key))

    def broken_requests(self):
        plain = lambda label, copies=6: self.canaries.plaintext(label, copies).encode()
        key = self.create("asked for in broken requests").encode()
        path = CREATE.encode() + b"/" + key
        body = b'{"secret":"' + plain("connection ended") + b'"}'
        post = b"POST /api/v1/secret HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n"
        for data in (b"GET " + path + b"\r\n\r\n", b"GET " + path + b" HTTP/9.9\r\nHost: x\r\n\r\n",
                     b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nbad " + plain("bad header") + b"\r\n\r\n",
                     b"GET " + path + b" HTTP/1.1\r\nHost: " + plain("bad host") + b" /\r\n\r\n",
                     b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n", b"GET " + path + b"\0 HTTP/1.1\r\n\r\n",
                     b"GET /" + plain("long path", 200) + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                     b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nX: " + plain("large header", 5000) + b"\r\n\r\n",
                     b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                     b"GET " + path + b"#x HTTP/1.1\r\nHost: x\r\n\r\n", plain("no HTTP", 20), plain("a line") + b"\r\n\r\n",
                     post % (len(body) + 50) + b"\r\n" + body, post % 10 + b"Content-Length: 11\r\n\r\n" + body,
                     post % 10 + b"Expect: " + plain("expectation") + b"\r\n\r\n" + body,
                     post % 4 + b"\r\n" + body + plain("after the body") + b"\r\n\r\n"):
            self.raw(data)
        self.retrieve(key.decode())

    def without_space(self, service):
        """503: every sync of the store fails as on a full disk."""
        keys = [self.create(f"503, {number}") for number in range(2)]
        with Tracer(service, "fdatasync", "ENOSPC", "1+"):
            body = json.dumps({"secret": self.canaries.plaintext("503 on creation")})
            self.ask("POST", CREATE, body, JSON, (503,))
            for key in keys:
                self.retrieve(key, (503,))
        wait_until(lambda: self.client().request("GET", "/readyz")[0] == 200, 20, "the service is back")

    def everything(self, service):
        self.port = service.port
        for path in (self.lives, self.expires, self.refusals, self.wrong_ways, self.broken_requests):
            path()
        self.without_space(service)

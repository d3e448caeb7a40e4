"""A server of API v2 in memory, for the client's tests: strict about what it is sent, and able to fail on demand.

FakeApi is a context manager. `fail(path, *faults)` makes the next requests to that path fail, one fault each:
"cut before" closes the connection and does nothing; "cut after" does what was asked and closes it without an answer;
"503", "429" and "internal" do nothing and say so; "garbage" is another server, and so is (status, type, body) after what
was asked is done; "half" is an answer without a length that ends too early; a number is so many seconds of delay.
"""

import base64
import datetime
import hashlib
import http.server
import json
import re
import secrets
import socket
import threading
import time
import uuid

MEMBERS = {
    "/api/v2/secrets/retrieve": {"secret_key", "passphrase", "proof", "claim"},
    "/api/v2/secrets/status": {"secret_key"},
    "/api/v2/secrets/delete": {"secret_key", "passphrase", "proof"},
    "/api/v2/receipts/status": {"receipt_key"},
    "/api/v2/receipts/delete": {"receipt_key"},
    "/api/v2/requests": {"ttl_seconds"},
    "/api/v2/requests/status": {"fill_key"},
    "/api/v2/requests/delete": {"fill_key", "request_key"},
}
STATUS = {"invalid-body": 422, "not-found": 404, "retrieved": 410, "deleted": 410, "wrong-proof": 403,
          "wrong-passphrase": 403, "locked": 429, "idempotency-key-reused": 422, "filled": 409, "unauthorized": 401,
          "rate-limited": 429, "internal": 500,
          "too-large": 413, "unavailable": 503, "storage-full": 507}


REFUSALS = {"503": "unavailable", "429": "rate-limited", "internal": "internal"}


class Problem(Exception):
    def __init__(self, name, **more):
        super().__init__(name)
        self.name = name
        self.more = more


def encoded(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decoded(text):
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise Problem("invalid-body")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def shown(moment):
    return datetime.datetime.fromtimestamp(moment, datetime.timezone.utc).isoformat(timespec="milliseconds")[:-6] + "Z"


class Secret:
    def __init__(self, body, ttl, views, proof=None, passphrase=None):
        self.body, self.ttl, self.views, self.proof, self.passphrase = body, ttl, views, proof, passphrase
        self.created, self.left, self.changed, self.state = time.time(), views, None, "live"
        self.claims, self.wrong, self.locked = {}, 0, None
        self.receipt = encoded(secrets.token_bytes(48))

    def now(self):
        if self.state == "live" and time.time() >= self.created + self.ttl:
            self.state, self.changed, self.claims = "expired", self.created + self.ttl, {}
        return self.state

    def status(self):
        answer = {"state": self.now(), "created_at": shown(self.created), "expires_at": shown(self.created + self.ttl),
                  "views": self.views, "views_left": self.left, "passphrase": self.passphrase is not None,
                  "proof": self.proof is not None, "bytes": len(self.body)}
        if self.changed:
            answer["changed_at"] = shown(self.changed)
        if self.locked and time.time() < self.locked:
            answer["locked_until"] = shown(self.locked)
        return answer

    def check(self, body):
        if self.locked and time.time() < self.locked:
            raise Problem("locked", retry=900)
        name = None
        if self.proof is not None and decoded(body.get("proof", "")) != self.proof:
            name = "wrong-proof"
        elif self.passphrase is not None and body.get("passphrase", "").encode() != self.passphrase:
            name = "wrong-passphrase"
        if name:
            self.wrong += 1
            if self.wrong == 5:
                self.locked = time.time() + 900
            raise Problem(name)

    def spent(self):
        if self.now() in ("retrieved", "deleted"):
            raise Problem(self.state, at=shown(self.changed))
        if self.state == "expired":
            raise Problem("not-found")


class FakeApi:
    def __init__(self, context=None, token=None, upload_bytes_max=25 << 20, host="127.0.0.1", below=""):
        self.token, self.upload_bytes_max, self.below = token, upload_bytes_max, below
        self.secrets, self.keys, self.asked = {}, {}, {}  # by secret key; by idempotency key; by fill key
        self.seen = []  # (method, path, headers, body) of every request
        self.faults, self.lock = {}, threading.Lock()
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                api.handle(self)

            do_GET = do_POST

        self.server = http.server.ThreadingHTTPServer((host, 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}{below}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def fail(self, path, *faults):
        self.faults.setdefault(path, []).extend(faults)

    def count(self, path):
        return sum(seen[1] == path for seen in self.seen)

    def handle(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        assert handler.path.startswith(self.below + "/"), handler.path
        path = handler.path.removeprefix(self.below)
        with self.lock:
            self.seen.append((handler.command, path, dict(handler.headers.items()), body))
            fault = self.faults.get(path, []).pop(0) if self.faults.get(path) else None
        if isinstance(fault, (int, float)):
            time.sleep(fault)
        if callable(fault):
            fault()
        if fault == "cut before":
            return self.cut(handler)
        with self.lock:
            try:
                if fault in REFUSALS:
                    raise Problem(REFUSALS[fault], retry=1 if fault == "429" else 0)
                status, headers, content = self.answer(handler.command, path, handler.headers, body)
            except Problem as problem:
                status, headers, content = self.problem(problem)
        if fault == "cut after":
            return self.cut(handler)
        if fault == "garbage":
            fault = (200, "text/html", b"<html>\x1b[2J</html>")
        if isinstance(fault, tuple):
            status, headers, content = fault[0], {"Content-Type": fault[1]}, fault[2]
        if fault == "no count":
            del headers["Secret-Views-Left"]
        if fault == "long words":  # of two bytes a letter, at odd places
            content = json.dumps({name: "x" + "\u00e9" * 500 if name == "expires_at" else value
                                  for name, value in json.loads(content).items()}).encode()
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        if fault == "half":
            handler.close_connection = True
            content = content[: len(content) // 2]
        else:
            handler.send_header("Content-Length", str(1 << 62 if fault == "endless" else len(content)))
        handler.end_headers()
        if fault == "slow cut":
            for at in range(0, len(content) // 2, len(content) // 16 + 1):
                handler.wfile.write(content[at : at + len(content) // 16])
                time.sleep(0.2)
            return self.cut(handler)
        return handler.wfile.write(content)

    @staticmethod
    def cut(handler):
        handler.close_connection = True
        handler.connection.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def problem(problem):
        status = STATUS[problem.name]
        headers = {"Content-Type": "application/problem+json"}
        more = dict(problem.more)
        if "retry" in more:
            headers["Retry-After"] = str(more.pop("retry"))
        text = {"type": f"urn:disposable-secrets:problem:{problem.name}", "title": problem.name, "status": status,
                "detail": f"it is {problem.name}", **more}
        return status, headers, json.dumps(text).encode()

    def answer(self, method, path, headers, body):
        if (method, path) == ("GET", "/api/v2/service"):
            return self.json(200, {"name": "fake", "upload_bytes_max": self.upload_bytes_max, "ttl_seconds_max": 2592000,
                                   "ttl_seconds_default": 86400, "views_max": 100, "passphrase_bytes_max": 1024,
                                   "creation": "token" if self.token else "open"})
        if method != "POST":
            raise Problem("not-found")
        if path in ("/api/v2/secrets", "/api/v2/requests") and self.token:
            if headers.get("Authorization") != f"Bearer {self.token}":
                raise Problem("unauthorized")
        if path == "/api/v2/secrets":
            return self.create(headers, body)
        if path == "/api/v2/requests/fill":
            return self.fill(headers, body)
        if path not in MEMBERS:
            raise Problem("not-found")
        assert headers.get("Content-Type") == "application/json", headers
        value = json.loads(body)
        assert set(value) <= MEMBERS[path], value
        return getattr(self, path.removeprefix("/api/v2/").replace("/", "_"))(value)

    @staticmethod
    def json(status, value):
        return status, {"Content-Type": "application/json", "Cache-Control": "no-store"}, json.dumps(value).encode()

    def create(self, headers, body):
        assert headers.get("Content-Type") == "application/octet-stream", headers
        if len(body) > self.upload_bytes_max:
            raise Problem("too-large")
        proof = decoded(headers.get("Secret-Proof", ""))
        assert body and len(proof) == 32
        passphrase = decoded(headers["Secret-Passphrase"]) if "Secret-Passphrase" in headers else None
        ttl, views = int(headers.get("Secret-TTL", 86400)), int(headers.get("Secret-Views", 1))
        if ttl > 2592000:
            raise Problem("invalid-body", errors=[{"type": "less_than_equal", "loc": ["header", "Secret-TTL"],
                                                   "msg": "Input should be less than or equal to 2592000"}])
        idempotency, print_of = headers.get("Idempotency-Key"), hashlib.sha256(body + proof).digest()
        if idempotency in self.keys:
            known, fingerprint = self.keys[idempotency]
            if fingerprint != print_of:
                raise Problem("idempotency-key-reused")
            return self.created(known)
        key = str(uuid.uuid4())
        self.secrets[key] = Secret(body, ttl, views, proof, passphrase)
        self.keys[idempotency] = (key, print_of)
        return self.created(key)

    def created(self, key):
        secret = self.secrets[key]
        return self.json(201, {"secret_key": key, "receipt_key": secret.receipt,
                               "expires_at": shown(secret.created + secret.ttl)})

    def find(self, key):
        if key not in self.secrets:
            raise Problem("not-found")
        return self.secrets[key]

    def secrets_retrieve(self, body):
        secret = self.find(body["secret_key"])
        claim = body.get("claim")
        if claim in secret.claims:
            secret.check(body)
            left, content = secret.claims[claim]
        else:
            secret.spent()
            secret.check(body)
            secret.left -= 1
            secret.changed = time.time()
            secret.state = "live" if secret.left else "retrieved"
            left, content = secret.claims[claim] = (secret.left, secret.body)
            if claim is None:
                secret.claims = {}
        return 200, {"Content-Type": "application/octet-stream", "Secret-Views-Left": str(left)}, content

    def secrets_status(self, body):
        return self.json(200, self.find(body["secret_key"]).status())

    def secrets_delete(self, body):
        secret = self.find(body["secret_key"])
        secret.spent()
        secret.check(body)
        return self.delete(secret)

    def delete(self, secret):
        secret.state, secret.left, secret.changed, secret.claims = "deleted", 0, time.time(), {}
        return self.json(200, {"state": "deleted", "deleted_at": shown(secret.changed)})

    def by_receipt(self, body):
        found = [secret for secret in self.secrets.values() if secret.receipt == body["receipt_key"]]
        if not found:
            raise Problem("not-found")
        return found[0]

    def receipts_status(self, body):
        return self.json(200, self.by_receipt(body).status())

    def receipts_delete(self, body):
        secret = self.by_receipt(body)
        secret.spent()
        return self.delete(secret)

    def requests(self, body):
        fill_key, request_key = str(uuid.uuid4()), str(uuid.uuid4())
        ttl = body.get("ttl_seconds", 86400)
        self.asked[fill_key] = {"request_key": request_key, "ttl": ttl, "until": time.time() + ttl, "deleted": False}
        return self.json(201, {"request_key": request_key, "fill_key": fill_key,
                               "expires_at": shown(self.asked[fill_key]["until"])})

    def state_of(self, fill_key):
        if fill_key not in self.asked:
            raise Problem("not-found")
        asked = self.asked[fill_key]
        if asked["deleted"]:
            return asked, "deleted"
        if asked["request_key"] in self.secrets:
            return asked, "filled"
        return asked, "waiting" if time.time() < asked["until"] else "expired"

    def requests_status(self, body):
        asked, state = self.state_of(body["fill_key"])
        return self.json(200, {"state": state, "expires_at": shown(asked["until"])})

    def requests_delete(self, body):
        asked, state = self.state_of(body["fill_key"])
        if asked["request_key"] != body["request_key"]:
            raise Problem("not-found")
        if state == "deleted":
            raise Problem("deleted", at=shown(time.time()))
        asked["deleted"] = True
        return self.json(200, {"state": "deleted", "deleted_at": shown(time.time())})

    def fill(self, headers, body):
        assert headers.get("Content-Type") == "application/octet-stream", headers
        asked, state = self.state_of(headers["Request-Fill-Key"])
        repetition = (headers["Idempotency-Key"], body)
        if state != "waiting" and asked.get("repetition") != repetition:
            raise Problem("filled" if state == "filled" else "not-found")
        if state == "waiting":
            self.secrets[asked["request_key"]] = Secret(body, asked["ttl"], 1)
            asked["repetition"] = repetition
        secret = self.secrets[asked["request_key"]]
        return self.json(201, {"receipt_key": secret.receipt, "expires_at": shown(secret.created + secret.ttl)})

"""A small server that speaks API v2 from memory and serves the page's files, for states that a real one is rarely in.

It can be told to lose an answer, to be away, or to hold a secret in any state. Nothing of it is safe, durable or fast.
"""

import base64
import contextlib
import copy
import datetime
import http.server
import json
import pathlib
import re
import secrets
import threading
import time
import uuid

CLAIM_SECONDS = 60
WRONG_MAX = 5
LOCK_SECONDS = 900
CONTENT_TYPES = {".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".svg": "image/svg+xml"}
# As the server sends them (src/http/pages.cc).
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                               "connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'; "
                               "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def encoded(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def shown(moment):
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Problem(Exception):
    def __init__(self, status, name, headers=None, **more):
        super().__init__(name)
        self.status = status
        self.headers = headers or {}
        self.body = {"type": f"urn:disposable-secrets:problem:{name}", "title": name, "status": status, "detail": name} | more


class FakeApi:
    """The state behind the server, and its rules. One lock around everything."""

    def __init__(self):
        self.lock = threading.Lock()
        self.paces = threading.Semaphore(0)
        self.secrets = {}  # secret_key -> dict
        self.requests = {}  # fill_key -> dict
        self.repetitions = {}  # Idempotency-Key -> (fingerprint, answer)
        self.faults = []  # {"path", "fault", "count"}
        self.calls = []  # (method, path, headers)
        self.service = {"name": "disposable-secrets", "upload_bytes_max": 25 * 1024 * 1024, "ttl_seconds_max": 2592000,
                        "ttl_seconds_default": 86400, "views_max": 100, "passphrase_bytes_max": 1024, "creation": "open"}

    # What tests do from outside.
    def fault(self, path, fault, count=1):
        self.faults.append({"path": path, "fault": fault, "count": count})

    def take_fault(self, path):
        for fault in self.faults:
            if path.endswith(fault["path"]) and fault["count"] > 0:
                fault["count"] -= 1
                return fault["fault"]
        return None

    # Secrets.
    def insert(self, body, ttl, views, passphrase, proof, key=None):
        now = time.time()
        key = key or str(uuid.uuid4())
        receipt = encoded(secrets.token_bytes(48))
        self.secrets[key] = {"receipt": receipt, "body": body, "created": now, "expires": now + ttl, "changed": None,
                             "views": views, "left": views, "passphrase": passphrase, "proof": proof, "state": "live",
                             "claims": {}, "wrong": 0, "locked": 0}
        return key, receipt, shown(now + ttl)

    def create(self, headers, body):
        if self.service["creation"] == "token" and headers.get("Authorization") != "Bearer ds_token":
            raise Problem(401, "unauthorized", {"WWW-Authenticate": "Bearer"})
        if self.service["creation"] == "restricted":
            raise Problem(403, "forbidden")
        if not body or len(body) > self.service["upload_bytes_max"]:
            raise Problem(413 if body else 422, "too-large" if body else "invalid-body")
        name = headers.get("Idempotency-Key")
        passphrase = headers.get("Secret-Passphrase")
        options = (bytes(body), headers.get("Secret-TTL"), headers.get("Secret-Views"), passphrase, headers.get("Secret-Proof"))
        if name in self.repetitions:
            if self.repetitions[name][0] != options:
                raise Problem(422, "idempotency-key-reused")
            return 201, self.repetitions[name][1]
        key, receipt, expires = self.insert(
            body, int(headers.get("Secret-TTL", 86400)), int(headers.get("Secret-Views", 1)),
            decoded(passphrase).decode() if passphrase else "", headers.get("Secret-Proof"))
        answer = {"secret_key": key, "receipt_key": receipt, "expires_at": expires}
        if name:
            self.repetitions[name] = (options, answer)
        return 201, answer

    def find(self, key):
        if key not in self.secrets:
            raise Problem(404, "not-found")
        entry = self.secrets[key]
        if entry["state"] == "live" and time.time() >= entry["expires"]:
            entry |= {"state": "expired", "changed": entry["expires"]}
        return entry

    def by_receipt(self, receipt):
        for key, entry in self.secrets.items():
            if entry["receipt"] == receipt:
                return self.find(key)
        raise Problem(404, "not-found")

    def status(self, entry):
        answer = {"state": entry["state"], "created_at": shown(entry["created"]), "expires_at": shown(entry["expires"]),
                  "views": entry["views"], "views_left": entry["left"], "passphrase": bool(entry["passphrase"]),
                  "proof": bool(entry["proof"]), "bytes": len(entry["body"])}
        if entry["changed"]:
            answer["changed_at"] = shown(entry["changed"])
        if entry["locked"] > time.time():
            answer["locked_until"] = shown(entry["locked"])
        return 200, answer

    def wrong(self, entry, name):
        entry["wrong"] += 1
        if entry["wrong"] >= WRONG_MAX:
            entry |= {"wrong": 0, "locked": time.time() + LOCK_SECONDS}
        raise Problem(403, name)

    def check(self, entry, asked):
        if entry["locked"] > time.time():
            raise Problem(429, "locked", {"Retry-After": str(round(entry["locked"] - time.time()))})
        if entry["proof"] and asked.get("proof") != entry["proof"]:
            self.wrong(entry, "wrong-proof")
        if entry["passphrase"] and asked.get("passphrase") != entry["passphrase"]:
            self.wrong(entry, "wrong-passphrase")

    def check_spent(self, entry):
        if entry["state"] == "expired":
            raise Problem(404, "not-found")
        if entry["state"] != "live":
            raise Problem(410, entry["state"], at=shown(entry["changed"]))

    def retrieve(self, asked):
        entry = self.find(asked["secret_key"])
        claim = asked.get("claim")
        if claim in entry["claims"] and entry["claims"][claim][0] > time.time():
            self.check(entry, asked)
            return entry["body"], entry["claims"][claim][1]
        self.check_spent(entry)
        self.check(entry, asked)
        entry["left"] -= 1
        entry["changed"] = time.time()
        if entry["left"] == 0:
            entry["state"] = "retrieved"
        if claim:
            entry["claims"][claim] = (time.time() + CLAIM_SECONDS, entry["left"])
        return entry["body"], entry["left"]

    def delete(self, entry):
        self.check_spent(entry)
        entry |= {"state": "deleted", "changed": time.time(), "left": 0, "claims": {}}
        return 200, {"state": "deleted", "deleted_at": shown(entry["changed"])}

    # Requests.
    def ask(self, asked):
        now = time.time()
        fill_key, request_key = str(uuid.uuid4()), str(uuid.uuid4())
        ttl = asked.get("ttl_seconds", 86400)
        self.requests[fill_key] = {"request_key": request_key, "ttl": ttl, "expires": now + ttl, "state": "waiting"}
        return 201, {"request_key": request_key, "fill_key": fill_key, "expires_at": shown(now + ttl)}

    def request(self, fill_key):
        if fill_key not in self.requests:
            raise Problem(404, "not-found")
        return self.requests[fill_key]

    def fill(self, fill_key, body):
        request = self.request(fill_key)
        if request["state"] != "waiting":
            raise Problem(409, "filled") if request["state"] == "filled" else Problem(404, "not-found")
        request["state"] = "filled"
        _, receipt, expires = self.insert(body, request["ttl"], 1, "", None, request["request_key"])
        return 201, {"receipt_key": receipt, "expires_at": expires}

    def delete_request(self, asked):
        request = self.request(asked["fill_key"])
        if request["request_key"] != asked["request_key"]:
            raise Problem(404, "not-found")
        if request["state"] != "waiting":
            raise Problem(409, "filled")
        request["state"] = "deleted"
        return 200, {"state": "deleted", "deleted_at": shown(time.time())}

    def answer(self, path, headers, body):
        """(status, JSON object) or (bytes, views left)."""
        if path == "secrets":
            return self.create(headers, body)
        if path == "requests/fill":
            return self.fill(headers.get("Request-Fill-Key"), body)
        asked = json.loads(body or b"{}")
        table = {
            "secrets/status": lambda: self.status(self.find(asked["secret_key"])),
            "secrets/retrieve": lambda: self.retrieve(asked),
            "secrets/delete": lambda: self.delete_secret(asked),
            "receipts/status": lambda: self.status(self.by_receipt(asked["receipt_key"])),
            "receipts/delete": lambda: self.delete(self.by_receipt(asked["receipt_key"])),
            "requests": lambda: self.ask(asked),
            "requests/status": lambda: self.request_answer(asked["fill_key"]),
            "requests/delete": lambda: self.delete_request(asked),
        }
        if path not in table:
            raise Problem(404, "not-found")
        return table[path]()

    def delete_secret(self, asked):
        entry = self.find(asked["secret_key"])
        self.check_spent(entry)
        self.check(entry, asked)
        return self.delete(entry)

    def request_answer(self, fill_key):
        request = self.request(fill_key)
        return 200, {"state": request["state"], "expires_at": shown(request["expires"])}

    def control(self, asked):
        """The wishes of a test in another process: faults, states, settings, and what has been asked so far."""
        if asked.get("clear"):
            self.faults.clear()
        for fault in asked.get("faults", []):
            self.fault(**fault)
        for key, changes in asked.get("secrets", {}).items():
            self.secrets[key] |= changes
        for key, changes in asked.get("requests", {}).items():
            self.requests[key] |= changes
        self.service |= asked.get("service", {})
        if asked.get("pace"):
            self.paces.release(asked["pace"])
        return {"calls": copy.copy(self.calls), "secrets": len(self.secrets), "views": {k: v["left"] for k, v in self.secrets.items()}}


def page_files(folder):
    """Path -> (content type, bytes), of what src/web/page/build.mjs has written."""
    names = dict(re.findall(r'\{"(.+)", "(.+)"\}', (folder / "names.inc").read_text()))
    files = {f"/page/{served}": (CONTENT_TYPES[pathlib.Path(name).suffix], (folder / name).read_bytes())
             for name, served in names.items()}
    html = (folder / "page.html").read_text()
    for mark, text in (("name", "Disposable Secrets"), ("logo", f'<img src="page/{names["icon.svg"]}" alt="">'), ("style", ""),
                       ("footer", "")):
        html = html.replace("{{" + mark + "}}", text)
    return files | {path: ("text/html; charset=utf-8", html.encode()) for path in ("/", "/s", "/r", "/q")}


def handler_of(api, files):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def send(self, status, content_type, body, headers=()):
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            for name, value in dict(headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            path = self.path.split("?")[0]
            with api.lock:
                api.calls.append(("GET", self.path, dict(self.headers)))
                fault = api.take_fault(path)
            if fault:
                return self.fail(fault)
            if path == "/api/v2/service":
                return self.send(200, "application/json", json.dumps(api.service).encode())
            if path in files:
                return self.send(200, *files[path], PAGE_HEADERS)
            return self.send(404, "application/json", b'{"detail":"Not Found"}')

        def fail(self, fault):
            if fault == "503":
                return self.send(503, "application/problem+json", json.dumps(Problem(503, "unavailable").body).encode())
            if fault == "429":
                return self.send(429, "application/problem+json", json.dumps(Problem(429, "rate-limited").body).encode(),
                                 {"Retry-After": "120"})
            if fault == "reused":
                return self.send(422, "application/problem+json", json.dumps(Problem(422, "idempotency-key-reused").body).encode())
            if fault == "portal":
                return self.send(200, "text/html", b"<!doctype html><title>Log in to this network</title>")
            if fault == "507":
                return self.send(507, "application/problem+json", json.dumps(Problem(507, "storage-full").body).encode())
            self.close_connection = True  # "drop": nothing is said
            return None

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path == "/fake":
                with api.lock:
                    return self.send(200, "application/json", json.dumps(api.control(json.loads(body))).encode())
            with api.lock:
                api.calls.append(("POST", self.path, dict(self.headers)))
                fault = api.take_fault(self.path)
            if fault in ("503", "429", "507", "drop", "portal", "reused"):
                return self.fail(fault)
            try:
                with api.lock:
                    first, second = api.answer(self.path.removeprefix("/api/v2/"), self.headers, body)
            except Problem as problem:
                return self.send(problem.status, "application/problem+json", json.dumps(problem.body).encode(),
                                 problem.headers | {"Cache-Control": "no-store"})
            if fault == "lose":  # it has happened, and nobody hears of it
                self.close_connection = True
                return None
            if isinstance(first, bytes):
                if fault in ("cut", "stall", "paced"):
                    return self.break_off(first, fault)
                return self.send(200, "application/octet-stream", first,
                                 {"Secret-Views-Left": second, "Cache-Control": "no-store"})
            return self.send(first, "application/json", json.dumps(second).encode(), {"Cache-Control": "no-store"})

        def break_off(self, body, fault):
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            half = body[: len(body) // 2]
            if fault == "paced":  # a byte whenever the test asks for one, while it does
                while half and api.paces.acquire(timeout=5):
                    self.wfile.write(half[:1])
                    half = half[1:]
            self.wfile.write(half)
            if fault == "stall":
                self.rfile.read(1)  # until the browser has gone
            self.close_connection = True

    return Handler


@contextlib.contextmanager
def serving(folder):
    """Yields (url, api) of a fake that serves the page in `folder`."""
    api = FakeApi()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler_of(api, page_files(folder)))
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # a browser that has gone is no news
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

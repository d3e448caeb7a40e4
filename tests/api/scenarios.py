"""What provokes every answer that openapi.json lists: each scenario asks a service that was started with its options."""

import base64
import concurrent.futures
import contextlib
import json
import os
import re
import signal
import socket
import sqlite3

import crowded_address
from recorder import read_answer
from suite import wait_until

KEY = "8e03978e-40d5-43e8-bc93-6894a57f9324"
IMPROPER = (("Expect", "a miracle", 417), ("Transfer-Encoding", "chunked", 411), ("Fill", "x" * 9000, 431),
            ("Bad Name", "x", 400), ("Content-Length", "-1", 400))  # (field, value, status)
LARGEST = 30 << 20  # more than any operation takes
LOGOS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\0\0\0\0WEBP", b"<svg xmlns='http://www.w3.org/2000/svg'/>")


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def expect(answer, status):
    """The status of an Answer or of what Asker.v2() gives."""
    got = answer[0] if isinstance(answer, tuple) and not hasattr(answer, "status") else answer.status
    assert got == status, (status, answer)
    return answer


def pages(asker, service):
    """The pages and all they load; a program that looks who is there; numbers."""
    for method in ("GET", "HEAD"):
        for path in ("/", "/s", "/r", "/q", "/docs", "/openapi.json", "/healthz", "/readyz", "/metrics", "/?x=y"):
            page = expect(asker.ask(method, path, {"Accept": "text/html"}), 200)
            expect(asker.ask(method, path), 200)
        names = {"/docs": r'(?:src|href)="(docs/[^"]+)"', "/s": r'"(page/[^"]+)"'}
        for path, pattern in names.items():
            page = asker.ask("GET", path).body.decode()
            for name in set(re.findall(pattern, page)):
                file = expect(asker.ask(method, "/" + name, {"Accept-Encoding": "gzip"}), 200)
                for locale in re.findall(rb'"([a-z]{2}\.[0-9a-f]{12}\.json)"', asker.ask("GET", "/" + name).body):
                    file = expect(asker.ask(method, "/page/" + locale.decode()), 200)
                assert method == "GET" or not file.body
        for path in ("/docs/nothing", "/page/nothing"):
            expect(asker.ask(method, path), 404)


def logo(asker, service):
    expect(asker.ask("GET", "/page/logo"), 200)


def metrics_elsewhere(asker, service):
    expect(asker.ask("GET", "/metrics"), 404)


def version_1(asker, service):
    path, secret = "/api/v1/secret", {"secret": "x", "passphrase": "right"}
    keys = [json.loads(expect(asker.json(path, secret), 200).body)["secret_key"] for _ in range(3)]
    of_v2 = asker.v2("secrets", secret="x")[1]["secret_key"]
    delete = lambda key, **value: asker.json(f"{path}/{key}", value, "DELETE").status
    assert [delete(keys[0]), delete(keys[0], passphrase="right")] == [403, 200]
    assert [delete(keys[1], passphrase="wrong") for _ in range(6)] == [403] * 5 + [429]
    expect(asker.ask("GET", f"{path}/{keys[2]}", {"Sec-Purpose": "prefetch"}), 403)
    for method, key, status in (("GET", of_v2, 403), ("DELETE", of_v2, 403), ("GET", keys[2], 200), ("GET", keys[2], 410),
                                ("DELETE", keys[2], 410), ("GET", "x", 404), ("DELETE", KEY, 404)):
        expect(asker.ask(method, f"{path}/{key}"), status)


def version_2(asker, service):
    proof, passphrase, idempotent = encoded(os.urandom(32)), "päss", {"Idempotency-Key": "k" * 16}
    options = {"Secret-Proof": proof, "Secret-Passphrase": encoded(passphrase.encode()), "Secret-Views": "2"}
    right = {"proof": proof, "passphrase": passphrase}
    ordered = options | {"Idempotency-Key": "o" * 16}
    locked = expect(asker.bytes("/api/v2/secrets", b"x", ordered), 201)[1]["secret_key"]
    for _ in range(5):
        asker.v2("secrets/retrieve", secret_key=locked)
    assert asker.bytes("/api/v2/secrets", b"x", ordered) == (429, "locked")  # no passphrase is looked at
    short = asker.v2("secrets", secret="x", ttl_seconds=1)[1]
    made = [expect(asker.bytes("/api/v2/secrets", b"\0\xff", options), 201)[1] for _ in range(4)]
    key = [one["secret_key"] for one in made]
    for data, status in ((b"x", 201), (b"x", 201), (b"y", 422)):
        expect(asker.bytes("/api/v2/secrets", data, idempotent), status)
    for operation in ("retrieve", "delete"):
        locked = key.pop()
        for name, wrong in (("proof", encoded(os.urandom(32))), ("passphrase", "x")):
            assert asker.v2(f"secrets/{operation}", secret_key=locked, **right | {name: wrong}) == (403, f"wrong-{name}")
        for _ in range(3):
            asker.v2("secrets/retrieve", secret_key=locked)
        assert asker.v2(f"secrets/{operation}", secret_key=locked, **right) == (429, "locked")
        assert "locked_until" in asker.v2("secrets/status", secret_key=locked)[1]
    assert "locked_until" in asker.v2("receipts/status", receipt_key=made[3]["receipt_key"])[1]
    whole = {"secret_key": key[0]} | right
    assert asker.json("/api/v2/secrets/retrieve", whole, headers={"Purpose": "prefetch"}).status == 403
    for status in (200, 200, 410):
        expect(asker.v2("secrets/retrieve", **whole, claim=encoded(os.urandom(32))), status)
    for status in (200, 410):
        expect(asker.v2("secrets/delete", secret_key=key[1], **right), status)
        expect(asker.v2("receipts/delete", receipt_key=made[2]["receipt_key"]), status)
    assert asker.v2("secrets/retrieve", **whole | {"secret_key": key[1]}) == (410, "deleted")
    assert asker.v2("secrets/delete", **whole) == (410, "retrieved")
    assert asker.v2("receipts/delete", receipt_key=made[0]["receipt_key"]) == (410, "retrieved")
    ended = lambda: asker.v2("secrets/status", secret_key=short["secret_key"])[1]["state"] == "expired"
    wait_until(ended, 5, "it has expired")
    for one, state in ((made[0], "retrieved"), (made[1], "deleted"), (made[3], "live"), (short, "expired")):
        assert asker.v2("secrets/status", secret_key=one["secret_key"])[1]["state"] == state
        assert asker.v2("receipts/status", receipt_key=one["receipt_key"])[1]["state"] == state
    assert asker.v2("secrets", secret="x", proof=proof) == (422, "invalid-body")
    expect(asker.ask("GET", "/api/v2/service"), 200)


def requests(asker, service):
    ask = lambda **value: expect(asker.v2("requests", **value), 201)[1]
    short, filled, deleted = ask(ttl_seconds=1), ask(), ask()
    state = lambda request: asker.v2("requests/status", fill_key=request["fill_key"])[1]["state"]
    key_of = lambda request: {"Request-Fill-Key": request["fill_key"]}
    fill = lambda request, data, more=(): asker.bytes("/api/v2/requests/fill", data, key_of(request) | dict(more))
    assert state(filled) == "waiting"
    again = {"Idempotency-Key": "f" * 16}
    first = expect(fill(filled, b"x", again), 201)
    assert fill(filled, b"x", again) == first
    assert fill(filled, b"y", again) == fill(filled, b"x") == (409, "filled")
    assert fill(deleted, b"x", {"Secret-Passphrase": encoded(b"x")}) == (422, "invalid-body")
    both = {name: deleted[name] for name in ("fill_key", "request_key")}
    for status in (200, 410):
        expect(asker.v2("requests/delete", **both), status)
    expect(fill(deleted, b"x"), 410)
    assert asker.v2("secrets/retrieve", secret_key=filled["request_key"]) == (200, b"x")
    both = {name: filled[name] for name in ("fill_key", "request_key")}
    assert asker.v2("requests/delete", **both) == (410, "retrieved")
    wait_until(lambda: state(short) == "expired", 5, "it has expired")
    assert (state(filled), state(deleted)) == ("filled", "deleted")


def webhooks_refused(asker, service):
    for operation, value in (("secrets", {"secret": "x"}), ("requests", {})):
        assert asker.v2(operation, **value, webhook="https://hooks.invalid/") == (403, "webhook-refused")


def webhooks(asker, service):
    url = "https://hooks.invalid/"  # nothing happens to the secrets, so it is not called
    for answer in (asker.v2("secrets", secret="x", webhook=url), asker.v2("requests", webhook=url),
                   asker.bytes("/api/v2/secrets", b"x", {"Secret-Webhook": url})):
        assert {"webhook_key", "fingerprint"} <= set(expect(answer, 201)[1])
    for operation in ("secrets", "requests"):
        never = asker.v2(operation, **({"secret": "x"} if operation == "secrets" else {}), webhook="http://10.0.0.1/")
        assert never == (422, "invalid-body")
    assert json.loads(asker.ask("GET", "/api/v2/service").body)["webhooks"] is True


def unknown_keys(asker, service):
    for key in asker.record.description.operations:
        answer = asker.example(key)
        if "404" in asker.record.description.operations[key]["responses"] and "/api/" in key[1]:
            expect(answer, 404)


def bodies(asker, service):
    """Too large, of another type, not valid: wherever a body is read."""
    for key, operation in asker.record.description.operations.items():
        expect(asker.example(key, announced=LARGEST), 413)
        if "415" in operation["responses"]:
            target, fields, _ = asker.record.description.example(key)
            typed = lambda kind, body: asker.ask(key[0], target, fields | {"Content-Type": kind}, body)
            expect(typed("text/plain", b"x"), 415)
            expect(typed("application/octet-stream", b"") if "fill" in target else typed("application/json", b"{"), 422)
            expect(asker.ask(key[0], target, fields | {"Content-Encoding": "gzip"}, b"x"), 415)


def no_proper_requests(asker, service):
    """What is refused before anybody knows what it is about, at every operation."""
    operations = asker.record.description.operations
    for key in operations:
        target, fields, _ = asker.record.description.example(key)
        for name, value, status in IMPROPER:
            expect(asker.ask(key[0], target, fields | {name: value}), status)

    def too_slow(key):
        expect(asker.example(key, announced=10), 408)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:  # each waits for its answer
        list(pool.map(too_slow, operations))


def who_may_not(status):
    def scenario(asker, service):
        for key, operation in asker.record.description.operations.items():
            if "401" in operation["responses"]:
                expect(asker.example(key), status)
        expect(asker.ask("GET", "/api/v2/service"), 200)
    return scenario


def too_much_from_one_address(asker, service):
    number = 0
    for key, operation in asker.record.description.operations.items():
        if "429" in operation["responses"]:
            number += 1
            asker.fields = {"X-Forwarded-For": f"203.0.113.{number}"}
            asker.example(key)
            expect(asker.example(key), 429)


@contextlib.contextmanager
def held(asker, sent):
    """So much of a request that is not complete."""
    with asker.connect() as connection:
        connection.sendall(sent)
        yield connection


def no_memory(asker, service):
    """An upload that comes slowly takes all that --buffer-bytes-max gives, for a second."""
    head = (b"POST /api/v2/secrets HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\n"
            b"Content-Length: 4000000\r\n\r\n")
    def refused(key):
        with held(asker, head + b"x" * 1_500_000):
            for _ in range(20):  # it has to arrive first; and the second may be over too early on a busy machine
                if asker.example(key).status == 503:
                    return True
        return False

    for key, operation in asker.record.description.operations.items():
        if "503" in operation["responses"] and key[1] != "/readyz":
            wait_until(lambda: refused(key), 10, f"{key} is refused")


def no_room_for_connections(asker, service):
    """Readers who take nothing of their large answers cannot make room, so a newcomer is told so unheard."""
    most = 8
    keys = [asker.bytes("/api/v2/secrets", bytes(8 << 20))[1]["secret_key"] for _ in range(most)]
    with contextlib.ExitStack() as readers:
        for key in keys:
            body = json.dumps({"secret_key": key}).encode()
            connection = readers.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", asker.port))
            connection.sendall(b"POST /api/v2/secrets/retrieve HTTP/1.1\r\nHost: x\r\n"
                               b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            assert connection.recv(1)
        for key, operation in asker.record.description.operations.items():
            if "503" in operation["responses"] and key[1].startswith("/api/v2"):
                with asker.connect() as connection:
                    answer = read_answer(connection, key[0])
                asker.record.add(key[0], asker.record.description.example(key)[0], answer)
                expect(answer, 503)


def too_many_connections_of_one_address(asker, service):
    """Unheard, too, so it is anybody's answer."""
    refusal = crowded_address.refusal()
    for key, operation in asker.record.description.operations.items():
        if "429" in operation["responses"]:
            ours, theirs = socket.socketpair()
            theirs.sendall(refusal)
            theirs.close()
            with ours:
                answer = read_answer(ours, key[0])
            asker.record.add(key[0], asker.record.description.example(key)[0], answer)
            expect(answer, 429)


def audit_log_that_is_locked(asker, service):
    database = sqlite3.connect(service.data_dir / "audit.db", isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    asker.json("/api/v1/secret", {"secret": "x"})
    wait_until(lambda: asker.ask("GET", "/readyz").status == 503, 15, "/readyz says so")
    database.execute("ROLLBACK")
    database.close()


def no_storage(asker, service):
    """A request is made before there is no storage left; the limit comes with a SIGHUP."""
    fill_key = expect(asker.v2("requests"), 201)[1]["fill_key"]
    (service.folder / "service.conf").write_text("disk-reserve-bytes=1T\n")
    os.kill(service.pid, signal.SIGHUP)
    for key, operation in asker.record.description.operations.items():
        if "507" in operation["responses"]:
            wait_until(lambda: asker.example(key, {"Request-Fill-Key": fill_key}).status == 507, 5, f"{key} is refused")


def options(text):
    """The arguments in it; `folder` and `port` are put in later."""
    return tuple(text.split())


# (scenario, options, files in the service's folder)
SCENARIOS = (
    (pages, (), {}), *((logo, options("--page-logo {folder}/logo"), {"logo": content}) for content in LOGOS),
    (metrics_elsewhere, options("--metrics-listen http://127.0.0.1:{port}"), {}),
    (version_1, (), {}), (version_2, (), {}), (requests, (), {}), (unknown_keys, (), {}), (bodies, (), {}),
    (webhooks_refused, (), {}), (webhooks, options("--webhooks everybody"), {}),
    (no_proper_requests, options("--body-timeout 0.3 --rate-min 1M"), {}),
    (who_may_not(401), options("--creators token"), {}), (who_may_not(403), options("--creators 10.0.0.0/8"), {}),
    (too_much_from_one_address, options("--trusted-proxy 127.0.0.1/32 --misses-burst 1 --misses-per-minute 1 --creates-burst 1 "
                                        "--creates-per-minute 1"), {}),
    (no_memory, options("--buffer-bytes-max 1M"), {}), (no_room_for_connections, options("--connections-max 8"), {}),
    (too_many_connections_of_one_address, (), {}),
    (audit_log_that_is_locked, (), {}), (no_storage, options("--config {folder}/service.conf"), {"service.conf": b""}),
)

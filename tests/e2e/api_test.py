"""The API over real sockets: its description, what never spends a secret, sizes, refusals."""

import json
import re
import socket

from fixture import DELETED, DENIED, NOT_FOUND, SPENT, UNKNOWN_KEY, ServiceCase

JSON = {"Content-Type": "application/json"}
MEBIBYTE = 1024 * 1024
UNKNOWN_RECEIPT = "A" * 64
METHOD_PROBLEM = "urn:disposable-secrets:problem:method-not-allowed"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "BREW")


class DescriptionTest(ServiceCase):
    def setUp(self):
        super().setUp()
        status, headers, body = self.client.request("GET", "/openapi.json")
        self.assertEqual((status, headers["content-type"]), (200, "application/json"))
        self.document = json.loads(body)

    def resolved(self, node):
        while "$ref" in node:
            target = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def operations(self):
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                if method != "parameters":
                    yield path, method.upper(), operation, item.get("parameters", []) + operation.get("parameters", [])

    def check(self, operation, status, headers, body):
        """The answer is one that the document lists, with a content type and the fields it lists."""
        self.assertIn(str(status), operation["responses"])
        listed = self.resolved(operation["responses"][str(status)])
        kind = headers["content-type"].split(";")[0]
        self.assertIn(kind, listed["content"])
        schema = self.resolved(listed["content"][kind]["schema"])
        if schema.get("type") == "object":
            value = json.loads(body)
            self.assertEqual([name for name in schema.get("required", []) if name not in value], [])
            if "properties" in schema:
                self.assertLessEqual(set(value), set(schema["properties"]))
        return status

    def test_it_is_openapi_3_1_and_every_reference_resolves(self):
        self.assertRegex(self.document["openapi"], r"^3\.1\.\d+$")
        references = re.findall(r'"\$ref": ?"([^"]+)"', json.dumps(self.document))
        self.assertGreater(len(references), 10)
        for reference in references:
            self.assertTrue(self.resolved({"$ref": reference}))

    def examples(self, operation):
        """(content type, body) of every example of the operation's body; (None, None) when it has none."""
        for kind, content in operation.get("requestBody", {}).get("content", {None: {}}).items():
            examples = [example["value"] for example in content.get("examples", {}).values()] or [content.get("example")]
            for example in examples:
                yield kind, example if example is None or isinstance(example, str) else json.dumps(example)

    def test_every_operation_answers_its_example_as_listed(self):
        count = 0
        for path, method, operation, parameters in self.operations():
            with self.subTest(method=method, path=path):
                for parameter in parameters:
                    path = path.replace("{" + parameter["name"] + "}", str(parameter["example"]))
                headers = {parameter["name"]: parameter["example"] for parameter in parameters
                           if parameter["in"] == "header" and parameter["required"]}
                success = {int(status) for status in operation["responses"] if status < "300"}
                for kind, body in self.examples(operation):
                    typed = headers | ({"Content-Type": kind} if kind else {})
                    status = self.check(operation, *self.client.request(method, path, body, typed))
                    unknown = UNKNOWN_KEY in f"{path} {body} {headers}" or UNKNOWN_RECEIPT in str(body)
                    self.assertIn(status, {404} if unknown else success)
                    count += 1
        self.assertGreaterEqual(count, 25)

    def test_refusals_answer_as_listed(self):
        guarded = self.client.create("x", passphrase="p")
        key = f"/api/v1/secret/{guarded}"
        operations = {(path, method): operation for path, method, operation, _ in self.operations()}
        create, delete = ("/api/v1/secret", "POST"), ("/api/v1/secret/{secret_key}", "DELETE")
        retrieve = ("/api/v1/secret/{secret_key}", "GET")
        for operation, path, body, headers, expected in (
                (create, create[0], "{}", JSON, 422), (create, create[0], "[", JSON, 422),
                (create, create[0], "x", {"Content-Type": "text/plain"}, 415),
                (create, create[0], "x" * (8 * MEBIBYTE), JSON, 413),
                (retrieve, key, None, {"Sec-Purpose": "prefetch"}, 403),
                (retrieve, "/api/v1/secret/x", None, {}, 404),
                (delete, key, '{"passphrase":1}', JSON, 422), (delete, key, None, {}, 403),
                (delete, key, "x", {"Content-Type": "text/plain"}, 415),
                *[(delete, key, '{"passphrase":"wrong"}', JSON, 403)] * 4,
                (delete, key, '{"passphrase":"p"}', JSON, 429),
                (retrieve, key, None, {}, 200), (retrieve, key, None, {}, 410), (delete, key, None, {}, 410)):
            with self.subTest(operation=operation, expected=expected):
                status, answered, content = self.service.client().request(operation[1], path, body, headers)
                self.assertEqual(self.check(operations[operation], status, answered, content), expected)
                if expected == 429:
                    self.assertGreater(int(answered["retry-after"]), 800)

    def test_other_methods_are_refused_and_allow_names_the_listed_ones(self):
        listed = {}
        for path, method, _, parameters in self.operations():
            for parameter in parameters:
                path = path.replace("{" + parameter["name"] + "}", str(parameter["example"]))
            listed.setdefault(path, set()).add(method)
        for path, methods in listed.items():
            for method in METHODS:
                pages = "GET" in methods and not path.startswith("/api")
                if method in methods or (method == "HEAD" and pages):
                    continue
                with self.subTest(method=method, path=path):
                    status, headers, body = self.service.client().request(method, path)
                    self.assertEqual(status, 405)
                    self.assertEqual(set(headers["allow"].split(", ")), methods | ({"HEAD"} if pages else set()))
                    if method != "HEAD":
                        refusal = json.loads(body)
                        self.assertEqual(refusal.get("type") if path.startswith("/api/v2/") else refusal["detail"],
                                         METHOD_PROBLEM if path.startswith("/api/v2/") else "Method Not Allowed")

    def test_other_paths_are_not_found(self):
        for path in ("/api", "/api/v1", "/api/v1/secrets", "/api/v1/secret/", "/api/v1/secret/x/y", "/docs/nothing",
                     "/docs/../openapi.json", "/index.html", "/.env", "/%2e%2e/etc/passwd", "//", "/api/v2/secret"):
            with self.subTest(path=path):
                self.assertEqual(self.client.json("GET", path)[0], 404)
        self.assertEqual(self.client.json("GET", "/nothing"), (404, {"detail": "Not Found"}))


class PagesTest(ServiceCase):
    def test_the_service_says_what_it_is_and_how_it_is(self):
        self.assertEqual(self.client.json("GET", "/"), (200, {"message": "Welcome to Disposable Secrets"}))
        self.assertEqual(self.client.json("GET", "/healthz"), (200, {"status": "ok"}))
        self.assertEqual(self.client.json("GET", "/readyz"), (200, {"status": "ready"}))

    def test_the_docs_page_and_its_assets_come_from_the_executable_under_a_strict_policy(self):
        status, headers, page = self.client.request("GET", "/docs")
        self.assertEqual((status, headers["content-type"]), (200, "text/html; charset=utf-8"))
        assets = re.findall(r'(?:src|href)="([^"]+)"', page.decode())
        self.assertGreaterEqual(len([name for name in assets if name.startswith("docs/")]), 4)
        self.assertNotRegex(page.decode(), r"https?://|//[a-z]")
        self.assertNotRegex(page.decode(), r"<script(?![^>]*\bsrc=)|<style|\son\w+=")
        policies = {headers["content-security-policy"]}
        for name in assets:
            if name.startswith("data:"):
                continue
            with self.subTest(name):
                status, headers, body = self.client.request("GET", "/" + name)
                self.assertEqual(status, 200)
                self.assertGreater(len(body), 10)
                if name.startswith("docs/"):
                    policies.add(headers["content-security-policy"])
                    kind = {"css": "text/css", "js": "text/javascript"}[name.rsplit(".", 1)[1]]
                    self.assertEqual(headers["content-type"].split(";")[0], kind)
                    self.assertEqual(headers["x-content-type-options"], "nosniff")
        self.assertEqual(len(policies), 1)
        policy = policies.pop()
        for part in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
            self.assertIn(part, policy)
        for loophole in ("unsafe-inline", "unsafe-eval", "*", "http"):
            self.assertNotIn(loophole, policy)


class SpendingTest(ServiceCase):
    """Only a GET spends."""

    def raw(self, text):
        with socket.create_connection(("127.0.0.1", self.service.port), timeout=10) as connection:
            connection.sendall(text.encode())
            connection.shutdown(socket.SHUT_WR)
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
        return received

    def test_nothing_but_a_get_spends(self):
        key = self.client.create("not spent")
        path = f"/api/v1/secret/{key}"
        for method, headers in ([(method, {}) for method in METHODS if method not in ("GET", "DELETE")] +
                                [("HEAD", {"Range": "bytes=0-3"}), ("POST", {"X-HTTP-Method-Override": "GET"}),
                                 ("POST", {"X-HTTP-Method-Override": "DELETE"}), ("POST", {"X-Method-Override": "GET"}),
                                 ("OPTIONS", {"Access-Control-Request-Method": "GET", "Origin": "http://x"})] +
                                [("GET", {name: value}) for name, value in
                                 (("Sec-Purpose", "prefetch"), ("Sec-Purpose", "prefetch;prerender"),
                                  ("Purpose", "prefetch"), ("X-Moz", "prefetch"), ("X-Purpose", "preview"))]):
            with self.subTest(method=method, headers=headers):
                status, _, body = self.service.client().request(method, path, headers=headers)
                self.assertIn(status, (400, 403, 405))
                self.assertNotIn(b"not spent", body)
        for text in (f"get {path} HTTP/1.1\r\nHost: x\r\n\r\n", f"GET {path}\r\n\r\n", f"GET {path} HTTP/1.1\r\n\r\n",
                     f"GET {path} HTTP/3.0\r\nHost: x\r\n\r\n", f"GET {path} HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n",
                     f"GET {path} HTTP/1.1\r\nHost: x\r\n", f"GET {path} HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
                     f"GET {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                     f"GET {path}?x#y HTTP/1.1\r\nHost: x\r\n\r\n", f"GET {path}/ HTTP/1.1\r\nHost: x\r\n\r\n"):
            with self.subTest(text=text):
                self.assertNotIn(b"not spent", self.raw(text))
        self.assertEqual(self.client.retrieve(key), (200, {"secret": "not spent"}))
        actions = [row["action"] for row in self.service.audit("--secret-key", key)]
        self.assertLessEqual(set(actions), {"created", "retrieved"})

    def test_ranges_and_conditions_are_ignored(self):
        for headers in ({"Range": "bytes=0-0"}, {"Range": "bytes=9999-"}, {"Range": "lines=1-2"}, {"If-None-Match": "*"},
                        {"If-Modified-Since": "Fri, 01 Jan 2999 00:00:00 GMT"}, {"If-Range": "x", "Range": "bytes=-1"},
                        {"Accept-Encoding": "gzip, br"}, {"Accept": "text/html"}):
            with self.subTest(headers=headers):
                key = self.client.create("whole")
                status, answered, body = self.client.request("GET", f"/api/v1/secret/{key}", headers=headers)
                self.assertEqual((status, json.loads(body)), (200, {"secret": "whole"}))
                for name in ("content-range", "accept-ranges", "content-encoding", "etag", "last-modified"):
                    self.assertNotIn(name, answered)

    def test_malformed_keys_are_answered_like_unknown_ones(self):
        key = self.client.create("x")
        for wrong in (UNKNOWN_KEY, "x", key[:-1], key + "0", key.replace("-", ""), "{" + key + "}", "urn:uuid:" + key,
                      "%" + key[1:], key[:-1] + "g", "0" * 36, "-" * 36, key[:14] + "1" + key[15:]):
            with self.subTest(wrong=wrong):
                self.assertEqual(self.client.retrieve(wrong), NOT_FOUND)
                self.assertEqual(self.client.delete(wrong), NOT_FOUND)
        self.assertEqual(self.client.retrieve(key.upper()), (200, {"secret": "x"}))

    def test_a_passphrase_guards_deletion_only(self):
        key = self.client.create("x", passphrase="right")
        self.assertEqual(self.client.delete(key), DENIED)
        self.assertEqual(self.client.delete(key, "wrong"), DENIED)
        self.assertEqual(self.client.delete(key, "right"), DELETED)
        self.assertEqual(self.client.delete(key, "right"), SPENT)
        self.assertEqual(self.client.retrieve(key), SPENT)
        key = self.client.create("x", passphrase="right")
        self.assertEqual(self.client.retrieve(key), (200, {"secret": "x"}))
        self.assertEqual(self.client.delete(key, "right"), SPENT)
        key = self.client.create("x", passphrase="")
        self.assertEqual(self.client.delete(key), DELETED)


class BodyTest(ServiceCase):
    def test_big_and_strange_secrets_come_back_as_they_were(self):
        for name, secret in (("one byte", "x"), ("a mebibyte", "x" * MEBIBYTE), ("four bytes each", "\U0001f511" * (MEBIBYTE // 4)),
                             ("two and three", "é€" * 200_000), ("nothing but NUL", "\0" * MEBIBYTE),
                             ("all below a space", "".join(map(chr, range(32))) * 1000),
                             ("quotes", '"\\/' * 10_000), ("separators", "\u2028\u2029\ufeff\ufffe\U0010ffff"),
                             ("looks like JSON", '{"secret":"y"}')):
            for escaped in (True, False):
                with self.subTest(name, escaped=escaped):
                    body = json.dumps({"secret": secret}, ensure_ascii=escaped).encode()
                    status, _, answer = self.client.request("POST", "/api/v1/secret", body, JSON)
                    self.assertEqual(status, 200)
                    status, found = self.client.retrieve(json.loads(answer)["secret_key"])
                    self.assertEqual(status, 200)
                    self.assertTrue(found == {"secret": secret})

    def test_a_byte_too_many_is_refused(self):
        for secret in ("x" * (MEBIBYTE + 1), "\U0001f511" * (MEBIBYTE // 4) + "x"):
            status, answer = self.client.json("POST", "/api/v1/secret", {"secret": secret})
            self.assertEqual((status, answer["detail"][0]["type"]), (422, "string_too_long"))
        self.assertEqual(self.client.json("POST", "/api/v1/secret", {"secret": "x", "passphrase": "p" * 1025})[0], 422)
        self.assertEqual(self.client.json("POST", "/api/v1/secret", {"secret": "x" * (8 * MEBIBYTE)})[0], 413)

    def test_a_body_that_is_too_large_is_refused_before_it_is_sent(self):
        head = b"POST /api/v1/secret HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"
        with socket.create_connection(("127.0.0.1", self.service.port), timeout=10) as connection:
            connection.sendall(head)
            self.assertTrue(connection.recv(65536).startswith(b"HTTP/1.1 413 "))

    def test_a_4xx_says_what_is_wrong_and_never_repeats_what_was_sent(self):
        mark = "Zq7mark"
        guarded = self.client.create(mark, passphrase="right" + mark)
        for method, path, body, headers in (
                ("POST", "/api/v1/secret", f'{{"secret":"{mark}","ttl_seconds":"{mark}"}}', JSON),
                ("POST", "/api/v1/secret", f'{{"secret":["{mark}"],"passphrase":{{"{mark}":1}}}}', JSON),
                ("POST", "/api/v1/secret", f'{{"secret":"{mark}"', JSON), ("POST", "/api/v1/secret", mark, JSON),
                ("POST", "/api/v1/secret", f'"{mark}"', JSON), ("POST", "/api/v1/secret", f'{{"{mark}":"{mark}"}}', JSON),
                ("POST", "/api/v1/secret", f'{{"secret":"{mark}\\ud800"}}', JSON),
                ("POST", "/api/v1/secret", f'{{"secret":"{mark}'.encode() + b'\xff"}', JSON),
                ("POST", "/api/v1/secret", mark, {"Content-Type": mark}),
                ("POST", "/api/v1/secret", f'{{"secret":"{mark}"}}', JSON | {"Content-Encoding": mark}),
                ("POST", f"/api/v1/{mark}", mark, JSON), ("PUT", "/api/v1/secret", mark, JSON),
                (mark, "/api/v1/secret", None, {}), ("GET", f"/api/v1/secret/{mark}", None, {mark: mark}),
                ("GET", f"/api/v1/secret/{guarded}", None, {"Purpose": "prefetch", "X": mark}),
                ("DELETE", f"/api/v1/secret/{guarded}", f'{{"passphrase":"{mark}"}}', JSON),
                ("DELETE", f"/api/v1/secret/{guarded}", f'{{"passphrase":["{mark}"]}}', JSON),
                ("DELETE", f"/api/v1/secret/{guarded}", mark, JSON),
                ("GET", f"/docs/{mark}", None, {}), ("GET", f"/{mark}", None, {"Expect": mark})):
            with self.subTest(method=method, path=path, body=body):
                status, answered, content = self.service.client().request(method, path, body, headers)
                self.assertTrue(400 <= status < 500, status)
                self.assertIn("detail", json.loads(content))
                self.assertNotIn(mark.lower(), (str(answered) + content.decode()).lower())
                self.assertNotIn(guarded, str(answered) + content.decode())

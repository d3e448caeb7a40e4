"""Requests that nobody should make: every method at every path, wrong types and bodies, heads that are none."""

import itertools
import json

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "BREW", "get")
KINDS = ("application/json", "application/octet-stream", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
         "text/plain", "application/problem+json", "application/json; charset=utf-16", "", "x")
UNKNOWN = ("/api", "/api/", "/api/v1", "/api/v2", "/api/v2/", "/api/v3/secrets", "/api/v1/secret/", "/api/v1/secret/a/b",
           "/api/v2/secrets/", "/api/v2/secrets/x", "/api/v2x/secrets", "//api/v2/secrets", "/api/v2/secrets//status",
           "/api/v2/%73ecrets", "/API/v2/secrets", "/.env", "/docs/../openapi.json", "/page/", "/page/a/b",
           "/s/", "/%2e%2e/etc/passwd")
JUNK = (b"", b"null", b"[]", b"{", b'"x"', b"1e999", b"\xff\xfe", b"{}{}", b'{"a":' * 500, b"[" * 5000, b'{"secret_key":null}',
        b'{"secret":1}', b'{"secret":""}', b'{"secret":"x","ttl_seconds":1e3}', b'{"secret":"x","views":0,"ttl_seconds":-1}',
        b'{"secret":"x","ttl_seconds":1.5}', b'{"secret":"x","ttl_seconds":"1"}',
        b'{"secret_key":"x","claim":"%s"}' % (b"A" * 44),
        b'{"secret":"\\ud800"}', b'{"secret_key":"x","claim":"AA","proof":"!","passphrase":[]}', b'{"secret":"x","secret":"y"}',
        b'{"fill_key":{},"request_key":[],"receipt_key":true,"secret_key":0.5}')
OPTIONS = ({"Secret-TTL": "0", "Secret-Views": "101"}, {"Secret-TTL": "x", "Secret-Passphrase": "=", "Secret-Proof": "AA"},
           {"Idempotency-Key": "short"}, {"Idempotency-Key": "k" * 256}, {"Idempotency-Key": "with a space in it"},
           {"Secret-TTL": "9" * 40}, {"Request-Fill-Key": ""}, {"Secret-Passphrase": "_w"},
           {"Secret-Webhook": "nowhere"}, {"Secret-Webhook": "http://127.0.0.1/"},
           {"Authorization": "Bearer nonsense"}, {"Accept": "application/xml"}, {"Content-Encoding": "gzip"}, {"Cookie": "a=b"},
           {"X-HTTP-Method-Override": "DELETE"}, {"Range": "bytes=0-1", "If-None-Match": "*"},
           {"Upgrade": "h2c", "Connection": "Upgrade"})

RAW_IS = ("GET", "/healthz")
HOST = b" HTTP/1.1\r\nHost: x\r\n"
RAW = (
    b"", b"\r\n\r\n", b"\x16\x03\x01\x02\x00", b"A" * 20_000, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET /healthz\r\n\r\n", b"GET /healthz HTTP/1.1\r\n\r\n", b"GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n",
    b"GET /healthz HTTP/1.1\nHost: x\n\n",
    *(b"GET " + target + HOST + b"\r\n" for target in (
        b" /healthz", b"/healthz#x", b"/healthz\xff", b"http:///healthz", b"/" * 9000, b"/healthz?" + b"x" * 600)),
    *(b"GET /healthz" + HOST + fields + b"\r\n\r\n" for fields in (
        b"Host: y", b" folded", b"Name : x", b"A: b\r\n" * 100 + b"A: b", b"A: \x00", b"No colon", b"Content-Length: -1",
        b"Content-Length: 1\r\nContent-Length: 2", b"Content-Length: 1\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: gzip, chunked", b"Expect: 200-ok")),
)


def targets(description):
    """Every listed path, by the examples of its parameters."""
    return {description.example(key)[0] for key in description.operations}


def requests(description):
    """(method, target, header fields, body)"""
    for method, target in itertools.product(METHODS, sorted(targets(description)) + list(UNKNOWN)):
        yield method, target, {}, None
        yield method, target + "?x=%00&y#"[:9], {"Content-Type": "application/json"}, b"{}"
    for key in description.operations:
        target, fields, body = description.example(key)
        for kind in KINDS:
            yield key[0], target, fields | {"Content-Type": kind}, body or b"x"
        for junk in JUNK:
            yield key[0], target, fields, junk
            yield key[0], target, fields | {"Content-Type": "application/json"}, junk
        for options in OPTIONS:
            yield key[0], target, fields | options, body
            yield key[0], target, fields | options | {"Content-Type": "application/json"}, b'{"secret":"x"}'
        for size in (1, 4096, 4097, 20_000):
            yield key[0], target, fields, json.dumps("x" * size).encode()

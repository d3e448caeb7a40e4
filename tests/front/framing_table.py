"""Hostile requests: what is sent, which statuses come back, and whether the connection goes on.

What a second reader might take for a request behind or inside a row is THEFT, a retrieval of the live secret LIVE: the
test puts the key of a real one there. A row that is closed never has it answered; a row that goes on has the next
request answered, in order.
"""

import dataclasses
import typing

LIVE = b"00000000-0000-4000-8000-000000000000"  # as long as the key that takes its place
HOST = b"Host: a\r\n"


def head(line, *fields):
    return b"".join(field + b"\r\n" for field in (line, *fields)) + b"\r\n"


def get(*fields, target=b"/", method=b"GET", host=b"Host: a"):
    return head(method + b" " + target + b" HTTP/1.1", host, *fields)


def post(*fields, body=b'{"secret": "x"}', target=b"/api/v1/secret", method=b"POST"):
    return get(*fields, target=target, method=method) + body


def sized(body, *fields, **options):
    return post(*fields, b"Content-Length: %d" % len(body), body=body, **options)


def chunked(*chunks, end=b"0\r\n\r\n", coding=b"chunked", more=()):
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return post(b"Transfer-Encoding: " + coding, *more, body=body + end)


SECRET = b"/api/v1/secret/" + LIVE
MARKER = get(b"Connection: close", target=b"/healthz")
THEFT = get(target=SECRET)
REMOVAL = get(target=SECRET, method=b"DELETE")
JSON = b'{"secret": "x"}'


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    sent: typing.Any  # bytes, or a tuple of pieces: each later one is sent when something has come back
    statuses: tuple  # of the answers, without those to what the test sends behind the row
    closed: bool = True
    methods: tuple = ()  # of the requests that have an answer, where they are not all GET or the like
    cut: bool = False  # the client ends before its request does; the test sends nothing behind it
    # The most requests that any reader may see in `sent`; as many as there are statuses, unless the row says otherwise.
    requests: int = 0

    @property
    def pieces(self):
        return self.sent if isinstance(self.sent, tuple) else (self.sent,)


def goes_on(name, sent, *statuses, **options):
    return Row(name, sent, statuses or (200,), closed=False, **options)


def bad(name, sent, status=400, **options):
    return Row(name, sent, (status,), **options)


LENGTHS = (
    bad("two equal lengths", post(b"Content-Length: 15", b"Content-Length: 15")),
    bad("two lengths", post(b"Content-Length: 15", b"Content-Length: 0", body=JSON + THEFT)),
    bad("two lengths in two cases", post(b"content-length: 0", b"CONTENT-LENGTH: 15")),
    bad("a list of lengths", post(b"Content-Length: 15, 15")),
    bad("a length with a plus", post(b"Content-Length: +15")),
    bad("a length with a minus", post(b"Content-Length: -15")),
    bad("a length of minus nothing", get(b"Content-Length: -0")),
    bad("a length of plus nothing", get(b"Content-Length: +0")),
    bad("a length with a blank inside", post(b"Content-Length: 1 5")),
    bad("a length in hexadecimal", post(b"Content-Length: 0xF")),
    bad("a length with an exponent", post(b"Content-Length: 1e1")),
    bad("a length with a fraction", post(b"Content-Length: 15.0")),
    bad("a length in quotes", post(b'Content-Length: "15"')),
    bad("a length with digits grouped", get(b"Content-Length: 1_5")),
    bad("an empty length", post(b"Content-Length:")),
    bad("a length of 2^64 + 15", post(b"Content-Length: 18446744073709551631")),
    bad("a length behind a no-break space", post(b"Content-Length: \xA015")),
    bad("a length behind a vertical tab", post(b"Content-Length: \x0B15")),
    bad("a length in Arabic digits", post(b"Content-Length: \xD9\xA1\xD9\xA5")),
    bad("a name of a length with a blank behind", post(b"Content-Length : 15", body=THEFT)),
    bad("a folded length", post(b"Content-Length:\r\n 15")),
    bad("a length of 2^64 - 1", get(b"Content-Length: 18446744073709551615"), 413),
    bad("a length of 2^32", get(b"Content-Length: 4294967296"), 413),
    bad("a length too large for a secret", post(b"Content-Length: 99999999"), 413),
    goes_on("a length with zeros before", post(b"Content-Length: 00000000000000000000000015")),
    goes_on("a length among blanks", post(b"Content-Length: \t 15 \t ")),
    goes_on("no body, said so", get(b"Content-Length: 0")),
    goes_on("no body, said with many zeros", get(b"Content-Length: 000")),
    goes_on("a length under a name with an underscore", get(b"Content_Length: 15")),
    goes_on("a length that Connection names", post(b"Content-Length: 15", b"Connection: Content-Length")),
)

CODINGS = (
    bad("a good chunked body", chunked(JSON), 411),
    bad("chunks of one byte", chunked(*(JSON[i:i + 1] for i in range(len(JSON)))), 411),
    bad("a huge chunk", chunked(end=b"FFFFFFFFFFFFFFFF\r\n" + THEFT), 411),
    bad("a chunk of 2^64 + 15", chunked(end=b"1000000000000000F\r\n" + JSON + b"\r\n0\r\n\r\n"), 411),
    bad("a chunk of a negative size", chunked(end=b"-1\r\n" + THEFT), 411),
    bad("a chunk of size 0x0", chunked(end=b"0x0\r\n\r\n" + THEFT), 411),
    bad("a chunk's size among blanks", chunked(end=b" f \r\n" + JSON + b"\r\n0\r\n\r\n"), 411),
    bad("a chunk with an extension", chunked(end=b'f;a="\r\n0"\r\n' + JSON + b"\r\n0\r\n\r\n"), 411),
    bad("chunks that end with LF", chunked(end=b"f\n" + JSON + b"\n0\n\n"), 411),
    bad("a chunk longer than it says", chunked(end=b"1\r\n" + JSON + b"\r\n0\r\n\r\n"), 411),
    bad("chunks with a trailer", chunked(JSON, end=b"0\r\nContent-Length: 400\r\nHost: b\r\n\r\n"), 411),
    bad("chunks that never end", chunked(JSON, end=b"400\r\n" + THEFT), 411, cut=True),
    bad("a length, then chunked", post(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + THEFT)),
    bad("chunked, then a length", post(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n" + THEFT)),
    bad("chunked and no length", post(b"Content-Length: 0", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + THEFT)),
    bad("identity and a length", post(b"Transfer-Encoding: identity", b"Content-Length: 15")),
    bad("identity", get(b"Transfer-Encoding: identity"), 411),
    bad("an empty coding", get(b"Transfer-Encoding:"), 411),
    bad("CHUNKED in capitals", chunked(JSON, coding=b"CHUNKED"), 411),
    bad("xchunked", chunked(coding=b"xchunked", end=b"0\r\n\r\n" + THEFT), 411),
    bad("chunked in quotes", chunked(coding=b'"chunked"', end=b"0\r\n\r\n" + THEFT), 411),
    bad("chunked with a parameter", chunked(coding=b"chunked;q=1", end=b"0\r\n\r\n" + THEFT), 411),
    bad("chunked twice", chunked(coding=b"chunked, chunked", end=b"0\r\n\r\n" + THEFT), 411),
    bad("gzip, then chunked", chunked(coding=b"gzip, chunked", end=b"0\r\n\r\n" + THEFT), 411),
    bad("chunked, then identity", chunked(coding=b"chunked, identity", end=b"0\r\n\r\n" + THEFT), 411),
    bad("two codings", chunked(more=(b"Transfer-Encoding: identity",), end=b"0\r\n\r\n" + THEFT), 411),
    bad("chunked behind a tab", chunked(JSON, coding=b"\tchunked\t"), 411),
    bad("chunked behind a vertical tab", chunked(JSON, coding=b"\x0Bchunked")),
    bad("chunked behind a no-break space", chunked(coding=b"\xA0chunked", end=b"0\r\n\r\n" + THEFT), 411),
    bad("chunked with a NUL behind", chunked(JSON, coding=b"chunked\0")),
    bad("chunked on a folded line", chunked(JSON, coding=b"\r\n chunked")),
    bad("a name of a coding with a blank behind", post(b"Transfer-Encoding : chunked", body=b"0\r\n\r\n" + THEFT)),
    bad("a name of a coding with a tab behind", post(b"Transfer-Encoding\t: chunked", body=b"0\r\n\r\n" + THEFT)),
    bad("a name of a coding with a NUL inside", post(b"Transfer-Enc\0oding: chunked", body=b"0\r\n\r\n" + THEFT)),
    bad("a coding behind a bare CR", get(b"A: b\rTransfer-Encoding: chunked")),
    bad("a coding behind a bare LF", get(b"A: b\nTransfer-Encoding: chunked")),
    bad("chunked on a GET", get(b"Transfer-Encoding: chunked") + b"0\r\n\r\n", 411),
    bad("chunked on a DELETE", get(b"Transfer-Encoding: chunked", target=b"/api/v1/secret/unknown", method=b"DELETE")
        + b"0\r\n\r\n", 411),
    bad("chunked in HTTP/1.0", head(b"POST /api/v1/secret HTTP/1.0", b"Transfer-Encoding: chunked") + b"0\r\n\r\n"),
    goes_on("a coding under a name with an underscore", get(b"Transfer_Encoding: chunked")),
    goes_on("a coding under another name", get(b"X-Transfer-Encoding: chunked", b"TE: chunked, trailers")),
)

LINES = (
    bad("a folded line", get(b"A: b\r\n c")),
    bad("a folded line with a tab", get(b"A: b\r\n\tContent-Length: 15")),
    bad("a folded first line", get(host=b" Host: a")),
    bad("a folded line of blanks", get(b"A: b\r\n ")),
    bad("bare LF everywhere", get().replace(b"\r\n", b"\n")),
    bad("bare LF behind the request line", b"GET / HTTP/1.1\n" + HOST + b"\r\n"),
    bad("bare LF behind a field", get(b"A: b\nB: c")),
    bad("bare LF as the empty line", get()[:-2] + b"\n"),
    bad("a bare CR in a value", get(b"A: b\rc")),
    bad("a bare CR as the end of a line", get(b"A: b\rB: c")),
    bad("CR CR LF", get(b"A: b\r")),
    bad("LF CR", get(b"A: b\n\rB: c")),
    bad("NUL in a value", get(b"A: b\0c")),
    bad("NUL in a name", get(b"A\0: b")),
    bad("NUL in the target", get(target=b"/\0")),
    bad("NUL instead of a request", b"\0" * 64),
    bad("a control character in a value", get(b"A: \x01")),
    bad("DEL in a value", get(b"A: \x7F")),
    bad("a line without a colon", get(b"A")),
    bad("a field without a name", get(b": b")),
    bad("a name of a blank", get(b" : b")),
    bad("a name with a blank behind", get(b"A : b")),
    bad("a name with a blank inside", get(b"A B: c")),
    bad("a name in quotes", get(b'"A": b')),
    bad("a name that is not ASCII", get(b"\xC3\xBC: b")),
    bad("one empty line before", b"\r\n" + get()),
    bad("many empty lines before", b"\r\n" * 20 + get()),
    bad("an LF before", b"\n" + get()),
    bad("a blank before", b" " + get()),
    bad("a byte order mark before", b"\xEF\xBB\xBF" + get()),
    goes_on("a value that is not ASCII", get(b"A: \xC3\xBC \xA0 \xFF")),
    goes_on("an empty value", get(b"A:", b"B: \t ")),
    goes_on("%0d%0a in a value", get(b"X-Request-Id: a%0d%0aInjected: b", b"X-Forwarded-For: ::1%0d%0aInjected: b")),
    goes_on("\\r\\n spelled out in a value", get(b"X-Request-Id: a\\r\\nInjected: b\\r\\n\\r\\n")),
    goes_on("%0d%0a in the path", get(target=b"/%0d%0aInjected:%20b%0d%0a%0d%0aHTTP/1.1%20200%20OK"), 404),
    goes_on("%0d%0a in the query", get(target=b"/?%0d%0aInjected:%20b")),
    goes_on("%0d%0a behind a key", get(target=SECRET + b"%0d%0aInjected:b"), 404),
    goes_on("%00 behind a key", get(target=SECRET + b"%00"), 404),
)

TARGETS = (
    bad("HTTP/1.1 without Host", head(b"GET / HTTP/1.1")),
    bad("two hosts", get(b"Host: b")),
    bad("two equal hosts", get(HOST[:-2])),
    bad("two hosts in HTTP/1.0", head(b"GET / HTTP/1.0", b"Host: a", b"Host: b")),
    bad("a host with a blank", get(host=b"Host: a b")),
    bad("a host with a comma and a blank", get(host=b"Host: a, b")),
    bad("a host with a slash", get(host=b"Host: a/healthz")),
    bad("a host with a user", get(host=b"Host: u@a")),
    bad("a host with a backslash", get(host=b"Host: a\\b")),
    bad("a host with an odd port", get(host=b"Host: a:80x")),
    bad("a host with two ports", get(host=b"Host: a:80:80")),
    bad("a host with half a bracket", get(host=b"Host: [::1")),
    bad("a host that is not ASCII", get(host=b"Host: \xFC")),
    bad("a host with DEL", get(host=b"Host: a\x7F")),
    bad("a host with a blank before the colon", get(host=b"Host : a")),
    bad("a host on a folded line", get(host=b"Host:\r\n a")),
    goes_on("an empty host", get(host=b"Host:")),
    goes_on("a host in brackets with a port", get(host=b"hOST: [::1]:65536")),
    goes_on("absolute form", get(target=b"http://a/")),
    goes_on("absolute form and another Host", get(target=b"HTTPS://b:1/")),
    goes_on("absolute form with a query only", get(target=b"http://a?b=/nothing")),
    goes_on("absolute form without a path", get(target=b"http://a")),
    bad("absolute form without Host", head(b"GET http://a/ HTTP/1.1")),
    bad("absolute form without a host", get(target=b"http:///")),
    bad("absolute form with a port only", get(target=b"http://:80/")),
    bad("absolute form with a user", get(target=b"http://u@a/")),
    bad("absolute form with a backslash", get(target=b"http://a\\@b/")),
    bad("absolute form of another scheme", get(target=b"ftp://a/")),
    bad("absolute form with one slash", get(target=b"http:/a/")),
    bad("authority form", get(target=b"a:443", method=b"CONNECT")),
    bad("authority form to GET", get(target=b"a:443")),
    bad("no slash before the path", get(target=b"healthz")),
    bad("a query without a path", get(target=b"?a")),
    bad("a fragment", get(target=b"/#" + LIVE)),
    bad("a target that is not ASCII", get(target=b"/\xC3\xBC")),
    bad("a target with a blank", get(target=b"/a b")),
    bad("a target of 513 bytes", get(target=b"/" + b"a" * 512), 414),
    bad("a target of 9,000 bytes", get(target=b"/" + b"a" * 9000), 414),
    goes_on("a target of 512 bytes", get(target=b"/" + b"a" * 511), 404),
    goes_on("two slashes before the path", get(target=b"//a/"), 404),
    goes_on("the way up", get(target=b"/a/.." + SECRET), 404),
    goes_on("asterisk form", get(target=b"*", method=b"OPTIONS"), 404),
    goes_on("asterisk form to GET", get(target=b"*"), 404),
)

VERSIONS = (
    bad("HTTP/0.9", b"GET /\r\n", requests=2),
    bad("HTTP/0.9 for a secret", b"GET " + SECRET + b"\r\n", requests=2),
    Row("HTTP/1.0", head(b"GET / HTTP/1.0"), (200,)),
    Row("HTTP/1.0 that wants to stay", head(b"GET / HTTP/1.0", b"Connection: keep-alive"), (200,)),
    Row("HTTP/1.0 with a length", head(b"POST /api/v1/secret HTTP/1.0", b"Content-Length: 15") + JSON, (200,)),
    Row("HTTP/1.0 that expects", head(b"POST /api/v1/secret HTTP/1.0", b"Expect: 100-continue", b"Content-Length: 15")
        + JSON, (200,)),
    bad("HTTP/1.2", head(b"GET / HTTP/1.2", b"Host: a"), 505),
    bad("HTTP/1.10", head(b"GET / HTTP/1.10", b"Host: a"), 505),
    bad("HTTP/2.0", head(b"GET / HTTP/2.0", b"Host: a"), 505),
    bad("HTTP/01.1", head(b"GET / HTTP/01.1", b"Host: a"), 505),
    bad("HTTP/1", head(b"GET / HTTP/1", b"Host: a"), 505),
    bad("HTTP/1,1", head(b"GET / HTTP/1,1", b"Host: a"), 505),
    bad("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\4" + bytes(5), 505, requests=2),
    bad("a version in lower case", head(b"GET / http/1.1", b"Host: a")),
    bad("a blank behind the version", head(b"GET / HTTP/1.1 ", b"Host: a")),
    bad("something behind the version", head(b"GET / HTTP/1.1 a", b"Host: a")),
    bad("two blanks before the target", head(b"GET  / HTTP/1.1", b"Host: a")),
    bad("two blanks before the version", head(b"GET /  HTTP/1.1", b"Host: a")),
    bad("tabs in the request line", head(b"GET\t/\tHTTP/1.1", b"Host: a")),
    bad("no method", head(b"/ HTTP/1.1", b"Host: a")),
    bad("no target", head(b"GET HTTP/1.1", b"Host: a")),
    bad("a method that is no token", get(method=b"G(T")),
    bad("a method of 9,000 bytes", get(method=b"G" * 9000), 414),
    bad("a TLS handshake", b"\x16\x03\x01\x02\0\x01\0\x01\xFC\x03\x03" + bytes(range(128, 160))),
    bad("the PROXY protocol", b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + get(), requests=2),
    bad("another protocol", b"SSH-2.0-a\r\n"),
    bad("a response", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    goes_on("h2c", get(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__")),
    goes_on("h2c with a body", sized(JSON, b"Connection: Upgrade", b"Upgrade: h2c")),
    goes_on("a web socket", get(b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13",
                                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")),
    goes_on("TLS within HTTP", get(b"Connection: Upgrade", b"Upgrade: TLS/1.2"), 200),
)

SIZES = (
    bad("too many fields", get(*[b"A: b"] * 40), 431),
    bad("a head too long by its fields", get(*[b"A: " + b"b" * 1000] * 9), 431),
    bad("a head too long by one field", get(b"A: " + b"b" * 8190), 431),
    bad("a head too long by one name", get(b"A" * 8190 + b": b"), 431),
    goes_on("as many fields as there may be", get(*[b"A: b"] * 39)),
    goes_on("a head as long as it may be", get(b"A: " + b"b" * (8192 - len(get(b"A: "))))),
)

METHODS = (
    goes_on("a method in lower case", get(method=b"get"), 405),
    goes_on("a method that nobody knows", get(method=b"BREW", target=SECRET), 405),
    goes_on("TRACE", get(method=b"TRACE", target=SECRET), 405),
    goes_on("CONNECT to a path", get(method=b"CONNECT"), 405),
    goes_on("HEAD of a secret", get(method=b"HEAD", target=SECRET), 405, methods=("HEAD",)),
    goes_on("HEAD, then GET, in one piece", get(method=b"HEAD") + get(), 200, 200, methods=("HEAD", "GET")),
    goes_on("HEAD with a body", sized(THEFT, method=b"HEAD", target=b"/"), 200, methods=("HEAD",)),
    goes_on("a method override on POST", sized(b"", b"X-HTTP-Method-Override: DELETE", b"X-HTTP-Method: DELETE",
                                               b"X-Method-Override: GET", target=SECRET), 405),
    goes_on("a method override in the query", get(method=b"HEAD", target=SECRET + b"?_method=GET"), 405,
            methods=("HEAD",)),
    goes_on("conditions", get(b"If-None-Match: *", b"If-Match: a",
                              b"If-Modified-Since: Sun, 22 Nov 2099 00:00:00 GMT")),
    goes_on("ranges", get(b"Range: bytes=0-0,-1", b"If-Range: a")),
    goes_on("hops that are named", get(b"Connection: Host, Keep-Alive", b"Keep-Alive: timeout=0, max=0",
                                       b"Proxy-Connection: close")),
    goes_on("an origin in other fields", get(b"X-Original-URL: " + SECRET, b"X-Rewrite-URL: " + SECRET,
                                             b"X-Forwarded-Host: b")),
)

BODIES = (
    goes_on("a body on GET", sized(THEFT, method=b"GET", target=b"/")),
    bad("a body on OPTIONS", sized(THEFT, method=b"OPTIONS", target=b"/"), 405),
    goes_on("a body on DELETE", sized(REMOVAL, method=b"DELETE", target=b"/api/v1/secret/unknown"), 422),
    goes_on("requests as a body", sized(THEFT + REMOVAL), 422),
    bad("a body too large on GET", sized(b"a" * 5000 + THEFT, method=b"GET", target=b"/"), 413),
    bad("a body on an unknown path", sized(THEFT, target=b"/nothing"), 404),
    bad("a body to a method that is not allowed", sized(THEFT, target=b"/healthz"), 405),
    bad("a body of another type", sized(THEFT, b"Content-Type: text/plain"), 415),
    bad("a bad request and a late body", (get(b"A : b"), THEFT), requests=2),
    bad("a refused length and a late body", (post(b"Content-Length: 99999999", body=b""), THEFT), 413),
    bad("a late body on an unknown path", (sized(THEFT, target=b"/nothing")[:-len(THEFT)], THEFT), 404),
    goes_on("an expected body", (post(b"Expect: 100-continue", b"Content-Length: 15", body=b""), JSON)),
    goes_on("an expected body in one piece", sized(JSON, b"Expect: 100-Continue")),
    goes_on("a body expected without being announced", get(b"Expect: 100-continue")),
    bad("an expected body that is refused", (sized(THEFT, b"Expect: 100-continue", b"Content-Type: text/plain")
                                             [:-len(THEFT)], THEFT), 415),
    bad("another expectation", sized(JSON, b"Expect: 200-ok"), 417),
    bad("two expectations", sized(JSON, b"Expect: 100-continue, a"), 417),
    Row("a body shorter than announced", post(b"Content-Length: 5000", body=JSON + THEFT), (), cut=True, requests=1),
    Row("a body of nothing, announced", post(b"Content-Length: 5000", body=b""), (), cut=True, requests=1),
    Row("a head that is not finished", get()[:-2] + b"A: ", (), cut=True, requests=1),
    Row("a body longer than announced", sized(JSON) + b"\0" * 100, (200, 400)),
    goes_on("a body longer by one letter", sized(JSON) + b"X" + get(), 200, 405),
    Row("a body longer by two line ends", sized(JSON) + b"\r\n\r\n", (200, 400)),
    Row("rubbish behind a request", get() + b"\x80\x81\r\n\r\n", (200, 400)),
)

PIPELINES = (
    goes_on("eight requests",
            get() + get(target=b"/nothing") + sized(JSON) + get(target=b"/openapi.json", method=b"HEAD")
            + get(target=b"/docs/nothing") + sized(b"[]") + get(method=b"PUT") + get(),
            200, 404, 200, 200, 404, 422, 405, 200, methods=("GET",) * 3 + ("HEAD",)),
    goes_on("more requests than fit into one head", get() * 300 + get(target=b"/nothing") * 300,
            *[200] * 300, *[404] * 300),
    Row("good, bad, good", get() + get(b"A : b") + get(), (200, 400), requests=3),
    Row("a create, then two lengths", sized(JSON) + post(b"Content-Length: 0", b"Content-Length: 15"), (200, 400)),
    Row("a create, then chunked", sized(JSON) + chunked(JSON), (200, 411)),
    Row("behind Connection: close", get(b"Connection: close"), (200,)),
    Row("behind a close among others", get(b"Connection: Keep-Alive, CLOSE"), (200,)),
    Row("behind a close in a second field", get(b"Connection: keep-alive", b"Connection: ,,close,"), (200,)),
    Row("a body behind Connection: close", sized(JSON, b"Connection: close"), (200,)),
    Row("a close in the midst", get() + get(b"Connection: close") + THEFT, (200, 200), requests=3),
    goes_on("a close that is none", get(b"Connection: closed", b"X-Connection: close")),
)

ROWS = (*LENGTHS, *CODINGS, *LINES, *TARGETS, *VERSIONS, *SIZES, *METHODS, *BODIES, *PIPELINES)

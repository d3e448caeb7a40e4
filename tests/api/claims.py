"""Retrievals whose answer is cut after so many bytes, and what others and the same reader are told afterwards."""

import base64
import contextlib
import http.client
import io
import json
import os
import socket
import struct

TEXT = "grüße, 你好\n"
BINARY = bytes(range(256))[::5] + b"\r\n\r\nHTTP/1.1 200 OK\0"


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Reader:
    """Who retrieves one secret, with a claim of his own. A connection for each request, so that any may be cut."""

    def __init__(self, port, key):
        self.port, self.key, self.claim = port, key, encoded(os.urandom(16))

    def _ask(self):
        body = json.dumps({"secret_key": self.key, "claim": self.claim}).encode()
        connection = socket.create_connection(("127.0.0.1", self.port), 10)
        connection.sendall(b"POST /api/v2/secrets/retrieve HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                           b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        return connection

    def whole(self):
        """All bytes of the answer."""
        with self._ask() as connection, connection.makefile("rb") as stream:
            return stream.read()

    def answer(self):
        """What of the answer does not change with time."""
        return told(self.whole())

    def begin(self, count):
        """(connection, the first `count` bytes of the answer), as soon as there is one."""
        connection = self._ask()
        connection.recv(1, socket.MSG_PEEK)
        received = b""
        while len(received) < count:
            data = connection.recv(count - len(received))
            assert data, f"the answer ends after {len(received)} bytes"
            received += data
        return connection, received

    def cut(self, count):
        """The first `count` bytes of the answer; then the connection is reset."""
        connection, received = self.begin(count)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        return received


class _Bytes:
    def __init__(self, data):
        self.data = data

    def makefile(self, *_arguments, **_options):
        return io.BytesIO(self.data)


def told(data):
    """(status, body or problem's name, views left)"""
    response = http.client.HTTPResponse(_Bytes(data), method="POST")
    response.begin()
    body = response.read()
    if response.status != 200:
        return response.status, json.loads(body)["type"].rsplit(":", 1)[1], None
    return 200, body, int(response.getheader("Secret-Views-Left"))


def share(client, content, views=1):
    """The key of a new secret: a text as JSON, else bytes."""
    if isinstance(content, str):
        body, headers = json.dumps({"secret": content, "views": views}), {"Content-Type": "application/json"}
    else:
        body, headers = content, {"Content-Type": "application/octet-stream", "Secret-Views": str(views)}
    status, _, answer = client.request("POST", "/api/v2/secrets", body, headers)
    assert status == 201, answer
    return json.loads(answer)["secret_key"]


def as_bytes(content):
    return content.encode() if isinstance(content, str) else content


def length_of_answer(service, content, views=1):
    with contextlib.closing(service.client()) as client:
        return len(Reader(service.port, share(client, content, views)).whole())

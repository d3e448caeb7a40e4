"""One keep-alive connection that knows how much of an answer arrived. What http.client would hide matters here: a request
that never left has no outcome, and one whose answer was cut has an unknown one."""

import json
import socket

TIMEOUT_SECONDS = 20.0


class NotSent(Exception):
    """No connection: the service cannot have seen the request."""


class Unanswered(Exception):
    """The request may have arrived; `status` is that of an answer whose body was cut, None when nothing came."""

    def __init__(self, status=None):
        super().__init__(f"unanswered, status {status}")
        self.status = status


class Answer:
    __slots__ = ("status", "head", "body")

    def __init__(self, status, head, body):
        self.status = status
        self.head = head  # lower case
        self.body = body

    def value(self, name):
        return json.loads(self.body)[name]

    def header(self, name):
        for line in self.head.split(b"\r\n")[1:]:
            found, _, value = line.partition(b":")
            if found == name:
                return value.strip()
        return None


class Connection:
    """To a port of 127.0.0.1, or to a Unix socket by its path. Not thread-safe."""

    def __init__(self, address):
        self._address = address
        self._socket = None

    def exchange(self, method, path, value=None):
        """The answer. Raises NotSent or Unanswered, after which the next call connects anew."""
        body = b"" if value is None else json.dumps(value, ensure_ascii=False).encode()
        kind = b"Content-Type: application/json\r\n" if body else b""
        request = b"%s %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %d\r\n\r\n%s" % (
            method.encode(), path.encode(), kind, len(body), body)
        if self._socket is None:
            self._connect()
        received = bytearray()
        try:
            self._socket.sendall(request)
            return self._receive(received)
        except (OSError, ValueError):
            self.close()
            status = int(received[9:12]) if received[9:12].isdigit() and b"\r\n" in received else None
            raise Unanswered(status) from None

    def _connect(self):
        over_tcp = isinstance(self._address, int)
        connection = socket.socket(socket.AF_INET if over_tcp else socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(TIMEOUT_SECONDS)
        try:
            connection.connect(("127.0.0.1", self._address) if over_tcp else str(self._address))
        except OSError:
            connection.close()
            raise NotSent from None
        if over_tcp:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = connection

    def _receive(self, received):
        while (end := received.find(b"\r\n\r\n")) < 0:
            self._read_into(received)
        head = bytes(received[:end]).lower()
        answer = Answer(int(head[9:12]), head, b"")
        size = end + 4 + int(answer.header(b"content-length"))
        while len(received) < size:
            self._read_into(received)
        if len(received) > size:
            raise ValueError("more than one answer")
        answer.body = bytes(received[end + 4:])
        if answer.header(b"connection") == b"close":
            self.close()
        return answer

    def _read_into(self, received):
        chunk = self._socket.recv(262144)
        if not chunk:
            raise ConnectionResetError
        received += chunk

    def close(self):
        if self._socket is not None:
            self._socket.close()
            self._socket = None

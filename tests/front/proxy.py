"""What goes through nginx as a reverse proxy before the service (tests/support/nginx.py), and what comes back.

    with Nginx(folder, service.port) as proxy:
        seen = send_through(proxy, metrics, b"GET /healthz HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
        seen.exchange.statuses == [200] and seen.forwarded == seen.answered == 1

The two must agree on the number of requests: `forwarded` is what nginx has sent on, `answered` what the service counts.
"""

import collections
import contextlib
import http.client
import io
import select
import socket
import time

# What came back: the status of every complete answer, their bodies, whether the peer closed, what does not parse.
Exchange = collections.namedtuple("Exchange", "statuses bodies closed rest")


# For what may never come back before the next step: a proxy that reads all of a body first says nothing.
PATIENCE = 0.5


def receive(port, *steps, quiet=5.0, end=False, pause=0.0):
    """Sends the pieces of each step, `pause` seconds between them, and the next step when something has come back; then
    reads until the peer closes or has been quiet so long. `end`: nothing more will be sent. (bytes, closed)"""
    received, closed = b"", False
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for step, pieces in enumerate(steps):
            with contextlib.suppress(ConnectionError):
                if step:
                    select.select([connection], [], [], PATIENCE)
                for index, piece in enumerate(pieces):
                    if index and pause:
                        time.sleep(pause)  # the test's own dripping
                    connection.sendall(piece)
        if end:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
        connection.settimeout(quiet)
        with contextlib.suppress(TimeoutError):
            while not closed:
                try:
                    data = connection.recv(65536)
                except ConnectionError:
                    data = b""
                received += data
                closed = not data
    return received, closed


def send(port, *pieces, quiet=0.5, pause=0.0):
    """An Exchange: what came back to these pieces. See receive()."""
    return parse(*receive(port, pieces, quiet=quiet, pause=pause))


Seen = collections.namedtuple("Seen", "exchange forwarded answered")


def send_through(proxy, metrics, *pieces, **options):
    """A Seen: what came back through the proxy, and the requests that both count meanwhile. The options are send()'s."""
    before = proxy.forwarded(), metrics.requests()
    exchange = send(proxy.port, *pieces, **options)
    return Seen(exchange, proxy.forwarded() - before[0], int(metrics.requests() - before[1]))


class _Bytes:
    """What http.client.HTTPResponse asks of a socket."""

    def __init__(self, stream):
        self.stream = stream

    def makefile(self, *_arguments, **_options):
        return self.stream


class _Stays(io.BytesIO):
    """HTTPResponse closes its file; the next answer is still in it."""

    def close(self):
        pass


def parse(received, closed, methods=()):
    """An Exchange of the answers to requests of these methods, GET where none is named (HEAD has no bodies)."""
    stream = _Stays(received)
    statuses, bodies = [], []
    while (position := stream.tell()) < len(received):
        method = methods[len(statuses)] if len(statuses) < len(methods) else "GET"
        answer = http.client.HTTPResponse(_Bytes(stream), method=method)
        try:
            answer.begin()
            body = answer.read()
        except (http.client.HTTPException, ValueError):
            return Exchange(statuses, bodies, closed, received[position:])
        statuses.append(answer.status)
        bodies.append(body)
    return Exchange(statuses, bodies, closed, b"")

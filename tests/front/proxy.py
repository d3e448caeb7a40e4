"""nginx as a reverse proxy before the service: started on a free port with kept upstream connections, stopped by pid.

    with Nginx(folder, service.port) as proxy:
        seen = send_through(proxy, metrics, b"GET /healthz HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
        seen.exchange.statuses == [200] and seen.forwarded == seen.answered == 1

The two must agree on the number of requests: `forwarded` is what nginx has sent on, `answered` what the service counts.
"""

import collections
import contextlib
import http.client
import io
import os
import pathlib
import select
import signal
import socket
import subprocess
import time

from fixture import free_port
from suite import wait_until

# No retries: a request that is sent on is sent once. `streaming` passes a chunked body on as it comes; otherwise nginx
# reads all of it and sends a Content-Length.
CONFIGURATION = """\
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log info;
events {{ worker_connections 1024; }}
http {{
  log_format forwarded '$status $upstream_status';
  access_log {folder}/access.log forwarded;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream back {{
    server {upstream};
    keepalive 8;
  }}
  server {{
    listen 127.0.0.1:{port};
    client_max_body_size 16m;
    lingering_timeout 100ms;
    location / {{
      proxy_pass http://back;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_request_buffering {buffering};
      proxy_next_upstream off;
    }}
  }}
}}
"""


class Nginx:
    """One process, ready to proxy when the constructor returns. A context manager."""

    def __init__(self, folder, upstream_port, streaming=False):
        self.folder = pathlib.Path(folder) / "nginx"
        self.folder.mkdir()
        self.port = free_port()
        configuration = self.folder / "nginx.conf"
        configuration.write_text(CONFIGURATION.format(
            folder=self.folder, upstream=f"127.0.0.1:{upstream_port}", port=self.port,
            buffering="off" if streaming else "on"))
        # Debian keeps it where only root looks.
        path = os.environ["PATH"] + ":/usr/sbin"
        with (self.folder / "output").open("wb") as output:
            self.process = subprocess.Popen(["nginx", "-p", str(self.folder), "-c", str(configuration)], env=os.environ | {
                "PATH": path}, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            wait_until(self._listening, 10, "nginx listens")
        except BaseException:
            self.stop()
            raise

    def _listening(self):
        if self.process.poll() is not None:
            raise AssertionError(f"nginx ended: {(self.folder / 'output').read_text()}")
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", self.port), 5):
            return True
        return False

    def log(self):
        """[(status to the client, status of the service or None)], one for each request nginx has understood or refused."""
        path = self.folder / "access.log"
        rows = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
        return [(int(row[0]), None if row[1] == "-" else row[1]) for row in rows]

    def forwarded(self):
        """How many requests it has sent on."""
        return sum(1 for _, upstream in self.log() if upstream)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stop()


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

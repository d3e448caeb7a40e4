"""A crowd of slow clients: the tool slow_clients as a context manager, and what it can be told to do."""

import collections
import json
import pathlib
import signal
import ssl
import subprocess
import threading

from service import REPOSITORY
from suite import wait_until

EXECUTABLE = REPOSITORY / "build" / "front" / "slow_clients"


def client_hello():
    """The first flight of a TLS client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


# What a client of the crowd sends at once, what byte by byte, and whether it reads.
Manner = collections.namedtuple("Manner", "at_once drip deaf", defaults=(b"", b"", False))
HEAD = Manner(drip=b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: a")
BODY = Manner(b"POST /api/v1/secret HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
              b"Content-Length: 1000\r\n\r\n", b'{"secret": "a')
HANDSHAKE = Manner(drip=client_hello())
# Ten answers of 1 MB each, asked for in one packet.
NEVER_READ = Manner(b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 10, deaf=True)
IDLE = Manner(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")


class Crowd:
    """`count` clients of one manner, from many loopback addresses; all gone when the context ends."""

    def __init__(self, folder, port, count, manner, interval_ms=2000):
        folder = pathlib.Path(folder)
        (folder / "at-once").write_bytes(manner.at_once)
        (folder / "drip").write_bytes(manner.drip)
        self.count = count
        self.reports = []
        self.process = subprocess.Popen(
            [EXECUTABLE, str(port), str(count), f"at-once={folder}/at-once", f"drip={folder}/drip",
             f"deaf={int(manner.deaf)}", f"interval-ms={interval_ms}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.reports.append(json.loads(line))

    def last(self, name):
        if self.process.poll() is not None:
            raise AssertionError(f"slow_clients ended with {self.process.returncode}")
        return self.reports[-1][name] if self.reports else 0

    def wait_until_there(self, what="open", share=0.95, seconds=20):
        """Until so many are open (or "answered")."""
        try:
            wait_until(lambda: self.last(what) >= self.count * share, seconds, f"{self.count} connections {what}")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.reports[-1:]}") from None

    def fewest_open(self, since):
        """The smallest number held since the report of that index."""
        return min(report["open"] for report in self.reports[since:])

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()

"""A TCP connection's bad days: a proxy before a server that passes, stalls, cuts, or loses answers, as a test tells it."""

import contextlib
import socket
import struct
import threading


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _close(connection, reset=False):
    """Also wakes a thread that waits for its bytes."""
    with contextlib.suppress(OSError):
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RD if reset else socket.SHUT_RDWR)
    connection.close()


class Proxy:
    """Listens on `port` of 127.0.0.1 before a server on `target`, and passes everything at first. A context manager.

    `asked` and `answered` count the bytes that were sent on. All methods may be called from any thread.
    """

    def __init__(self, target):
        self.target = target
        self.asked = self.answered = 0
        self._stalled = self._refusing = self._closed = False
        self._answers_left = None
        self._then_cut = False
        self._changed = threading.Condition()
        self._pairs = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def pass_all(self):
        """As at first. What was stalled goes on; what was swallowed is lost."""
        self._set(stalled=False, refusing=False, left=None)

    def stall(self):
        """Nothing goes through any more, and no connection ends: a network that drops packets."""
        self._set(stalled=True, refusing=False, left=None)

    def cut(self):
        """Resets all connections, and new ones as they come."""
        self._set(stalled=False, refusing=True, left=None)
        self.cut_connections()

    def cut_connections(self):
        """Resets those that there are; new ones are welcome."""
        with self._changed:
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            for connection in pair:
                _close(connection, reset=True)

    def swallow_answers(self, after=0, then_cut=False):
        """So many more bytes of answers go through, over all connections, and none after them; requests still do. With
        `then_cut` the connection is reset at the first byte that is lost, and everything passes again."""
        self._set(stalled=False, refusing=False, left=after, then_cut=then_cut)

    def _set(self, stalled, refusing, left, then_cut=False):
        with self._changed:
            self._stalled, self._refusing, self._answers_left, self._then_cut = stalled, refusing, left, then_cut
            self._changed.notify_all()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._changed:
                while self._stalled and not self._closed:
                    self._changed.wait()
                refused = self._refusing or self._closed
            try:
                if refused:
                    raise ConnectionRefusedError
                server = socket.create_connection(("127.0.0.1", self.target), 10)
                server.settimeout(None)
            except OSError:
                _close(client, reset=True)
                continue
            for connection in (client, server):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pair = (client, server)
            with self._changed:
                self._pairs.add(pair)
            for source, sink, answers in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._pump, args=(pair, source, sink, answers), daemon=True).start()

    def _pump(self, pair, source, sink, answers):
        reset = False
        with contextlib.suppress(OSError):
            while not reset and (data := source.recv(65536)):
                data, reset = self._allowed(data, answers)
                sink.sendall(data)
        with self._changed:
            self._pairs.discard(pair)
        for connection in pair:
            _close(connection, reset)

    def _allowed(self, data, answers):
        """(what of it may go on now, does the connection end with it?)"""
        with self._changed:
            while self._stalled and not self._closed:
                self._changed.wait()
            cut = False
            if answers and self._answers_left is not None:
                allowed = data[:self._answers_left]
                self._answers_left -= len(allowed)
                if self._then_cut and len(allowed) < len(data):
                    cut, self._answers_left = True, None
                data = allowed
            if answers:
                self.answered += len(data)
            else:
                self.asked += len(data)
            return data, cut

    def close(self):
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut_connections()
        self._thread.join(5)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

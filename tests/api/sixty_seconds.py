"""What takes a claim's whole time to see: begun before the first test, looked at by the last one."""

import atexit
import contextlib
import functools
import pathlib
import shutil
import tempfile
import threading
import time

from claims import BINARY, TEXT, Reader, share
from service import Service

SECONDS = 60


class Begun:
    """A service with retrievals whose answers were cut; `readers` has (reader, views left, content).

    Shortly before their time is over they ask again, whatever test runs then: see answers().
    """

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="disposable-minute-"))
        self.service = Service(self.folder, ("--log-level", "info"))
        with contextlib.closing(self.service.client()) as client:
            made = [(share(client, content, views), views, content) for content in (TEXT, BINARY) for views in (1, 2)
                    for _ in range(10)]
        first = time.monotonic()
        self.readers = []
        for number, (key, views, content) in enumerate(made):
            self.readers.append((Reader(self.service.port, key), views - 1, content))
            self.readers[-1][0].cut(30 * (number % 10))
        self.over = time.monotonic() + SECONDS
        self._answers = None
        self._latest = threading.Timer(first + SECONDS - 5 - time.monotonic(), self._ask_again)
        self._latest.daemon = True
        self._latest.start()

    def _ask_again(self):
        self._answers = [reader.answer() for reader, _, _ in self.readers]

    def answers(self):
        """What was answered within the last seconds, reader by reader."""
        self._latest.join()
        return self._answers

    def close(self):
        self._latest.cancel()
        self.service.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


@functools.cache
def begin():
    begun = Begun()
    atexit.register(begun.close)  # where only some tests are run
    return begun

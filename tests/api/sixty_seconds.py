"""What takes a claim's whole time to see: begun with the first test, looked at by the last one."""

import atexit
import contextlib
import functools
import pathlib
import shutil
import tempfile
import time

from claims import BINARY, TEXT, Reader, share
from service import Service

SECONDS = 60


class Begun:
    """A service with retrievals whose answers were cut; `readers` has (reader, views left, content)."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="disposable-minute-"))
        self.service = Service(self.folder, ("--log-level", "info"))
        with contextlib.closing(self.service.client()) as client:
            made = [(share(client, content, views), views, content) for content in (TEXT, BINARY) for views in (1, 2)
                    for _ in range(10)]
        self.first = time.monotonic()
        self.readers = []
        for number, (key, views, content) in enumerate(made):
            self.readers.append((Reader(self.service.port, key), views - 1, content))
            self.readers[-1][0].cut(30 * (number % 10))
        self.last = time.monotonic()

    def close(self):
        self.service.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


@functools.cache
def begin():
    begun = Begun()
    atexit.register(begun.close)  # where only some tests are run
    return begun

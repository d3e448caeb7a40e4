"""The lives of the service: each starts the release executable on the same data folder, and ends with a signal."""

import threading
import time

from service import Service, StartError

LOG_LINES_SHOWN = 5
# After SIGTERM: 10 s for what is in hand, and the audit log.
STOP_SECONDS_MAX = 30


class Life:
    """A running service. Its methods belong to the driver's main thread, except note_broken."""

    def __init__(self, number, service, start_seconds):
        self.number = number
        self.service = service
        self.start_seconds = start_seconds
        self.listening_at = time.monotonic()
        self.over = threading.Event()
        self._broken = []

    @property
    def address(self):
        return self.service.port

    def note_broken(self, _start, end):
        self._broken.append(end)

    @staticmethod
    def excuses(_start):
        """Whether a 503 to what was asked at that time is nothing to complain of."""
        return False

    def kill(self, oracle, load=None):
        """SIGKILL, while `load` goes on; everything without an answer has its end after this."""
        self._end(oracle, load, lambda: self.service.process.kill())
        self.service.kill()

    def stop(self, oracle, load=None):
        """SIGTERM, while `load` goes on; the exit code must be 0."""
        self._end(oracle, load, self.service.process.terminate)
        code = self.service.stop()
        if code != 0:
            oracle.complain("unclean stop", f"exit code {code} after SIGTERM: {self.service.log[-LOG_LINES_SHOWN:]}")

    def _end(self, oracle, load, end):
        if (code := self.service.process.poll()) is not None:
            oracle.complain("ended by itself",
                            f"life {self.number}, exit code {code}: {self.service.log[-LOG_LINES_SHOWN:]}")
        ended_at = time.monotonic()
        end()
        self.service.process.wait(STOP_SECONDS_MAX)  # the clients go on until nobody answers
        self.over.set()
        if load is not None:
            load.join()
        oracle.end_life(time.monotonic())
        if early := [at for at in self._broken if at < ended_at]:
            oracle.complain("connection broken", f"{len(early)} in life {self.number}, before the service was killed")


class Lives:
    """Starts one after the other, and now and then kills one before it listens."""

    def __init__(self, folder, chooser, service_options):
        self.start_seconds = []
        self.kills = 0
        self.kills_during_start = 0
        self.stops = 0
        self.number = 0
        self._folder = folder
        self._chooser = chooser
        self._service_options = service_options

    def start(self, kill_during_start=0.0):
        """A listening service. With that probability another one was killed on its way there."""
        while self._chooser.random() < kill_during_start:
            self._kill_during_start()
        began = time.monotonic()
        service = Service(self._folder, **self._service_options)
        self.number += 1
        life = Life(self.number, service, time.monotonic() - began)
        self.start_seconds.append(life.start_seconds)
        return life

    def _kill_during_start(self):
        typical = sorted(self.start_seconds)[len(self.start_seconds) // 2] if self.start_seconds else 0.05
        try:
            limit = self._chooser.uniform(0, typical)
            Service(self._folder, start_timeout=limit, **self._service_options).kill()
        except StartError as error:
            if error.code is not None:
                raise  # it ended before it was killed
        self.kills_during_start += 1

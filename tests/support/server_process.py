"""One server process of a test: started, killed, frozen and stopped by pid. Redis and PostgreSQL build on it."""

import contextlib
import itertools
import os
import pathlib
import signal
import subprocess
import urllib.parse

from suite import wait_until
from tcp_proxy import free_port

START_SECONDS = 20
_numbers = itertools.count(1)


def login(user, password):
    """What goes before the host of a URL."""
    if user is None and password is None:
        return ""
    return f"{urllib.parse.quote(user or '', safe='')}:{urllib.parse.quote(password or '', safe='')}@"


def query(parameters):
    """What goes after the path of a URL; None is left out."""
    pairs = {name: value for name, value in parameters.items() if value is not None}
    return "?" + urllib.parse.urlencode(pairs, safe=":/", quote_via=urllib.parse.quote) if pairs else ""


def _state(pid):
    """(state, pid of the parent); (None, None) when there is no such process."""
    try:
        state, parent = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()[:2]
    except OSError:
        return None, None
    return state, int(parent)


def _children(pid):
    pids = [int(entry.name) for entry in pathlib.Path("/proc").iterdir() if entry.name.isdigit()]
    return [each for each in pids if _state(each)[1] == pid]


class Server:
    """One process with a folder and a port of its own. Subclasses say how it is started and when it is ready."""

    STOP = signal.SIGTERM

    def __init__(self, folder, kind, port=None):
        self.folder = pathlib.Path(folder) / f"{kind}-{next(_numbers)}"
        self.folder.mkdir()
        self.port = port or free_port()
        self.process = None

    @property
    def pid(self):
        return self.process.pid

    def running(self):
        return self.process is not None and self.process.poll() is None

    def output(self):
        """What it has printed, of all its lives."""
        return (self.folder / "output").read_text(errors="replace")

    def start(self, wait=True):
        """Starts it, again after a stop; with `wait` it answers when this returns."""
        with (self.folder / "output").open("ab") as output:
            self.process = subprocess.Popen(self._command(), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=output, start_new_session=True)
        try:
            if wait:
                self.wait_until_ready()
        except BaseException:
            self.close()
            raise
        return self

    def wait_until_ready(self, seconds=START_SECONDS):
        try:
            wait_until(self._answers, seconds, f"{self.folder.name} answers")
        except AssertionError as error:
            raise AssertionError(f"{error}; it printed: {self.output()[-2000:]}") from None

    def _answers(self):
        if not self.running():
            raise AssertionError(f"{self.folder.name} ended with {self.process.returncode}")
        return self._ready()

    def _signal_all(self, number):
        for pid in [self.process.pid, *_children(self.process.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def freeze(self):
        """It keeps its connections and says nothing more."""
        if self.running():
            self._signal_all(signal.SIGSTOP)

    def thaw(self):
        if self.running():
            self._signal_all(signal.SIGCONT)

    def kill(self):
        """All its processes at once, as a power cut does, but for what the kernel holds."""
        if self.running():
            os.kill(self.process.pid, signal.SIGSTOP)  # so that it makes no more of them
            below = _children(self.process.pid)
            self._signal_all(signal.SIGKILL)
            self.process.wait()
            wait_until(lambda: all(_state(pid)[0] in (None, "Z") for pid in below), 10, "its children are gone")

    def stop(self, number=None, timeout=20):
        """As its administrator would stop it."""
        if self.running():
            self.thaw()
            self.process.send_signal(number or self.STOP)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"{self.folder.name} did not stop: {self.output()[-2000:]}") from None

    def close(self):
        self.kill()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

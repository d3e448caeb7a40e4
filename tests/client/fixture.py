"""The client's executable as a test sees it: run to its end with pipes, or on a terminal of its own."""

import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import termios
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
sys.path.insert(0, str(ROOT / "tests/client"))

from fake_api import FakeApi  # noqa: E402
from service import EXECUTABLE  # noqa: E402

LINK = re.compile(rb"https?://[^\s]+/[srq]#[A-Za-z0-9_.-]+\n\Z")
SECRET = b"marker-of-a-secret Za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87"


class ClientCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.here = self.folder / "here"
        self.here.mkdir()

    def serve(self, **options):
        api = FakeApi(**options)
        self.enterContext(api)
        return api

    def enterContext(self, context):  # of unittest from Python 3.11 on
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def environment(self, api=None, **more):
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8"} | (
            {"DISPOSABLE_SECRETS_SERVER": api.url} if api else {}) | more

    def client(self, *arguments, api=None, given=b"", code=0, wrapper=(), **environment):
        """Runs a command; its exit code must be `code`."""
        done = subprocess.run([*wrapper, EXECUTABLE, *map(str, arguments)], input=given, capture_output=True, timeout=60,
                              cwd=self.here, env=self.environment(api, **environment), check=False)
        self.assertEqual(done.returncode, code, (arguments, done.stdout, done.stderr))
        if code:
            self.assertRegex(done.stderr, rb"(\A|\n)disposable-secrets: error: [^\n]+\n(hint: [^\n]+\n)?\Z")
        return done

    def configure(self, text):
        """The path of a configuration file with this text."""
        path = self.folder / ".config/disposable-secrets/client.conf"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o644)
        return path

    def share(self, api, *arguments, given=SECRET, **environment):
        """The link."""
        done = self.client("share", *arguments, api=api, given=given, **environment)
        self.assertRegex(done.stdout, LINK)
        return done.stdout.strip().decode()


class Terminal:
    """A command on a terminal of its own, which is its controlling one. Use as a context manager."""

    def __init__(self, case, *arguments, api=None, stdin=None, stdout=None, **environment):
        self.master, slave = pty.openpty()
        self.slave = slave
        before = termios.tcgetattr(slave)
        self.echo_before = before[3] & termios.ECHO

        def own_terminal():
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen([EXECUTABLE, *map(str, arguments)], stdin=slave if stdin is None else stdin,
                                        stdout=slave if stdout is None else stdout, stderr=slave, cwd=case.here,
                                        env=case.environment(api, **environment), preexec_fn=own_terminal)
        self.shown = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        os.close(self.master)
        os.close(self.slave)

    def echo(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def read(self, seconds):
        if select.select([self.master], [], [], seconds)[0]:
            self.shown += os.read(self.master, 65536)

    def expect(self, text, seconds=20):
        """Waits until the terminal shows `text`, and forgets what came until then."""
        deadline = time.monotonic() + seconds
        while text not in self.shown:
            if time.monotonic() > deadline:
                raise AssertionError(f"the terminal shows {self.shown}, and not {text}")
            self.read(0.1)
        self.shown = self.shown.split(text, 1)[1]

    def answer(self, question, text):
        """Types `text` once the question is there and echo is off."""
        self.expect(question)
        assert not self.echo(), "what is typed would be shown"
        os.write(self.master, text + b"\n")

    def end(self, seconds=20):
        """(exit code, all that was shown since)."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            self.read(0.05)
        while select.select([self.master], [], [], 0)[0]:
            self.read(0)
        return self.process.wait(1), self.shown.replace(b"\r\n", b"\n")

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

"""A service of a test, started by a booted machine's systemd under the installed unit: looks like subprocess.Popen.

The unit is the installed one, line by line, but for what says which service it is: REPLACED. Its pid is the real one, so
that signals need no forwarding; standard output and error are pipes.
"""

import collections
import itertools
import os
import pathlib
import select
import signal
import subprocess
import tempfile

from suite import wait_until

INSTALLED = "usr/lib/systemd/system/disposable-secrets.service"
# Directives of the installed unit that name the one service, or would start it again behind the test's back.
REPLACED = ("ExecStart", "LoadCredential", "StateDirectory", "StateDirectoryMode", "NoExecPaths", "Restart")
CODE_EXITED = 1  # of ExecMainCode, as in <signal.h>
started = collections.Counter()
_numbers = itertools.count(1)


def quoted(word):
    """A word of ExecStart= or Environment=."""
    for character, escaped in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%")):
        word = word.replace(character, escaped)
    return f'"{word}"'


class UnitProcess:
    """`command` begins with the executable. `folder` is bound into the service's view of the file system."""

    machine = None
    folder = None  # where the tests put their files

    def __init__(self, command, env=None, pass_fds=(), **_):
        command = [str(word) for word in command]
        if pass_fds or pathlib.Path(command[0]).name != "disposable-secrets":
            raise AssertionError(f"{command[0]} cannot be started as a unit")
        self.name = f"disposable-secrets-test-{next(_numbers)}.service"
        self.returncode = None
        self._pipes = pathlib.Path(tempfile.mkdtemp(prefix="disposable-unit-", dir=self.folder))
        self.stdout, self.stderr = self._reader("stdout"), self._reader("stderr")
        writers = [os.open(self._pipes / name, os.O_WRONLY) for name in ("stdout", "stderr")]
        self._write_unit(list(command[1:]), env)
        self._give_files()
        self.machine.run("systemctl", "start", self.name, check=False)
        started["services ran under the installed unit"] += 1
        for writer in writers:  # from now on the service's own are the last
            os.close(writer)
        inside = int(self._show("ExecMainPID"))
        self.pid = self.machine.outer_pid(inside) if inside else None
        self._pidfd = self._open_pidfd()

    def _reader(self, name):
        os.mkfifo(self._pipes / name)
        descriptor = os.open(self._pipes / name, os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(descriptor, True)
        return os.fdopen(descriptor, "rb")

    def _open_pidfd(self):
        try:
            return os.pidfd_open(self.pid) if self.pid else None
        except ProcessLookupError:  # it ended meanwhile
            return None

    def _show(self, name):
        return self.machine.show(name, self.name)

    def _write_unit(self, arguments, env):
        lines = [line for line in (self.machine.root / INSTALLED).read_text().splitlines()
                 if not line.startswith(tuple(f"{name}=" for name in REPLACED))]
        added = []
        if "--key-file" in arguments and (keyring := self._keyring(arguments)):
            added.append(f"LoadCredential=keyring:{keyring}")
            started["of them with the keyring as a credential"] += 1
        added += [f"ExecStart=/usr/bin/disposable-secrets {' '.join(map(quoted, arguments))}",
                  "Restart=no", f"BindPaths={self.folder}", f"NoExecPaths=/ /tmp /var/tmp /dev/shm {self.folder}",
                  f"StandardOutput=file:{self._pipes}/stdout", f"StandardError=file:{self._pipes}/stderr"]
        wanted = {name: value for name, value in (env or {}).items() if os.environ.get(name) != value}
        added += [f"Environment={quoted(f'{name}={value}')}" for name, value in wanted.items()]
        at = lines.index("[Service]") + 1
        self.machine.write(f"/run/systemd/system/{self.name}", "\n".join(lines[:at] + added + lines[at:]) + "\n")

    def _keyring(self, arguments):
        """Replaces the key file by the credential that it becomes, and returns it; made, as the package does, if need be. None
        when it cannot be made: then let the service say so."""
        at = arguments.index("--key-file") + 1
        file = pathlib.Path(arguments[at])
        if not file.exists():
            self.machine.run("/usr/bin/disposable-secrets", "keys", "create", "--key-file", file, check=False)
            if not file.exists():
                return None
        arguments[at] = f"/run/credentials/{self.name}/keyring"
        return file

    def _give_files(self):
        """Root wrote the test's files; the service has a user of its own."""
        self.machine.run("chown", "-R", "disposable-secrets:disposable-secrets", self.folder)

    def poll(self):
        if self.returncode is None and (self._pidfd is None or select.select([self._pidfd], [], [], 0)[0]):
            self._finish()
        return self.returncode

    def wait(self, timeout=None):
        if self.returncode is None:
            if self._pidfd is not None and not select.select([self._pidfd], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.name, timeout)
            self._finish()
        return self.returncode

    def _finish(self):
        if self._pidfd is not None:
            os.close(self._pidfd)
        wait_until(lambda: self._show("ActiveState") in ("inactive", "failed"), 10, "systemd has seen its end")
        code, status = int(self._show("ExecMainCode")), int(self._show("ExecMainStatus"))
        self.returncode = status if code == CODE_EXITED else -status

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

"""The shipped executable as a test sees it: started on a free port, stopped by pid, asked over a plain socket.

Service owns one process and its data folder; Client is one keep-alive connection. Standard library only.
"""

import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
EXECUTABLE = pathlib.Path(os.environ.get("DISPOSABLE_EXECUTABLE", REPOSITORY / "build/release/disposable-secrets"))
start_process = subprocess.Popen  # tests/systemd/e2e puts another in its place


def more_options(arguments, environment):  # tests/scale/e2e puts another in its place
    """What a command line with these arguments gets besides: where store and audit log are."""
    return []


class StartError(Exception):
    """The process ended, or did not listen in time; holds its exit code and what it printed."""

    def __init__(self, code, output):
        super().__init__(f"exit code {code}: {output.strip()}")
        self.code = code
        self.output = output


class Service:
    """`serve` on a free port of 127.0.0.1. Use as a context manager; the process never outlives it."""

    def __init__(self, folder, arguments=(), wrapper=(), environment=None, start_timeout=30.0, listen="127.0.0.1:0",
                 command=None, pass_fds=(), key_file=None, audit_log=None):
        """`wrapper` goes before the executable; `command`, where it is given, is the whole command line instead; the
        descriptors `pass_fds` are inherited. `audit_log` is the URL of the audit log, where it is not in the folder."""
        self.folder = pathlib.Path(folder)
        self.data_dir = self.folder / "data"
        self.key_file = pathlib.Path(key_file or self.folder / "keyring")
        self._audit_option = ("--audit", audit_log) if audit_log else ()
        self.log = []  # lines of stderr
        self.output = b""  # standard output, once the process has ended
        self.port = None
        command = command or [*wrapper, str(EXECUTABLE), "serve", "--listen", listen, "--data-dir", str(self.data_dir),
                              "--key-file", str(self.key_file), *self._audit_option, *arguments]
        command = [*command, *more_options(command, environment)]
        self.process = start_process(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, env=environment, pass_fds=pass_fds)
        self._listening = threading.Event()
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        deadline = time.monotonic() + start_timeout
        while not self._listening.wait(0.002):
            if self.process.poll() is not None:
                self._reader.join()
                if self._listening.is_set():
                    break
                self._close_pipes()
                raise StartError(self.process.returncode, "\n".join(self.log))
            if time.monotonic() > deadline:
                self.kill()
                raise StartError(None, "not listening in time\n" + "\n".join(self.log))

    def _read_log(self):
        for line in self.process.stderr:
            text = line.decode("utf-8", "replace").rstrip("\n")
            self.log.append(text)
            match = re.search(r'"message":"listening".*"port":(\d+)', text)
            if match and not self._listening.is_set():  # of several listeners the first
                self.port = int(match.group(1))
                self._listening.set()

    def _close_pipes(self):
        if not self.process.stdout.closed:
            self.output = self.process.stdout.read()
        self.process.stdout.close()
        self.process.stderr.close()

    @property
    def pid(self):
        return self.process.pid

    def kill(self):
        """SIGKILL, and wait until it is gone."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._reader.join(timeout=5)
        self._close_pipes()

    def stop(self, timeout=20.0):
        """SIGTERM; the exit code. Kills and raises when it does not end in time."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("the service did not end after SIGTERM") from None
        self._reader.join(timeout=5)
        self._close_pipes()
        return code

    def client(self, timeout=10.0):
        return Client(self.port, timeout)

    @property
    def audit_log(self):
        return AuditLog("--data-dir", self.data_dir, "--key-file", self.key_file, *self._audit_option)

    def audit(self, *arguments):
        return self.audit_log.rows(*arguments)

    def audit_verify(self):
        return self.audit_log.verify()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.process.poll() is None:
            self.kill()


def run(*arguments, timeout=60, **options):
    """The executable with these arguments, to its end."""
    command = [str(EXECUTABLE), *map(str, arguments)]
    return subprocess.run([*command, *more_options(command, options.get("env"))], capture_output=True, text=True,
                          timeout=timeout, stdin=subprocess.DEVNULL, **options)


class AuditLog:
    """An audit log as the commands show it; `where` are the options that say which."""

    def __init__(self, *where):
        self.where = where

    def rows(self, *arguments):
        """Rows of `audit --json` as dictionaries; all of them unless the arguments say otherwise."""
        limit = () if "--limit" in arguments else ("--limit", "100000000")
        result = run("audit", "--json", *limit, *self.where, *arguments)
        if result.returncode != 0:
            raise AssertionError(f"audit failed: {result.stderr}")
        return [json.loads(line) for line in result.stdout.splitlines()]

    def verify(self):
        """What `audit verify --json` says, and its exit code."""
        result = run("audit", "verify", "--json", *self.where)
        return (json.loads(result.stdout) if result.stdout else {"ok": False, "reason": result.stderr}), result.returncode


class Client:
    """One connection, with TLS when there is a context, opened again when it was closed. Not thread-safe."""

    def __init__(self, port, timeout=10.0, context=None):
        if context:
            self.connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=timeout, context=context)
        else:
            self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)

    def request(self, method, path, body=None, headers=None):
        """(status, headers in lower case, body bytes). Raises OSError or HTTPException: then the outcome is unknown."""
        try:
            self.connection.request(method, path, body, headers or {})
            response = self.connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise
        return response.status, {name.lower(): value for name, value in response.getheaders()}, content

    def json(self, method, path, value=None):
        """(status, decoded body)."""
        body = None if value is None else json.dumps(value)
        status, _, content = self.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        return status, json.loads(content) if content else None

    def create(self, secret, passphrase=None, ttl_seconds=None):
        """The key of a new secret."""
        value = {"secret": secret}
        if passphrase is not None:
            value["passphrase"] = passphrase
        if ttl_seconds is not None:
            value["ttl_seconds"] = ttl_seconds
        status, answer = self.json("POST", "/api/v1/secret", value)
        if status != 200:
            raise AssertionError(f"create answered {status}: {answer}")
        return answer["secret_key"]

    def retrieve(self, key):
        return self.json("GET", f"/api/v1/secret/{key}")

    def delete(self, key, passphrase=None):
        return self.json("DELETE", f"/api/v1/secret/{key}", None if passphrase is None else {"passphrase": passphrase})

    def close(self):
        self.connection.close()

"""A server under measurement: started on a port chosen beforehand, read through /proc, stopped by its pid."""

import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
POLL_SECONDS = 0.0005


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One process. Use as a context manager; it never outlives it. Its output goes to `log`."""

    def __init__(self, command, port, log, tls_port=None):
        self.port = port
        self.tls_port = tls_port
        self.log = pathlib.Path(log)
        with self.log.open("ab") as output:
            self.began = time.monotonic()
            self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=output)

    def url(self, tls=False):
        return f"https://127.0.0.1:{self.tls_port}/" if tls else f"http://127.0.0.1:{self.port}/"

    def ask(self, method, path, value=None):
        """(status, body), on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            body = None if value is None else json.dumps(value)
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def wait_until_serving(self, path, limit=120.0):
        """Seconds from exec to the first 200 for `path`."""
        while True:
            try:
                if self.ask("GET", path)[0] == 200:
                    return time.monotonic() - self.began
            except (ConnectionError, http.client.HTTPException):
                pass
            self.check_running()
            if time.monotonic() > self.began + limit:
                raise RuntimeError(f"{path} was not answered within {limit:.0f} s")
            time.sleep(POLL_SECONDS)

    def check_running(self):
        if self.process.poll() is not None:
            words = self.log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"the server ended with {self.process.returncode}: {words.strip()}")

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS

    def memory(self):
        """Resident bytes: (now, the most there ever were)."""
        lines = pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        values = dict(line.split(":", 1) for line in lines)
        return tuple(int(values[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))

    def settle(self, limit=60.0):
        """Waits until it works on nothing any more; the seconds that took."""
        began = time.monotonic()
        quiet = 0
        before = self.cpu_seconds()
        while quiet < 2 and time.monotonic() < began + limit:
            time.sleep(0.25)
            now = self.cpu_seconds()
            quiet = quiet + 1 if now - before <= 0.011 else 0
            before = now
        return max(0.0, time.monotonic() - began - 0.5)

    def end(self, number=signal.SIGTERM):
        """The exit code; negative when a signal ended it."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise RuntimeError("the server did not end within 60 s") from None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Product:
    """The service's files in a folder, and how to start it on them."""

    def __init__(self, executable, folder, options=(), key_file=None):
        self.executable = executable
        self.folder = pathlib.Path(folder)
        self.data_dir = self.folder / "data"
        self.key_file = key_file or self.folder / "keyring"
        self.options = options
        self.folder.mkdir(parents=True, exist_ok=True)

    def start(self, tls=False):
        """Logs every request to a file, as a service does; with `tls` also on a port of its own."""
        port = free_port()
        command = [self.executable, "serve", "--listen", f"http://127.0.0.1:{port}", "--data-dir", self.data_dir,
                   "--key-file", self.key_file, *self.options]
        if not tls:
            return Server(command, port, self.folder / "log")
        certificate, key = self.make_certificate()
        tls_port = free_port()
        command += ["--listen", f"https://127.0.0.1:{tls_port}", "--tls-cert", certificate, "--tls-key", key]
        return Server(command, port, self.folder / "log", tls_port)

    def make_certificate(self):
        certificate, key = self.folder / "certificate.pem", self.folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-out", certificate, "-keyout", key],
                       check=True, capture_output=True)
        key.chmod(0o600)
        return certificate, key

    def disk_bytes(self):
        """What `du` says: (the store, the audit log)."""
        def occupied(paths):
            return sum(path.stat().st_blocks * 512 for path in paths if path.is_file())

        return occupied((self.data_dir / "store").rglob("*")), occupied(self.data_dir.glob("audit.db*"))

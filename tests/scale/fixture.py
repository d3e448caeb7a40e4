"""A service scaled out: nodes that share a store, an audit log and a keyring, each at an address that it keeps."""

import pathlib
import shutil
import signal
import tempfile
import unittest

from backends import free_port
from service import AuditLog, Service
from suite import wait_until
from wire import Connection, NotSent, Unanswered

READY_SECONDS = 30
DAY = 86_400  # a time to live longer than any test


class Node:
    """One place in a cluster. Its process comes and goes; folder, options and address stay."""

    def __init__(self, folder, key_file, arguments, audit_log=None, wrapper=(), unix=False, environment=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.address = self.folder / "socket" if unix else free_port()
        self._options = {"key_file": key_file, "arguments": arguments, "audit_log": audit_log, "wrapper": wrapper,
                         "environment": environment, "listen": f"{'unix' if unix else '127.0.0.1'}:{self.address}"}
        self.service = None
        self.log = []  # lines of its lives

    def start(self):
        self.service = Service(self.folder, **self._options)

    def kill(self):
        if self.service:
            self.service.kill()
            self._forget()

    def ask_to_stop(self):
        self.service.process.send_signal(signal.SIGTERM)

    def stop(self):
        code = self.service.stop(60)
        lines = self.service.log
        self._forget()
        if code != 0:
            raise AssertionError(f"a node ended with {code}: {lines[-5:]}")

    def _forget(self):
        self.log += self.service.log
        self.service = None

    def whole_log(self):
        return "\n".join(self.log + (self.service.log if self.service else []))

    def status(self, path):
        """Of a GET; None without an answer."""
        connection = Connection(self.address)
        try:
            return connection.exchange("GET", path).status
        except (NotSent, Unanswered):
            return None
        finally:
            connection.close()

    def metric(self, name):
        """The value of one without labels."""
        connection = Connection(self.address)
        lines = connection.exchange("GET", "/metrics").body.decode().splitlines()
        connection.close()
        return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))


class Cluster:
    """`count` nodes with the same options, started. A context manager."""

    def __init__(self, folder, store, postgres=None, schema=None, count=3, arguments=(), host="127.0.0.1", **options):
        """`store` is the URL of --store, `postgres` the server of the audit log, `host` both servers as the nodes see them;
        the other options are Node's."""
        self.folder = pathlib.Path(folder)
        self.key_file = self.folder / "keyring"
        self.postgres = postgres
        self.schema = schema
        url = postgres and postgres.url(schema, sslmode="prefer")
        self.audit_log = AuditLog("--key-file", self.key_file, "--audit", url)
        store, url = (text and text.replace("127.0.0.1", host) for text in (store, url))
        self.nodes = [Node(self.folder / f"node-{number}", self.key_file, ("--store", store, *arguments), url, **options)
                      for number in range(count)]
        try:
            self.start()
        except BaseException:
            self.kill()
            raise

    def start(self):
        for node in self.nodes:
            if node.service is None:
                node.start()

    def stop(self):
        """SIGTERM to all, and each must end well."""
        for node in self.nodes:
            node.ask_to_stop()
        for node in self.nodes:
            node.stop()

    def kill(self):
        for node in self.nodes:
            node.kill()

    def ready(self):
        return all(node.status("/readyz") == 200 for node in self.nodes)

    def wait_until_ready(self, seconds=READY_SECONDS):
        wait_until(self.ready, seconds, "all nodes are ready")

    def read_rows(self, rows):
        """Adds what is new in the audit log to audit_check.Rows."""
        rows.read_from(self.postgres, self.schema)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.kill()


class ScaleCase(unittest.TestCase):
    """A folder that goes with the class."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="scale-"))
        cls.folder.chmod(0o711)  # PostgreSQL is another user
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)

    def new_folder(self):
        return pathlib.Path(tempfile.mkdtemp(dir=self.folder))

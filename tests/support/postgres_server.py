"""PostgreSQL; see backends.py."""

import atexit
import functools
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

from server_process import Server, login, query

PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")
NOBODY = 65534  # PostgreSQL refuses to be root
ADMINISTRATOR, USER, PASSWORD, DATABASE = "postgres", "disposable", "pass/word: 1", "disposable"
SETTINGS = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=on", "synchronous_commit=on",
            "full_page_writes=on", "shared_buffers=32MB", "max_connections=100", "dynamic_shared_memory_type=mmap",
            "log_line_prefix=%m %u ", "log_min_error_statement=panic")


def _unprivileged():
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []


def _give(path):
    """To who runs the server, and makes a way to it."""
    for folder, _, files in os.walk(path):
        for each in (folder, *(os.path.join(folder, file) for file in files)):
            os.chown(each, NOBODY, NOBODY)
    for parent in path.parents:
        if parent.stat().st_mode & 0o001 == 0 and parent.stat().st_uid == os.geteuid():
            parent.chmod(parent.stat().st_mode | 0o011)


@functools.cache
def _template():
    """A fresh data folder with the user and the database, made once."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="disposable-postgres-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    data = folder / "data"
    if os.geteuid() == 0:
        folder.chmod(0o711)
        data.mkdir(0o700)
        os.chown(data, NOBODY, NOBODY)
    passwords = folder / "password"
    passwords.write_text(PASSWORD)
    passwords.chmod(0o644)
    result = subprocess.run(
        [*_unprivileged(), str(PROGRAMS / "initdb"), "--no-sync", "--no-instructions", "--no-locale", "--encoding=UTF8",
         f"--username={ADMINISTRATOR}", "--auth=scram-sha-256", f"--pwfile={passwords}", "--pgdata", str(data)],
        cwd="/", capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise AssertionError(f"initdb: {result.stdout}{result.stderr}")
    sql = f"create role {USER} login password '{PASSWORD}';\n\ncreate database {DATABASE} owner {USER};\n"
    result = subprocess.run([*_unprivileged(), str(PROGRAMS / "postgres"), "--single", "-j", "-F", "-D", str(data), "postgres"],
                            cwd="/", input=sql, capture_output=True, text=True, check=False)
    if result.returncode != 0 or "ERROR" in result.stderr:
        raise AssertionError(f"postgres --single: {result.stdout}{result.stderr}")
    return data


class Postgres(Server):
    """With a database and a user, both `disposable`, who has a password and no privileges but over that database. `tls` is a
    certificates.Authority: then connections without TLS are refused. `settings` are more of its settings, "name=value"."""

    STOP = signal.SIGINT  # ends the sessions and writes everything
    MODES = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}

    def __init__(self, folder, *, tls=None, port=None, settings=()):
        super().__init__(folder, "postgres", port)
        self.tls = tls
        self.data = self.folder / "data"
        shutil.copytree(_template(), self.data)
        self.settings = [*SETTINGS, f"port={self.port}", *settings]
        if tls:
            self._encrypt(tls.issue(self.folder.name))
        if os.geteuid() == 0:
            _give(self.data)
        self.start()

    def _encrypt(self, pair):
        shutil.copy(pair.certificate, self.data / "server.crt")
        shutil.copy(pair.key, self.data / "server.key")
        (self.data / "server.key").chmod(0o600)
        rules = self.data / "pg_hba.conf"
        rules.write_text(re.sub("(?m)^host ", "hostssl ", rules.read_text()))
        self.settings.append("ssl=on")

    def _command(self):
        settings = [word for setting in self.settings for word in ("-c", setting)]
        return [*_unprivileged(), str(PROGRAMS / "postgres"), "-D", str(self.data), *settings]

    def _ready(self):
        return self._psql("select 1").returncode == 0

    def _psql(self, sql, *options):
        return subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", self._url(ADMINISTRATOR, {}), *options],
                              input=sql, capture_output=True, text=True, check=False, timeout=60)

    def psql(self, sql, schema=None):
        """What psql prints: rows by line, columns by |. As the administrator, in `schema` if it is given."""
        result = self._psql((f'set search_path to "{schema}";\n' if schema else "") + sql)
        if result.returncode != 0:
            raise AssertionError(f"psql: {result.stdout}{result.stderr}")
        return result.stdout.rstrip("\n")

    def _url(self, user, parameters, port=None):
        if self.tls:
            parameters = {"sslmode": "verify-full", "sslrootcert": str(self.tls.certificate)} | parameters
        host = "localhost" if self.tls else "127.0.0.1"
        return f"postgresql://{login(user, PASSWORD)}{host}:{port or self.port}/{DATABASE}{query(parameters)}"

    def url(self, schema=None, *, port=None, **options):
        """For --audit and --ledger. Makes the schema, when there is none. `port`: of a Proxy before it."""
        if schema:
            self.psql(f'create schema if not exists "{schema}" authorization {USER}')
            options = {"options": f"-csearch_path={schema}"} | options
        return self._url(USER, options, port)

    def stop(self, mode="fast", timeout=20):
        super().stop(self.MODES[mode], timeout)

    def close(self):
        """Nothing of it stays: a killed server leaves a piece of shared memory for its next start."""
        super().close()
        lock = self.data / "postmaster.pid"
        lines = lock.read_text().splitlines() if lock.exists() else []
        if len(lines) > 6 and len(lines[6].split()) == 2:
            subprocess.run(["ipcrm", "--shmem-id", lines[6].split()[1]], capture_output=True, check=False)

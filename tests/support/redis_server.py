"""Redis, Valkey and their sentinels; see backends.py."""

import pathlib
import subprocess

from server_process import START_SECONDS, Server, login, query
from service import REPOSITORY
from suite import wait_until


class Redis(Server):
    """`server` is redis (Debian's 7.0) or valkey (packaging/fetch-valkey). `tls` is a certificates.Authority: then the port
    speaks TLS only. `users` are lines of an ACL file, without `user`; add "default off" to need one. `replicaof` is another
    Redis. `unix_socket`: also a socket, of that name in the folder. `extra` are lines of its configuration."""

    PROGRAMS = {"redis": pathlib.Path("/usr/bin/redis-check-rdb"),
                "valkey": REPOSITORY / "build/valkey/usr/bin/valkey-check-rdb"}
    TESTER = ("tester", "tester-password")  # who cli() is, when there are users

    def __init__(self, folder, *, server="redis", appendfsync="always", appendonly="yes",
                 maxmemory_policy="noeviction", port=None, tls=None, users=None, requirepass=None, replicaof=None,
                 unix_socket=None, extra=()):
        super().__init__(folder, server, port)
        self.server, self.tls, self.users, self.requirepass = server, tls, users, requirepass
        self.socket = self.folder / unix_socket if unix_socket else None
        self.data = self.folder / "data"
        self.data.mkdir()
        # One executable is all of them: the server by this name. Debian's redis-tools has it, and starts no service.
        (self.folder / f"{server}-server").symlink_to(self.PROGRAMS[server])
        lines = [f"dir {self.data}", f"appendonly {appendonly}", f"appendfsync {appendfsync}", 'save ""',
                 f"maxmemory-policy {maxmemory_policy}", "repl-diskless-sync-delay 0", *self._listeners(), *extra]
        lines += [f"user {line}" for line in users or ()]
        if users:
            lines.append("user {} on >{} ~* &* +@all".format(*self.TESTER))
        if requirepass:
            lines += [f"requirepass {requirepass}", f"masterauth {requirepass}"]
        if replicaof:
            lines.append(f"replicaof 127.0.0.1 {replicaof.port}")
        # Kept over restarts: Sentinel has it rewritten.
        self.configuration = self.folder / "redis.conf"
        self.configuration.write_text("\n".join(lines) + "\n")
        self.start()

    def _listeners(self):
        lines = ["bind 127.0.0.1"]
        if self.tls:
            pair = self.tls.issue(self.folder.name)
            lines += ["port 0", f"tls-port {self.port}", f"tls-cert-file {pair.certificate}",
                      f"tls-key-file {pair.key}", f"tls-ca-cert-file {self.tls.certificate}", "tls-auth-clients no",
                      "tls-replication yes"]
        else:
            lines.append(f"port {self.port}")
        return lines + ([f"unixsocket {self.socket}"] if self.socket else [])

    def _command(self):
        return [str(self.folder / f"{self.server}-server"), str(self.configuration)]

    def _ready(self):
        said = self._cli("ping").stdout
        return said.startswith("PONG") or "NOAUTH" in said

    def _cli(self, *arguments):
        command = ["redis-cli", "-e", "-h", "127.0.0.1", "-p", str(self.port), "--no-auth-warning"]
        if self.tls:
            command += ["--tls", "--cacert", str(self.tls.certificate)]
        if self.users:
            command += ["--user", self.TESTER[0], "--pass", self.TESTER[1]]
        elif self.requirepass:
            command += ["-a", self.requirepass]
        return subprocess.run([*command, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False, timeout=30)

    def cli(self, *arguments):
        """What redis-cli prints for this command."""
        result = self._cli(*arguments)
        if result.returncode != 0:
            raise AssertionError(f"redis-cli {' '.join(map(str, arguments))}: {result.stdout}{result.stderr}")
        return result.stdout.rstrip("\n")

    def info(self, section):
        """A section of INFO as a dictionary."""
        return dict(line.split(":", 1) for line in self.cli("info", section).splitlines() if ":" in line)

    def url(self, prefix=None, *, port=None, user=None, password=None, **options):
        """For --store. `port`: of a Proxy before it."""
        host = "localhost" if self.tls else "127.0.0.1"
        if self.tls:
            options.setdefault("cacert", self.tls.certificate)
        return (f"redis{'s' if self.tls else ''}://{login(user, password or self.requirepass)}{host}:{port or self.port}"
                + query({"prefix": prefix, **options}))

    def unix_url(self, prefix=None, *, user=None, password=None, **options):
        """For --store, by the Unix socket."""
        return f"redis+unix://{login(user, password or self.requirepass)}{self.socket}" + query({"prefix": prefix, **options})

    def aof_bytes(self):
        """All that is in its append-only files."""
        files = sorted((self.data / "appendonlydir").glob("*"))
        return b"".join(path.read_bytes() for path in files if not path.name.endswith(".manifest"))


class Sentinels:
    """So many sentinels that watch `primary`, a Redis with replicas; `replicas` are waited for. A context manager."""

    NAME = "disposable"

    def __init__(self, folder, primary, *, count=3, quorum=2, down_after_ms=1000, failover_timeout_ms=3000, replicas=1):
        self.primary = primary
        self.sentinels = []
        lines = [f"sentinel monitor {self.NAME} 127.0.0.1 {primary.port} {quorum}",
                 f"sentinel down-after-milliseconds {self.NAME} {down_after_ms}",
                 f"sentinel failover-timeout {self.NAME} {failover_timeout_ms}",
                 f"sentinel parallel-syncs {self.NAME} 1"]
        if primary.requirepass:
            lines.append(f"sentinel auth-pass {self.NAME} {primary.requirepass}")
        try:
            for _ in range(count):
                self.sentinels.append(_Sentinel(folder, primary.server, lines))
            wait_until(lambda: all(self._knows(one, count, replicas) for one in self.sentinels), START_SECONDS,
                       "the sentinels know one another and the replicas")
        except BaseException:
            self.close()
            raise

    def _knows(self, sentinel, count, replicas):
        rows = sentinel.cli("sentinel", "master", self.NAME).splitlines()
        known = dict(zip(rows[::2], rows[1::2]))
        return int(known["num-other-sentinels"]) == count - 1 and int(known["num-slaves"]) == replicas

    @property
    def ports(self):
        return [sentinel.port for sentinel in self.sentinels]

    def url(self, prefix=None, *, user=None, password=None, **options):
        """For --store."""
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        return (f"redis+sentinel://{login(user, password or self.primary.requirepass)}{hosts}/{self.NAME}"
                + query({"prefix": prefix, **options}))

    def primary_port(self):
        """Of the primary as a running sentinel has it."""
        asked = next(sentinel for sentinel in self.sentinels if sentinel.running())
        return int(asked.cli("sentinel", "get-master-addr-by-name", self.NAME).splitlines()[1])

    def failover(self, seconds=30):
        """Has a replica made the primary, and waits until it is and takes writes; its port."""
        before = self.primary_port()
        # Refused for a while after the last one, and until a replica has been seen to be good.
        wait_until(lambda: self.sentinels[0].asks("sentinel", "failover", self.NAME), seconds, "a failover may begin")
        return self.wait_for_failover(before, seconds)

    def wait_for_failover(self, before, seconds=30):
        """Waits until another than the one with port `before` is the primary and says so itself; its port."""
        def done():
            port = self.primary_port()
            said = subprocess.run(["redis-cli", "-p", str(port), "--no-auth-warning",
                                   *(["-a", self.primary.requirepass] if self.primary.requirepass else []), "role"],
                                  capture_output=True, text=True, check=False, timeout=30).stdout
            return port if port != before and said.startswith("master") else None
        return wait_until(done, seconds, "another primary")

    def close(self):
        for sentinel in self.sentinels:
            sentinel.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


class _Sentinel(Server):
    def __init__(self, folder, server, lines):
        super().__init__(folder, "sentinel")
        (self.folder / f"{server}-sentinel").symlink_to(Redis.PROGRAMS[server])
        self.program = self.folder / f"{server}-sentinel"
        self.configuration = self.folder / "sentinel.conf"
        self.configuration.write_text("\n".join([f"port {self.port}", "bind 127.0.0.1", f"dir {self.folder}", *lines]) + "\n")
        self.start()

    def _command(self):
        return [str(self.program), str(self.configuration)]

    def _cli(self, *arguments):
        return subprocess.run(["redis-cli", "-e", "-p", str(self.port), *map(str, arguments)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False, timeout=30)

    def _ready(self):
        return self.asks("ping")

    def asks(self, *arguments):
        return self._cli(*arguments).returncode == 0

    def cli(self, *arguments):
        result = self._cli(*arguments)
        if result.returncode != 0:
            raise AssertionError(f"{arguments}: {result.stdout}{result.stderr}")
        return result.stdout.rstrip("\n")

"""What Redis and PostgreSQL hold is what redis_schema.h and postgres_schema.h say; and nothing of it, of their logs or of
what goes over the wire holds a key, a secret or a passphrase."""

import re
import subprocess
import time

from backends import Postgres, Redis
from canaries import Canaries
from fixture import DAY, Cluster, ScaleCase
from journey import Journey
from postgres_server import ADMINISTRATOR, DATABASE, PASSWORD, PROGRAMS
from service import Client
from suite import wait_until

PREFIX = "layout"
SECRET = re.compile(r"\{layout\}:secret:[0-9a-f]{64}")
# Of the stream's first entry: its id and the names and values of its fields, but for the last, which is no text.
FIRST = """local entry = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
return {entry[1], entry[2][1], entry[2][2], entry[2][3]}"""
AUDIT_COLUMNS = ["id", "secret_key", "action", "ip_address", "created_at", "extra_data", "event_id", "prev_hash", "hash"]


class Monitor:
    """All that clients send to Redis, as its MONITOR shows it. A context manager."""

    def __init__(self, redis):
        self.redis = redis

    def __enter__(self):
        self.path = self.redis.folder / "monitor"
        with self.path.open("wb") as output:
            self.process = subprocess.Popen(["redis-cli", "-p", str(self.redis.port), "monitor"], stdin=subprocess.DEVNULL,
                                            stdout=output)
        wait_until(lambda: self.path.read_bytes().startswith(b"OK"), 10, "MONITOR begins")
        return self

    def text(self):
        """As it is written, and with \\xNN as the bytes that they were."""
        mark = f"end of monitor {time.monotonic()}"
        self.redis.cli("echo", mark)
        wait_until(lambda: mark.encode() in self.path.read_bytes(), 10, "MONITOR shows everything")
        written = self.path.read_bytes()
        return written + re.sub(rb"\\x([0-9a-f]{2})", lambda match: bytes.fromhex(match[1].decode()), written)

    def __exit__(self, *exception):
        self.process.kill()
        self.process.wait()


def dump(postgres):
    url = f"postgresql://{ADMINISTRATOR}@127.0.0.1:{postgres.port}/{DATABASE}"
    return subprocess.run([PROGRAMS / "pg_dump", url], env={"PGPASSWORD": PASSWORD}, capture_output=True, check=True).stdout


class LayoutTest(ScaleCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.redis = cls.enterClassContext(Redis(cls.folder, extra=("rdbcompression no",)))
        cls.postgres = cls.enterClassContext(Postgres(cls.folder, settings=("log_statement=all", "log_connections=on")))
        cls.monitor = cls.enterClassContext(Monitor(cls.redis))
        cls.cluster = cls.enterClassContext(Cluster(
            cls.folder / "cluster", cls.redis.url(PREFIX), cls.postgres, count=2,
            arguments=("--ledger", cls.postgres.url(), "--log-level", "debug")))

    def setUp(self):
        self.client = Client(self.cluster.nodes[0].address)
        self.addCleanup(self.client.close)

    def keys(self):
        return set(self.redis.cli("keys", "*").split())

    def fields(self, key):
        return set(self.redis.cli("hkeys", key).split())

    def wait_until_recorded(self):
        wait_until(lambda: self.redis.cli("xlen", "{layout}:outbox") == "0", 20, "the outbox is empty")

    def new_secret(self):
        """(the key, the name of its hash)"""
        before = self.keys()
        key = self.client.create("in Redis", ttl_seconds=DAY)
        name, = (found for found in self.keys() - before if SECRET.fullmatch(found))
        return key, name

    def test_redis_holds_a_hash_for_each_secret(self):
        key, name = self.new_secret()
        self.assertEqual(self.redis.cli("type", name), "hash")
        self.assertEqual(self.fields(name), set("vrdtpn"))
        self.assertEqual((self.redis.cli("hget", name, "v"), self.redis.cli("ttl", name)), ("1", "-1"))
        self.assertEqual(int(self.redis.cli("hstrlen", name, "p")), int(self.redis.cli("hget", name, "n")))
        self.assertEqual(self.redis.cli("zscore", "{layout}:due", name.rpartition(":")[2]), self.redis.cli("hget", name, "d"))
        self.assertEqual(self.client.retrieve(key)[0], 200)
        self.assertEqual(self.redis.cli("hget", name, "v"), "2")

    def test_beside_the_secrets_redis_holds_the_schedule_the_outbox_and_one_hash(self):
        self.new_secret()
        self.wait_until_recorded()
        self.assertEqual({name for name in self.keys() if not SECRET.fullmatch(name)},
                         {"{layout}:due", "{layout}:outbox", "{layout}:meta"})
        self.assertEqual({name: self.redis.cli("type", "{layout}:" + name) for name in ("due", "outbox", "meta")},
                         {"due": "zset", "outbox": "stream", "meta": "hash"})
        meta = self.fields("{layout}:meta")
        self.assertLessEqual({"format", "check", "agreed", "position", "live", "bytes", "acknowledged"}, meta)
        self.assertLessEqual(meta, {"format", "check", "agreed", "position", "live", "bytes", "acknowledged", "projector",
                                    "projector_since", "projector_to"})

    def test_an_event_waits_in_the_stream_until_postgresql_has_it(self):
        self.wait_until_recorded()
        position = int(self.redis.cli("hget", "{layout}:meta", "position"))
        self.postgres.freeze()
        try:
            self.new_secret()
            entry = self.redis.cli("eval", FIRST, 1, "{layout}:outbox").splitlines()
        finally:
            self.postgres.thaw()
        self.assertEqual((entry[0], entry[1], entry[3]), (f"{position + 1}-0", "id", "e"))
        self.wait_until_recorded()
        self.assertEqual(self.postgres.psql(f"SELECT action FROM secret_logs WHERE event_id = '{entry[2]}'"), "created")

    def test_postgresql_holds_the_log_its_head_and_the_ledger(self):
        rows = self.postgres.psql("SELECT table_name, column_name FROM information_schema.columns "
                                  "WHERE table_schema = 'public' ORDER BY table_name, ordinal_position").splitlines()
        tables = {}
        for row in rows:
            table, column = row.split("|")
            tables.setdefault(table, []).append(column)
        self.assertEqual(tables, {"secret_logs": AUDIT_COLUMNS, "secret_logs_head": ["one", "count", "hash", "mac"],
                                  "reveal_ledger": ["secret", "claim", "expires_at"],
                                  "disposable_schema": ["component", "version"]})

    def test_the_ledger_has_a_row_for_what_was_handed_out_and_none_for_what_was_not(self):
        self.new_secret()
        key, name = self.new_secret()
        before = int(self.postgres.psql("SELECT count(*) FROM reveal_ledger"))
        self.assertEqual(self.client.retrieve(key)[0], 200)
        self.assertEqual(int(self.postgres.psql("SELECT count(*) FROM reveal_ledger")), before + 1)
        self.assertIn(name.rpartition(":")[2], self.postgres.psql("SELECT encode(secret, 'hex') FROM reveal_ledger"))

    def places(self):
        """{name: bytes} of all that could hold a canary. BGSAVE and BGREWRITEAOF have just written everything anew."""
        old = self.redis.aof_bytes()
        for command in ("bgsave", "bgrewriteaof"):
            self.redis.cli(command)
            wait_until(lambda: {self.redis.info("persistence")[name] for name in (
                "rdb_bgsave_in_progress", "aof_rewrite_in_progress", "aof_rewrite_scheduled")} == {"0"}, 20, command)
        self.wait_until_recorded()
        return {"MONITOR": self.monitor.text(), "AOF": old, "AOF, rewritten": self.redis.aof_bytes(),
                "RDB": (self.redis.data / "dump.rdb").read_bytes(), "Redis's log": self.redis.output().encode(),
                "all tables": dump(self.postgres), "PostgreSQL's log": self.postgres.output().encode(),
                "write-ahead log": b"".join(path.read_bytes() for path in (self.postgres.data / "pg_wal").iterdir()
                                            if path.is_file()),
                "logs of the nodes": "\n".join(node.whole_log() for node in self.cluster.nodes).encode()}

    def test_no_key_no_secret_and_no_passphrase_is_anywhere(self):
        control = Canaries()
        journey = Journey()
        journey.port = self.cluster.nodes[0].address
        for path in (journey.lives, journey.expires, journey.refusals, journey.wrong_ways, journey.broken_requests):
            path()
        self.assertLessEqual({200, 403, 404, 410, 422, 429}, journey.statuses)
        # Half of it is planted where the search must find it, so that finding nothing means something.
        planted = control.plaintext("planted")
        self.redis.cli("set", "planted", planted)
        self.postgres.psql(f"CREATE TABLE planted (text text); INSERT INTO planted VALUES ('{planted}')")
        self.addCleanup(self.postgres.psql, "DROP TABLE planted")
        self.addCleanup(self.redis.cli, "del", "planted")
        places = self.places()
        for name in places.keys() - {"logs of the nodes", "Redis's log"}:
            self.assertTrue(control.find(places[name]), f"the search finds nothing in {name}")
        self.assertIn(b"/api/v1/secret/{secret_key}", places["logs of the nodes"])
        for name, data in places.items():
            with self.subTest(place=name):
                self.assertEqual(journey.canaries.find(data, thorough=len(data) < 8_000_000), [])
        self.assertEqual(journey.canaries.find(b"\n".join(journey.answers)), [])

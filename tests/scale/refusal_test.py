"""What the nodes refuse to start with: each is one clear line that names what is wrong and holds no password."""

import shutil

from backends import Postgres, Redis, free_port
from certificates import Authority
from fixture import ScaleCase
from postgres_server import PASSWORD
from service import EXECUTABLE, REPOSITORY, Service, StartError, run

SECRETS = (PASSWORD, "pass%2Fword", "no-such-password", "right-password")
STATIC = REPOSITORY / "build/release/disposable-secrets"


class RefusalTest(ScaleCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.good = cls.enterClassContext(Redis(cls.folder))
        cls.postgres = cls.enterClassContext(Postgres(cls.folder))

    def refusal(self, *arguments, executable=EXECUTABLE, folder=None):
        """The lines that `serve` prints when it does not start."""
        folder = folder or self.new_folder()
        command = [str(executable), "serve", "--listen", "127.0.0.1:0", "--data-dir", str(folder / "data"), "--key-file",
                   str(folder / "keyring"), *arguments]
        try:
            service = Service(folder, command=command)
        except StartError as error:
            self.assertIsNotNone(error.code, f"it neither listens nor ends: {error.output}")
            self.assertGreater(error.code, 0, error.output)
            return error.output.splitlines()
        service.kill()
        self.fail(f"it starts: {service.log}")

    def assert_clear(self, lines, *words):
        """One line of an error, perhaps a hint below it; `words` are in it, and no password is anywhere."""
        said = [line for line in lines if '"level":"info"' not in line]
        self.assertIn(len(said), (1, 2), lines)
        for word in words:
            self.assertIn(word, "\n".join(said))
        for secret in SECRETS:
            self.assertNotIn(secret, "\n".join(lines))

    def test_settings_of_redis_that_lose_data_are_refused_and_accepted_when_told(self):
        cases = {"eviction": ({"maxmemory_policy": "allkeys-lru"}, ("maxmemory-policy", "allkeys-lru")),
                 "no append-only file": ({"appendonly": "no"}, ("appendonly",)),
                 "a second may be lost": ({"appendfsync": "everysec"}, ("appendfsync", "everysec"))}
        for name, (settings, words) in cases.items():
            with self.subTest(name), Redis(self.new_folder(), **settings) as redis:
                self.assert_clear(self.refusal("--store", redis.url()), *words)
                with Service(self.new_folder(), ("--store", redis.url(), "--accept-data-loss")) as service:
                    warnings = [line for line in service.log if '"level":"warning"' in line and words[0] in line]
                    self.assertEqual(len(warnings), 1, service.log)
                    self.assertEqual(service.client().retrieve(service.client().create("at risk"))[0], 200)

    def test_settings_of_postgresql_that_lose_data_are_refused_and_accepted_when_told(self):
        with Postgres(self.new_folder(), settings=("fsync=off",)) as postgres:
            for option in ("--audit", "--ledger"):
                self.assert_clear(self.refusal(option, postgres.url()), "fsync")
            with Service(self.new_folder(), ("--audit", postgres.url(), "--accept-data-loss")) as service:
                self.assertTrue([line for line in service.log if '"level":"warning"' in line and "fsync" in line], service.log)

    def test_servers_that_cannot_be_used_are_refused(self):
        nobody = free_port()
        replica = self.enterContext(Redis(self.new_folder(), replicaof=self.good))
        locked = self.enterContext(Redis(self.new_folder(), requirepass="right-password"))
        elsewhere = f"127.0.0.1:{nobody}"
        standby = self.enterContext(Postgres(self.new_folder()))
        standby.stop()
        (standby.data / "standby.signal").touch()
        standby.start()
        postgres = self.postgres.url()
        cases = {
            "a replica": (("--store", replica.url()), ("replica",)),
            "wrong password": (("--store", f"redis://:no-such-password@127.0.0.1:{locked.port}"), ("password",)),
            "no password": (("--store", f"redis://127.0.0.1:{locked.port}"), ("password",)),
            "nobody there": (("--store", f"redis://{elsewhere}"), (elsewhere,)),
            "no such host": (("--store", "redis://no-such-host.invalid"), ("no-such-host.invalid",)),
            "no Sentinel there": (("--store", f"redis+sentinel://{elsewhere}/name"), (elsewhere,)),
            "PostgreSQL, wrong password": (
                ("--audit", postgres.replace("pass%2Fword", "no-such-password")), ("password authentication failed",)),
            "PostgreSQL, nobody there": (
                ("--audit", f"postgresql://a:no-such-password@{elsewhere}/d"), (elsewhere,)),
            "PostgreSQL, a standby": (("--audit", standby.url()), ("standby",)),
            "PostgreSQL, no such database": (
                ("--audit", postgres.replace(f":{self.postgres.port}/disposable", f":{self.postgres.port}/absent")), ("absent",)),
            "ledger, nobody there": (
                ("--ledger", f"postgresql://a:no-such-password@{elsewhere}/d"), (elsewhere,)),
        }
        for name, (arguments, words) in cases.items():
            with self.subTest(name):
                self.assert_clear(self.refusal(*arguments), *words)

    def test_urls_that_are_none_are_refused(self):
        cases = {"another scheme": (("--store", "http://:no-such-password@host"), ("--store",)),
                 "an unknown option": (("--store", "redis://:no-such-password@host?tlz=1"), ("--store", "unknown option")),
                 "PostgreSQL, another scheme": (("--audit", "mysql://a:no-such-password@host"), ("--audit",)),
                 "PostgreSQL, an unknown option": (
                     ("--audit", "postgresql://a:no-such-password@host/d?sslmod=1"), ("--audit", "keyword"))}
        for name, (arguments, words) in cases.items():
            with self.subTest(name):
                self.assert_clear(self.refusal(*arguments), *words)

    def test_a_server_with_another_name_or_of_another_authority_is_refused(self):
        ours = Authority(self.new_folder())
        others = Authority(self.new_folder())
        redis = self.enterContext(Redis(self.new_folder(), tls=ours))
        postgres = self.enterContext(Postgres(self.new_folder(), tls=ours))
        with Service(self.new_folder(), ("--store", redis.url(), "--audit", postgres.url())) as service:
            self.assertEqual(service.client().retrieve(service.client().create("over TLS"))[0], 200)
        root, other = str(ours.certificate), str(others.certificate)
        cases = {
            "Redis, name": (("--store", redis.url(servername="redis.example")), ("certificate",)),
            "Redis, authority": (("--store", redis.url().replace(root, other)), ("certificate",)),
            "Redis, without TLS": (("--store", f"redis://localhost:{redis.port}"), (str(redis.port),)),
            "PostgreSQL, name": (("--audit", postgres.url().replace("localhost", "vm")), ("certificate",)),
            "PostgreSQL, authority": (("--audit", postgres.url().replace(root, other)), ("certificate",)),
        }
        for name, (arguments, words) in cases.items():
            with self.subTest(name):
                self.assert_clear(self.refusal(*arguments), *words)

    def test_a_store_and_a_log_of_another_keyring_are_refused(self):
        folder = self.new_folder()
        urls = ("--store", self.good.url("of-another"), "--audit", self.postgres.url("of_another"))
        with Service(folder, urls) as service:
            service.client().create("sealed with the first keyring")
            self.assertEqual(service.stop(), 0)
        self.assert_clear(self.refusal(*urls), "keyring")
        self.assert_clear(self.refusal(*urls[2:]), "key")

    def test_the_static_executable_says_how_to_get_another(self):
        for arguments in (("--store", "redis://localhost"), ("--audit", "postgresql://a@localhost/d"),
                          ("--ledger", "postgresql://a@localhost/d")):
            with self.subTest(arguments=arguments):
                self.assert_clear(self.refusal(*arguments, executable=STATIC), arguments[0], "packaging/quickstart --scale-out")

    def test_an_older_log_beside_redis_is_refused_and_doctor_finds_it(self):
        folder = self.new_folder()
        options = ("--store", self.good.url("older"))
        doctor = ("doctor", "--data-dir", folder / "data", "--key-file", folder / "keyring", *options)
        for life in ("first", "second"):
            with Service(folder, options) as service:
                client = service.client()
                client.create(life)
                client.close()
                self.assertEqual(service.stop(), 0, service.log[-5:])
            if life == "first":
                shutil.copy(folder / "data/audit.db", folder / "older.db")
        self.assertIn("2 rows, chain unbroken", run(*doctor).stdout)
        shutil.copy(folder / "older.db", folder / "data/audit.db")
        self.assertIn("lacks the event that was recorded last", run(*doctor).stdout)
        self.assert_clear(self.refusal(*options, folder=folder), "audit log")
        (folder / "data/node").write_text("")
        self.assertIn("the name of this node cannot be read", run(*doctor).stdout)

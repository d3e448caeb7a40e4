"""Where options come from, what `version` says, and that the executable needs nothing of the system."""

import json
import os
import shutil
import subprocess
import unittest

from fixture import temporary_folder
from service import EXECUTABLE, Service, run

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("DISPOSABLE_SECRETS_")}


def longest_secret(service):
    """The limit in force, as a client finds it: --secret-bytes-max is the option whose value shows."""
    client = service.client()
    for size in (10, 20, 30, 40, 50):
        status, _ = client.json("POST", "/api/v1/secret", {"secret": "x" * (size + 1)})
        if status == 422:
            return size
    return None


class PrecedenceTest(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)
        self.config = self.folder / "service.conf"

    def start(self, *arguments, **environment):
        service = Service(self.folder, arguments, environment=CLEAN | {
            f"DISPOSABLE_SECRETS_{name}": str(value) for name, value in environment.items()})
        self.addCleanup(service.kill)
        return service

    def limit(self, *arguments, **environment):
        service = self.start(*arguments, **environment)
        found = longest_secret(service)
        self.assertEqual(service.stop(), 0)
        return found

    def test_the_command_line_wins_over_the_environment_over_the_file_over_the_default(self):
        self.config.write_text("# a comment\nsecret-bytes-max = 10\n")
        line, file = ("--secret-bytes-max", "30"), ("--config", str(self.config))
        self.assertIsNone(self.limit())
        self.assertEqual(self.limit(*file), 10)
        self.assertEqual(self.limit(SECRET_BYTES_MAX=20), 20)
        self.assertEqual(self.limit(*line), 30)
        self.assertEqual(self.limit(*file, SECRET_BYTES_MAX=20), 20)
        self.assertEqual(self.limit(*line, *file), 30)
        self.assertEqual(self.limit(*line, *file, SECRET_BYTES_MAX=20), 30)

    def test_the_file_may_be_named_by_the_environment_and_the_command_line_wins(self):
        other = self.folder / "other.conf"
        self.config.write_text("secret-bytes-max=10\n")
        other.write_text("secret-bytes-max=40\n")
        self.assertEqual(self.limit(CONFIG=self.config), 10)
        self.assertEqual(self.limit("--config", str(other), CONFIG=self.config), 40)

    def test_every_option_may_come_from_the_environment(self):
        data, key_file = self.folder / "data", self.folder / "keyring"
        environment = CLEAN | {"DISPOSABLE_SECRETS_LISTEN": "127.0.0.1:0", "DISPOSABLE_SECRETS_DATA_DIR": str(data),
                               "DISPOSABLE_SECRETS_KEY_FILE": str(key_file), "DISPOSABLE_SECRETS_WORKERS": "2",
                               "DISPOSABLE_SECRETS_TTL_MAX": "100"}
        with Service(self.folder, command=[str(EXECUTABLE), "serve"], environment=environment) as service:
            self.assertEqual(service.client().json("POST", "/api/v1/secret", {"secret": "x", "ttl_seconds": 101})[0], 422)
            service.client().create("x", ttl_seconds=100)
            self.assertEqual(service.stop(), 0)
        self.assertTrue((data / "store").is_dir() and key_file.is_file())
        listed = run("audit", "--json", env=environment)
        self.assertEqual((listed.returncode, listed.stdout.count("\n")), (0, 1), listed.stderr)
        self.assertEqual(run("audit", "verify", env=environment).returncode, 0)

    def test_every_option_may_come_from_the_file(self):
        self.config.write_text(f"listen=127.0.0.1:0\ndata-dir={self.folder}/elsewhere\nkey-file={self.folder}/elsekey\n"
                               "ttl-max=100\nworkers=2\ncache-bytes=2097152\n")
        with Service(self.folder, command=[str(EXECUTABLE), "serve", "--config", str(self.config)],
                     environment=CLEAN) as service:
            self.assertEqual(service.client().json("POST", "/api/v1/secret", {"secret": "x", "ttl_seconds": 101})[0], 422)
            self.assertEqual(service.stop(), 0)
        self.assertTrue((self.folder / "elsewhere" / "store").is_dir() and (self.folder / "elsekey").is_file())

    def test_without_options_the_users_folders_are_used(self):
        environment = {"HOME": str(self.folder), "DISPOSABLE_SECRETS_LISTEN": "127.0.0.1:0"}
        with Service(self.folder, command=[str(EXECUTABLE), "serve"], environment=environment) as service:
            self.assertEqual(service.stop(), 0)
        self.assertTrue((self.folder / ".local/share/disposable-secrets/store").is_dir())
        self.assertTrue((self.folder / ".local/share/disposable-secrets.keyring").is_file())

    def test_it_listens_where_it_is_told_to(self):
        for listen, address in (("127.0.0.2:0", "127.0.0.2"), ("localhost:0", None), ("0.0.0.0:0", "0.0.0.0")):
            with self.subTest(listen=listen), Service(self.folder, listen=listen) as service:
                line = next(json.loads(line) for line in service.log if '"listening"' in line)
                self.assertEqual(line["port"], service.port)
                if address:
                    self.assertEqual(line["address"], f"http://{address}:{service.port}")
                self.assertEqual(service.stop(), 0)


class VersionTest(unittest.TestCase):
    def test_version_as_json_names_version_commit_compiler_and_every_library(self):
        done = run("version", "--json")
        self.assertEqual((done.returncode, done.stderr, done.stdout.count("\n")), (0, "", 1))
        version = json.loads(done.stdout)
        self.assertEqual(sorted(version), ["commit", "compiler", "libraries", "sandbox", "version"])
        self.assertRegex(version["version"], r"^\d+\.\d+\.\d+")
        self.assertRegex(version["commit"], r"^(unknown|[0-9a-f]{7,40}(-dirty)?)$")
        self.assertRegex(version["compiler"], r"^(g\+\+|clang) \d+")
        libraries = {name.lower(): number for name, number in version["libraries"].items()}
        for name in ("rocksdb", "sqlite", "libsodium", "libseccomp", "openssl", "cpp-httplib", "nlohmann-json", "cli11",
                     "glibc", "zlib"):
            with self.subTest(name):
                self.assertIn(name, libraries)
        for name, number in libraries.items():
            with self.subTest(name):
                self.assertRegex(number, r"^\d+(\.\d+)*")

    def test_version_as_text_is_one_line(self):
        done = run("version")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^disposable-secrets \d+\.\d+\.\d+\S*\n$")


class StaticTest(unittest.TestCase):
    def test_the_executable_is_static(self):
        done = subprocess.run(["ldd", str(EXECUTABLE)], capture_output=True, text=True, check=False)
        self.assertRegex(done.stdout + done.stderr, "not a dynamic executable|statically linked")

    def test_servers_that_it_cannot_use_are_warned_of(self):
        servers = {"REDIS_HOST": "cache.invalid", "POSTGRES_HOST": "log.invalid"}
        with Service(temporary_folder(self), environment=CLEAN | servers) as service:
            self.assertEqual(service.stop(), 0)
        lines = [line for line in service.log if "_HOST is set" in line]
        self.assertEqual([json.loads(line)["level"] for line in lines], ["warning"] * 2, lines)

    def test_it_serves_in_an_otherwise_empty_folder(self):
        enter = ["/usr/sbin/chroot"]
        if os.geteuid() != 0:
            enter = ["/usr/bin/unshare", "--user", "--map-root-user", "/usr/sbin/chroot"]
            if subprocess.run([*enter[:3], "true"], capture_output=True, check=False).returncode != 0:
                self.skipTest("chroot needs root, and user namespaces are forbidden here")
        root = temporary_folder(self)
        shutil.copy(EXECUTABLE, root / "program")
        with Service(root, command=[*enter, str(root), "/program", "serve", "--listen", "127.0.0.1:0", "--data-dir",
                                    "/data", "--key-file", "/keyring"], environment={}) as service:
            client = service.client()
            key = client.create("in an empty world", passphrase="open sesame")
            self.assertEqual(client.delete(key, "wrong")[0], 403)
            self.assertEqual(client.retrieve(key), (200, {"secret": "in an empty world"}))
            self.assertEqual(client.request("GET", "/docs")[0], 200)
            self.assertEqual(service.stop(), 0)
        self.assertEqual([row["action"] for row in service.audit()], ["created", "denied", "retrieved"])
        self.assertEqual(sorted(path.name for path in root.iterdir()), ["data", "keyring", "program"])

"""compose.yaml: valid by the schema, as strict as it says, and its settings are what the programs take them for."""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import unittest

from service import REPOSITORY, run
from suite import wait_until

COMPOSE = REPOSITORY / "packaging" / "container" / "compose.yaml"
OURS, BACKENDS = "disposable-secrets", {"redis", "postgres"}
# Of Debian's redis-tools: the server and the check of its files are one program, that goes by the name it is called by.
REDIS_PROGRAM = "/usr/bin/redis-check-rdb"
# Each makes the file invalid. (what is replaced, by what)
MISTAKES = (("read_only: true", "readonly: true"), ("read_only: true", "read_only: often"),
            ("cap_drop:\n      - ALL", "cap_drop: ALL"), ("- data:/var", "- date:/var"))
# And these name what is not there, which compose finds only when it starts.
DANGLING = (("      - keyring\n", "      - key\n"), ("networks:\n      - backends", "networks:\n      - front"))


def compose(folder, *arguments):
    return subprocess.run(["docker-compose", "--file", "compose.yaml", *arguments], cwd=folder, capture_output=True, text=True,
                          check=False, env=os.environ | {"COMPOSE_PROJECT_NAME": "test"})


def read(folder):
    """The file as compose understands it."""
    result = compose(folder, "--profile", "scale-out", "config")
    if result.returncode != 0:
        raise AssertionError(result.stderr)
    # Debian's Python, which has the parser that compose came with.
    code = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)"
    return json.loads(subprocess.run(["/usr/bin/python3", "-c", code], input=result.stdout, capture_output=True, text=True,
                                     check=True).stdout)


def dangling(file):
    """Secrets and networks that a service asks for and that are not there."""
    found = []
    for name, service in file["services"].items():
        found += [(name, secret["source"]) for secret in service.get("secrets", ()) if secret["source"] not in file["secrets"]]
        found += [(name, network) for network in service.get("networks", ()) if network not in file["networks"]]
    return found


class ComposeTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="disposable-compose-"))
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copy(COMPOSE, self.folder)
        self.file = read(self.folder)
        self.services = self.file["services"]

    def test_it_is_valid(self):
        self.assertEqual(set(self.services), {OURS} | BACKENDS)
        without_profile = compose(self.folder, "config", "--services")
        self.assertEqual(without_profile.returncode, 0, without_profile.stderr)

    def test_mistakes_are_found_by_the_schema(self):
        for right, wrong in MISTAKES:
            with self.subTest(wrong):
                text = COMPOSE.read_text()
                self.assertIn(right, text)
                (self.folder / "compose.yaml").write_text(text.replace(right, wrong))
                self.assertNotEqual(compose(self.folder, "--profile", "scale-out", "config", "--quiet").returncode, 0)

    def test_what_it_refers_to_is_there(self):
        self.assertEqual(dangling(self.file), [])
        for right, wrong in DANGLING:
            with self.subTest(wrong):
                text = COMPOSE.read_text()
                self.assertIn(right, text)
                (self.folder / "compose.yaml").write_text(text.replace(right, wrong))
                self.assertNotEqual(dangling(read(self.folder)), [])

    def test_every_container_is_confined(self):
        for name, service in self.services.items():
            with self.subTest(name):
                self.assertIs(service["read_only"], True)
                self.assertEqual(service["cap_drop"], ["ALL"])
                self.assertEqual(service["security_opt"], ["no-new-privileges:true"])
                self.assertEqual(service["ulimits"]["core"], 0)
                self.assertFalse({"cap_add", "privileged", "network_mode", "pid", "devices"} & set(service))
                self.assertRegex(service["image"], r":[\d.]+(-bookworm)?$")
                self.assertNotIn("latest", service["image"])

    def test_only_the_service_is_reachable_and_from_this_machine_only(self):
        self.assertEqual(self.services[OURS]["ports"], ["127.0.0.1:8000:8000/tcp"])
        for name in BACKENDS:
            self.assertNotIn("ports", self.services[name])
            self.assertEqual(list(self.services[name]["networks"]), ["backends"])
            self.assertEqual(self.services[name]["user"], "999:999")
            self.assertEqual(self.services[name]["profiles"], ["scale-out"])
        self.assertIs(self.file["networks"]["backends"]["internal"], True)
        self.assertNotIn("profiles", self.services[OURS])

    def test_it_is_the_image_of_this_version(self):
        self.assertEqual(self.services[OURS]["image"], f"disposable-secrets:{run('version').stdout.split()[1]}")

    def test_no_secret_is_in_the_file(self):
        for name, service in self.services.items():
            self.assertTrue(service["secrets"], name)
            for variable, value in service.get("environment", {}).items():
                if re.search("KEY|PASSWORD|SECRET", variable.removeprefix("DISPOSABLE_SECRETS")):
                    self.assertRegex(value, r"^/run/secrets/", variable)
        for secret in self.file["secrets"].values():
            place = pathlib.Path(secret["file"]).relative_to(self.folder)
            ignored = subprocess.run(["git", "-C", REPOSITORY, "check-ignore", f"packaging/container/{place}"],
                                     capture_output=True, check=False)
            self.assertEqual(ignored.returncode, 0, f"{place} could be committed by mistake")

    def test_postgres_is_told_to_lose_nothing(self):
        command = self.services["postgres"]["command"]
        for setting in ("fsync=on", "full_page_writes=on", "synchronous_commit=on"):
            self.assertEqual(command[command.index(setting) - 1], "-c")


class RedisTest(unittest.TestCase):
    """The server itself, with the command of the file."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="disposable-redis-"))
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copy(COMPOSE, self.folder)
        command = read(self.folder)["services"]["redis"]["command"]
        users = self.folder / "redis-users"
        users.write_text(self.printed_users())
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        line = [part.replace("/run/secrets/redis-users", str(users)) for part in command]
        self.server = subprocess.Popen([*line, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)],
                                       executable=REDIS_PROGRAM, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.STDOUT)
        self.addCleanup(self.server.wait)
        self.addCleanup(self.server.kill)
        wait_until(lambda: "NOAUTH" in self.ask("PING") or self.server.poll() is not None, 20, "redis answers")

    def printed_users(self):
        """What the command in the file's comment makes, but for its place."""
        line = re.search(r"^  #   (printf .*) >redis-users$", COMPOSE.read_text(), re.MULTILINE)[1]
        text = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True).stdout
        self.password = re.search(r">(\w{64}) ", text)[1]
        return text

    def ask(self, *words, password=None):
        result = subprocess.run(["redis-cli", "-p", str(self.port), *words], capture_output=True, text=True, check=False,
                                env=os.environ | ({"REDISCLI_AUTH": password} if password else {}))
        return result.stdout + result.stderr

    def test_it_keeps_everything_and_asks_for_the_password(self):
        self.assertIn("NOAUTH", self.ask("GET", "a"))
        for setting, value in (("appendonly", "yes"), ("appendfsync", "always"), ("maxmemory-policy", "noeviction"),
                               ("maxmemory", str(512 * 2**20))):
            self.assertEqual(self.ask("CONFIG", "GET", setting, password=self.password).split(), [setting, value])
        self.assertEqual(self.ask("SET", "a", "1", password=self.password), "OK\n")
        self.assertIn("NOAUTH", self.ask("GET", "a"))

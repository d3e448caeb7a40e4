"""The specification's own way to start it: servers named by its variables, port 8000, and its curl examples as they stand."""

import json
import os
import subprocess
from urllib.parse import quote

from backends import Postgres, Redis
from fixture import ScaleCase
from postgres_server import DATABASE, PASSWORD, USER
from service import EXECUTABLE, Service, StartError, run

PORT = 8000
HEADERS = ("Cache-Control: no-cache, no-store, must-revalidate", "Pragma: no-cache", "Expires: 0")


class EnvironmentTest(ScaleCase):
    def setUp(self):
        self.redis = self.enterContext(Redis(self.new_folder()))
        self.postgres = self.enterContext(Postgres(self.new_folder()))
        self.home = self.new_folder()

    def variables(self):
        return {"POSTGRES_HOST": "localhost", "POSTGRES_PORT": str(self.postgres.port), "POSTGRES_DB": DATABASE,
                "POSTGRES_USER": USER, "POSTGRES_PASSWORD": PASSWORD,
                "REDIS_HOST": "localhost", "REDIS_PORT": str(self.redis.port)}

    def serve(self, environment):
        """`disposable-secrets serve`, in self.home, with nothing else in its environment."""
        command = ["env", "--chdir", str(self.home), str(EXECUTABLE), "serve"]
        service = Service(self.home, command=command, environment={"PATH": os.environ["PATH"], "HOME": str(self.home)}
                          | environment)
        self.addCleanup(service.kill)
        return service

    def curl(self, *arguments):
        """(body, headers) as `curl` of the specification's examples gets them."""
        done = subprocess.run(["curl", "--silent", "--show-error", "--max-time", "20", "--include", *arguments],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        head, _, body = done.stdout.partition("\n\n") if "\r\n\r\n" not in done.stdout else done.stdout.partition("\r\n\r\n")
        return json.loads(body), head

    def assert_examples_work(self, service):
        self.assertEqual(service.port, PORT)
        url = f"http://localhost:{PORT}/api/v1/secret"
        created, head = self.curl("-X", "POST", url, "-H", "Content-Type: application/json", "-d",
                                  '{"secret": "my_secret", "passphrase": "pass123", "ttl_seconds": 600}')
        for header in HEADERS:
            self.assertIn(header.lower(), head.lower())
        key = created["secret_key"]
        self.assertEqual(self.curl(f"{url}/{key}")[0], {"secret": "my_secret"})
        self.assertEqual(self.curl(f"{url}/{key}")[0], {"detail": "Secret already retrieved or deleted"})
        created, _ = self.curl("-X", "POST", url, "-H", "Content-Type: application/json", "-d",
                               '{"secret": "my_secret", "passphrase": "pass123", "ttl_seconds": 600}')
        answer, _ = self.curl("-X", "DELETE", f"{url}/{created['secret_key']}", "-H", "Content-Type: application/json", "-d",
                              '{"passphrase": "pass123"}')
        self.assertEqual(answer, {"status": "secret deleted"})
        self.assertEqual(service.stop(), 0, service.log[-5:])
        # All interfaces, as the specification's container listens.
        self.assertIn(f'0.0.0.0:{PORT}', "\n".join(service.log))
        self.assertEqual(self.postgres.psql("SELECT action FROM secret_logs ORDER BY id").split(),
                         ["created", "retrieved", "created", "deleted"])
        self.assertEqual(self.postgres.psql("SELECT ip_address FROM secret_logs WHERE id = 1"), "127.0.0.1")

    def test_variables_of_the_environment_are_enough(self):
        self.assert_examples_work(self.serve(self.variables()))

    def test_a_file_of_variables_in_the_working_directory_is_enough(self):
        lines = [f"{name}={value}" for name, value in self.variables().items()]
        (self.home / ".env").write_text("\n".join(["# as docker-compose reads it", *lines]) + "\n")
        self.assert_examples_work(self.serve({}))

    def test_the_environment_wins_over_the_file(self):
        lines = [f"{name}={value}" for name, value in (self.variables() | {"REDIS_PORT": "1"}).items()]
        (self.home / ".env").write_text("\n".join(lines) + "\n")
        self.assert_examples_work(self.serve({"REDIS_PORT": str(self.redis.port)}))

    def test_a_store_in_the_data_folder_is_not_hidden_by_a_variable_until_it_was_moved(self):
        redis = {name: value for name, value in self.variables().items() if name.startswith("REDIS_")}
        self.assertEqual(self.serve({"DISPOSABLE_SECRETS_LISTEN": f"127.0.0.1:{PORT}"}).stop(), 0)
        with self.assertRaises(StartError) as refused:
            self.serve(redis)
        self.assertIn("REDIS_HOST is set, but the data folder", refused.exception.output)
        self.assertEqual(self.serve(redis | {"DISPOSABLE_SECRETS_STORE": "rocksdb:"}).stop(), 0)
        data = self.home / ".local/share/disposable-secrets"
        moved = run("migrate", "--data-dir", data, "--from", "rocksdb:", "--to", self.redis.url())
        self.assertEqual(moved.returncode, 0, moved.stderr)
        service = self.serve(redis)
        self.assertEqual(service.stop(), 0, service.log[-5:])
        self.assertIn("was moved elsewhere", run("doctor", "--data-dir", data).stdout)
        self.assertIn("was moved elsewhere", run("backup", "--data-dir", data, self.home / "backup").stderr)

    def test_variables_of_our_own_name_store_log_and_ledger(self):
        url = self.postgres.url()
        service = self.serve({"DISPOSABLE_SECRETS_STORE": self.redis.url("own"), "DISPOSABLE_SECRETS_AUDIT": url,
                              "DISPOSABLE_SECRETS_LEDGER": url, "DISPOSABLE_SECRETS_LISTEN": f"127.0.0.1:{PORT}"})
        client = service.client()
        self.assertEqual(client.retrieve(client.create("by our own variables"))[0], 200)
        client.close()
        self.assertEqual(service.stop(), 0, service.log[-5:])
        self.assertEqual(self.redis.cli("exists", "{own}:meta"), "1")
        self.assertEqual(self.postgres.psql("SELECT count(*) FROM secret_logs"), "2")
        self.assertEqual(self.postgres.psql("SELECT count(*) FROM reveal_ledger"), "1")
        self.assertNotIn(quote(PASSWORD, safe=""), "\n".join(service.log))

"""`backup` beside a busy service, the data folder destroyed, `restore`: nothing is handed out twice, nothing recorded is
lost, and what is wrong with a backup is said in one line."""

import fcntl
import http.client
import json
import os
import shutil
import subprocess
import threading
import time
import unittest

from fixture import NOT_FOUND, SPENT, temporary_folder
from service import EXECUTABLE, Client, Service, StartError, run
from suite import figure, wait_until

CANARY = "canary-7f3a-only-in-a-payload"


class Load:
    """Clients that create and retrieve until stop(); they bear a service that is away. A key is in `given` once its secret
    was handed out."""

    def __init__(self, port, clients=4):
        self.port, self.stopped = port, threading.Event()
        self.created, self.given, self.twice = [], set(), []
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._run) for _ in range(clients)]
        for thread in self.threads:
            thread.start()

    def _run(self):
        client, number = Client(self.port), 0
        while not self.stopped.is_set():
            number += 1
            try:
                key = client.create(CANARY, ttl_seconds=600)
                with self.lock:
                    self.created.append(key)
                if number % 2 and client.retrieve(key)[0] == 200:
                    with self.lock:
                        self.given.add(key)
            except (OSError, http.client.HTTPException):
                client.close()
                time.sleep(0.01)
        client.close()

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()


class BackupTest(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)
        self.data = self.folder / "data"
        self.places = ("--data-dir", self.data, "--key-file", self.folder / "keyring")

    def back_up(self, name="backup"):
        result = run("backup", self.folder / name, "--json", *self.places)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return json.loads(result.stdout)

    def restore(self, name="backup"):
        return run("restore", self.folder / name, "--json", *self.places)

    def rows(self):
        result = run("audit", "--json", "--limit", "10000000", *self.places)
        return [json.loads(line) for line in result.stdout.splitlines()]

    def verify(self):
        result = run("audit", "verify", "--json", *self.places)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_under_load_a_restore_brings_back_all_that_was_recorded_and_hands_out_nothing_twice(self):
        with Service(self.folder) as service:
            load = Load(service.port)
            self.addCleanup(load.stop)
            wait_until(lambda: len(load.created) > 300, 30, "load")
            with load.lock:
                before, given = list(load.created), set(load.given)
            backup = self.back_up()
            self.assertGreaterEqual(backup["secrets"], len(before))
            wait_until(lambda: len(load.created) > len(before) + 300, 30, "load goes on")
            port = service.port
            service.kill()
            shutil.rmtree(self.data)
            restored = self.restore()
            self.assertEqual(restored.returncode, 0, restored.stderr)
            self.assertEqual(json.loads(restored.stdout)["secrets"], backup["secrets"])
        rows = self.rows()
        recorded = {(row["secret_key"], row["action"]) for row in rows}
        with Service(self.folder, listen=f"127.0.0.1:{port}") as service:
            load.stop()
            client = service.client()
            again = [key for key in before if client.retrieve(key) != SPENT]
            self.assertEqual(again, [])
            self.assertEqual([key for key in load.created if client.retrieve(key)[0] == 200 and key in load.given], [])
            fresh = client.create("after")
            self.assertEqual(client.retrieve(fresh), (200, {"secret": "after"}))
            self.assertEqual(service.stop(), 0)
        self.verify()
        names = {}
        for key in sorted(given)[:20]:
            result = run("audit", "--json", "--secret-key", key, *self.places)
            names[key] = [json.loads(line)["action"] for line in result.stdout.splitlines()]
        self.assertEqual(set(map(tuple, names.values())), {("created", "retrieved")})
        # Every row of the backup's moment is there still, and each loss is a row of its own.
        self.assertLessEqual(recorded, {(row["secret_key"], row["action"]) for row in self.rows()})
        lost = [row for row in self.rows() if row["extra_data"] == {"restored": True}]
        self.assertEqual(len(lost), json.loads(restored.stdout)["lost"])
        figure(f"backup beside a busy service: {backup['secrets']} secrets, {backup['audit_rows']} rows")

    def test_of_a_thousand_secrets_spent_after_a_backup_none_is_handed_out_by_it(self):
        with Service(self.folder, ("--workers", "4")) as service:
            client = service.client()
            keys = [client.create(f"secret {number}", ttl_seconds=3000) for number in range(1000)]
            self.back_up("old")
            for number, key in enumerate(keys):
                self.assertEqual(client.retrieve(key), (200, {"secret": f"secret {number}"}))
            self.back_up("new")
            service.stop()
        for name in ("old", "new"):
            shutil.rmtree(self.data)
            restored = json.loads(self.restore(name).stdout)
            self.assertEqual((restored["secrets"], restored["lost"]), (1000, 1000 if name == "old" else 0))
            with Service(self.folder) as service:
                client = service.client()
                second = [key for key in keys if client.retrieve(key) != SPENT]
                service.stop()
            self.assertEqual(second, [])
            self.verify()
        figure("old backup drill: 0 second retrievals of 1000")

    def test_a_backup_holds_no_payload_no_wrapped_key_and_no_keyring(self):
        with Service(self.folder) as service:
            client = service.client()
            for size in (1, 500, 5000, 200_000):
                client.create(CANARY * (size // len(CANARY) + 1))
            big = sum(path.stat().st_size for path in (self.data / "store").iterdir())
            self.back_up()
            files = [path for path in (self.folder / "backup").rglob("*") if path.is_file()]
            self.assertGreater(big, 200_000)
            self.assertLess(sum(path.stat().st_size for path in files), 150_000)
            keyring = service.key_file.read_text().split()
            for path in files:
                self.assertEqual(path.stat().st_mode & 0o077, 0, path)
                content = path.read_bytes()
                self.assertNotIn(CANARY.encode(), content)
                for word in keyring:
                    if len(word) >= 32:
                        self.assertNotIn(word.encode(), content)

    def test_a_service_does_not_start_from_a_backup_nor_from_half_a_restore(self):
        with Service(self.folder) as service:
            service.client().create("x")
            self.back_up()
        shutil.rmtree(self.data)
        shutil.copytree(self.folder / "backup", self.data)
        with self.assertRaises(StartError) as started:
            Service(self.folder)
        self.assertIn("'restore' makes a store of it", started.exception.output)
        shutil.rmtree(self.data)
        (self.data / "restoring" / "store").mkdir(parents=True)
        (self.data / "audit.db").write_bytes(b"put in place before it was killed")
        with self.assertRaises(StartError) as started:
            Service(self.folder)
        self.assertIn("a restore did not end; run it again", started.exception.output)
        self.assertEqual(self.restore().returncode, 0)
        Service(self.folder).stop()

    def test_killed_at_any_moment_a_restore_can_be_run_again(self):
        with Service(self.folder) as service:
            client = service.client()
            keys = [client.create("x" * 2000) for _ in range(500)]
            client.retrieve(keys[0])
            self.back_up()
        shutil.rmtree(self.data)
        command = [EXECUTABLE, "restore", self.folder / "backup", *self.places]
        began = time.monotonic()
        whole = subprocess.run(command, capture_output=True, check=True)
        took = time.monotonic() - began
        self.assertEqual(whole.returncode, 0)
        for step in range(12):
            shutil.rmtree(self.data)
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.wait(took * step / 11)
            except subprocess.TimeoutExpired:
                process.kill()
            process.wait()
            again = self.restore()
            self.assertTrue(again.returncode == 0 or (self.data / "store").exists(), again.stderr)
            with Service(self.folder) as service:
                self.assertEqual(service.client().retrieve(keys[0]), SPENT)
                service.stop()
            self.verify()

    def test_two_at_once_do_not_meet(self):
        with Service(self.folder) as service:
            service.client().create("x")
            self.back_up()
            self.assertIn("in use by another process", self.restore().stderr)
            service.stop()
        shutil.rmtree(self.data)
        empty = self.folder / "empty"
        for folder, command in ((self.data, ("restore", self.folder / "backup", *self.places)),
                                (self.data, ("serve", "--listen", "127.0.0.1:0", *self.places)),
                                (empty, ("backup", empty, *self.places))):
            with self.subTest(command=command[0]):
                folder.mkdir(exist_ok=True)
                claim = os.open(folder, os.O_RDONLY)
                fcntl.flock(claim, fcntl.LOCK_EX)
                result = run(*command)
                os.close(claim)
                self.assertEqual(result.returncode, 1)
                self.assertIn("is in use by another process", result.stderr)
                self.assertEqual(os.listdir(folder), [])

    def test_a_restore_that_only_lacked_its_last_step_is_done(self):
        with Service(self.folder) as service:
            key = service.client().create("x")
            self.back_up()
            service.stop()
        for again in (True, False):
            with self.subTest(again=again):
                shutil.rmtree(self.data)
                self.assertEqual(self.restore().returncode, 0)
                (self.data / "restoring").mkdir()
                if again:
                    self.assertEqual(json.loads(self.restore().stdout), {"finished_earlier": True})
                    self.assertFalse((self.data / "restoring").exists())
                with Service(self.folder) as service:
                    self.assertEqual(service.client().retrieve(key), SPENT)
                    service.stop()

    @unittest.skipIf(os.geteuid() != 0, "only root can give files away")
    def test_what_root_restores_belongs_to_whom_the_data_folder_does(self):
        nobody = 65534
        with Service(self.folder) as service:
            service.client().create("x")
            self.back_up()
            service.stop()
        shutil.rmtree(self.data)
        self.data.mkdir(mode=0o700)
        (self.data / "lost+found").mkdir(mode=0o700)
        os.chown(self.data, nobody, nobody)
        self.assertEqual(self.restore().returncode, 0)
        for path in self.data.rglob("*"):
            self.assertEqual(path.stat().st_uid, 0 if path.name == "lost+found" else nobody, path)

    def test_what_is_wrong_is_one_line_and_changes_nothing(self):
        with Service(self.folder) as service:
            service.client().create("x")
            self.back_up()
            service.stop()
        full = self.folder / "full"
        full.mkdir()
        (full / "something").touch()
        tampered = self.folder / "tampered"
        shutil.copytree(self.folder / "backup", tampered)
        manifest = tampered / "manifest"
        manifest.write_text(manifest.read_text().replace("secrets 1", "secrets 2"))
        unfinished = self.folder / "unfinished"
        shutil.copytree(self.folder / "backup", unfinished)
        (unfinished / "manifest").unlink()
        run("keys", "create", "--key-file", self.folder / "other")
        elsewhere = ("--data-dir", self.folder / "new", "--key-file")
        table = (
            (("backup", full, *self.places), "is not empty"),
            (("backup", self.folder / "b", "--data-dir", self.folder / "nothing"), "there is no store"),
            (("backup", self.data / "b", *self.places), "is in the data folder"),
            (("restore", self.folder / "backup", *self.places), "is not empty: it holds"),
            (("restore", self.folder / "nothing", *elsewhere, self.folder / "keyring"), "there is no "),
            (("restore", unfinished, *elsewhere, self.folder / "keyring"), "there is no "),
            (("restore", tampered, *elsewhere, self.folder / "keyring"), "not what its manifest says"),
            (("restore", self.folder / "backup", *elsewhere, self.folder / "other"), "does not belong to this backup"),
            (("restore", self.folder / "backup", *elsewhere, self.folder / "missing"), "does not exist"),
        )
        for arguments, message in table:
            with self.subTest(arguments=arguments):
                result = run(*arguments)
                self.assertEqual((result.returncode, result.stdout), (1, ""))
                self.assertRegex(result.stderr, r"^disposable-secrets: error: [^\n]*\n(hint: [^\n]*\n)?$")
                self.assertIn(message, result.stderr)
        self.assertFalse((self.folder / "b").exists())
        self.assertEqual(os.listdir(self.folder / "new"), [], "only the tampered one was begun, and is gone")
        self.assertEqual(os.listdir(full), ["something"])
        self.assertEqual(run("backup").returncode, 2)
        with Service(self.folder) as service:
            self.assertEqual(service.client().retrieve("550e8400-e29b-41d4-a716-446655440000"), NOT_FOUND)

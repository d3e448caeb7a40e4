"""`keys create` and `keys rotate`, beside a service that runs."""

import json
import signal
import unittest

from fixture import temporary_folder
from service import Service, StartError, run
from suite import wait_until


class KeysTest(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)

    def keys(self, command, *arguments):
        return run("keys", command, "--json", "--data-dir", self.folder / "data", "--key-file", self.folder / "keyring",
                   *arguments)

    def rotate(self):
        result = self.keys("rotate")
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def reload(self, service):
        reloads = len([line for line in service.log if '"reloaded"' in line])
        service.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len([line for line in service.log if '"reloaded"' in line]) > reloads, 5, "reloaded")

    def test_an_existing_keyring_is_never_replaced(self):
        self.assertEqual(self.keys("create").returncode, 0)
        before = (self.folder / "keyring").read_bytes()
        again = self.keys("create")
        self.assertEqual(again.returncode, 1)
        self.assertRegex(again.stderr, "exists already\nhint: an existing keyring is never replaced\n$")
        self.assertEqual((self.folder / "keyring").read_bytes(), before)

    def test_a_rotation_takes_no_secret_away_and_is_in_use_after_a_reload(self):
        with Service(self.folder) as service:
            client = service.client()
            before = client.create("before")
            self.assertEqual(self.rotate(), {"current": 2, "begun": True, "destroyed": [], "left": 1,
                                             "next_destroyed": None})
            self.assertFalse(self.rotate()["begun"], "a rotation before the last one is in use begins nothing")
            between = client.create("between")
            self.reload(service)
            self.assertTrue(any('"epoch":2' in line for line in service.log))
            after = client.create("after")
            for key, secret in ((before, "before"), (between, "between"), (after, "after")):
                self.assertEqual(client.retrieve(key), (200, {"secret": secret}))
            self.assertEqual(self.rotate()["current"], 3)
        with Service(self.folder) as service:
            self.assertIn("epoch 3 ", (service.data_dir / "epochs").read_text())

    def test_an_epoch_is_destroyed_when_its_last_secret_has_expired_and_not_before(self):
        with Service(self.folder, ("--ttl-max", "2")) as service:
            client = service.client()
            key = client.create("short", ttl_seconds=2)
            self.rotate()
            self.reload(service)
            early = self.rotate()
            self.assertEqual((early["destroyed"], early["left"]), ([], 2))
            self.assertIsNotNone(early["next_destroyed"])
            self.assertEqual(client.retrieve(key), (200, {"secret": "short"}))
            wait_until(lambda: self.rotate()["destroyed"] == [1], 10, "epoch 1 is destroyed")
            self.assertNotIn(b"\nepoch 1 ", (self.folder / "keyring").read_bytes())
            self.reload(service)
            key = client.create("goes on", ttl_seconds=2)
            self.assertEqual(client.retrieve(key), (200, {"secret": "goes on"}))

    def test_an_old_copy_of_the_keyring_is_refused(self):
        with Service(self.folder) as service:
            old = service.key_file.read_bytes()
            self.rotate()
            self.reload(service)
            new = service.key_file.read_bytes()
        (self.folder / "keyring").write_bytes(old)
        with self.assertRaises(StartError) as ended:
            Service(self.folder)
        self.assertEqual(ended.exception.code, 1)
        self.assertIn("it lacks epoch 2", ended.exception.output)
        self.assertIn("is older than", self.keys("rotate").stderr)
        (self.folder / "keyring").write_bytes(new)
        with Service(self.folder) as service:
            service.client().create("again")

    def test_a_damaged_key_file_changes_nothing_in_a_service_that_runs(self):
        with Service(self.folder) as service:
            client = service.client()
            good = service.key_file.read_bytes()
            service.key_file.write_bytes(good[:100])
            self.reload(service)
            self.assertTrue(any("the keyring stays as it was" in line for line in service.log))
            self.assertEqual(client.retrieve(client.create("still")), (200, {"secret": "still"}))
            service.key_file.write_bytes(good)

    def retrieve_all(self, service, keys):
        client = service.client()
        for key in keys:
            self.assertEqual(client.retrieve(key), (200, {"secret": "needed"}))

    def test_an_epoch_that_a_live_secret_needs_stays_whatever_the_times_say(self):
        with Service(self.folder) as service:
            keys = [service.client().create("needed", ttl_seconds=3000) for _ in range(2)]
            self.rotate()
            self.reload(service)
            # As a service has written it whose clock was years behind.
            (service.data_dir / "epochs").write_text("epoch 1 since 1000 ttl-max 2\nepoch 2 since 2000 ttl-max 2\n")
            rotation = self.rotate()
            self.assertEqual((rotation["destroyed"], rotation["current"]), ([], 3))
            self.reload(service)
            self.retrieve_all(service, keys)

    def test_a_keyring_of_another_data_folder_is_not_touched(self):
        with Service(self.folder, ("--ttl-max", "1")) as service:
            self.rotate()
            self.reload(service)
            other = self.folder / "other"
            run("keys", "create", "--key-file", other)
            before = other.read_bytes()
            result = run("keys", "rotate", "--key-file", other, "--data-dir", service.data_dir)
            self.assertEqual(result.returncode, 1)
            self.assertRegex(result.stderr, "does not belong to the data folder|is older than")
            self.assertEqual(other.read_bytes(), before)

    def test_a_service_keeps_an_epoch_that_it_needs_and_the_key_file_has_lost(self):
        with Service(self.folder) as service:
            keys = [service.client().create("needed", ttl_seconds=3000)]
            # Destroyed by a rotation that was told of another service's data folder.
            (self.folder / "elsewhere").mkdir()
            self.rotate()
            whole = service.key_file.read_bytes()
            (service.data_dir / "epochs").rename(self.folder / "epochs")
            store = service.data_dir / "store"
            other = self.folder / "elsewhere" / "data"
            run("backup", self.folder / "backup", "--data-dir", service.data_dir)
            run("restore", self.folder / "backup", "--data-dir", other, "--key-file", service.key_file)
            (other / "epochs").write_text("epoch 1 since 1000 ttl-max 2\nepoch 2 since 2000 ttl-max 2\n")
            (self.folder / "epochs").rename(service.data_dir / "epochs")
            result = run("keys", "rotate", "--json", "--key-file", service.key_file, "--data-dir", other)
            self.assertEqual(json.loads(result.stdout)["destroyed"], [1], store)
            self.reload(service)
            self.assertTrue(any("live secrets need epoch 1" in line for line in service.log))
            self.assertEqual(run("doctor", "--data-dir", service.data_dir, "--key-file", service.key_file).returncode, 1)
            self.retrieve_all(service, keys)
            service.key_file.write_bytes(whole)

    def test_a_key_file_that_is_a_link_is_rotated_where_it_is(self):
        run("keys", "create", "--key-file", self.folder / "real")
        (self.folder / "keyring").symlink_to(self.folder / "real")
        self.assertEqual(self.rotate()["current"], 2)
        self.assertTrue((self.folder / "keyring").is_symlink())
        self.assertIn(b"epoch 2 ", (self.folder / "real").read_bytes())

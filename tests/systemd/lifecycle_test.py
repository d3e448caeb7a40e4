"""The package over reboots, removal, reinstallation and purge, and what stays of the secrets."""

from fixture import CONFIGURATION, DATA, KEYRING, SPENT, InstalledCase
from machine import SOCKET, UNIT
from package import install, package


class LifecycleTest(InstalledCase):
    def exists(self, path):
        return (self.machine.root / path[1:]).exists()

    def test_secrets_are_still_there_after_a_reboot_and_spent_ones_stay_spent(self):
        kept, spent = self.client.create("kept"), self.client.create("spent")
        self.assertEqual(self.client.retrieve(spent)[0], 200)
        self.client.close()
        keyring = (self.machine.root / KEYRING[1:]).read_bytes()
        before = self.machine.pid
        self.machine.reboot()
        self.assertNotEqual(self.machine.pid, before)
        for unit in (UNIT, SOCKET):
            self.assert_active(unit)
        self.assertEqual(self.client.retrieve(kept), (200, {"secret": "kept"}))
        self.assertEqual(self.client.retrieve(spent), SPENT)
        self.assertEqual((self.machine.root / KEYRING[1:]).read_bytes(), keyring)
        self.assertEqual(self.lines(UNIT, "--boot=-1")[-1]["message"], "stopped", "it ended in good order before that")

    def test_removing_keeps_data_reinstalling_finds_it_and_purging_leaves_nothing(self):
        kept = self.client.create("kept")
        self.client.close()
        self.machine.run("dpkg", "--remove", "disposable-secrets")
        self.assertFalse(self.exists("/usr/bin/disposable-secrets"))
        self.assertTrue(self.exists(f"{DATA}/store") and self.exists(KEYRING) and self.exists(CONFIGURATION))
        with self.assertRaises(ConnectionRefusedError):
            self.client.request("GET", "/healthz")

        install(self.machine, package())
        for unit in (UNIT, SOCKET):
            self.assert_active(unit)
        self.assertEqual(self.client.retrieve(kept), (200, {"secret": "kept"}))
        self.client.close()

        self.machine.run("dpkg", "--purge", "disposable-secrets")
        for path in (DATA, KEYRING, CONFIGURATION, "/etc/disposable-secrets"):
            self.assertFalse(self.exists(path), path)
        left = self.machine.run("find", "/etc", "/usr", "/var/lib", "/run", "-xdev", "-path", "/var/lib/dpkg", "-prune", "-o",
                                "-name", "*disposable-secrets*", "-print").stdout.split()
        self.assertEqual(left, [])
        self.machine.systemctl("daemon-reload")
        self.assertEqual(self.machine.run("systemctl", "list-units", "--failed", "--plain", "--no-legend").stdout, "")

        install(self.machine, package())
        self.assertEqual(self.client.retrieve(kept)[0], 404)


class PowerTest(InstalledCase):
    def test_the_machine_powers_off_in_good_order(self):
        self.client.create("kept")
        self.client.close()
        self.assertEqual(self.machine.power_off(), "poweroff")

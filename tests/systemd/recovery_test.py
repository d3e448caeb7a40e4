"""What systemd does when the service hangs, dies or cannot start."""

import os
import signal

from fixture import CONFIGURATION, KEYRING, InstalledCase
from machine import UNIT
from suite import figure, wait_until

WATCHDOG_SECONDS = 2


class RecoveryTest(InstalledCase):
    def setUp(self):
        super().setUp()
        self.machine.systemctl("restart", UNIT)  # with a count of restarts that begins anew
        self.before = self.pid()

    def wait_for_successor(self, seconds=15):
        """It serves again, as another process, and has been restarted once."""
        wait_until(lambda: self.machine.show("NRestarts") == "1" and self.machine.show("StatusText") == "serving", seconds,
                   "it is started again")
        self.assert_active()
        self.assertNotEqual(self.pid(), self.before)

    def ending(self):
        """How systemd says that the process before ended."""
        found = [entry["MESSAGE"] for entry in self.machine.journal() if "Main process exited" in entry["MESSAGE"]]
        return found[-1].partition("code=")[2]

    def test_a_killed_service_is_started_again_and_has_its_secrets(self):
        key = self.client.create("survives")
        self.client.close()
        os.kill(self.before, signal.SIGKILL)
        self.wait_for_successor()
        self.assertEqual(self.ending(), "killed, status=9/KILL")
        self.assertEqual(self.client.retrieve(key), (200, {"secret": "survives"}))

    def test_an_abort_leaves_no_core(self):
        os.kill(self.before, signal.SIGABRT)
        self.wait_for_successor()
        self.assertEqual(self.ending(), "killed, status=6/ABRT")  # it would be 'dumped'

    def shorten_the_watchdog(self):
        self.machine.drop_in(f"[Service]\nWatchdogSec={WATCHDOG_SECONDS}\n")
        self.addCleanup(self.machine.systemctl, "revert", UNIT)
        self.machine.systemctl("restart", UNIT)
        self.before = self.pid()

    def assert_watchdog_helps(self, stopped):
        key = self.client.create("survives")
        self.client.close()
        os.kill(stopped, signal.SIGSTOP)
        self.wait_for_successor(seconds=30)
        self.assertIn("Watchdog timeout", " ".join(entry["MESSAGE"] for entry in self.machine.journal()))
        self.assertEqual(self.client.retrieve(key), (200, {"secret": "survives"}))

    def test_the_watchdog_ends_a_process_that_is_stuck(self):
        self.shorten_the_watchdog()
        self.assert_watchdog_helps(self.before)

    def test_the_watchdog_lets_a_service_live_that_does_nothing(self):
        self.shorten_the_watchdog()
        since = self.machine.show("WatchdogTimestampMonotonic")
        for _ in range(4):
            wait_until(lambda: self.machine.show("WatchdogTimestampMonotonic") != since, WATCHDOG_SECONDS, "a sign of life")
            since = self.machine.show("WatchdogTimestampMonotonic")
        self.assertEqual((self.pid(), self.machine.show("NRestarts")), (self.before, "0"))

    def test_a_mistake_in_the_configuration_is_said_once_and_not_tried_again(self):
        configuration = self.machine.root / CONFIGURATION[1:]
        text = configuration.read_text()
        self.addCleanup(configuration.write_text, text)
        configuration.write_text(text + "\nno-such-option = 1\n")
        self.machine.run("systemctl", "restart", UNIT, check=False)
        self.assertEqual((self.machine.show("Result"), self.machine.show("ExecMainStatus")), ("exit-code", "2"))
        self.assertEqual((self.machine.show("ActiveState"), self.machine.show("NRestarts")), ("failed", "0"))
        self.assertTrue(any("no-such-option" in entry["MESSAGE"] for entry in self.machine.journal()))

    def test_without_its_keyring_it_does_not_start_and_takes_no_other(self):
        keyring = self.machine.root / KEYRING[1:]
        content = keyring.read_bytes()
        key = self.client.create("kept")
        keyring.unlink()
        try:
            self.assertNotEqual(self.machine.run("systemctl", "restart", UNIT, check=False).returncode, 0)
            self.assertIn("CREDENTIALS", " ".join(entry["MESSAGE"] for entry in self.machine.journal()))
            self.assertFalse(keyring.exists())
        finally:
            keyring.write_bytes(content)
            keyring.chmod(0o600)
        self.client.close()
        wait_until(lambda: self.machine.show("StatusText") == "serving", 15, "it starts by itself when the keyring is back")
        self.assertEqual(self.client.retrieve(key), (200, {"secret": "kept"}))

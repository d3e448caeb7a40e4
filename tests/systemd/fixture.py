"""What the tests of the installed service share: a booted machine with the package, for a whole class."""

import json
import unittest

from machine import UNIT, Machine
from package import install, package
from service import Client
from suite import wait_until

PORT = 8000
DATA = "/var/lib/disposable-secrets"
KEYRING = "/etc/disposable-secrets/keyring"
CONFIGURATION = "/etc/disposable-secrets/disposable-secrets.conf"
SPENT = (410, {"detail": "Secret already retrieved or deleted"})


class InstalledCase(unittest.TestCase):
    """One machine for all tests of the class, with the package."""

    @classmethod
    def setUpClass(cls):
        cls.machine = cls.enterClassContext(Machine())
        install(cls.machine, package())

    def setUp(self):
        self.client = Client(PORT)
        self.addCleanup(self.client.close)

    def pid(self, unit=UNIT):
        return self.machine.main_pid(unit)

    def status(self, pid):
        """The lines of /proc/PID/status as a dictionary."""
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return {name: value.strip() for name, _, value in (line.partition(":") for line in file)}

    def lines(self, unit=UNIT, *options):
        """What the service itself wrote to the journal, decoded."""
        return [json.loads(entry["MESSAGE"]) for entry in self.machine.journal(unit, *options)
                if entry["MESSAGE"].startswith("{")]

    def wait_for_line(self, message, unit=UNIT):
        return wait_until(lambda: [line for line in self.lines(unit) if line["message"] == message], 10,
                          f"'{message}' in the journal")[-1]

    def assert_active(self, unit=UNIT):
        self.assertEqual(self.machine.show("ActiveState", unit), "active", self.machine.run("systemctl", "status", unit,
                                                                                          check=False).stdout)

"""What tests/systemd/e2e starts is confined as the installed service is: systemd's own view of both units is compared."""

import pathlib
import tempfile
import unittest
import unittest.mock

from machine import UNIT, Machine
from package import install, package
from service import EXECUTABLE
from unit_process import UnitProcess

# What says which service it is, where its files are and who hears it.
DIFFERING = {"After", "Before", "BindPaths", "CanClean", "ExecStart", "ExecStartEx", "FragmentPath", "Id", "Names", "NoExecPaths",
             "RequiresMountsFor", "Restart", "StandardError", "StandardOutput", "StateDirectory", "StateDirectoryMode",
             "TriggeredBy", "UnitFileState", "WantedBy"}
# What is measured of a running one, as is all that ends with these.
MEASURED = ("Timestamp", "TimestampMonotonic", "PID", "ControlGroup", "ControlGroupId", "InvocationID", "MemoryAvailable",
            "MemoryCurrent", "CPUUsageNSec", "TasksCurrent")


class UnitProcessTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        pathlib.Path(self.folder).chmod(0o711)
        self.machine = self.enterContext(Machine(binds=(self.folder,)))
        install(self.machine, package())
        self.enterContext(unittest.mock.patch.multiple(UnitProcess, machine=self.machine, folder=self.folder))

    def start(self, *arguments):
        process = UnitProcess([str(EXECUTABLE), "serve", "--listen", "127.0.0.1:0", "--data-dir", f"{self.folder}/data",
                               "--key-file", f"{self.folder}/keyring", *arguments])
        for pipe in (process.stdout, process.stderr):
            self.addCleanup(pipe.close)
        return process

    def properties(self, unit):
        found = (line.partition("=") for line in self.machine.systemctl("show", unit).splitlines())
        return {name: value for name, _, value in found if not name.endswith(MEASURED)}

    def test_its_unit_differs_from_the_installed_one_in_what_is_listed(self):
        process = self.start()
        installed, started = self.properties(UNIT), self.properties(process.name)
        self.assertGreater(len(installed), 200)
        self.assertEqual(started["ActiveState"], "active")
        self.assertEqual({name for name in installed | started if installed.get(name) != started.get(name)}, DIFFERING)
        process.terminate()
        self.assertEqual(process.wait(20), 0)

    def test_it_ends_as_the_service_did(self):
        killed = self.start()
        self.assertIsNone(killed.poll())
        killed.kill()
        self.assertEqual(killed.wait(10), -9)
        wrong = self.start("--no-such-option")
        self.assertEqual(wrong.wait(10), 2)
        self.assertIn(b"--no-such-option", wrong.stderr.read())

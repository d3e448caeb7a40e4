"""However a machine ends, nothing of it is left: no process, mount, control group or file."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

from cgroups import PREFIX, is_alive, own_groups
from machine import BOOT, Machine
from suite import wait_until

# Boots a machine, says who it is, and waits to be ended.
OWNER = """
import sys
sys.path[:0] = sys.argv[1:]
from machine import Machine
with Machine() as machine:
    print(machine.process.pid, machine.pid, flush=True)
    sys.stdin.read()
"""


def groups():
    return {path for folder in own_groups().values() for path in folder.glob(f"{PREFIX}*")}


def mounts():
    return pathlib.Path("/proc/self/mountinfo").read_text()


def wait_until_gone(pid):
    wait_until(lambda: not is_alive(pid), 15, f"the end of process {pid}")


class LeftoversTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(unittest.mock.patch.object(tempfile, "tempdir", str(self.folder)))
        self.mounts = mounts()

    def assert_nothing_is_left(self, *pids):
        for pid in pids:
            wait_until_gone(pid)
        self.assertEqual((groups(), mounts(), list(self.folder.iterdir())), (set(), self.mounts, []))

    def busy(self, machine):
        """Pids of processes that nobody ends: one of systemd's, and one that was started from outside."""
        machine.run("systemd-run", "--unit=busy", "sleep", "1000")
        other = subprocess.Popen(machine.inside("sleep", "1000"))
        self.addCleanup(other.wait)
        return machine.pid, machine.main_pid("busy.service"), other.pid

    def test_when_a_test_is_done_with_it(self):
        with Machine() as machine:
            self.assertNotEqual(groups(), set())
            pids = self.busy(machine)
            self.assertEqual(mounts(), self.mounts, "its mounts are its own")
        self.assert_nothing_is_left(*pids[:2])

    def test_when_a_test_fails(self):
        with self.assertRaisesRegex(ValueError, "a failure"), Machine() as machine:
            pids = self.busy(machine)
            raise ValueError("a failure")
        self.assert_nothing_is_left(*pids[:2])

    def test_when_the_runner_is_interrupted_or_killed(self):
        for number in (signal.SIGINT, signal.SIGKILL):
            with self.subTest(signal=number):
                owner = subprocess.Popen([sys.executable, "-c", OWNER, *sys.path], stdin=subprocess.PIPE, text=True,
                                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=os.environ |
                                         {"TMPDIR": str(self.folder)})
                pids = list(map(int, owner.stdout.readline().split()))
                self.assertNotEqual(groups(), set())
                owner.send_signal(number)
                owner.communicate(timeout=30)
                for pid in pids:
                    wait_until_gone(pid)
                if number == signal.SIGKILL:  # nobody is left who could; tests/run does
                    for folder in self.folder.iterdir():
                        subprocess.run(["rm", "-r", folder], check=True)
                self.assert_nothing_is_left()

    def test_when_boot_itself_is_killed_the_next_one_cleans_up(self):
        with Machine() as machine:
            machine.process.kill()
            wait_until_gone(machine.pid)
            self.assertNotEqual(groups(), set())
        with Machine() as again:
            self.assertEqual({path.name for path in groups()}, {f"{PREFIX}{again.process.pid}"})
        self.assert_nothing_is_left()

    def test_it_does_not_boot_on_a_network_that_is_not_its_own(self):
        command = f"ip link add here type veth peer there && exec {sys.executable} {BOOT} /nowhere {self.folder}"
        done = subprocess.run(["unshare", "--net", "sh", "-c", command], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("enter a network namespace of its own first", done.stderr)
        self.assert_nothing_is_left()

"""packaging/install.sh on a machine with systemd and without the package: install, upgrade under load, uninstall, purge."""

import pathlib
import shutil
import tempfile
import time
import unittest

from fixture import CONFIGURATION, DATA, KEYRING, PORT, SPENT, install, package
from load import Load
from machine import SOCKET, UNIT, Machine
from service import EXECUTABLE, REPOSITORY, Client
from suite import figure

URL = f"http://127.0.0.1:{PORT}"
PROGRAM = "/usr/local/bin/disposable-secrets"
OWN_COPY = "/usr/local/lib/disposable-secrets/install.sh"


class PlainDropTest(unittest.TestCase):
    def setUp(self):
        self.machine = self.enterContext(Machine())
        self.client = Client(PORT)
        self.addCleanup(self.client.close)
        self.put_release("release", EXECUTABLE)

    def put_release(self, name, executable):
        folder = self.machine.root / "srv" / name
        folder.mkdir()
        shutil.copy(executable, folder / "disposable-secrets")
        for path in (REPOSITORY / "packaging/install.sh", *(REPOSITORY / "systemd").iterdir()):
            shutil.copy(path, folder)

    def script(self, *arguments, path="/srv/release/install.sh", check=True):
        return self.machine.run(path, *arguments, check=check)

    def newer_executable(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name) / "disposable-secrets"
        path.write_bytes(EXECUTABLE.read_bytes() + b"newer")
        path.chmod(0o755)
        return path

    def states(self):
        return self.machine.show("ActiveState", SOCKET), self.machine.show("ActiveState", UNIT)

    def test_it_serves_is_upgraded_under_load_and_keeps_its_data_until_it_is_purged(self):
        self.script("install")
        self.assertEqual(self.states(), ("active", "active"))
        self.assertIn(PROGRAM, self.machine.show("ExecStart"))
        kept, spent = self.client.create("kept"), self.client.create("spent")
        self.assertEqual(self.client.retrieve(spent)[0], 200)
        self.client.close()

        self.put_release("next", self.newer_executable())
        before = self.machine.main_pid()
        with Load(f"{URL}/healthz", "summary.lua", 16) as load:
            time.sleep(0.2)  # the work before it
            self.script("upgrade", path="/srv/next/install.sh")
            time.sleep(0.2)
            seen = load.end()
        figure(f"an upgrade by install.sh: {seen['requests']} requests, failed {seen['failed'] or 'none'}")
        self.assertEqual(seen["failed"], {})
        self.assertGreater(seen["requests"], 1000)
        self.assertNotIn(self.machine.main_pid(), (None, before))
        self.assertEqual(self.client.retrieve(spent), SPENT)

        self.script("uninstall", path=OWN_COPY)
        self.assertEqual(self.states(), ("inactive", "inactive"))
        self.script("install")
        self.client.close()
        self.assertEqual(self.client.retrieve(kept), (200, {"secret": "kept"}))
        self.script("uninstall", "--purge")
        left = [path for path in (PROGRAM, CONFIGURATION, KEYRING, DATA, f"/etc/systemd/system/multi-user.target.wants/{UNIT}")
                if (self.machine.root / path[1:]).exists()]
        self.assertEqual(left, [])

    def test_a_configuration_with_a_mistake_is_said_and_mended_by_another_run(self):
        self.machine.write(CONFIGURATION, "workers = none\n")
        done = self.script("install", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is installed, but the start failed", done.stderr)
        self.machine.write(CONFIGURATION, "workers = 7\n")
        self.script("install")
        self.assertEqual(self.states(), ("active", "active"))

    def test_package_and_script_refuse_each_other(self):
        self.script("install")
        shutil.copy(package(), self.machine.root / "srv/package.deb")
        refused = self.machine.run("dpkg", "--install", "/srv/package.deb", check=False)
        self.assertIn(f"{OWN_COPY} uninstall", refused.stderr)
        self.assertEqual(self.states(), ("active", "active"))
        secret = self.client.create("kept")
        self.client.close()
        self.script("uninstall")
        install(self.machine, package())
        self.assertEqual(self.client.retrieve(secret), (200, {"secret": "kept"}))
        self.assertIn("a package manager looks after this", self.script("install", check=False).stderr)

"""The running service is confined, in every thread, and does its work; --no-sandbox switches it off."""

import json
import os
import shutil
import unittest

from fixture import temporary_folder
from service import EXECUTABLE, Service, run
from suite import wait_until

NOBODY = 65534


def status(path):
    """The lines of a /proc/.../status as a dictionary."""
    with open(path, encoding="ascii") as file:
        return {name: value.strip() for name, _, value in (line.partition(":") for line in file)}


def threads(service):
    folder = f"/proc/{service.pid}/task"
    return [status(f"{folder}/{thread}/status") for thread in os.listdir(folder)]


def messages(service, text):
    return [line for line in map(json.loads, service.log) if text in line["message"]]


class SandboxTest(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)
        self.offered = json.loads(run("version", "--json").stdout)["sandbox"]

    def start(self, *arguments, **options):
        service = Service(self.folder, arguments, **options)
        self.addCleanup(service.kill)
        wait_until(lambda: messages(service, "confined"), 10, "it says how it is confined")
        return service

    def journey(self, service):
        client = service.client()
        kept, deleted = client.create("kept", passphrase="open"), client.create("deleted", passphrase="open")
        self.assertEqual(client.retrieve(kept), (200, {"secret": "kept"}))
        self.assertEqual(client.delete(deleted, "wrong")[0], 403)
        self.assertEqual(client.delete(deleted, "open")[0], 200)
        self.assertEqual(client.request("GET", "/readyz")[0], 200)

    def test_every_thread_is_confined_and_the_service_works(self):
        if "unsupported" in self.offered.values():
            self.skipTest(f"the kernel offers {self.offered}")
        service = self.start()
        self.journey(service)
        found = threads(service)
        self.assertGreater(len(found), 5)
        for thread in found:
            with self.subTest(thread=thread["Name"]):
                self.assertEqual((thread["Seccomp"], thread["NoNewPrivs"]), ("2", "1"))
        line = messages(service, "confined")[0]
        self.assertEqual({name: line[name] for name in self.offered}, self.offered)
        self.assertRegex(self.offered["landlock"], r"^abi \d+$")
        self.assertEqual(service.stop(), 0)
        again = self.start()
        self.journey(again)
        self.assertEqual(again.stop(), 0)
        self.assertEqual(again.audit_verify()[1], 0)

    def test_no_sandbox_switches_it_off(self):
        service = self.start("--no-sandbox")
        self.journey(service)
        self.assertEqual({thread["Seccomp"] for thread in threads(service)}, {"0"})
        line = messages(service, "confined")[0]
        self.assertEqual((line["landlock"], line["seccomp"]), ("off", "off"))
        self.assertEqual(service.stop(), 0)

    def test_the_process_keeps_its_memory_and_files_to_itself(self):
        service = self.start()
        found = status(f"/proc/{service.pid}/status")
        self.assertEqual((found["Umask"], found["CoreDumping"]), ("0077", "0"))
        if self.offered["memory_lock"] == "on":
            self.assertNotEqual(found["VmLck"], "0 kB")
        with open(f"/proc/{service.pid}/limits", encoding="ascii") as file:
            limits = {line[:26].strip(): line[26:].split()[:2] for line in file}
        self.assertEqual(limits["Max core file size"], ["0", "0"])
        self.assertEqual(*limits["Max open files"])
        # What cannot be dumped belongs to root, also for the user who runs it.
        self.assertEqual(os.stat(f"/proc/{service.pid}/mem").st_uid, 0)
        self.assertEqual(service.stop(), 0)

    def test_a_user_of_its_own_is_enough_and_is_not_warned(self):
        if os.geteuid() != 0:
            self.skipTest("becoming another user needs root")
        program = self.folder / "program"
        shutil.copy(EXECUTABLE, program)
        os.chown(self.folder, NOBODY, NOBODY)
        command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", str(program), "serve",
                   "--listen", "127.0.0.1:0", "--data-dir", str(self.folder / "data"), "--key-file",
                   str(self.folder / "keyring")]
        service = self.start(command=command)
        self.journey(service)
        self.assertEqual(status(f"/proc/{service.pid}/status")["Uid"].split(), [str(NOBODY)] * 4)
        self.assertEqual(service.stop(), 0)
        self.assertEqual([line for line in map(json.loads, service.log) if line["level"] not in ("info", "request")],
                         [])

    def test_root_and_open_files_are_warned_of(self):
        config = self.folder / "config"
        config.write_text("workers=2\n")
        config.chmod(0o666)
        (self.folder / "data").mkdir()
        (self.folder / "data").chmod(0o755)
        service = self.start("--config", str(config))
        is_root = status(f"/proc/{service.pid}/status")["Uid"].split()[0] == "0"
        self.assertEqual(service.stop(), 0)
        warned = {line["message"]: line.get("file") for line in map(json.loads, service.log)
                  if line["level"] == "warning"}
        expected = {"the data folder is open to other users": str(self.folder / "data"),
                    "the configuration file can be changed by other users": str(config)}
        if is_root:
            expected["running as root, though a user of its own would do"] = None
        self.assertEqual(warned, expected)

"""The package starts the service; it is confined as the unit says, and says in the journal what it does."""

import errno
import json
import pathlib

from cgroups import own_groups
from fixture import CONFIGURATION, DATA, InstalledCase
from machine import SOCKET, UNIT
from seen_by import error_of_creating
from suite import figure, wait_until

HIDDEN = ("/etc/passwd", "/etc/shadow", "/run/dbus", "/run/systemd/private", "/var/log", "/sys/kernel")
# A property of the unit -> where the kernel holds it, in cgroup v2 and in v1.
GROUP_FILES = {"MemoryMax": ("memory.max", "memory/memory.limit_in_bytes"), "MemorySwapMax": ("memory.swap.max", None),
               "TasksMax": ("pids.max", "pids/pids.max")}


def group_limits(pid):
    """What the kernel holds of GROUP_FILES for the process; a property that has no file here is missing."""
    groups, found = own_groups(pid), {}
    for name, (v2, v1) in GROUP_FILES.items():
        controller, _, file = (v1 or "/").partition("/")
        for path in (groups[""] / v2, groups[controller] / file if controller in groups else None):
            if path and path.is_file():
                found[name] = path.read_text().strip()
                break
    return found


class ServiceTest(InstalledCase):
    def test_installing_enables_and_starts_service_and_socket(self):
        for unit in (UNIT, SOCKET):
            with self.subTest(unit=unit):
                self.assertEqual(self.machine.systemctl("is-enabled", unit).strip(), "enabled")
                self.assert_active(unit)
        self.assertEqual(self.client.retrieve(self.client.create("hello")), (200, {"secret": "hello"}))
        self.assertIn("Status: \"serving\"", self.machine.systemctl("status", UNIT))
        self.assertEqual(self.machine.show("StatusText"), "serving")

    def test_systemd_has_nothing_to_say_against_the_units(self):
        units = [f"disposable-secrets{name}" for name in (".service", ".socket", "-isolated.service", "-isolated.socket")]
        done = self.machine.run("systemd-analyze", "verify", "--man=no", *units)
        self.assertEqual((done.stdout, done.stderr), ("", ""))
        about_them = [entry["MESSAGE"] for entry in self.machine.journal(UNIT, "--priority=warning")]
        self.assertEqual(about_them, [])

    def test_the_journal_holds_the_log_as_json(self):
        key = self.client.create("written down")
        line = wait_until(lambda: [line for line in self.lines() if line.get("route") == "/api/v1/secret"], 10, "a request")[-1]
        self.assertEqual(set(line), {"time", "level", "message", "id", "method", "route", "status", "duration_ms", "bytes_in",
                                     "bytes_out", "address"})
        self.assertEqual((line["method"], line["status"], line["address"]), ("POST", 200, "127.0.0.1"))
        entries = self.machine.journal()
        self.assertEqual({entry["_SYSTEMD_UNIT"] for entry in entries if entry.get("_COMM", "").startswith("disposable")},
                         {UNIT})
        self.assertNotIn(key, json.dumps(entries))

    def test_a_reload_reads_the_configuration_again(self):
        before = self.pid()
        configuration = self.machine.root / CONFIGURATION[1:]
        text = configuration.read_text()
        self.addCleanup(self.machine.systemctl, "reload", UNIT)
        self.addCleanup(configuration.write_text, text)
        draft = configuration.with_suffix(".new")  # as an editor does it: another file of the same name
        draft.write_text(text + "\nlog-level = info\n")
        draft.chmod(0o644)
        draft.rename(configuration)
        self.machine.systemctl("reload", UNIT)
        self.wait_for_line("reloaded")
        self.assertEqual((self.pid(), self.machine.show("StatusText")), (before, "serving"))
        self.client.request("GET", "/openapi.json")
        self.machine.systemctl("kill", "--signal=HUP", UNIT)
        wait_until(lambda: len([line for line in self.lines() if line["message"] == "reloaded"]) == 2, 10, "a second reload")
        self.assertEqual([line for line in self.lines() if line.get("route") == "/openapi.json"], [])

    def test_the_process_is_confined_as_the_unit_says(self):
        pid = self.pid()
        status = self.status(pid)
        user = int(self.machine.run("id", "--user", "disposable-secrets").stdout)
        self.assertNotEqual(user, 0)
        self.assertEqual(status["Uid"].split(), [str(user)] * 4)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"], status["Umask"]), ("1", "2", "0077"))
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(status[name], 16), 0, name)
        line = self.wait_for_line("confined")
        self.assertRegex(line["landlock"], r"^abi \d+$")
        self.assertEqual((line["seccomp"], line["memory_lock"]), ("on", "on"))
        self.assertEqual([line for line in self.lines() if line["level"] in ("warning", "error")], [])
        for name in ("user", "mnt", "ipc", "uts"):
            self.assertNotEqual(pathlib.Path(f"/proc/{pid}/ns/{name}").readlink(),
                                pathlib.Path(f"/proc/{self.machine.pid}/ns/{name}").readlink(), name)

    def test_of_the_machine_it_sees_little_and_can_change_its_data_only(self):
        pid = self.pid()
        root = pathlib.Path(f"/proc/{pid}/root")
        for path in HIDDEN:
            self.assertTrue((self.machine.root / path[1:]).exists(), path)
            self.assertFalse((root / path[1:]).exists(), path)
        mounts = {fields[4]: fields[5].split(",") for fields in
                  map(str.split, pathlib.Path(f"/proc/{pid}/mountinfo").read_text().splitlines())}
        writable = {point for point, options in mounts.items() if "rw" in options and
                    not point.startswith(("/proc", "/dev/pts", "/dev/hugepages", "/dev/mqueue"))}
        self.assertEqual(writable, {DATA, "/tmp", "/var/tmp", "/dev/shm"})
        self.assertEqual({point for point in writable if "noexec" not in mounts[point]}, set())

    def test_the_unit_alone_keeps_its_user_from_writing_elsewhere(self):
        pid = self.pid()
        self.assertEqual(error_of_creating(pid, f"{DATA}/probe"), 0)
        for path in ("/probe", "/etc/probe", "/etc/disposable-secrets/probe", "/run/probe", "/usr/probe", "/usr/bin/probe",
                     "/var/lib/probe", "/dev/probe", "/run/credentials/disposable-secrets.service/probe"):
            with self.subTest(path=path):
                self.assertIn(error_of_creating(pid, path), (errno.EROFS, errno.EACCES))

    def test_limits_hold(self):
        pid = self.pid()
        with open(f"/proc/{pid}/limits", encoding="ascii") as file:
            limits = {line[:26].strip(): line[26:].split()[:2] for line in file}
        self.assertEqual(limits["Max core file size"], ["0", "0"])
        self.assertEqual(limits["Max open files"], ["20000", "20000"])
        self.assertEqual(limits["Max locked memory"], ["8388608", "8388608"])
        self.assertEqual((self.status(pid)["CoreDumping"], self.status(pid)["VmSwap"]), ("0", "0 kB"))
        shown = {name: self.machine.show(name) for name in ("MemoryMax", "MemorySwapMax", "TasksMax")}
        self.assertEqual(shown, {"MemoryMax": str(1 << 30), "MemorySwapMax": "0", "TasksMax": "512"})
        held = group_limits(pid)
        figure(f"limits in the kernel's control groups: {held}")
        self.assertEqual(held, {name: shown[name] for name in held})
        self.assertLessEqual({"MemoryMax", "TasksMax"}, set(held), "this needs the memory and pids controllers: in cgroup v1, "
                             "or in the group of v2 that the test runs in, which must be the root or pass them on")

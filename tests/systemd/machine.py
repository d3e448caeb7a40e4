"""A Debian 12 machine for tests: systemd as PID 1 of a tree of its own (boot.py), and the network of the test's process.

Machine boots, runs commands in it, reboots, and is gone with all that ran in it when the block ends. What belongs to the
machine is seen through /proc/PID/root.
"""

import functools
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from boot import CLONE_NEWNET, check, libc
from debian_tree import debian_tree
from suite import wait_until

PACKAGES = ("systemd", "systemd-sysv", "dbus")
BOOT = pathlib.Path(__file__).with_name("boot.py")
UNIT, SOCKET = "disposable-secrets.service", "disposable-secrets.socket"
# What a machine does by itself and no test asks for.
MASKED = ("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "fstrim.timer",
          "getty.target", "systemd-logind.service", "systemd-tmpfiles-clean.timer")
FILES = {
    "etc/hostname": "disposable-test\n",
    "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
    "etc/systemd/journald.conf.d/test.conf": "[Journal]\nStorage=persistent\n",
    "etc/dpkg/dpkg.cfg.d/test": "force-unsafe-io\nforce-confold\n",
}


def prepare(tree):
    for name, content in FILES.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(content)
    (tree / "var/log/journal").mkdir(exist_ok=True)
    for unit in MASKED:
        (tree / "etc/systemd/system" / unit).unlink(missing_ok=True)
        (tree / "etc/systemd/system" / unit).symlink_to("/dev/null")
    for package in (tree / "var/cache/apt/archives").glob("*.deb"):
        package.unlink()


@functools.cache
def tree():
    """Made over the network of the machine around, so before use_a_network_of_its_own()."""
    return debian_tree("bookworm", PACKAGES, prepare, repr((MASKED, FILES)))


def use_a_network_of_its_own():
    """Of this process, and of all that it starts from now on: loopback, and nothing else."""
    check(libc.unshare(CLONE_NEWNET))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


class Machine:
    """A context manager. `binds` are folders that it shows at the same path."""

    def __init__(self, binds=()):
        self.binds = [str(bind) for bind in binds]
        self.pid = None

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="disposable-machine-")
        self.folder = pathlib.Path(self.temporary.name)
        self.log = open(self.folder / "boot.log", "wb")
        self.process = subprocess.Popen([sys.executable, str(BOOT), str(tree()), str(self.folder), *self.binds],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True)
        try:
            self.wait_for_boot()
        except BaseException:
            self.__exit__()
            raise
        return self

    def event(self):
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("boot.py ended: " + (self.folder / "boot.log").read_text())
        return json.loads(line)

    def wait_for_boot(self):
        self.pid = self.event()["pid"]
        # Before this process 1 is still ours, and the root folder that of the machine around.
        wait_until(lambda: pathlib.Path(f"/proc/{self.pid}/comm").read_text() == "systemd\n", 10, "systemd runs")
        wait_until(lambda: (self.root / "run/systemd/private").exists(), 10, "systemd listens")
        self.run("systemctl", "is-system-running", "--wait", check=False)

    def reboot(self):
        """systemctl reboot, and wait for the next start; what was on its disk is there again."""
        self.run("systemctl", "reboot", "--no-block")
        ended = self.event()
        if ended != {"ended": "reboot"}:
            raise AssertionError(f"it was to reboot: {ended}")
        self.wait_for_boot()

    def power_off(self):
        """systemctl poweroff; how it ended."""
        self.run("systemctl", "poweroff", "--no-block")
        ended = self.event()["ended"]
        self.process.wait(20)
        return ended

    @property
    def root(self):
        """The machine's root folder."""
        return pathlib.Path(f"/proc/{self.pid}/root")

    def inside(self, *command):
        """The command line that runs `command` in the machine."""
        return ["nsenter", f"--target={self.pid}", "--mount", "--pid", "--uts", "--ipc", "--cgroup", "--root", "--wd",
                "env", "-i", "PATH=/usr/sbin:/usr/bin", "LC_ALL=C.UTF-8", "SYSTEMD_PAGER=", *map(str, command)]

    def run(self, *command, check=True, **options):
        """The finished process; with `check` it must have ended well."""
        done = subprocess.run(self.inside(*command), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120,
                              check=False, **options)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def systemctl(self, *arguments):
        return self.run("systemctl", *arguments).stdout

    def show(self, name, unit=UNIT):
        """A property of a unit."""
        return self.systemctl("show", f"--property={name}", "--value", unit).strip()

    def main_pid(self, unit=UNIT):
        """The pid of a unit's main process, as this machine's test sees it; None while there is none."""
        inside = int(self.show("MainPID", unit))
        return self.outer_pid(inside) if inside else None

    def outer_pid(self, inside):
        namespace = os.stat(f"/proc/{self.pid}/ns/pid").st_ino
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and os.stat(entry / "ns/pid").st_ino == namespace:
                    line = next(line for line in (entry / "status").read_text().splitlines() if line.startswith("NSpid:"))
                    if int(line.split()[-1]) == inside:
                        return int(entry.name)
            except (OSError, StopIteration):
                continue
        return None

    def journal(self, unit=UNIT, *options):
        """The entries of a unit, or of its manager about it, as dictionaries; the oldest first."""
        output = self.run("journalctl", "--output=json", "--no-pager", f"--unit={unit}", *options).stdout
        return [json.loads(line) for line in output.splitlines()]

    def write(self, path, content, mode=0o644):
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
        target.chmod(mode)

    def drop_in(self, content, unit=UNIT, name="test"):
        """As `systemctl edit` would."""
        self.write(f"/etc/systemd/system/{unit}.d/{name}.conf", content)
        self.systemctl("daemon-reload")

    def __exit__(self, *exception):
        self.process.stdin.close()
        try:
            self.process.wait(30)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.process.stdout.close()
            self.log.close()
            self.temporary.cleanup()

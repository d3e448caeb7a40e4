"""The control groups of a booted tree: one of its own in each hierarchy that systemd uses, gone at the end.

On a machine that has the memory and pids controllers in the one hierarchy of cgroup v2, the tree gets that. On one that
has them in hierarchies of v1, it gets systemd's hybrid layout: v2 for processes and BPF, v1 for these controllers.
"""

import contextlib
import os
import pathlib
import time

from root_folder import MS_NODEV, MS_NOEXEC, MS_NOSUID, mount

PREFIX = "disposable-secrets-test-"
V1 = ("memory", "pids", "devices", "name=systemd")
DELEGATED = ("memory", "pids")  # of v2
FLAGS = MS_NOSUID | MS_NODEV | MS_NOEXEC


def mounted_hierarchies():
    """{controller of v1 or "": (mount point, which of its groups that shows)}; "" is v2."""
    found = {}
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        before, after = line.split(" - ")
        kind, _, options = after.split()[:3]
        root, point = before.split()[3:5]
        if kind == "cgroup2":
            found.setdefault("", (pathlib.Path(point), root))
        elif kind == "cgroup":
            for option in options.split(","):
                found.setdefault(option, (pathlib.Path(point), root))
    return found


def own_groups(pid="self"):
    """{controller of v1 or "": folder of the group that the process is in}."""
    mounted = mounted_hierarchies()
    found = {}
    for line in pathlib.Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            if controller in mounted:
                point, root = mounted[controller]
                found[controller] = point / os.path.relpath(path, root)
    return found


def is_alive(pid):
    """And no zombie that nobody has waited for yet."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except OSError:
        return False


def remove(folder):
    """The group and all below it; processes that have just ended may hold it for a moment."""
    for below in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
        below.rmdir()
    folder.rmdir()


class Groups:
    """A context manager."""

    def __init__(self):
        own = own_groups()
        if "" not in own:
            raise SystemExit("cgroups: no cgroup2 file system is mounted; systemd's sandbox needs one")
        self.controllers = (own[""] / "cgroup.controllers").read_text().split()
        self.hybrid = "memory" not in self.controllers and "memory" in own
        wanted = ("", *(name for name in V1 if self.hybrid and name in own))
        self.passed_on = own[""] / "cgroup.subtree_control"
        self.delegated = []
        self.folders = {name: own[name] / f"{PREFIX}{os.getpid()}" for name in wanted}

    def __enter__(self):
        for folder in self.folders.values():
            self.remove_abandoned(folder.parent)
            folder.mkdir()
        self.delegate()
        return self

    def delegate(self):
        """Has the group of v2 above pass its controllers on. It cannot while it holds processes and is not the root: then the
        tree does without, and the test of the unit's limits says so."""
        for name in set(self.controllers) & set(DELEGATED) - set(self.passed_on.read_text().split()):
            with contextlib.suppress(OSError):
                self.passed_on.write_text(f"+{name}")
                self.delegated.append(name)

    def remove_abandoned(self, parent):
        """Of one whose process was killed before it could clean up."""
        for folder in parent.glob(f"{PREFIX}*"):
            if not is_alive(folder.name.removeprefix(PREFIX)):
                remove(folder)

    def enter(self):
        """The calling process enters the groups."""
        for folder in self.folders.values():
            (folder / "cgroup.procs").write_text("0")

    def mount(self, target):
        """Shows the groups at /sys/fs/cgroup; only in a cgroup namespace made after enter()."""
        if not self.hybrid:
            return mount("cgroup2", target, "cgroup2", FLAGS)
        mount("tmpfs", target, "tmpfs", FLAGS, "mode=755,size=1m")
        for name in self.folders:
            point = target / (name.removeprefix("name=") or "unified")
            point.mkdir()
            mount("cgroup", point, "cgroup" if name else "cgroup2", FLAGS,
                  f"none,{name}" if "=" in name else name or None)

    def __exit__(self, *exception):
        deadline = time.monotonic() + 10
        for folder in self.folders.values():
            while folder.exists():
                try:
                    remove(folder)
                except OSError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.01)
        for name in self.delegated:
            self.passed_on.write_text(f"-{name}")

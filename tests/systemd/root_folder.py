"""The root folder of a booted tree: what it shows of the machine around it, and what not.

Only for a process in mount, cgroup, network and pid namespaces of its own.
"""

import ctypes
import os
import stat
import uuid

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE, MS_SHARED = 4096, 16384, 1 << 18, 1 << 20
MNT_DETACH = 2
SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
# Of the machine around it, and not of a namespace: to be read at most.
READ_ONLY = ("proc/sys", "proc/irq", "proc/bus", "proc/fs")
HIDDEN = ("proc/sysrq-trigger", "proc/kcore", "proc/kmsg", "proc/keys", "proc/timer_list", "proc/acpi", "proc/scsi")

libc = ctypes.CDLL(None, use_errno=True)


def mount(source, target, kind=None, flags=0, options=None):
    encoded = [None if value is None else os.fsencode(value) for value in (source, target, kind, options)]
    if libc.mount(encoded[0], encoded[1], encoded[2], ctypes.c_ulong(flags), encoded[3]) != 0:
        raise OSError(ctypes.get_errno(), f"mount {target}: {os.strerror(ctypes.get_errno())}")


def read_only(target):
    mount(target, target, flags=MS_BIND)
    mount(None, target, flags=MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)


def make_devices(folder):
    mount("tmpfs", folder, "tmpfs", MS_NOSUID, "mode=755,size=1m")
    for name, (major, minor) in DEVICES.items():
        os.mknod(folder / name, stat.S_IFCHR | 0o666, os.makedev(major, minor))
        os.chmod(folder / name, 0o666)
    for name, target in {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1",
                         "stderr": "/proc/self/fd/2", "ptmx": "pts/ptmx"}.items():
        os.symlink(target, folder / name)
    for name, kind, options in (("pts", "devpts", "newinstance,ptmxmode=0666,mode=620,gid=5"),
                                ("shm", "tmpfs", "mode=1777,size=64m"), ("mqueue", "mqueue", None)):
        (folder / name).mkdir()
        mount(kind, folder / name, kind, MS_NOSUID | MS_NODEV, options)


def hide_kernel(root, folder):
    for name in READ_ONLY:
        read_only(root / name)
    for name in HIDDEN:
        if (root / name).is_file():
            mount(root / "dev/null", root / name, flags=MS_BIND)
        elif (root / name).is_dir():
            mount("tmpfs", root / name, "tmpfs", MS_RDONLY, "size=0")
    # The kernel's own is that of the machine around, and the journal tells boots by it.
    (folder / "boot_id").write_text(f"{uuid.uuid4()}\n")
    mount(folder / "boot_id", root / "proc/sys/kernel/random/boot_id", flags=MS_BIND)


def pivot(root):
    """`root` becomes /, and what was / is gone."""
    os.chdir(root)
    if libc.syscall(SYS_PIVOT_ROOT[os.uname().machine], b".", b".") != 0:
        raise OSError(ctypes.get_errno(), f"pivot_root: {os.strerror(ctypes.get_errno())}")
    if libc.umount2(b".", MNT_DETACH) != 0:
        raise OSError(ctypes.get_errno(), f"umount: {os.strerror(ctypes.get_errno())}")
    os.chdir("/")


def enter(tree, folder, binds, groups):
    """Makes the root folder of `tree` with the changes in `folder`, and enters it."""
    mount(None, "/", flags=MS_REC | MS_PRIVATE)
    root = folder / "root"
    for name in ("root", "changes", "overlay"):
        (folder / name).mkdir(exist_ok=True)
    mount("overlay", root, "overlay",
          options=f"lowerdir={tree},upperdir={folder}/changes,workdir={folder}/overlay")
    mount("proc", root / "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount("sysfs", root / "sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY)
    make_devices(root / "dev")
    hide_kernel(root, folder)
    for name, mode in (("run", "755"), ("tmp", "1777")):
        mount("tmpfs", root / name, "tmpfs", MS_NOSUID | MS_NODEV, f"mode={mode}")
    groups.mount(root / "sys/fs/cgroup")
    for bind in binds:
        target = root / bind.relative_to("/")
        target.mkdir(parents=True, exist_ok=True)
        mount(bind, target, flags=MS_BIND)
    console = os.open(folder / "console", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(root / "dev/null", os.O_RDONLY)
    pivot(root)
    mount(None, "/", flags=MS_REC | MS_SHARED)  # as PID 1 has it on a machine
    os.dup2(nothing, 0)
    os.dup2(console, 1)
    os.dup2(console, 2)
    os.closerange(3, 1024)

"""Small disks to fill and to break: a tmpfs, or an ext4 in a file on a loop device."""

import fcntl
import os
import pathlib
import struct
import subprocess
import time

MEBIBYTE = 1024 * 1024


def _run(*command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout.strip()


class Disk:
    """Mounted at `folder` while used as a context manager."""

    def __init__(self, folder, mebibytes):
        self.folder = pathlib.Path(folder)
        self.mebibytes = mebibytes
        self.ballast = self.folder / "ballast"

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.mount()
        return self

    def __exit__(self, *exception):
        # The service has just been killed; its files close a moment later.
        deadline = time.monotonic() + 5
        while True:
            try:
                return self.unmount()
            except RuntimeError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def unmount(self):
        _run("umount", self.folder)

    def free_bytes(self):
        status = os.statvfs(self.folder)
        return status.f_bavail * status.f_frsize

    def fill(self, leave=0):
        """A foreign file takes all the space but `leave` bytes; may be called again."""
        with open(self.ballast, "ab", buffering=0) as ballast:
            block = MEBIBYTE
            while block >= 512:
                try:
                    if self.free_bytes() - block < leave:
                        raise OSError
                    if ballast.write(b"x" * block) < block:
                        block //= 2
                except OSError:
                    block //= 2

    def free(self):
        self.ballast.unlink(missing_ok=True)


class MemoryDisk(Disk):
    name = "tmpfs"

    def mount(self):
        _run("mount", "-t", "tmpfs", "-o", f"size={self.mebibytes}m,mode=0700", "tmpfs", self.folder)

    def remount(self, options):
        _run("mount", "-o", f"remount,{options}", self.folder)


class LoopDisk(Disk):
    name = "ext4"
    SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN, _IOR('X', 125, __u32)
    WITHOUT_FLUSH = 2

    def __init__(self, folder, mebibytes):
        super().__init__(folder, mebibytes)
        self.image = self.folder.with_suffix(".image")

    def __enter__(self):
        self.image.parent.mkdir(parents=True, exist_ok=True)
        with open(self.image, "wb") as image:
            image.truncate(self.mebibytes * MEBIBYTE)
        _run("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0", self.image)
        return super().__enter__()

    def mount(self, options="rw"):
        _run("mount", "-o", f"loop,errors=remount-ro,{options}", self.image, self.folder)

    def remount(self, options):
        _run("mount", "-o", f"remount,{options}", self.folder)

    def report_an_error(self):
        """What the kernel does when it finds the file system damaged: from now on it is read-only."""
        device = pathlib.Path(_run("findmnt", "-n", "-o", "SOURCE", self.folder)).name
        try:
            pathlib.Path(f"/sys/fs/ext4/{device}/trigger_fs_error").write_text("a test\n")
        except OSError:
            pass  # says so when it has done its work

    def pull(self):
        """As if the disk were pulled out: every access fails with EIO, and what was not synced is lost."""
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, self.SHUTDOWN, struct.pack("I", self.WITHOUT_FLUSH))
        finally:
            os.close(folder)

    def repair(self):
        """Unmounts, checks and mounts again."""
        self.unmount()
        subprocess.run(["e2fsck", "-p", "-f", str(self.image)], capture_output=True, check=False)
        self.mount()


DISKS = (MemoryDisk, LoopDisk)

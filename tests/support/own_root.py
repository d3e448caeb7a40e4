"""Runs a program with a folder for its root, as a container engine would: read-only and without set-user-id, in mount, pid,
ipc and uts namespaces of its own, as a user who has no capability and gains none. The network is the caller's.

    own_root.py ROOT [--user UID] [--bind OUTSIDE INSIDE]... [--kernel] -- PROGRAM [ARGUMENT...]

A folder that is bound can be written to. --kernel shows /proc and a /dev with the harmless devices; both must be folders
of ROOT. Signals are passed on, the program ends with who started it, and so do its mounts. command() makes the line.
"""

import argparse
import ctypes
import os
import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "systemd"))
from root_folder import (MS_BIND, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_RDONLY, MS_REC, MS_REMOUNT, make_devices,
                         mount, pivot)

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 24, 38
LAST_CAPABILITY = pathlib.Path("/proc/sys/kernel/cap_last_cap")
PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
FAILED = 125  # as container engines have it, when the program was not even started

libc = ctypes.CDLL(None, use_errno=True)


def command(root, *program, user=65532, binds=(), kernel=False):
    """The command line that runs `program` with `root` for its root; `binds` are pairs (outside, inside)."""
    options = ["--user", str(user), *(["--kernel"] if kernel else [])]
    for outside, inside in binds:
        options += ["--bind", str(outside), str(inside)]
    return [sys.executable, __file__, str(root), *options, "--", *map(str, program)]


def check(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def use_a_network_of_its_own():
    """Of this process, and of all that it starts from now on: loopback, and nothing else."""
    check(libc.unshare(CLONE_NEWNET))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def enter(root, binds, kernel):
    check(libc.unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC))
    mount(None, "/", flags=MS_REC | MS_PRIVATE)
    mount(root, root, flags=MS_BIND)
    mount(None, root, flags=MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV)
    if kernel:
        mount("proc", root / "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
        make_devices(root / "dev")
    for outside, inside in binds:
        mount(outside, root / inside.lstrip("/"), flags=MS_BIND)
        mount(None, root / inside.lstrip("/"), flags=MS_BIND | MS_REMOUNT | MS_NOSUID | MS_NODEV)
    pivot(root)


def become(user, last_capability):
    for capability in range(last_capability + 1):
        check(libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0))
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))  # changing the user had undone it


def run_program(options):
    """In the child, process 1 of its namespace: does not return."""
    check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))
    last = int(LAST_CAPABILITY.read_text())
    enter(options.root.resolve(), options.bind, options.kernel)
    become(options.user, last)
    for number in PASSED_ON:
        signal.signal(number, signal.SIG_DFL)
    os.execve(options.program[0], options.program, {name: value for name, value in os.environ.items()
                                                    if name.startswith("DISPOSABLE_SECRETS_")})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("--user", type=int, default=65532)
    parser.add_argument("--bind", nargs=2, action="append", default=[])
    parser.add_argument("--kernel", action="store_true")
    parser.add_argument("program", nargs="+")
    options = parser.parse_args()
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    check(libc.unshare(CLONE_NEWPID))  # for children only
    pid = os.fork()
    if pid == 0:
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
            run_program(options)
        except BaseException as error:
            print(f"own_root.py: {error!r}", file=sys.stderr, flush=True)
        finally:
            os._exit(FAILED)
    for number in PASSED_ON:
        signal.signal(number, lambda number, _: os.kill(pid, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    code = main()
    sys.exit(code if code >= 0 else 128 - code)

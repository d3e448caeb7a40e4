"""Boots systemd as PID 1 of a Debian tree, in namespaces of its own, and leaves nothing behind. The network is its parent's,
which must not be that of the machine around.

    boot.py TREE FOLDER [BIND...]

The tree is never written to: what the machine changes lies in FOLDER, and is there again after a reboot. Each BIND is a
folder that the machine shows at the same path. Prints one line of JSON for every boot, {"pid": N}, and one when a boot
ended, {"ended": "reboot"}. Ends when the machine is powered off, at SIGTERM, and when standard input is closed, so that
the machine never outlives who started it.
"""

import ctypes
import json
import os
import pathlib
import select
import signal
import socket
import sys

import cgroups
import root_folder

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
PR_CAPBSET_DROP = 24
# What no namespace keeps from the machine around it: kernel modules, raw access to devices, the clock, the kernel's log.
DROPPED_CAPABILITIES = {"sys_module": 16, "sys_rawio": 17, "sys_pacct": 20, "sys_time": 25, "mac_override": 32,
                        "mac_admin": 33, "syslog": 34, "wake_alarm": 35, "block_suspend": 36}
# reboot(2) in a pid namespace ends its first process by one of these.
ENDED_BY = {signal.SIGHUP: "reboot", signal.SIGINT: "poweroff"}

libc = ctypes.CDLL(None, use_errno=True)


def check(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def become_systemd(tree, folder, binds, groups):
    """In the child, which is process 1 of its namespace: does not return."""
    os.setsid()
    groups.enter()
    check(libc.unshare(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC))
    root_folder.enter(tree, folder, binds, groups)
    for number in DROPPED_CAPABILITIES.values():
        check(libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0))
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.umask(0o022)
    os.execve("/lib/systemd/systemd", ["/lib/systemd/systemd"],
              {"container": "disposable-test", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"})


def start(tree, folder, binds, groups):
    """The pid of the machine's first process."""
    outside = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    wait_end, go_end = os.pipe()
    check(libc.unshare(CLONE_NEWPID))  # for children only
    pid = os.fork()
    if pid == 0:
        try:
            check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))
            os.close(go_end)
            if os.read(wait_end, 1):  # else the parent had died before the line above
                become_systemd(tree, folder, binds, groups)
        except BaseException as error:
            print(f"boot.py: {error!r}", file=sys.stderr, flush=True)
        finally:
            os._exit(1)
    os.write(go_end, b"1")
    os.close(wait_end)
    os.close(go_end)
    check(libc.setns(outside, CLONE_NEWPID))
    os.close(outside)
    return pid


def say(**event):
    print(json.dumps(event), flush=True)


def run_machine(tree, folder, binds, groups):
    """Boots until it is not a reboot that ended the machine."""
    while True:
        pid = start(tree, folder, binds, groups)
        try:
            descriptor = os.pidfd_open(pid)
            say(pid=pid)
            ready, _, _ = select.select([descriptor, sys.stdin], [], [])
            os.close(descriptor)
            if descriptor not in ready:
                return
        finally:
            # Its death is the death of all in its namespace, and is over when all of them are gone.
            os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
        how = ENDED_BY.get(os.WTERMSIG(status)) if os.WIFSIGNALED(status) else None
        say(ended=how or f"status {status}")
        if how != "reboot":
            return


def main(tree, folder, *binds):
    def stop(number, _frame):
        signal.signal(number, signal.SIG_IGN)  # a second one must not cut the cleaning short
        raise SystemExit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    if [name for _, name in socket.if_nameindex()] != ["lo"]:
        sys.exit("boot.py: there is a network here that may be the machine's; enter a network namespace of its own first")
    with cgroups.Groups() as groups:
        run_machine(pathlib.Path(tree), pathlib.Path(folder), [pathlib.Path(bind) for bind in binds], groups)


if __name__ == "__main__":
    main(*sys.argv[1:])

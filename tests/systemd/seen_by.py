"""What a running service could do if somebody took it over before its own sandbox was in force: as its user and in its
namespaces, so that the unit alone is tried."""

import os
import socket

from boot import CLONE_NEWNET, CLONE_NEWNS, check, libc


def _error_of(pid, attempt):
    """The errno of attempt(), or 0."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        user, group = (int(line.split()[1]) for line in file if line.startswith(("Uid:", "Gid:")))
    child = os.fork()
    if child == 0:
        code = 255
        try:
            namespaces = [(os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY), kind)
                          for name, kind in (("net", CLONE_NEWNET), ("mnt", CLONE_NEWNS))]
            for namespace, kind in namespaces:
                check(libc.setns(namespace, kind))
            os.setgroups([])
            os.setresgid(group, group, group)
            os.setresuid(user, user, user)
            attempt()
            code = 0
        except OSError as error:
            code = error.errno
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def error_of_reading(pid, path):
    def attempt():
        with open(path, "rb") as file:
            file.read(1)
    return _error_of(pid, attempt)


def error_of_creating(pid, path):
    def attempt():
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        os.unlink(path)
    return _error_of(pid, attempt)


def error_of_connecting(pid, address):
    def attempt():
        with socket.create_connection(address, 5):
            pass
    return _error_of(pid, attempt)

"""What somebody is told who has too many connections already: loopback may have any number, so it takes a network of its own.

    unshare --map-root-user --net python3 crowded_address.py        prints the bytes of the answer
"""

import os
import pathlib
import socket
import subprocess
import sys
import tempfile

from service import Service

ADDRESS = "192.0.2.1"


def refusal():
    """All bytes of the answer to one connection too many."""
    done = subprocess.run(["unshare", "--map-root-user", "--net", sys.executable, __file__], capture_output=True, timeout=60,
                          check=False, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def inside():
    subprocess.run(f"ip link set lo up && ip address add {ADDRESS}/32 dev lo", shell=True, check=True)
    with tempfile.TemporaryDirectory() as folder, Service(pathlib.Path(folder), ("--address-connections-max", "1"),
                                                          listen=f"{ADDRESS}:0") as service:
        with socket.create_connection((ADDRESS, service.port), 10) as first:
            first.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            assert first.recv(65536).startswith(b"HTTP/1.1 200 ")
            with socket.create_connection((ADDRESS, service.port), 10) as second, second.makefile("rb") as stream:
                sys.stdout.buffer.write(stream.read())
        assert service.stop() == 0, service.log[-3:]


if __name__ == "__main__":
    inside()

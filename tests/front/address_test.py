"""What one address may have when it is not loopback, which is exempt: in a network of the test's own."""

import os
import pathlib
import socket
import subprocess
import sys
import tempfile

from fixture import FrontCase
from service import Service

ADDRESS = "192.0.2.1"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
BODY = b'{"secret":"x"}'
CREATE = (b"POST /api/v1/secret HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.%d\r\nContent-Length: 14\r\n\r\n" + BODY)


class AddressTest(FrontCase):
    def test_an_address_has_its_share_of_connections_and_creates(self):
        done = subprocess.run(["unshare", "--map-root-user", "--net", sys.executable, __file__], capture_output=True,
                              text=True, timeout=60, check=False,
                              env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
        self.assertEqual((done.returncode, done.stdout), (0, "200 200 429 200 | 200 200 429\n"), done.stderr)


def connect(port):
    return socket.create_connection((ADDRESS, port), timeout=10)


def ask(connection, request):
    """The status; of 429 also that it says when to come back."""
    if request:
        connection.sendall(request)
    answer = connection.recv(65536)
    status = int(answer[9:12])
    assert status != 429 or b"\r\nRetry-After: " in answer, answer
    return status


def inside():
    """In a network where nobody is but us; prints the statuses that were answered."""
    subprocess.run("ip link set lo up && ip address add 192.0.2.1/32 dev lo", shell=True, check=True)
    limits = ("--address-connections-max", "2", "--creates-burst", "2", "--creates-per-minute", "1")
    with tempfile.TemporaryDirectory() as folder, Service(pathlib.Path(folder), limits, listen=f"{ADDRESS}:0") as service:
        first, second, third = (connect(service.port) for _ in range(3))
        statuses = [ask(first, HEALTH), ask(second, HEALTH), ask(third, b"")]
        first.close()
        second.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        while second.recv(65536):  # until the server has closed it, so that there is room
            pass
        again = connect(service.port)
        statuses.append(ask(again, HEALTH))
        # Whoever is not a trusted proxy says in vain whose request it is.
        creates = [ask(again, CREATE % number) for number in range(3)]
        print(*statuses, "|", *creates)
        again.close()
        assert service.stop() == 0, service.log[-3:]


if __name__ == "__main__":
    inside()

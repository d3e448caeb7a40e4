"""A passer of sockets as systemd is one: it opens the listening socket once, and starts the service with it."""

import os
import pathlib
import socket

from service import Service

# The socket becomes descriptor 3, and LISTEN_PID the pid that the service is going to have.
PASS = """
passed=$1
shift
[[ $passed == 3 ]] || exec 3<&"$passed" {passed}<&-
LISTEN_PID=$$ exec "$@"
"""


class Passer:
    """Holds a listening socket of 127.0.0.1, so that connections wait while no service runs. A context manager."""

    def __init__(self, folder, backlog=4096):
        self.folder = pathlib.Path(folder)
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        self.port = self.socket.getsockname()[1]

    def start(self, *arguments):
        """A Service of always the same folder, listening on the socket that was passed."""
        number = self.socket.fileno()
        return Service(self.folder, arguments, wrapper=("bash", "-c", PASS, "pass", str(number)), listen="systemd",
                       environment=os.environ | {"LISTEN_FDS": "1", "LISTEN_FDNAMES": "http"}, pass_fds=(number,))

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.socket.close()

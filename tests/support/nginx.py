"""nginx as a reverse proxy: started on a free port with kept upstream connections, stopped by pid."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess

from suite import wait_until
from tcp_proxy import free_port

# No retries: a request that is sent on is sent once. `streaming` passes a chunked body on as it comes; otherwise nginx
# reads all of it and sends a Content-Length.
CONFIGURATION = """\
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log info;
events {{ worker_connections 1024; }}
http {{
  log_format forwarded '$status $upstream_status {log_more}';
  access_log {folder}/access.log forwarded;
  access_log {folder}/combined.log combined;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream back {{
{upstreams}
    keepalive 8;
  }}
  server {{
    listen 127.0.0.1:{port}{tls};
    client_max_body_size 16m;
    lingering_timeout 100ms;
    location / {{
      proxy_pass http://back;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_request_buffering {buffering};
      proxy_next_upstream {retries};
    }}
  }}
}}
"""


class Nginx:
    """One process before the services on these ports, ready when the constructor returns. A context manager. `retries` is
    nginx's proxy_next_upstream; with a `pair` (certificates.py) it speaks TLS; `log_more` is logged of each request
    besides."""

    def __init__(self, folder, *upstream_ports, streaming=False, retries="off", pair=None, log_more=""):
        self.folder = pathlib.Path(folder) / "nginx"
        self.folder.mkdir()
        self.port = free_port()
        configuration = self.folder / "nginx.conf"
        configuration.write_text(CONFIGURATION.format(
            folder=self.folder, port=self.port, retries=retries, log_more=log_more,
            tls=f" ssl;\n    ssl_certificate {pair.certificate};\n    ssl_certificate_key {pair.key}" if pair else "",
            upstreams="\n".join(f"    server 127.0.0.1:{port} max_fails=0;" for port in upstream_ports),
            buffering="off" if streaming else "on"))
        # Debian keeps it where only root looks.
        path = os.environ["PATH"] + ":/usr/sbin"
        with (self.folder / "output").open("wb") as output:
            self.process = subprocess.Popen(["nginx", "-p", str(self.folder), "-c", str(configuration)], env=os.environ | {
                "PATH": path}, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            wait_until(self._listening, 10, "nginx listens")
        except BaseException:
            self.stop()
            raise

    def _listening(self):
        if self.process.poll() is not None:
            raise AssertionError(f"nginx ended: {(self.folder / 'output').read_text()}")
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", self.port), 5):
            return True
        return False

    def log(self):
        """[(status to the client, status of the service or None)], one for each request nginx has understood or refused."""
        path = self.folder / "access.log"
        rows = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
        return [(int(row[0]), None if row[1] == "-" else row[1]) for row in rows]

    def combined_log(self):
        """As most administrators keep it: address, request line, status, bytes, referrer, browser."""
        return (self.folder / "combined.log").read_text()

    def forwarded(self):
        """How many requests it has sent on."""
        return sum(1 for _, upstream in self.log() if upstream)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stop()

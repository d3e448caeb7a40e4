"""What the tests in a browser stand on: the release executable behind TLS, in the ways in which an operator may set it up,
and what stands before it. Made once for all of them."""

import contextlib
import pathlib
import subprocess
import tempfile

from certificates import Authority
from front import Front
from nginx import Nginx
from service import EXECUTABLE, Service, run

SMALL = "4096"  # bytes that the guarded service takes


def public_key_hash(certificate):
    """As Chromium wants it: base64 of SHA-256 of the key in the certificate."""
    script = 'openssl x509 -in "$1" -noout -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | openssl base64'
    return subprocess.run(["sh", "-c", script, "sh", certificate], check=True, capture_output=True, text=True).stdout.strip()


class World(contextlib.ExitStack):
    """`environment` tells the tests in Node.js of it; see service.mjs."""

    def __enter__(self):
        super().__enter__()
        try:
            self._begin(pathlib.Path(self.enter_context(tempfile.TemporaryDirectory(prefix="disposable-web-"))))
        except BaseException:
            self.close()
            raise
        return self

    def _begin(self, folder):
        authority = Authority(folder)
        pair = authority.issue("server")
        tls = ("--tls-cert", pair.certificate, "--tls-key", pair.key)

        def serve(name, *options):
            (folder / name).mkdir(exist_ok=True)
            return self.enter_context(Service(folder / name, options))

        # Loopback is not limited, but whom a proxy names is: soon, so that tests see it.
        self.service = serve("service", *tls, "--trusted-proxy", "127.0.0.1/32", "--misses-burst", "1", "--misses-per-minute", "1",
                             "--creates-burst", "1", "--creates-per-minute", "1")
        made = run("token", "create", "--data-dir", folder / "guarded/data")
        guarded = serve("guarded", *tls, "--creators", "token", "--upload-bytes-max", SMALL, "--disk-reserve-bytes", str(1 << 40))
        restricted = serve("restricted", *tls, "--creators", "192.0.2.0/24")
        self.plain = serve("plain")
        self.nginx = self.enter_context(Nginx(folder, self.plain.port, pair=pair))
        front = self.enter_context(Front(self.service.port, pair, authority.context()))
        self.environment = {
            "SERVICE_URL": f"https://127.0.0.1:{self.service.port}", "GUARDED_URL": f"https://127.0.0.1:{guarded.port}",
            "RESTRICTED_URL": f"https://127.0.0.1:{restricted.port}", "PLAIN_URL": f"http://127.0.0.1:{self.plain.port}",
            "NGINX_URL": f"https://127.0.0.1:{self.nginx.port}", "FRONT_URL": front.url, "TOKEN": made.stdout.strip(),
            "EXECUTABLE": str(EXECUTABLE), "CA_FILE": str(authority.certificate),
            "NODE_EXTRA_CA_CERTS": str(authority.certificate), "PUBLIC_KEY_HASH": public_key_hash(pair.certificate),
            "DATA_DIR": str(self.service.data_dir), "KEY_FILE": str(self.service.key_file),
        }

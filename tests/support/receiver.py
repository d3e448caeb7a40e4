"""A receiver of webhooks, and what it can check."""

import base64
import hashlib
import hmac
import http.server
import json
import ssl
import subprocess
import threading

KEY = bytes(range(32))
KEY_FILE = f"whsec_{base64.b64encode(KEY).decode()}\n"


class Receiver(http.server.ThreadingHTTPServer):
    """Keeps what it is told. `answer` says how: a status, or a function that does with the connection what it likes."""

    daemon_threads = True

    def __init__(self, port=0):
        self.told, self.answer, self.fields = [], 204, {}
        super().__init__(("127.0.0.1", port), _Handler)
        self.port = self.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook?for=us"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def use_tls(self, certificate, key):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def close(self):
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, request, client_address):
        """The service breaks connections off; that is no failure here."""

    def types(self):
        return [json.loads(body)["type"] for _, _, body in self.told]


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.told.append((self.path, dict(self.headers.items()), body))
        if callable(self.server.answer):
            self.server.answer(self.connection)
            return
        self.send_response(self.server.answer)
        for name, value in self.server.fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


def signature(fields, body, key=KEY):
    signed = f"{fields['webhook-id']}.{fields['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def certificate(folder, name):
    """(certificate, key), PEM, of a name that vouches for itself."""
    certificate, key = folder / "hooks.pem", folder / "hooks.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                    "-out", certificate, "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"],
                   check=True, capture_output=True)
    return certificate, key

"""A reverse proxy with bad days, over TLS: what no server does when it is asked to. It loses answers, breaks them off, says
nothing, or says what a server in trouble says; everything else goes to the service and back. It keeps what browsers sent.
"""

import base64
import contextlib
import http.client
import http.server
import json
import socket
import ssl
import struct
import threading

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding"}


def problem(status, name, headers=()):
    body = {"type": f"urn:disposable-secrets:problem:{name}", "title": name, "status": status, "detail": name}
    return status, dict(headers) | {"Content-Type": "application/problem+json"}, json.dumps(body).encode()


def html(status, title):
    return status, {"Content-Type": "text/html"}, f"<!doctype html><title>{title}</title>".encode()


ANSWERS = {"503": problem(503, "unavailable"), "500": problem(500, "internal"),
           "429": problem(429, "rate-limited", {"Retry-After": "1"}), "portal": html(200, "Log in to this network")}
# The service has answered, and the browser hears something else.
INSTEAD = {"lost, 500": problem(500, "internal"), "lost, 403": html(403, "Blocked"), "lost, 524": html(524, "A timeout occurred")}
AFTER = ("lose", "cut", "stall", "paced")  # the service has answered, and the browser does not hear it (all)


class Front:
    """Listens before the service on `port`, with the certificate of `pair`. A context manager."""

    def __init__(self, port, pair, context):
        self.target, self.context = port, context
        self.changed = threading.Condition()
        self.faults = []  # {"path", "fault", "count"}
        self.calls = []  # {"path", "head", "body"}: bytes as they came, in base64
        self.pieces = 0  # of a "paced" answer that may go
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(pair.certificate, pair.key)
        self.server = Server(("127.0.0.1", 0), handler_of(self))
        self.server.tls = tls
        self.url = f"https://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def fault_of(self, path):
        with self.changed:
            for fault in self.faults:
                if path.endswith(fault["path"]) and fault["count"] > 0:
                    fault["count"] -= 1
                    return fault["fault"]
        return None

    def control(self, wishes):
        """What a test in another process wants; what has been asked so far, and which faults nobody has met yet."""
        with self.changed:
            if wishes.get("clear"):
                self.faults.clear()
            self.faults.extend({"count": 1} | fault for fault in wishes.get("faults", []))
            self.pieces += wishes.get("pace", 0)
            self.changed.notify_all()
            return {"calls": list(self.calls), "left": [fault for fault in self.faults if fault["count"] > 0]}

    def wait_for_piece(self, seconds):
        with self.changed:
            came = self.changed.wait_for(lambda: self.pieces > 0, seconds)
            self.pieces -= came
            return came

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a browser that has gone is no news

    def finish_request(self, request, client_address):
        # In the connection's own thread: a handshake that does not come holds up nobody else.
        request.settimeout(30)
        with self.tls.wrap_socket(request, server_side=True) as wrapped:
            super().finish_request(wrapped, client_address)


def handler_of(front):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def send(self, status, headers, body, length=None):
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)

        def reset(self):
            """As a network does it that has forgotten the connection."""
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        def ask_service(self, body):
            connection = http.client.HTTPSConnection("127.0.0.1", front.target, timeout=30, context=front.context)
            with contextlib.closing(connection):
                connection.request(self.command, self.path, body or None,
                                   {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP})
                response = connection.getresponse()
                headers = {name: value for name, value in response.getheaders()
                           if name.lower() not in HOP_BY_HOP | {"content-length"}}
                return response.status, headers, response.read()

        def break_off(self, status, headers, body, fault):
            half = body[:len(body) // 2]
            if fault != "paced":
                self.send(status, headers, half, len(body))
            else:  # a byte whenever the test asks for one, while it does
                self.send(status, headers, b"", len(body))
                while half and front.wait_for_piece(5):
                    self.wfile.write(half[:1])
                    half = half[1:]
                self.wfile.write(half)
            if fault == "stall":
                self.rfile.read(1)  # until the browser has gone
            self.reset()

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path == "/front":
                return self.send(200, {"Content-Type": "application/json"}, json.dumps(front.control(json.loads(body))).encode())
            kept = [base64.b64encode(each).decode() for each in (self.raw_requestline + bytes(self.headers), body)]
            front.calls.append({"path": self.path, "head": kept[0], "body": kept[1]})
            fault = front.fault_of(self.path)
            if fault == "drop":
                return self.reset()
            if fault in ANSWERS:
                return self.send(*ANSWERS[fault])
            status, headers, answer = self.ask_service(body)
            if fault in INSTEAD:
                return self.send(*INSTEAD[fault])
            if fault == "lose":
                return self.reset()
            if fault in AFTER:
                return self.break_off(status, headers, answer, fault)
            return self.send(status, headers, answer)

        do_GET = do_POST

    return Handler

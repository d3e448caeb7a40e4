"""/docs in a browser: every operation is rendered, nothing breaks the page's own policy, nothing is asked from elsewhere."""

import contextlib
import http.server
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import unittest

from service import Service

CHROMIUM = shutil.which("chromium")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
         "--disable-crash-reporter", "--disable-breakpad", "--no-default-browser-check", "--no-proxy-server",
         # Whatever the page would ask from elsewhere fails and is reported.
         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
# What the console says about a violated policy, a failed script or a resource that did not come.
COMPLAINT = re.compile(r"Content Security Policy|Refused to |Uncaught|Failed to load|violates", re.IGNORECASE)


class Visit:
    """One page load: the DOM after the scripts have run, and the complaints of the console."""

    def __init__(self, url):
        # A short name: Chromium makes a socket below it, whose path may have 107 characters.
        profile = tempfile.mkdtemp(prefix="c-")
        command = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "--enable-logging=stderr",
                   "--virtual-time-budget=15000", "--dump-dom", url]
        environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        environment |= {"HOME": profile, "XDG_CONFIG_HOME": profile, "XDG_CACHE_HOME": profile, "TMPDIR": profile}
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, errors="replace", env=environment, start_new_session=True)
        try:
            self.dom, log = process.communicate(timeout=60)
        finally:
            # The whole session: the browser starts processes of its own, which may outlive it for a moment.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            shutil.rmtree(profile, ignore_errors=True)
        self.complaints = [line for line in log.splitlines() if "CONSOLE" in line and COMPLAINT.search(line)]
        self.log = log


@contextlib.contextmanager
def page_that_breaks_its_policy():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = b"<!doctype html><p id=p>before</p><script>document.getElementById('p').textContent='after'</script>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Security-Policy", "default-src 'none'; script-src 'self'")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class DocsPageTest(unittest.TestCase):
    def test_a_violation_would_be_seen(self):
        with page_that_breaks_its_policy() as url:
            visit = Visit(url)
        self.assertIn("before", visit.dom, visit.log[-2000:])
        self.assertTrue(visit.complaints, visit.log[-3000:])

    def test_every_operation_is_rendered_and_nothing_breaks_the_policy(self):
        with tempfile.TemporaryDirectory(prefix="disposable-web-") as folder, Service(folder) as service:
            _, document = service.client().json("GET", "/openapi.json")
            visit = Visit(f"http://127.0.0.1:{service.port}/docs")
            self.assertEqual(service.stop(), 0)
        self.assertEqual(visit.complaints, [])
        operations = [(method, path, operation) for path, item in document["paths"].items()
                      for method, operation in item.items() if method != "parameters"]
        self.assertEqual(visit.dom.count('class="opblock opblock-'), len(operations), visit.dom[:2000] + visit.log[-2000:])
        # Swagger UI puts invisible break hints into long paths.
        text = visit.dom.replace("\u200b", "").replace("<wbr>", "")
        for method, path, operation in operations:
            with self.subTest(method=method, path=path):
                self.assertIn(f'data-path="{path}"', text)
                self.assertIn(operation["summary"], text)
                self.assertIn(f"opblock-{method}", text)
        self.assertIn(document["info"]["title"], text)

"""The page as the executable serves it: small, under its policy, with the operator's name on it."""

import gzip
import pathlib
import re
import tempfile
import unittest

from service import Service, run
from suite import figure

BYTES_MAX = 60 * 1024  # of everything that is loaded to create and to open, compressed
FIELDS = {"Accept": "text/html", "Accept-Encoding": "gzip"}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                               "connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'; "
                               "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
PNG = bytes.fromhex("89504e470d0a1a0a") + b"rest"


def loaded(client, html):
    """{path: bytes on the wire} of the files that the page names, and of the words of the longest language."""
    paths = re.findall(r'(?:src|href)="(page/[^"]+)"', html)
    script = next(path for path in paths if path.endswith(".js"))
    words = re.findall(r'"(\w\w\.[0-9a-f]{12}\.json)"', gzip.decompress(client.request("GET", f"/{script}", headers=FIELDS)[2]).decode())
    assert len(words) == 6, words
    sizes = {path: len(client.request("GET", f"/{path}", headers=FIELDS)[2]) for path in paths}
    return sizes | {"words": max(len(client.request("GET", f"/page/{name}", headers=FIELDS)[2]) for name in words)}


class ServedPageTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="disposable-web-"))

    def serve(self, *options):
        return self.enterContext(Service(self.folder, options))

    def test_it_is_small_and_whole(self):
        client = self.serve().client()
        status, headers, body = client.request("GET", "/", headers=FIELDS)
        self.assertEqual((status, headers["content-type"]), (200, "text/html; charset=utf-8"))
        sizes = loaded(client, body.decode()) | {"page": len(body)}
        self.assertLessEqual(sum(sizes.values()), BYTES_MAX, sizes)
        figure(f"the page and all it loads is {sum(sizes.values()) / 1024:.1f} KiB compressed")

    def test_nothing_may_run_or_be_asked_for_but_its_own_files(self):
        client = self.serve().client()
        for path in ("/", "/s", "/r", "/q"):
            _, headers, _ = client.request("GET", path, headers=FIELDS)
            for name, value in HEADERS.items():
                self.assertEqual(headers[name.lower()], value, path)
            self.assertNotIn("set-cookie", headers)

    def test_only_reading_is_allowed_and_head_is_get_without_a_body(self):
        client = self.serve().client()
        for path in ("/s", "/r", "/q"):
            _, headers, body = client.request("GET", path)
            status, head, nothing = client.request("HEAD", path)
            self.assertEqual((status, head["content-length"], nothing), (200, headers["content-length"], b""))
            status, headers, _ = client.request("POST", path)
            self.assertEqual((status, headers["allow"]), (405, "GET, HEAD"))

    def test_the_operator_puts_name_logo_colour_and_footer_into_it(self):
        logo = pathlib.Path(self.folder, "logo")
        logo.write_bytes(PNG)
        client = self.serve("--page-name", "R&D <Vault>", "--page-logo", logo, "--page-colour", "#ffd200", "--page-footer",
                            "Imprint: Example Ltd").client()
        page = client.request("GET", "/s")[2].decode()
        self.assertIn("<title>R&amp;D &lt;Vault&gt;</title>", page)
        self.assertIn("<footer>Imprint: Example Ltd</footer>", page)
        _, headers, body = client.request("GET", "/page/logo")
        self.assertEqual((headers["content-type"], body), ("image/png", PNG))
        self.assertIn(b"--accent:#ffd200;--on-accent:#000000", client.request("GET", "/page/site.css")[2])

    def test_what_cannot_be_a_logo_or_a_colour_is_one_clear_line(self):
        logo = pathlib.Path(self.folder, "logo")
        for content, complaint in ((b"", "cannot be read, or is empty"), (b"GIF89a", "is no SVG, PNG, JPEG or WebP"),
                                   (PNG + bytes(256 * 1024), "is larger than 256 KiB")):
            logo.write_bytes(content)
            done = run("serve", "--data-dir", pathlib.Path(self.folder, "data"), "--page-logo", logo)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(complaint, done.stderr)
        done = run("serve", "--page-colour", "red")
        self.assertIn("not a colour like #2f56c8", done.stderr)

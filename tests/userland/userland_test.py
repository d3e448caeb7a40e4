"""A secret's whole life in each root folder, with and without TLS."""

import json
import os
import pathlib
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import unittest

import own_root
import trees
from certificates import Authority
from service import EXECUTABLE, REPOSITORY, Client, Service
from suite import figure

sys.path.append(str(REPOSITORY / "tests/client"))
from fake_api import FakeApi  # noqa: E402

USER = 65532
SPENT = (410, {"detail": "Secret already retrieved or deleted"})
PROGRAM = "/app/disposable-secrets"


class UserlandCase(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="disposable-userland-"))
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ("app", "data"):
            (self.folder / name).mkdir()
            os.chown(self.folder / name, USER, USER)
        shutil.copy(EXECUTABLE, self.folder / "app/disposable-secrets")
        self.authority = Authority(self.folder)
        pair = self.authority.issue("localhost")
        self.certificates = self.folder / "certificates"
        self.certificates.mkdir()
        for source, name in ((pair.certificate, "certificate.pem"), (pair.key, "key.pem")):
            shutil.copy(source, self.certificates / name)
            os.chown(self.certificates / name, USER, USER)
            (self.certificates / name).chmod(0o600)

    def empty_root(self):
        """A root folder with the program and the places that the tests write to."""
        root = self.folder / "root"
        for name in trees.PLACES:
            (root / name).mkdir(parents=True)
        return root

    def binds(self):
        return [(self.folder / name, f"/{name}") for name in trees.PLACES]

    def start(self, root, *arguments):
        line = own_root.command(root, PROGRAM, "serve", "--data-dir", "/data/store", "--key-file", "/data/keyring", *arguments,
                                user=USER, binds=self.binds())
        service = Service(self.folder, command=line)
        self.addCleanup(service.kill)
        return service

    def run_in(self, root, *program):
        return subprocess.run(own_root.command(root, *program, user=USER, binds=self.binds()), capture_output=True,
                              text=True, check=False, stdin=subprocess.DEVNULL, timeout=60)

    def live(self, client):
        """Create, retrieve, and retrieve again; the key of one that is still live."""
        key = client.create("for your eyes only")
        self.assertEqual(client.retrieve(key), (200, {"secret": "for your eyes only"}))
        self.assertEqual(client.retrieve(key), SPENT)
        return client.create("for later")

    def journey(self, root):
        tls = ("--listen", "https://127.0.0.1:0", "--tls-cert", "/certificates/certificate.pem",
               "--tls-key", "/certificates/key.pem")
        first = self.start(root, *tls)
        kept = self.live(Client(first.port, context=self.authority.context()))
        self.assertEqual(first.stop(), 0, first.log)
        second = self.start(root, "--listen", "127.0.0.1:0")
        self.assertEqual(second.client().retrieve(kept), (200, {"secret": "for later"}))
        self.live(second.client())
        self.assertEqual(second.stop(), 0, second.log)
        sandbox = json.loads(self.run_in(root, PROGRAM, "version", "--json").stdout)["sandbox"]
        audit = self.run_in(root, PROGRAM, "audit", "--json", "--data-dir", "/data/store", "--key-file", "/data/keyring")
        actions = [json.loads(line)["action"] for line in audit.stdout.splitlines()]
        self.assertEqual((actions.count("created"), actions.count("retrieved")), (4, 3), audit.stderr)
        return sandbox


class EmptyRootTest(UserlandCase):
    def test_it_serves_from_a_root_folder_that_holds_nothing_else(self):
        root = self.empty_root()
        self.assertEqual([path for path in root.rglob("*") if not path.is_dir()], [])
        sandbox = self.journey(root)
        figure(f"an empty root folder: serves with and without TLS; sandbox {sandbox}")

    def test_the_client_asks_for_names_and_speaks_tls_from_there(self):
        root = self.empty_root()
        shutil.copy(self.authority.certificate, self.certificates / "root.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificates / "certificate.pem", self.certificates / "key.pem")
        ask = (PROGRAM, "request", "--json", "--ca-file", "/certificates/root.pem", "--server")
        with FakeApi(context=context) as api:
            done = self.run_in(root, *ask, f"https://localhost:{api.port}")
            self.assertTrue(json.loads(done.stdout)["link"].startswith(f"https://localhost:{api.port}/q#"), done.stderr)
        unknown = self.run_in(root, *ask, "https://secrets.example")  # nothing there says who knows names
        self.assertEqual((unknown.returncode, unknown.stdout), (7, ""), unknown.stderr)

    def test_a_program_that_needs_its_system_does_not(self):
        """What shows that the root folder is as empty as it is said to be."""
        source = self.folder / "small.c"
        source.write_text("int main(void) { return 0; }\n")
        subprocess.run(["gcc", "-o", self.folder / "app/small", source], check=True)
        subprocess.run(["gcc", "-static", "-o", self.folder / "app/small-static", source], check=True)
        root = self.empty_root()
        result = self.run_in(root, "/app/small")
        self.assertEqual(result.returncode, own_root.FAILED)
        self.assertIn("FileNotFoundError", result.stderr)  # its loader is not there
        self.assertEqual(self.run_in(root, "/app/small-static").returncode, 0)


class TrixieTest(UserlandCase):
    def setUp(self):
        super().setUp()
        self.root = trees.trixie()

    def test_the_same_file_serves_in_the_tree_of_debian_13(self):
        ours = re.search(r"^VERSION_ID=.*$", pathlib.Path("/etc/os-release").read_text(), re.MULTILINE)[0]
        theirs = re.search(r"^VERSION_ID=.*$", (self.root / "etc/os-release").read_text(), re.MULTILINE)[0]
        self.assertEqual(theirs, 'VERSION_ID="13"')
        self.assertNotEqual(ours, theirs)
        sandbox = self.journey(self.root)
        figure(f"the tree of Debian 13: serves with and without TLS; sandbox {sandbox}")

    def test_a_client_of_that_tree_is_served_over_tls(self):
        shutil.copy(self.authority.certificate, self.certificates / "root.pem")
        (self.certificates / "root.pem").chmod(0o644)
        service = self.start(self.root, "--listen", "https://127.0.0.1:0", "--tls-cert", "/certificates/certificate.pem",
                             "--tls-key", "/certificates/key.pem")

        def curl(path, *options):
            result = self.run_in(self.root, "/usr/bin/curl", "--silent", "--show-error", "--cacert", "/certificates/root.pem",
                                 "--write-out", "\n%{http_code}", *options, f"https://localhost:{service.port}{path}")
            self.assertEqual(result.returncode, 0, result.stderr)
            body, _, status = result.stdout.rpartition("\n")
            return int(status), json.loads(body)

        status, answer = curl("/api/v1/secret", "--json", '{"secret": "for curl"}')
        self.assertEqual(status, 200)
        self.assertEqual(curl(f"/api/v1/secret/{answer['secret_key']}"), (200, {"secret": "for curl"}))
        self.assertEqual(curl(f"/api/v1/secret/{answer['secret_key']}"), SPENT)
        version = self.run_in(self.root, "/usr/bin/curl", "--version").stdout.split("\n")[0]
        figure(f"the client of that tree: {' '.join(re.findall(r'(?:curl|OpenSSL)[ /][0-9.]+', version))}")

    def test_it_reads_no_configuration_of_the_libraries_that_it_brings(self):
        """OpenSSL's of another distribution may name what ours does not know, and would end it."""
        broken = self.folder / "broken"
        broken.write_text("config_diagnostics = 1\nopenssl_conf = nowhere\n")
        binds = [*self.binds(), (broken, "/etc/ssl/openssl.cnf")]
        self.binds = lambda: binds
        self.assertNotEqual(self.run_in(self.root, "/usr/bin/openssl", "list", "-providers").returncode, 0)
        self.journey(self.root)

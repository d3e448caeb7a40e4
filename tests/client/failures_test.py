"""What the client does when something goes wrong: answers that are lost, servers that refuse, and those that are none."""

import json
import os
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from certificates import Authority
from fixture import SECRET, ClientCase
from service import EXECUTABLE

RETRIEVE = "/api/v2/secrets/retrieve"


class LostAnswerTest(ClientCase):
    def test_a_retrieval_whose_answer_is_lost_is_repeated_with_its_claim(self):
        for faults in (["cut after"], ["cut before"], ["503"], ["cut after", "503", "cut before", "cut after"]):
            api = self.serve()
            link = self.share(api)
            api.fail(RETRIEVE, *faults)
            done = self.client("retrieve", link)
            self.assertEqual((done.stdout, done.stderr), (SECRET, b""))
            self.assertEqual(api.count(RETRIEVE), len(faults) + 1)
            claims = {json.loads(body)["claim"] for _, path, _, body in api.seen if path == RETRIEVE}
            self.assertEqual(len(claims), 1)

    def test_after_a_lost_answer_only_the_services_own_word_counts(self):
        def other(status):
            return status, "text/html", b"<html>please log in, or come back later</html>"

        for faults in (["internal"], ["garbage"], ["half"], [other(302)], [other(404)], [other(429)], [other(520)],
                       ["cut after", "429"], ["cut after", other(408)]):
            with self.subTest(faults=faults):
                api = self.serve()
                link = self.share(api)
                api.fail(RETRIEVE, *faults)
                self.assertEqual(self.client("retrieve", link).stdout, SECRET)
                self.assertEqual(api.count(RETRIEVE), len(faults) + 1)
        asked = json.loads(self.client("request", "--json", api=api).stdout)
        self.client("share", "--to", asked["link"], given=SECRET)
        api.fail(RETRIEVE, "half", other(200))
        self.assertEqual(self.client("request", "--collect", asked["own_link"]).stdout, SECRET)

    def test_no_hint_to_try_again_is_given_where_that_is_too_late(self):
        for fault in ("429", "half"):
            api = self.serve()
            link = self.share(api)
            api.fail(RETRIEVE, "cut after", *[fault] * 20)
            error = self.client("retrieve", "--patience", 1, link, code=7).stderr
            self.assertIn(b"whether that has spent the secret is not known", error)
            self.assertNotIn(b"try again", error)
        api = self.serve()
        link = self.share(api)
        api.fail(RETRIEVE, "429")  # nothing was asked before
        self.assertIn(b"hint: try again in 1 seconds", self.client("retrieve", link, code=6).stderr)
        self.assertEqual(self.client("retrieve", link).stdout, SECRET)

    def test_who_is_turned_away_in_front_of_the_server_hears_it_at_once(self):
        api = self.serve()
        link = self.share(api)
        for path, command in (("/api/v2/secrets", ("share",)), ("/api/v2/secrets/delete", ("delete", link))):
            before = api.count(path)
            api.fail(path, (413, "text/html", b"too large"))
            self.client(*command, api=api, given=b"x", code=7)
            self.assertEqual(api.count(path), before + 1)

    def test_a_creation_whose_answer_is_lost_makes_one_secret(self):
        api = self.serve()
        api.fail("/api/v2/secrets", "cut after", "503", "cut before", "garbage", (502, "text/html", b""), "internal")
        link = self.share(api)
        self.assertEqual(len(api.secrets), 1)
        self.assertEqual(self.client("retrieve", link).stdout, SECRET)

    def test_a_deletion_and_an_answer_to_a_request_that_are_lost_count(self):
        api = self.serve()
        link = self.share(api)
        api.fail("/api/v2/secrets/delete", "cut after")
        self.assertEqual(self.client("delete", link).stdout, b"deleted\n")
        asked = json.loads(self.client("request", "--json", api=api).stdout)
        api.fail("/api/v2/requests/fill", "cut after")
        self.client("share", "--to", asked["link"], given=SECRET)
        self.assertEqual(self.client("request", "--collect", asked["own_link"]).stdout, SECRET)

    def test_patience_begins_anew_with_every_sign_of_life(self):
        api = self.serve()
        link = self.share(api, given=os.urandom(1 << 16))
        api.fail(RETRIEVE, "slow cut")  # takes longer than the patience below
        self.client("retrieve", link, "--patience", 1)
        self.assertEqual((api.count(RETRIEVE), len((self.here / "standard-input.bin").read_bytes())), (2, 1 << 16))
        other = self.share(api, given=SECRET * 1000)
        api.fail(RETRIEVE, *["slow cut"] * 20)  # always at the same place
        self.assertIn(b"not known", self.client("retrieve", other, "--patience", 1, code=7).stderr)
        self.assertLess(api.count(RETRIEVE), 6)

    def test_a_secret_that_was_lost_on_the_way_is_not_blamed_on_somebody_else(self):
        api = self.serve()
        link = self.share(api)

        def forget():
            for secret in api.secrets.values():
                secret.claims = {}

        api.fail(RETRIEVE, "cut after", forget)
        self.assertIn(b"probably by this program", self.client("retrieve", link, code=4).stderr)
        self.assertNotIn(b"probably by this program", self.client("retrieve", link, code=4).stderr)

    def test_a_fill_whose_answer_is_lost_may_be_another_persons(self):
        api = self.serve()
        for json_wanted in (False, True):
            asked = json.loads(self.client("request", "--json", api=api).stdout)
            other = ("share", "--to", asked["link"])
            api.fail("/api/v2/requests/fill", "503", lambda other=other: self.client(*other, given=b"another's"))
            done = self.client("share", "--to", asked["link"], *["--json"] * json_wanted, given=SECRET)
            if json_wanted:
                self.assertEqual(json.loads(done.stdout), {"confirmed": False})
            else:
                self.assertIn(b"may be another person's", done.stderr)
            self.assertEqual(self.client("request", "--collect", asked["own_link"]).stdout, b"another's")

    def test_a_secret_is_not_dropped_because_a_header_field_is(self):
        api = self.serve()
        api.fail(RETRIEVE, "no count")
        self.assertEqual(self.client("retrieve", self.share(api)).stdout, SECRET)
        api.fail(RETRIEVE, "no count")
        done = self.client("retrieve", "--json", self.share(api, "--views", 3))
        self.assertEqual(json.loads(done.stdout)["views_left"], 0)

    def test_patience_has_an_end(self):
        api = self.serve()
        link = self.share(api)
        api.fail(RETRIEVE, *["cut before"] * 20)
        began = time.monotonic()
        error = self.client("retrieve", link, "--patience", 1, code=7).stderr
        self.assertLess(time.monotonic() - began, 5)
        self.assertIn(b"not known", error)
        self.assertGreater(api.count(RETRIEVE), 1)

    def test_who_is_asked_to_answer_is_waited_for(self):
        api = self.serve()
        asked = json.loads(self.client("request", "--json", api=api).stdout)
        api.fail("/api/v2/requests/status", "503", "429", 0, 0)
        waiting = subprocess.Popen([EXECUTABLE, "request", "--collect", asked["own_link"]], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment(), cwd=self.here)
        self.addCleanup(waiting.kill)
        while api.count("/api/v2/requests/status") < 3 and waiting.poll() is None:
            time.sleep(0.02)
        self.client("share", "--to", asked["link"], given=SECRET)
        output, error = waiting.communicate(timeout=20)
        self.assertEqual((waiting.returncode, output, error), (0, SECRET, b""))


class RefusalTest(ClientCase):
    def test_exit_codes_say_what_became_of_a_secret(self):
        api = self.serve()
        link = self.share(api)
        key = link.split("#")[1].split(".")[0]
        other = "d1525eb2-d21a-4958-9b60-9cd1fe5f2434"
        for command in ("retrieve", "status", "delete"):
            self.client(command, link.replace(key, other), code=3)
        self.client("retrieve", self.changed(link), code=5)
        self.assertEqual(self.client("retrieve", link).stdout, SECRET)  # the wrong key has spent nothing
        self.client("retrieve", link, code=4)
        expiring = self.share(api, "--ttl", "1s")
        api.secrets[expiring.split("#")[1].split(".")[0]].ttl = 0
        self.assertIn(b"expired", self.client("retrieve", expiring, code=3).stderr)

    @staticmethod
    def changed(link):
        """The same secret with another link key."""
        head, key = link.rsplit(".", 1)
        return f"{head}.{'B' if key[0] == 'A' else 'A'}{key[1:]}"

    def test_a_wrong_passphrase_spends_nothing_and_the_fifth_locks(self):
        api = self.serve()
        for name in ("right", "wrong"):
            (self.folder / name).write_text(name + "\n")
        link = self.share(api, "--passphrase-file", self.folder / "right")
        self.client("retrieve", link, code=1)  # there is no terminal to ask on
        for _ in range(5):
            self.client("retrieve", link, "--passphrase-file", self.folder / "wrong", code=5)
        self.assertIn(b"locked", self.client("retrieve", link, "--passphrase-file", self.folder / "right", code=5).stderr)
        api.secrets[link.split("#")[1].split(".")[0]].locked = None
        self.assertEqual(self.client("retrieve", link, "--passphrase-file", self.folder / "right").stdout, SECRET)

    def test_a_server_that_wants_a_token_says_so(self):
        api = self.serve(token="ds_token")
        for environment in ({}, {"DISPOSABLE_SECRETS_TOKEN": "ds_other"}):
            error = self.client("share", api=api, given=b"x", code=6, **environment).stderr
            self.assertIn(b"DISPOSABLE_SECRETS_TOKEN", error)
            self.assertNotIn(b"ds_other", error)
        self.client("share", api=api, given=b"x", code=1, DISPOSABLE_SECRETS_TOKEN="bad\ntoken")
        self.assertIn(b"Secret-TTL: Input should be less", self.client("share", "--ttl", "90d", api=api, given=b"x", code=6,
                                               DISPOSABLE_SECRETS_TOKEN="ds_token").stderr)

    def test_an_answer_of_another_server_is_believed_in_nothing(self):
        api = self.serve()
        link = self.share(api)
        for path, command in (("/api/v2/secrets", ("share",)), ("/api/v2/secrets/status", ("status", link)),
                              ("/api/v2/requests", ("request",)), ("/api/v2/secrets/retrieve", ("retrieve", link))):
            api.fail(path, *["garbage"] * 20)
            command += ("--patience", 0)
            self.assertNotIn(b"\x1b", self.client(*command, api=api, given=b"x", code=7).stderr)
            api.faults.clear()

    def test_an_answer_that_is_larger_than_any_is_refused_at_its_head(self):
        api = self.serve()
        link = self.share(api)
        for path, command in (("/api/v2/secrets", ("share",)), ("/api/v2/secrets/status", ("status", link)),
                              (RETRIEVE, ("retrieve", link))):
            before = api.count(path)
            api.fail(path, "endless")
            self.assertIn(b"too large", self.client(*command, api=api, given=b"x", code=7).stderr)
            self.assertEqual(api.count(path), before + 1)

    def test_a_long_text_of_the_server_costs_no_link(self):
        api = self.serve()
        api.fail("/api/v2/secrets", "long words")
        link = json.loads(self.client("share", "--json", api=api, given=SECRET).stdout)["link"]
        self.assertEqual(self.client("retrieve", link).stdout, SECRET)

    def test_a_redirect_is_not_followed(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        seen = []

        def redirect():
            connection, _ = listener.accept()
            with connection:
                seen.append(connection.recv(65536))
                connection.sendall(b"HTTP/1.1 307 Go\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=redirect, daemon=True)
        thread.start()
        self.client("request", "--server", f"http://127.0.0.1:{listener.getsockname()[1]}", code=7)
        thread.join(5)
        self.assertEqual(len(seen), 1)

    def test_nobody_there_and_no_such_name_are_one_clear_line(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        self.assertIn(b"cannot be connected", self.client("request", "--server", f"http://127.0.0.1:{port}", code=7).stderr)
        self.assertIn(b"https", self.client("request", "--server", "http://secrets.example", code=2).stderr)
        self.assertIn(b"--server", self.client("request", code=2).stderr)

    def test_proxies_of_the_environment_are_not_used(self):
        proxies = {name: "http://127.0.0.1:1" for name in ("http_proxy", "https_proxy", "ALL_PROXY", "HTTP_PROXY")}
        self.share(self.serve(), **proxies)


class TlsTest(ClientCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.authority = Authority(folder.name)
        cls.pair = cls.authority.issue("server")
        cls.expired = cls.authority.issue("expired", ends="20210101000000Z")

    def tls(self, pair):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        return self.serve(context=context)

    def test_a_certificate_of_a_trusted_authority_is_believed_for_its_names(self):
        api = self.tls(self.pair)
        trust = ("--ca-file", self.authority.certificate)
        self.assertEqual(self.client("retrieve", *trust, self.share(api, *trust)).stdout, SECRET)
        by_name = f"https://localhost:{api.port}"  # looked up, and then the name that the certificate must have
        link = self.share(api, *trust, "--server", by_name)
        self.assertTrue(link.startswith(by_name + "/s#"))
        self.assertEqual(api.seen[-1][2]["Host"], f"localhost:{api.port}")
        self.assertEqual(self.client("retrieve", link, DISPOSABLE_SECRETS_CA_FILE=str(self.authority.certificate)).stdout,
                         SECRET)

    def test_any_other_certificate_is_refused_before_anything_is_sent(self):
        trust = ("--ca-file", self.authority.certificate)
        for pair, options, host, said in ((self.pair, (), "127.0.0.1", b"not trusted"),
                                          (self.expired, trust, "127.0.0.1", b"not trusted"),
                                          (self.pair, trust, "x.localhost", b"another name"),
                                          (self.pair, ("--ca-file", self.folder / "none"), "localhost", b"cannot be read")):
            api = self.tls(pair)
            error = self.client("share", *options, "--server", f"https://{host}:{api.port}", given=SECRET, code=7).stderr
            self.assertIn(said, error)
            self.assertEqual(api.seen, [])

    @unittest.skipIf(os.geteuid() != 0, "another /etc/hosts needs root")
    def test_names_are_looked_up_in_the_file_of_hosts(self):
        api = self.tls(self.pair)
        (self.folder / "hosts").write_text("192.0.2.1 elsewhere.example\n127.0.0.1 secrets.example\n")
        wrapper = ["unshare", "--mount", "sh", "-c", 'mount --bind "$1" /etc/hosts && shift && exec "$@"', "sh",
                   self.folder / "hosts"]
        error = self.client("share", "--ca-file", self.authority.certificate, given=SECRET, code=7, wrapper=wrapper,
                            DISPOSABLE_SECRETS_SERVER=f"https://secrets.example:{api.port}").stderr
        self.assertIn(b"another name", error)  # so it was found and connected to


if __name__ == "__main__":
    unittest.main()

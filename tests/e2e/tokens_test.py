"""Who may create: by address, by token, and while tokens come and go. Reading is open to everybody."""

import concurrent.futures
import datetime
import json
import os
import pathlib
import signal
import socket
import time
import unittest

from fixture import temporary_folder
from service import Service, StartError, run
from suite import wait_until

CREATE = "/api/v1/secret"
UNAUTHORIZED = (401, {"detail": "A valid token is required to create"})
FORBIDDEN = (403, {"detail": "Creating is not allowed from this address"})
BEHIND_PROXY = ("--trusted-proxy", "127.0.0.1/32")
READ, STAY = "the tokens were read again", "the tokens stay as they were"


class TokensCase(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)
        self.data = self.folder / "data"

    def token(self, *arguments, where=None):
        """What `token` with these arguments says, decoded where it is JSON."""
        done = run("token", *arguments, *(where or ("--data-dir", self.data)), "--json")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return [json.loads(line) for line in done.stdout.splitlines()]

    def make(self, *arguments, **where):
        return self.token("create", *arguments, **where)[0]

    def serve(self, *arguments):
        service = Service(self.folder, arguments)
        self.addCleanup(service.kill)
        return service

    def create(self, service, authorization=None, address=None, secret="x"):
        """(status, body) of a creation; its headers are in self.headers."""
        headers = {"Content-Type": "application/json"}
        headers |= {"Authorization": authorization} if authorization is not None else {}
        headers |= {"X-Forwarded-For": address} if address else {}
        client = service.client()
        self.addCleanup(client.close)
        status, self.headers, content = client.request("POST", CREATE, json.dumps({"secret": secret}), headers)
        client.close()
        return status, json.loads(content)

    def messages(self, service, message):
        return [entry for entry in map(json.loads, list(service.log)) if entry["message"] == message]


class CreatorsTest(TokensCase):
    def test_each_rule_lets_create_whom_it_names_and_reading_is_always_open(self):
        good, revoked, expired = self.make(), self.make(), self.make("--expires", "1s")
        self.token("revoke", revoked["id"])
        over = datetime.datetime.fromisoformat(expired["expires"].replace("Z", "+00:00")).timestamp()
        wait_until(lambda: time.time() > over, 5, "it has expired")
        bearer = {name: f"Bearer {token['token']}" for name, token in
                  (("good", good), ("revoked", revoked), ("expired", expired))}
        wrong = ("Bearer ds_" + "A" * 43, "Bearer nonsense", "Bearer", "bearer " + good["token"][:-1])
        no_token = (None, "Basic eDp5", good["token"], "")
        inside, outside = "10.9.8.7", "192.0.2.1"
        for words, without_outside, without_inside, with_outside in (
                ((), 200, 200, 200), (("open",), 200, 200, 200), (("token",), 401, 401, 200),
                (("10.0.0.0/8",), 403, 200, 403), (("token", "10.0.0.0/8"), 401, 200, 200),
                (("token", "open"), 200, 200, 200)):
            options = ("--creators", ",".join(words)) if words else ()
            with self.subTest(words), Service(self.folder, (*BEHIND_PROXY, "--creates-per-minute", "0", *options)) as service:
                for shown in no_token:
                    self.assertEqual(self.create(service, shown, outside)[0], without_outside, shown)
                    self.assertEqual(self.create(service, shown, inside)[0], without_inside, shown)
                    # What the client itself claims is left of what the proxy has seen.
                    self.assertEqual(self.create(service, shown, f"{inside}, {outside}")[0], without_outside, shown)
                status, answer = self.create(service, bearer["good"], outside)
                self.assertEqual(status, with_outside)
                for shown in (bearer["revoked"], bearer["expired"], *wrong):
                    for address in (inside, outside):
                        self.assertEqual(self.create(service, shown, address), UNAUTHORIZED, shown)
                        self.assertEqual(self.headers["www-authenticate"], "Bearer")
                if without_outside == 403:
                    self.assertEqual(answer, FORBIDDEN[1])
                    self.assertNotIn("www-authenticate", self.headers if self.create(service, None, outside) else {})
                status, answer = self.create(service, bearer["good"], inside)
                self.assertEqual(status, 200)
                client = service.client()
                self.assertEqual(client.retrieve(answer["secret_key"]), (200, {"secret": "x"}))
                client.close()
                self.assertEqual(service.stop(), 0)

    def test_without_a_proxy_the_peer_counts_and_not_what_it_claims(self):
        service = self.serve("--creators", "10.0.0.0/8")
        self.assertEqual(self.create(service, address="10.0.0.1"), FORBIDDEN)
        self.assertEqual(service.stop(), 0)

    def test_a_token_has_its_own_limits_and_the_addresss_do_not_count(self):
        few, small, free = self.make("--rate", "2"), self.make("--bytes", "100"), self.make()
        service = self.serve(*BEHIND_PROXY, "--creates-burst", "1", "--creates-per-minute", "0.1")
        ask = lambda token, **more: self.create(service, f"Bearer {token['token']}", **more)[0]
        # From loopback, which is exempt from what counts by address, and from elsewhere: it is the same token.
        self.assertEqual([ask(few), ask(few, address="192.0.2.1"), ask(few), ask(few, address="192.0.2.2")],
                         [200, 200, 429, 429])
        self.assertGreater(int(self.headers["retry-after"]), 0)
        self.assertEqual([ask(small, secret="x" * 60), ask(small, secret="x" * 60)], [200, 429])
        self.assertEqual([ask(free, address="192.0.2.3") for _ in range(5)], [200] * 5)
        self.assertEqual([self.create(service, address="192.0.2.3")[0] for _ in range(2)], [200, 429])
        metrics = service.client().request("GET", "/metrics")[2].decode()
        self.assertIn('limit_hits_total{limit="token_creates"} 2', metrics)
        self.assertIn('limit_hits_total{limit="token_bytes"} 1', metrics)
        self.assertEqual(service.stop(), 0)

    def test_a_repetition_takes_no_bytes_of_the_token(self):
        token = self.make("--bytes", "1000")
        service = self.serve()
        client = service.client()
        self.addCleanup(client.close)
        fields = {"Content-Type": "application/octet-stream", "Authorization": f"Bearer {token['token']}"}
        create = lambda key, size: client.request("POST", "/api/v2/secrets", b"x" * size, fields | {"Idempotency-Key": key * 16})
        status, _, first = create("a", 600)
        self.assertEqual(status, 201)
        for _ in range(3):
            self.assertEqual([*create("a", 600)][::2], [201, first])
        refused = create("b", 600)
        self.assertEqual(refused[0], 429)
        self.assertGreater(int(refused[1]["retry-after"]), 1000)
        self.assertEqual([create("b", 400)[0], create("c", 1001)[0]], [201, 413])
        self.assertEqual(service.stop(), 0)
        self.assertEqual(len(service.audit()), 2)

    def test_the_audit_log_says_which_token_created(self):
        token = self.make()
        service = self.serve()
        client, shown = service.client(), {"Authorization": f"Bearer {token['token']}"}
        self.addCleanup(client.close)
        created = {}
        for path, content in ((CREATE, {"secret": "x"}), ("/api/v2/secrets", {"secret": "x"}), ("/api/v2/requests", {})):
            for name, headers in (("with", shown), ("without", {})):
                answer = client.request("POST", path, json.dumps(content), {"Content-Type": "application/json"} | headers)
                keys = json.loads(answer[2])
                created[path, name] = keys.get("secret_key") or keys["request_key"]
        self.assertEqual(service.stop(), 0)
        for (path, name), key in created.items():
            row, = service.audit("--secret-key", key)
            self.assertEqual(row["extra_data"].get("token"), token["id"] if name == "with" else None, (path, row))

    def test_nothing_of_a_token_is_logged_or_kept(self):
        shown = [self.make("--name", "good"), self.make("--rate", "1")]
        texts = [token.pop("token") for token in shown]
        self.assertEqual(self.token("list"), shown)
        texts.append("ds_" + "B" * 43)  # unknown
        service = self.serve("--creators", "token", "--log-level", "debug")
        statuses = [self.create(service, f"Bearer {text}")[0] for text in texts * 2]
        self.assertEqual(statuses, [200, 200, 401, 200, 429, 401])
        rows = json.dumps(service.audit())
        self.assertEqual(service.stop(), 0)
        kept = {str(path.relative_to(self.folder)): path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}
        kept |= {"the log": "\n".join(service.log).encode(), "the audit log": rows.encode()}
        self.assertIn("data/tokens", kept)
        for text in texts:
            for name, content in kept.items():
                self.assertNotIn(text[3:19].encode(), content, name)


class ChangesTest(TokensCase):
    def becomes(self, service, token, status, seconds=10):
        shown = f"Bearer {token['token']}"
        wait_until(lambda: self.create(service, shown)[0] == status, seconds, f"a creation answers {status}")

    def test_a_token_that_is_revoked_or_made_while_the_service_runs_counts_without_a_signal(self):
        old = self.make()
        service = self.serve("--creators", "token")
        self.becomes(service, old, 200)
        new = self.make("--name", "new")
        self.becomes(service, new, 200)
        self.token("revoke", old["id"])
        self.becomes(service, old, 401)
        self.becomes(service, new, 200)
        (self.data / "tokens").unlink()
        self.becomes(service, new, 401)
        self.assertEqual(service.stop(), 0)
        self.assertEqual([entry["tokens"] for entry in self.messages(service, READ)], [2, 1, 0])

    def test_an_upload_that_outlives_its_token_creates_nothing(self):
        token = self.make()
        service = self.serve("--creators", "token")
        self.becomes(service, token, 200)
        with socket.create_connection(("127.0.0.1", service.port), 10) as upload:
            upload.sendall(b"POST /api/v2/secrets HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\n"
                           b"Expect: 100-continue\r\nContent-Length: 3\r\nAuthorization: Bearer %s\r\n\r\na"
                           % token["token"].encode())
            self.assertTrue(upload.recv(1024).startswith(b"HTTP/1.1 100 "))
            self.token("revoke", token["id"])
            self.becomes(service, token, 401)
            upload.sendall(b"bc")
            self.assertTrue(upload.recv(1024).startswith(b"HTTP/1.1 401 "))
        self.assertEqual(service.stop(), 0)

    def test_a_token_file_elsewhere_is_seen_when_it_is_replaced(self):
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir()
        where = ("--token-file", elsewhere / "these")
        self.make(where=where)
        service = self.serve("--creators", "token", "--token-file", str(where[1]))
        self.becomes(service, self.make(where=where), 200)
        self.assertEqual(service.stop(), 0)

    def test_sighup_changes_who_may_create(self):
        config = self.folder / "service.conf"
        config.write_text("creators=token\n")
        service = self.serve("--config", str(config))
        self.assertEqual(self.create(service), UNAUTHORIZED)
        for words, answer in (("open", 200), ("10.0.0.0/8,token", 401), ("127.0.0.1", 200), ("192.0.2.1", 403)):
            before = len(self.messages(service, "reloaded"))
            config.write_text(f"creators={words}\n")
            os.kill(service.pid, signal.SIGHUP)
            wait_until(lambda: len(self.messages(service, "reloaded")) > before, 5, "the reload")
            self.assertEqual(self.create(service)[0], answer, words)
        config.write_text("creators=nobody\n")
        os.kill(service.pid, signal.SIGHUP)
        wait_until(lambda: self.messages(service, "the configuration stays as it was"), 5, "the refusal")
        self.assertEqual(self.create(service)[0], 403)
        self.assertEqual(service.stop(), 0)

    def test_a_damaged_file_changes_nothing_is_said_once_and_mends(self):
        token = self.make()
        service = self.serve("--creators", "token")
        file, good = self.data / "tokens", (self.data / "tokens").read_text()
        for fault, word in ((lambda: file.write_text(good[:60]), "line 2"), (lambda: file.write_text(""), "line 1"),
                            (lambda: os.chmod(file, 0o644), "open to others")):
            fault()
            os.kill(service.pid, signal.SIGHUP)
            said = wait_until(lambda: [line for line in self.messages(service, STAY) if word in line["reason"]], 5, word)
            self.assertEqual(said[-1]["level"], "error")
            self.assertEqual(self.create(service, f"Bearer {token['token']}")[0], 200)
        read, said = len(self.messages(service, READ)), len(self.messages(service, STAY))
        file.write_text(good)
        os.chmod(file, 0o600)
        os.kill(service.pid, signal.SIGHUP)
        wait_until(lambda: len(self.messages(service, READ)) > read, 5, "it is read again")
        self.assertLessEqual(len(self.messages(service, STAY)), said + 1, "writing it in place may be seen half done")
        self.assertEqual(service.stop(), 0)

    def test_a_file_that_cannot_be_used_is_no_start_and_none_is_a_warning(self):
        self.make()
        file, good = self.data / "tokens", (self.data / "tokens").read_text()
        for content, mode, word in ((good[:60], 0o600, "line 2"), (good, 0o644, "open to others")):
            file.write_text(content)
            os.chmod(file, mode)
            with self.assertRaises(StartError) as refused:
                Service(self.folder, ("--creators", "token")).kill()
            self.assertEqual(refused.exception.code, 1)
            self.assertIn(word, refused.exception.output)
        file.unlink()
        service = self.serve("--creators", "token")
        self.assertEqual(self.create(service), UNAUTHORIZED)
        self.assertEqual(service.stop(), 0)
        warnings = [entry for entry in map(json.loads, service.log) if "there is no token" in entry["message"]]
        self.assertEqual([entry["level"] for entry in warnings], ["warning"])


class TokenCommandTest(TokensCase):
    def run_token(self, *arguments):
        done = run("token", *arguments, "--data-dir", self.data)
        return done.returncode, done.stdout, done.stderr

    def test_create_prints_the_token_alone_and_says_the_rest_beside_it(self):
        code, output, beside = self.run_token("create", "--name", "of CI", "--expires", "30d", "--rate", "7")
        self.assertEqual(code, 0)
        self.assertRegex(output, r"\Ads_[A-Za-z0-9_-]{43}\n\Z")
        for word in ("of CI", "expires", "7 a minute", self.token("list")[0]["id"]):
            self.assertIn(word, beside)
        self.assertNotIn(output.strip(), beside)
        self.assertEqual(self.run_token("list")[1].count("\n"), 1)
        self.assertEqual(pathlib.Path(self.data / "tokens").stat().st_mode & 0o7777, 0o600)

    def test_list_says_what_was_asked_for(self):
        made = [self.make("--name", 'a "name"', "--expires", "1h", "--rate", "3", "--bytes", "2M"), self.make()]
        listed = self.token("list")
        for token, line in zip(made, listed):
            token.pop("token")
            self.assertEqual(token, line)
        self.assertEqual([(line["name"], line["rate"], line["bytes"]) for line in listed],
                         [('a "name"', 3, 2 << 20), ("", None, None)])
        self.assertIsNone(listed[1]["expires"])

    def test_revoke_takes_one_and_repeats_nothing_that_it_does_not_know(self):
        tokens = [self.make() for _ in range(3)]
        self.assertEqual(self.run_token("revoke", tokens[1]["id"]), (0, f"revoked {tokens[1]['id']}\n", ""))
        self.assertEqual([line["id"] for line in self.token("list")], [tokens[0]["id"], tokens[2]["id"]])
        for unknown in (tokens[1]["id"], tokens[0]["token"], ""):
            code, output, problem = self.run_token("revoke", unknown)
            self.assertEqual((code, output), (1, ""))
            self.assertRegex(problem, r"\Adisposable-secrets: error: no token .*\nhint: .*\n\Z")
            self.assertNotIn(tokens[0]["token"], problem)
        self.assertEqual(len(self.token("list")), 2)

    def test_tokens_that_are_made_and_revoked_at_once_are_all_there(self):
        revoked = [self.make()["id"] for _ in range(4)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            made = [pool.submit(self.make, "--name", str(number)) for number in range(12)]
            done = [pool.submit(self.token, "revoke", token) for token in revoked]
            names = {job.result()["name"] for job in made}
            self.assertEqual(sum(len(job.result()) for job in done), 4)
        self.assertEqual({line["name"] for line in self.token("list")}, names)
        self.assertEqual(len(names), 12)
        self.assertEqual(sorted(path.name for path in self.data.iterdir()), ["tokens"])

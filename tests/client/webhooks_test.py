"""share and request with --webhook: against the service itself, and against a server that knows none."""

import json
import re

from fixture import LINK, ClientCase
from service import Service
from suite import wait_until

URL = "https://example.invalid/hooks/8Jq?token=a%2Fb"
KEY = r"whsec_[A-Za-z0-9+/]{43}="
NOTES = re.compile(rf"Webhook key, which signs what is sent: {KEY}\n"
                   r"Fingerprint, which names it there: ([0-9a-f-]{36})\n")


class WebhooksTest(ClientCase):
    def start(self, *arguments):
        service = Service(self.folder, arguments)
        self.addCleanup(service.kill)
        self.url = ("--server", f"http://127.0.0.1:{service.port}")
        return service

    @staticmethod
    def recorded(service, fingerprint):
        wait_until(lambda: fingerprint in {row["secret_key"] for row in service.audit()}, 5, "the log names it so")

    def test_what_the_receiver_must_know_is_shown_beside_the_link_or_is_in_the_json(self):
        service = self.start("--webhooks", "everybody")
        for command in (("share",), ("request", "--own-link-file", self.folder / "own")):
            with self.subTest(command[0]):
                done = self.client(*command, "--webhook", URL, *self.url, given=b"x")
                self.assertRegex(done.stdout, LINK)
                self.assertEqual(done.stdout.count(b"\n"), 1)
                shown = NOTES.fullmatch(done.stderr.decode())
                self.assertTrue(shown, done.stderr)
                self.recorded(service, shown[1])
                told = json.loads(self.client(command[0], "--json", "--webhook", URL, *self.url, given=b"x").stdout)
                self.assertRegex(told["webhook_key"], KEY)
                self.recorded(service, told["fingerprint"])
                without = json.loads(self.client(command[0], "--json", *self.url, given=b"x").stdout)
                self.assertFalse({"webhook_key", "fingerprint"} & set(without))

    def test_who_may_not_name_one_creates_nothing(self):
        service = self.start()
        for command in ("share", "request"):
            done = self.client(command, "--webhook", URL, *self.url, given=b"x", code=6)
            self.assertIn(b"webhook", done.stderr)
            self.assertNotIn(b"8Jq", done.stderr)
        self.assertEqual(service.audit(), [])

    def test_a_url_that_may_not_be_and_an_answer_to_a_request_take_none(self):
        self.assertIn(b"no user name", self.client("share", "--webhook", "https://a@b/", given=b"x", code=2).stderr)
        self.assertIn(b"--webhook", self.client("share", "--webhook", URL, "--to", "-", given=b"x", code=2).stderr)

    def test_a_server_that_knows_no_webhooks_is_told_of(self):
        api = self.serve()
        done = self.client("share", "--webhook", URL, api=api, given=b"x")
        self.assertRegex(done.stdout, LINK)
        self.assertEqual(done.stderr, b"the server knows no webhooks: nothing will be sent\n")

"""The client against the service itself: what the one sends is what the other takes, also when answers are lost."""

import json
import os
import unittest

from fixture import SECRET, ClientCase
from service import Service, run
from tcp_proxy import Proxy


class ServiceTest(ClientCase):
    def setUp(self):
        super().setUp()
        self.service = Service(self.folder)
        self.addCleanup(self.service.kill)
        self.url = f"http://127.0.0.1:{self.service.port}"
        for name in ("right", "wrong"):
            (self.folder / name).write_text(name)
        self.guard = ("--passphrase-file", self.folder / "right")

    def shared(self, *arguments, given=SECRET, server=None):
        """What `share --json --receipt` says."""
        done = self.client("share", "--json", "--receipt", "--server", server or self.url, *arguments, given=given)
        return json.loads(done.stdout)

    def state(self, link):
        return json.loads(self.client("status", "--json", link).stdout)["state"]

    def test_a_secret_is_read_as_often_as_it_may_and_never_by_a_wrong_link_or_passphrase(self):
        shared = self.shared("--views", 2, "--ttl", "1h", *self.guard)
        link = shared["link"]
        other = link[:-43] + ("B" if link[-43] == "A" else "A") + link[-42:]
        self.client("retrieve", other, *self.guard, code=5)
        self.client("retrieve", link, "--passphrase-file", self.folder / "wrong", code=5)
        self.assertEqual(self.client("retrieve", link, *self.guard).stdout, SECRET)
        self.assertEqual(self.state(shared["receipt_link"]), "live")
        self.assertEqual(self.client("retrieve", link, *self.guard).stdout, SECRET)
        self.client("retrieve", link, *self.guard, code=4)
        self.assertEqual([self.state(each) for each in (link, shared["receipt_link"])], ["retrieved"] * 2)

    def test_files_as_large_as_they_may_be(self):
        (self.folder / "large").write_bytes(os.urandom((25 << 20) - 1024))
        self.client("retrieve", self.shared(self.folder / "large")["link"])
        self.assertEqual((self.here / "large").read_bytes(), (self.folder / "large").read_bytes())
        with (self.folder / "large").open("ab") as file:
            file.write(bytes(1024))
        self.client("share", "--server", self.url, self.folder / "large", code=6)

    def test_deletion_by_link_and_by_receipt(self):
        first, second = self.shared(*self.guard), self.shared(*self.guard)
        self.client("delete", first["link"], *self.guard)
        self.client("delete", second["receipt_link"])
        for shared in (first, second):
            self.client("retrieve", shared["link"], *self.guard, code=4)
            self.assertEqual(self.state(shared["receipt_link"]), "deleted")
        self.assertIn(b"Secret-TTL", self.client("share", "--server", self.url, "--ttl", "365d", given=b"x", code=6).stderr)

    def test_a_request_is_answered_once_and_collected_once(self):
        asked = json.loads(self.client("request", "--json", "--server", self.url).stdout)
        self.client("request", "--no-wait", "--collect", asked["own_link"], code=8)
        self.client("share", "--to", asked["link"], given=SECRET)
        self.client("share", "--to", asked["link"], given=b"second", code=4)
        self.assertEqual(self.client("request", "--collect", asked["own_link"]).stdout, SECRET)
        self.client("request", "--collect", asked["own_link"], code=4)
        other = json.loads(self.client("request", "--json", "--server", self.url).stdout)
        self.client("delete", other["own_link"])
        self.client("share", "--to", other["link"], given=b"x", code=4)

    def test_answers_that_are_lost_lose_no_secret_and_make_no_second_one(self):
        proxy = Proxy(self.service.port)
        self.enterContext(proxy)
        through = f"http://127.0.0.1:{proxy.port}"
        proxy.swallow_answers(then_cut=True)
        shared = self.shared(server=through)
        before = proxy.answered
        self.client("status", shared["link"])
        proxy.swallow_answers(after=proxy.answered - before, then_cut=True)  # that of the retrieval, which follows it
        self.assertEqual(self.client("retrieve", shared["link"]).stdout, SECRET)
        self.assertEqual(self.service.stop(), 0)
        actions = [row["action"] for row in self.service.audit()]
        self.assertEqual(actions, ["created", "retrieved", "retrieved"])  # the last is the same retrieval again


if __name__ == "__main__":
    unittest.main()

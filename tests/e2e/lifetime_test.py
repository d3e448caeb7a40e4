"""Expiry and retention over real time, and over restarts."""

import time

from fixture import DELETED, NOT_FOUND, SPENT, ServiceCase, temporary_folder
from service import Service
from suite import wait_until


class LifetimeTest(ServiceCase):
    def has_row(self, key, action):
        return [row for row in self.service.audit("--secret-key", key, "--action", action)]

    def test_a_secret_expires_by_itself_and_that_is_recorded_once(self):
        key = self.client.create("x", ttl_seconds=1)
        row = wait_until(lambda: self.has_row(key, "expired"), 15, "the row of its expiry")[0]
        created = self.has_row(key, "created")[0]
        self.assertGreaterEqual(row["created_at"], created["created_at"])
        self.assertEqual(self.client.retrieve(key), NOT_FOUND)
        self.assertEqual(self.client.delete(key), NOT_FOUND)
        self.assertEqual(len(self.has_row(key, "expired")), 1)

    def test_an_expired_secret_is_not_handed_out_whether_swept_or_not(self):
        keys = [self.client.create(f"secret {i}", ttl_seconds=1) for i in range(30)]
        over = time.monotonic() + 1.0
        answers = []
        # One after the other over the moment at which they expire: 200 may be followed by 404, never the other way.
        for key in keys:
            before = time.monotonic()
            answers.append((before, self.client.retrieve(key)[0]))
            while time.monotonic() < before + 0.06:
                time.sleep(0.005)
        for before, status in answers:
            self.assertEqual(status, 404 if before > over else status)
        statuses = [status for _, status in answers]
        self.assertEqual(statuses, sorted(statuses))
        self.assertEqual(set(statuses), {200, 404})

    def test_a_spent_secret_says_so_beyond_its_time_to_live(self):
        retrieved, deleted = (self.client.create("x", ttl_seconds=1) for _ in range(2))
        self.assertEqual(self.client.retrieve(retrieved), (200, {"secret": "x"}))
        self.assertEqual(self.client.delete(deleted), DELETED)
        deadline = time.monotonic() + 2.5
        while time.monotonic() < deadline:
            for key in (retrieved, deleted):
                self.assertEqual(self.client.retrieve(key), SPENT)
                self.assertEqual(self.client.delete(key), SPENT)
            time.sleep(0.05)

    def test_time_goes_on_while_the_service_is_down(self):
        folder = temporary_folder(self)
        with Service(folder) as service:
            client = service.client()
            short, long = client.create("short", ttl_seconds=1), client.create("long")
            spent = client.create("spent", ttl_seconds=1)
            self.assertEqual(client.retrieve(spent)[0], 200)
            over = time.monotonic() + 1.0
            self.assertEqual(service.stop(), 0)
        while time.monotonic() < over:
            time.sleep(0.01)
        with Service(folder) as service:
            client = service.client()
            self.assertEqual(client.retrieve(short), NOT_FOUND)
            self.assertEqual(client.retrieve(spent), SPENT)
            self.assertEqual(client.retrieve(long), (200, {"secret": "long"}))
            self.assertEqual(service.stop(), 0)
        actions = [row["action"] for row in service.audit()]
        self.assertEqual(sorted(actions), ["created"] * 3 + ["expired"] + ["retrieved"] * 2)

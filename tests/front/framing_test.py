"""Framing: a table of hostile requests, sent to the service and through nginx. No request is answered twice, none that
somebody smuggled is answered at all, and front and back agree on the number of requests."""

import random
import unittest

from fixture import FrontCase
from framing_table import LIVE, MARKER, REMOVAL, ROWS, THEFT
from nginx import Nginx
from proxy import parse, receive
from service import Client
from suite import figure, wait_until

ALIVE = b'{"status":"ok"}'  # the answer to MARKER
CUTS = 3
ALL_CUTS_MAX = 1000  # bytes: longer ones are not sent byte by byte


def whole(piece, _generator):
    return [piece]


def cut(piece, generator):
    """Byte by byte, or where that takes too long in a few places."""
    places = range(1, len(piece))
    if len(piece) > ALL_CUTS_MAX:
        places = sorted(generator.sample(places, CUTS))
    return [piece[begin:end] for begin, end in zip([0, *places], [*places, len(piece)])]


class FramingTest(FrontCase):
    shown = []

    @classmethod
    def tearDownClass(cls):
        figure(f"framing: {len(ROWS)} hostile requests, {', '.join(cls.shown)}")

    def exchange(self, port, row, behind, key, cutting):
        """(the bytes that came back, an Exchange)"""
        generator = random.Random(row.name)
        pieces = [*row.pieces[:-1], row.pieces[-1] + (b"" if row.cut else behind)]
        steps = [cutting(piece.replace(LIVE, key.encode()), generator) for piece in pieces]
        received, closed = receive(port, *steps, end=row.cut)
        return received, parse(received, closed, row.methods)

    def assert_live(self, client, key):
        self.assertEqual(client.retrieve(key), (200, {"secret": "live"}), "the smuggled request was answered")

    def test_every_hostile_request_has_its_answers_and_no_others(self):
        service, metrics = self.start_with_metrics()
        client = service.client()
        answers = 0
        for index, row in enumerate(ROWS):
            behind = (THEFT, REMOVAL)[index % 2] if row.closed else MARKER
            for cutting in (whole, cut):
                with self.subTest(row=row.name, sent=cutting.__name__):
                    key = client.create("live")
                    received, exchange = self.exchange(service.port, row, behind, key, cutting)
                    expected = [*row.statuses, *(() if row.closed else (200,))]
                    self.assertEqual((exchange.statuses, exchange.rest, exchange.closed), (expected, b"", True))
                    self.assertNotIn(b"injected", received.lower())
                    self.assertEqual(received.count(b"\r\nConnection: close\r\n"), min(len(expected), 1))
                    if not row.closed:
                        self.assertEqual(exchange.bodies[-1], ALIVE)
                    self.assert_live(client, key)
                    answers += len(expected) + 2
        wait_until(lambda: metrics.requests() >= answers, 10, "every answer is counted")
        self.assertEqual(metrics.requests(), answers)
        self.assert_stops(service)
        self.shown.append(f"{len(ROWS)} to the service, each in one piece and cut")

    def through_nginx(self, rows, streaming):
        """All requests go through nginx, so that what it has sent on is what the service has answered."""
        service, metrics = self.start_with_metrics()
        with Nginx(self.folder, service.port, streaming=streaming) as proxy:
            client = Client(proxy.port)
            for row in rows:
                with self.subTest(row=row.name, streaming=streaming):
                    key = client.create("live")
                    received, exchange = self.exchange(proxy.port, row, MARKER, key, whole)
                    self.assertLessEqual(len(exchange.statuses), max(len(row.statuses), row.requests) + 1)
                    self.assertNotIn(b"injected", received.lower())
                    self.assertNotIn(b"HTTP/", exchange.rest)
                    self.assert_live(client, key)
                    wait_until(lambda: proxy.forwarded() == metrics.requests(), 5, "front and back agree")
            client.close()
        answered = int(metrics.requests())
        self.assertEqual(proxy.forwarded(), answered)
        self.assert_stops(service)
        self.shown.append(f"{len(rows)} through nginx{', bodies as they come' if streaming else ''} "
                          f"({proxy.forwarded()} requests sent on, {answered} answered)")

    def test_front_and_back_agree_on_every_hostile_request(self):
        self.through_nginx(ROWS, streaming=False)

    def test_front_and_back_agree_when_bodies_are_passed_on_as_they_come(self):
        # A request that its client cuts short has no number both could agree on.
        self.through_nginx([row for row in ROWS if not row.cut], streaming=True)

    def test_the_table_has_no_row_twice(self):
        for rows in ([row.name for row in ROWS], [row.pieces for row in ROWS]):
            self.assertEqual(len(set(rows)), len(rows))
        self.assertGreaterEqual(len(ROWS), 60)


if __name__ == "__main__":
    unittest.main()

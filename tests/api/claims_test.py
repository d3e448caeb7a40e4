"""A claim gets its answer again wherever the first one was cut, also over kill -9, and nobody else gets anything."""

import concurrent.futures
import contextlib
import os
import pathlib
import shutil
import tempfile
import unittest

import sixty_seconds
from claims import BINARY, TEXT, Reader, as_bytes, length_of_answer, share
from service import Service
from suite import figure

GONE = (410, "retrieved", None)
THREADS = 6


def setUpModule():
    sixty_seconds.begin()  # what is looked at last has to begin first


class ClaimsTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="disposable-claims-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def served(self):
        service = Service(self.folder, ("--log-level", "info"))
        self.addCleanup(service.kill)
        return service

    def at_every_byte(self, service, content, views, check):
        """Calls check(reader, bytes to read) for a fresh secret for each length that an answer can be cut at."""
        length = length_of_answer(service, content, views)

        def one(count):
            with contextlib.closing(service.client()) as client:
                return check(Reader(service.port, share(client, content, views)), count)

        with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
            done = list(pool.map(one, range(length + 1)))
        self.assertGreater(len(done), 200)
        return len(done)

    def test_cut_at_any_byte_the_claim_gets_the_same_answer_and_nobody_else_does(self):
        service = self.served()
        for content in (TEXT, BINARY):
            expected = (200, as_bytes(content), 0)

            def check(reader, count):
                received = reader.cut(count)
                self.assertEqual(received[:9], b"HTTP/1.1 "[:count])
                other = Reader(service.port, reader.key)
                self.assertEqual(other.answer(), GONE, count)
                self.assertEqual(reader.answer(), expected, count)
                self.assertEqual(other.answer(), GONE, count)
                reader.cut(count)  # and a second time
                self.assertEqual(reader.answer(), expected, count)

            figure(f"answers cut, {'text' if content is TEXT else 'bytes'}: {self.at_every_byte(service, content, 1, check)}")
        self.assertEqual(service.stop(), 0)

    def test_of_several_views_a_cut_answer_costs_one_and_the_others_are_as_good_as_ever(self):
        service = self.served()

        def check(reader, count):
            reader.cut(count)
            others = [Reader(service.port, reader.key) for _ in range(3)]
            self.assertEqual(reader.answer(), (200, BINARY, 2), count)
            self.assertEqual([other.answer() for other in others], [(200, BINARY, 1), (200, BINARY, 0), GONE], count)
            self.assertEqual([one.answer()[2] for one in (reader, *others)], [2, 1, 0, None], count)

        figure(f"answers cut, of three views: {self.at_every_byte(service, BINARY, 3, check)}")
        self.assertEqual(service.stop(), 0)

    def test_an_answer_that_is_cut_while_the_service_still_writes_is_the_same_again_too(self):
        service = self.served()
        content = os.urandom(1 << 20) * 8  # more than the kernel takes at once
        with contextlib.closing(service.client()) as client:
            for part in range(9):
                reader = Reader(service.port, share(client, content))
                reader.cut(part * len(content) // 8)
                self.assertEqual(Reader(service.port, reader.key).answer(), GONE, part)
                status, body, left = reader.answer()
                self.assertTrue((status, left) == (200, 0) and body == content, (part, status, len(body)))
        self.assertEqual(service.stop(), 0)

    def killed_and_started_again(self, service):
        service.kill()
        return self.served()

    def test_killed_with_the_answer_cut_at_any_byte_the_claim_gets_it_after_the_restart(self):
        service = self.served()
        counts = range(length_of_answer(service, BINARY) + 1)
        for first in range(0, len(counts), 150):
            client, readers, open_connections = service.client(), [], []
            for count in counts[first:first + 150]:
                views = 1 + count % 2
                readers.append((Reader(service.port, share(client, BINARY, views)), views))
                open_connections.append(readers[-1][0].begin(count)[0])
            service = self.killed_and_started_again(service)
            for connection in open_connections:
                connection.close()
            client.close()
            for reader, views in readers:
                reader.port = service.port
                other = Reader(service.port, reader.key)
                self.assertEqual(reader.answer(), (200, BINARY, views - 1))
                self.assertEqual(other.answer(), GONE if views == 1 else (200, BINARY, 0))
                self.assertEqual(Reader(service.port, reader.key).answer(), GONE)
                self.assertEqual(reader.answer(), (200, BINARY, views - 1))
        self.assertTrue(service.audit_verify()[0]["ok"])
        self.assertEqual(service.stop(), 0)
        figure(f"answers cut by kill -9: {len(counts)}")

    def test_killed_at_any_moment_whoever_has_the_claim_can_still_read_and_only_he(self):
        service = self.served()
        with contextlib.closing(service.client()) as client:
            readers = [Reader(service.port, share(client, BINARY)) for _ in range(120)]
        answered = 0
        for round_number in range(3):
            mine = readers[round_number::3]
            with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
                asked = [pool.submit(reader.whole) for reader in mine]
                asked[5 * round_number].result()
                service.kill()
                for job in asked:
                    with contextlib.suppress(OSError):
                        answered += job.result().endswith(BINARY)
            service = self.served()
            for reader in readers:
                reader.port = service.port
            for reader in mine:
                self.assertEqual(reader.answer(), (200, BINARY, 0))
                self.assertEqual(Reader(service.port, reader.key).answer(), GONE)
        self.assertEqual(service.stop(), 0)
        figure(f"retrievals that met a kill -9: {len(readers)}, of them answered before: {answered}")

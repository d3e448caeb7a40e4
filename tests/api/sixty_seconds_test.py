"""When a claim's time is over nobody gets the answer any more, not even who has the claim."""

import time
import unittest

import sixty_seconds
from claims import Reader, as_bytes

GONE = (410, "retrieved", None)


class SixtySecondsTest(unittest.TestCase):
    def test_a_claim_is_good_until_its_sixty_seconds_are_over_and_then_for_nothing(self):
        begun = sixty_seconds.begin()
        service = begun.service
        self.assertEqual(begun.answers(), [(200, as_bytes(content), left) for _, left, content in begun.readers])
        time.sleep(max(0.0, begun.over + 0.2 - time.monotonic()))
        for reader, left, content in begun.readers:
            other = Reader(service.port, reader.key)
            if left > 0:  # who comes now is a reader like any other
                self.assertEqual(other.answer(), (200, as_bytes(content), left - 1))
            self.assertEqual([one.answer() for one in (reader, Reader(service.port, reader.key))], [GONE] * 2)
        self.assertEqual(service.stop(), 0)

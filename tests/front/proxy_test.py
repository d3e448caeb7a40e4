"""The service behind nginx: both understand the same requests, one after the other and over kept connections."""

import unittest

from fixture import FrontCase
from nginx import Nginx
from proxy import parse, send_through

HEAD = b"Host: 127.0.0.1\r\n"
GOOD = b"GET /healthz HTTP/1.1\r\n" + HEAD + b"\r\n"
CREATE = b"POST /api/v1/secret HTTP/1.1\r\n" + HEAD + b"Content-Type: application/json\r\n"
BODY = b'{"secret": "through the proxy"}'
LENGTH = b"Content-Length: %d\r\n\r\n" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)

# (what is sent, the statuses seen, how many requests nginx sends on)
ROWS = (
    (GOOD, [200], 1),
    (GOOD * 3, [200, 200, 200], 3),
    (CREATE + LENGTH + BODY + GOOD, [200, 200], 2),
    (CREATE + CHUNKED + GOOD, [200, 200], 2),
    (b"GET /healthz HTTP/1.1\r\n\r\n", [400], 0),
    (CREATE + b"Content-Length: 3\r\n" + LENGTH + BODY + GOOD, [400], 0),
)


class ProxyTest(FrontCase):
    def test_front_and_back_agree_on_the_number_of_requests(self):
        service, metrics = self.start_with_metrics("--trusted-proxy", "127.0.0.0/8")
        with Nginx(self.folder, service.port) as proxy:
            for sent, statuses, forwarded in ROWS:
                with self.subTest(sent=sent[:60]):
                    seen = send_through(proxy, metrics, sent)
                    self.assertEqual((seen.exchange.statuses, seen.exchange.rest), (statuses, b""))
                    self.assertEqual((seen.forwarded, seen.answered), (forwarded, forwarded))
        self.assert_stops(service)


class ParseTest(unittest.TestCase):
    ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    def test_answers_are_counted_in_order_and_rubbish_is_kept(self):
        other = self.ANSWER.replace(b"200 OK", b"404 Not Found")
        self.assertEqual(parse(self.ANSWER + other, True), ([200, 404], [b"ok", b"ok"], True, b""))
        self.assertEqual(parse(self.ANSWER + b"rubbish", False), ([200], [b"ok"], False, b"rubbish"))
        self.assertEqual(parse(self.ANSWER + self.ANSWER[:-1], False).statuses, [200])
        self.assertEqual(parse(b"", True), ([], [], True, b""))
        headless = self.ANSWER[:-2]
        self.assertEqual(parse(headless + self.ANSWER, True, ("HEAD",)), ([200, 200], [b"", b"ok"], True, b""))

"""The journey over TLS, with the log at its most talkative: OpenSSL's buffers and the metrics hold no canary either."""

import json
import pathlib
import shutil
import ssl
import tempfile
import unittest

import memory
import suite
from certificates import Authority
from journey import CREATE, JSON, Journey
from service import Service


class TlsLeaksTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="disposable-leaks-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        authority = Authority(cls.folder)
        pair = authority.issue("leaks")
        cls.journey = Journey(authority.context())
        cls.canaries = cls.journey.canaries
        arguments = ("--tls-cert", str(pair.certificate), "--tls-key", str(pair.key), "--log-level", "debug")
        with Service(cls.folder, arguments) as service:
            cls.journey.everything(service)
            kept = cls.kept_connections(authority)
            cls.in_memory = memory.find(service.pid, cls.canaries)
            cls.metrics = cls.journey.ask("GET", "/metrics", expected=(200,))
            for client in kept:
                client.close()
            service.stop()
            cls.log = "\n".join(service.log).encode()
        cls.on_disk = cls.canaries.find_in_folder(cls.folder / "data")

    @classmethod
    def kept_connections(cls, authority):
        """Connections that stay open after answers with canaries: their buffers are still OpenSSL's."""
        kept = []
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            cls.journey.context = authority.context()
            cls.journey.context.minimum_version = cls.journey.context.maximum_version = version
            for copies in (1, 12, 4000):
                kept.append(client := cls.journey.client())
                plaintext = cls.canaries.plaintext(f"kept {version.name}", copies)
                phrase = cls.canaries.passphrase(f"kept {version.name}")
                body = json.dumps({"secret": plaintext, "passphrase": phrase})
                keys = [json.loads(client.request("POST", CREATE, body, JSON)[2])["secret_key"] for _ in range(2)]
                for key in keys:
                    cls.canaries.add_key(key, f"kept {version.name}")
                if client.retrieve(keys[0]) != (200, {"secret": plaintext}) or client.delete(keys[1], phrase)[0] != 200:
                    raise AssertionError("a secret did not come back over a kept connection")
        return kept

    def test_the_journey_went_over_tls_and_everywhere(self):
        self.assertLessEqual({200, 400, 403, 404, 405, 410, 413, 414, 415, 417, 422, 429, 431, 503, 505},
                             self.journey.statuses)
        self.assertGreater(self.log.count(b'"tls":"TLSv1.3"'), 80)
        self.assertGreater(self.log.count(b'"tls":"TLSv1.2"'), 5)

    def test_no_canary_is_in_the_log_at_debug_level(self):
        self.assertEqual(self.canaries.find(self.log)[:10], [])

    def test_no_canary_is_in_the_metrics(self):
        self.assertIn(b"http_requests_total", self.metrics)
        self.assertEqual(self.canaries.find(self.metrics), [])

    def test_no_canary_is_on_disk_or_in_an_answer(self):
        self.assertEqual(self.on_disk, {})
        for answer in self.journey.answers:
            self.assertEqual(self.canaries.find(answer)[:3], [])

    def test_memory_holds_nothing_of_what_went_through_openssl(self):
        hits, searched = self.in_memory
        suite.figure(f"memory after the journey over TLS: {searched / 1e6:.0f} MB present and searched, {len(hits)} hits")
        self.assertGreater(searched, 5_000_000, "the memory was not read")
        self.assertEqual([(use, hit.kind, hit.form, hit.label) for use, _, hit in hits][:10], [])

"""Restarts and an upgrade of the package under load: the socket is systemd's, so that no request fails."""

import contextlib
import time

from fixture import PORT, InstalledCase
from load import Load
from machine import UNIT
from package import install, newer_package
from suite import figure

RESTARTS = 20
URL = f"http://127.0.0.1:{PORT}"


class RestartTest(InstalledCase):
    @contextlib.contextmanager
    def under_load(self, what):
        """Reads and creates go on meanwhile, and none of them may fail."""
        with Load(f"{URL}/healthz", "summary.lua", 32) as reads, Load(f"{URL}/", "create.lua", 1) as creates:
            yield
            read, created = reads.end(), creates.end()
        figure(f"{what}: {read['requests']} requests and {created['requests']} creates, failed {read['failed'] or 'none'} "
               f"and {created['failed'] or 'none'}")
        self.assertEqual((read["failed"], created["failed"]), ({}, {}))
        self.assertGreater(read["requests"], 1000)
        self.assertGreater(created["requests"], 20)

    def test_no_request_fails_while_the_service_is_restarted(self):
        kept = self.client.create("kept")
        self.client.close()
        seconds, pids = [], {self.pid()}
        with self.under_load(f"{RESTARTS} restarts"):
            for _ in range(RESTARTS):
                time.sleep(0.05)  # the work between two restarts
                began = time.monotonic()
                self.machine.systemctl("restart", UNIT)
                seconds.append(time.monotonic() - began)
                pids.add(self.pid())
        seconds.sort()
        figure(f"systemctl restart took {seconds[len(seconds) // 2] * 1000:.0f} ms, {seconds[-1] * 1000:.0f} ms at most")
        self.assertEqual(len(pids), RESTARTS + 1)
        self.assertEqual(self.client.retrieve(kept), (200, {"secret": "kept"}))

    def test_no_request_fails_while_the_package_is_upgraded(self):
        kept = self.client.create("kept")
        self.client.close()
        before = self.pid()
        file = newer_package()
        with self.under_load("an upgrade of the package"):
            time.sleep(0.2)  # the work before it
            install(self.machine, file)
            time.sleep(0.2)
        self.assertIn("+newer", self.machine.run("dpkg-query", "--show", "disposable-secrets").stdout)
        self.assertNotEqual(self.pid(), before)
        self.assert_active()
        self.assertEqual(self.client.retrieve(kept), (200, {"secret": "kept"}))

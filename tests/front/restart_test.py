"""50 restarts with a socket that outlives the service, under load: no request fails."""

import time

from fixture import FrontCase
from load import Load
from passer import Passer
from suite import figure

RESTARTS = 50


class RestartTest(FrontCase):
    def restart(self, passer, service):
        """(the next service, the seconds from SIGTERM until it listens)"""
        began = time.monotonic()
        self.assertEqual(service.stop(), 0, service.log[-5:])
        service = passer.start()
        self.addCleanup(service.kill)
        return service, time.monotonic() - began

    def test_no_request_fails_while_the_service_is_restarted(self):
        seconds = []
        with Passer(self.folder) as passer:
            service = passer.start()
            self.addCleanup(service.kill)
            with Load(f"http://127.0.0.1:{passer.port}/healthz", "summary.lua", 32) as reads, \
                    Load(f"http://127.0.0.1:{passer.port}/", "create.lua", 1) as creates:
                for _ in range(RESTARTS):
                    time.sleep(0.05)  # the work between two restarts
                    service, taken = self.restart(passer, service)
                    seconds.append(taken)
                read, created = reads.end(), creates.end()
            self.assert_stops(service)
        seconds.sort()
        figure(f"{RESTARTS} restarts under load: {read['requests']} requests and {created['requests']} creates, failed "
               f"{read['failed'] or 'none'} and {created['failed'] or 'none'}; from SIGTERM to listening "
               f"{seconds[len(seconds) // 2] * 1000:.0f} ms, {seconds[-1] * 1000:.0f} ms at most")
        self.assertEqual((read["failed"], created["failed"]), ({}, {}))
        self.assertGreater(read["requests"], RESTARTS * 32)
        self.assertGreater(created["requests"], RESTARTS)

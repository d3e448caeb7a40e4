"""10,000 clients that drip, never read or do nothing, beside one honest client that must not notice them."""

import os
import pathlib
import socket
import time

import crowd
from certificates import Authority
from crowd import Crowd
from fixture import FrontCase, Honest, cpu_seconds, memory_bytes, thread_count
from suite import figure, wait_until

CLIENTS = int(os.environ.get("DISPOSABLE_SLOW_CLIENTS", 10_000))
SECONDS = 8
MIB = 1 << 20
# The honest client's request and our own for /metrics.
WORKING_MAX = 2


def kernel_bytes():
    """What TCP holds of the kernel's memory, both ends together."""
    fields = pathlib.Path("/proc/net/sockstat").read_text().split("TCP: ")[1].split()
    return int(fields[fields.index("mem") + 1]) * os.sysconf("SC_PAGE_SIZE")


class ToolTest(FrontCase):
    """The crowd is as slow, as many and as stubborn as it is said to be."""

    def test_the_crowd_drips_and_comes_back(self):
        with socket.create_server(("127.0.0.1", 0)) as server, \
                Crowd(self.folder, server.getsockname()[1], 10, crowd.Manner(b"at once ", b"ab"), interval_ms=100) as there:
            server.settimeout(5)
            accepted = [server.accept() for _ in range(10)]
            self.assertEqual(len({address for _, (address, _) in accepted}), 10)
            accepted[0][0].close()
            accepted.append(server.accept())
            self.assertEqual(accepted[-1][1][0], accepted[0][1][0])
            for client, _ in accepted[1:]:
                client.settimeout(5)
                received = b""
                while len(received) < 11:
                    piece = client.recv(64)
                    self.assertTrue(piece, received)
                    received += piece
                self.assertTrue(received.startswith(b"at once abb"), received)
            wait_until(lambda: there.last("open") == 10 and there.last("opened") == 11, 5, "a report")
            self.assertEqual((there.last("closed_by_server"), there.last("refused")), (1, 0))
            for client, _ in accepted:
                client.close()


class CrowdTest(FrontCase):
    def hold(self, name, manner, authority=None, arguments=()):
        service, metrics = self.start_with_metrics(*arguments)
        alone = self.honest_alone(service, authority)
        threads = thread_count(service.pid)
        with Crowd(self.folder, service.port, CLIENTS, manner) as crowd_there:
            crowd_there.wait_until_there()
            first = len(crowd_there.reports)
            working = []
            cpu = cpu_seconds(service.pid)
            with Honest(service.port, SECONDS, authority) as honest:
                while honest.running():
                    working.append(metrics.connections("working"))
                    self.assertEqual(thread_count(service.pid), threads)
                    time.sleep(0.25)  # the distance of two samples
                result = honest.result()
            cpu = cpu_seconds(service.pid) - cpu
            fewest, last = crowd_there.fewest_open(first), crowd_there.reports[-1]
            kernel = kernel_bytes()
        peak = memory_bytes(service.pid)[1]
        figure(f"{name}: {fewest} of {CLIENTS} held at least, {last['opened']} opened; honest p99 {result['p99_ms']} ms "
               f"(alone {alone['p99_ms']} ms), most {result['max_ms']} ms, {result['requests']} requests; peak "
               f"{peak / MIB:.0f} MiB, of the kernel {kernel / MIB:.0f} MiB; CPU {100 * cpu / SECONDS:.0f} %; working {max(working):.0f} at most")
        self.assertGreaterEqual(fewest, 0.9 * CLIENTS)
        self.assertEqual(last["refused"], 0)
        self.assert_honest(result, alone)
        self.assertLessEqual(max(working), WORKING_MAX)
        self.assertLess(peak, 256 * MIB)
        # Send buffers that grow as the kernel likes come to more than all of TCP may have; then everybody suffers.
        self.assertLess(kernel, 1024 * MIB)
        self.assert_stops(service)

    def test_clients_that_drip_the_head_hold_nobody(self):
        self.hold("slow heads", crowd.HEAD)

    def test_clients_that_drip_the_body_hold_nobody(self):
        self.hold("slow bodies", crowd.BODY)

    def test_clients_that_never_read_hold_nobody(self):
        self.hold("never reading", crowd.NEVER_READ)

    def test_clients_that_drip_the_handshake_hold_nobody(self):
        authority = Authority(self.folder)
        pair = authority.issue("front")
        self.hold("slow handshakes", crowd.HANDSHAKE, authority.certificate,
                  ("--tls-cert", pair.certificate, "--tls-key", pair.key))

    def test_idle_clients_cost_next_to_nothing(self):
        service, metrics = self.start_with_metrics()
        alone = self.honest_alone(service)
        with Crowd(self.folder, service.port, CLIENTS, crowd.IDLE) as crowd_there:
            crowd_there.wait_until_there("answered", share=1.0)
            first = len(crowd_there.reports)
            cpu = cpu_seconds(service.pid)
            time.sleep(10)  # the time over which the CPU is measured
            share = (cpu_seconds(service.pid) - cpu) / 10
            with Honest(service.port, SECONDS) as honest:
                result = honest.result()
            resident = memory_bytes(service.pid)[0]
            idle = metrics.connections("idle")
            fewest = crowd_there.fewest_open(first)
        figure(f"idle: {fewest} of {CLIENTS} held; CPU {100 * share:.1f} %, resident {resident / MIB:.0f} MiB; honest p99 "
               f"{result['p99_ms']} ms, {result['p99_ms'] / alone['p99_ms']:.2f} times what it is alone")
        self.assertEqual(fewest, CLIENTS)
        self.assertGreaterEqual(idle, CLIENTS)
        self.assertLess(share, 0.01)
        self.assertLess(resident, 128 * MIB)
        self.assert_honest(result, alone)
        self.assert_stops(service)

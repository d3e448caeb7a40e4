"""The disk fills up, by our own secrets and by somebody else's file."""

import subprocess
import time

import suite
from disks import DISKS, MEBIBYTE, MemoryDisk
from fixture import FaultCase, at_work, seconds_until
from oracle import Oracle, read_back
from service import EXECUTABLE, Service, StartError
from suite import wait_until

CYCLES = 8 if suite.LONG else 2


class FullDiskTest(FaultCase):
    def ready(self, service):
        return service.client().request("GET", "/readyz")[0] == 200

    def test_creates_stop_first_and_retrievals_and_deletions_go_on(self):
        with MemoryDisk(self.folder / "data", 96) as disk, Service(self.folder) as service:
            client, oracle = service.client(), self.oracle
            kept = [oracle.create(client, 1000) for _ in range(40)]
            # Not faster than the watermark is looked at.
            for _ in range(96):
                if not oracle.create(client, MEBIBYTE - 32):
                    break
                time.sleep(0.05)
            wait_until(lambda: oracle.create(client, 10) is None, 3, "the watermark is noticed")
            self.assertGreater(disk.free_bytes(), 8 * MEBIBYTE, "what is left is kept for retrievals")
            for secret in kept[:20]:
                self.assertEqual(oracle.retrieve(client, secret), 200, service.log[-3:])
                self.assertIsNone(oracle.create(client, 10), "creates are refused all the while")
            for secret in kept[20:]:
                self.assertEqual(oracle.delete(client, secret), 200)
            disk.remount("size=400m")
            wait_until(lambda: oracle.create(client, 10), 5, "creates work again once there is space")
            self.assertEqual(read_back(service, oracle), [])

    def fill_and_free(self, disk, service):
        """One time of need; how long the way back took."""
        refused = self.oracle.refused()
        with at_work(service, self.oracle):
            wait_until(lambda: len(self.oracle.secrets) > 100 or service.process.poll() is not None, 20, "work is going on")
            disk.fill()
            wait_until(lambda: self.oracle.refused() > refused + 200 or service.process.poll() is not None, 20,
                       "the disk is full and that shows")
            disk.fill()  # what was freed meanwhile
            held = self.oracle.refused()
            wait_until(lambda: self.oracle.refused() > held + 200 or service.process.poll() is not None, 20, "more of it")
            disk.free()
            client = service.client()
            return seconds_until(lambda: service.process.poll() is not None or
                                 (self.ready(service) and self.oracle.create(client, 10)), 15,
                                 "the service is back")

    def test_a_full_disk_is_survived_and_nothing_is_told_that_is_not_durable(self):
        for kind in DISKS:
            # So large that no machine, however slow, fills it with our own secrets meanwhile.
            with self.subTest(kind.name), kind(self.folder / kind.name / "data", 320) as disk:
                self.oracle = Oracle()
                took = []
                with Service(self.folder / kind.name) as service:
                    for _ in range(CYCLES):
                        took.append(self.fill_and_free(disk, service))
                        self.assert_ended_cleanly(service)
                        self.assertIsNone(service.process.poll(), service.log[-3:])
                    service.stop()
                with Service(self.folder / kind.name) as service:
                    self.assertEqual(read_back(service, self.oracle)[:10], [])
                self.assertGreater(self.oracle.refused(), 0, "nothing was refused: the disk was not full")
                suite.figure(f"full disk ({kind.name}, {CYCLES} times): back after "
                             f"{', '.join(f'{seconds:.1f}' for seconds in took)} s; {self.oracle.summary()}")

    def test_kill_9_on_a_full_disk_loses_nothing(self):
        for kind in DISKS:
            with self.subTest(kind.name), kind(self.folder / kind.name / "data", 128) as disk:
                self.oracle = Oracle()
                with Service(self.folder / kind.name) as service, at_work(service, self.oracle):
                    wait_until(lambda: len(self.oracle.secrets) > 100, 20, "work is going on")
                    disk.fill()
                    wait_until(lambda: self.oracle.refused() > 100, 20, "the disk is full and that shows")
                    service.kill()
                self.start_on_the_full_disk(kind)
                disk.free()
                with Service(self.folder / kind.name) as service:
                    self.assertEqual(read_back(service, self.oracle)[:10], [])

    def start_on_the_full_disk(self, kind):
        """Either it starts and serves what it can, or it says in one line why not."""
        folder = self.folder / kind.name
        try:
            with Service(folder) as service:
                client = service.client()
                for secret in self.oracle.secrets[:20]:
                    self.oracle.retrieve(client, secret)
                self.oracle.create(client)
                service.kill()
        except StartError as error:
            self.assertEqual(error.code, 1, error.output)
            self.assertEqual(error.output.count("disposable-secrets: error: "), 1, error.output)

    def test_a_first_start_on_a_full_disk_is_one_clear_line_and_the_next_one_works(self):
        with MemoryDisk(self.folder / "data", 8) as disk:
            disk.fill()
            done = subprocess.run([str(EXECUTABLE), "serve", "--listen", "127.0.0.1:0", "--data-dir", str(disk.folder),
                                   "--key-file", str(self.folder / "keyring")], capture_output=True, text=True,
                                  timeout=20, check=False)
            errors = [line for line in done.stderr.splitlines() if '"level":"info"' not in line]
            self.assertEqual((done.returncode, len(errors)), (1, 1), done.stderr)
            self.assertTrue(errors[0].startswith("disposable-secrets: error: "), errors)
            disk.free()
            disk.remount("size=100m")
            with Service(self.folder) as service:
                self.oracle.create(service.client())
                self.assertEqual(read_back(service, self.oracle), [])

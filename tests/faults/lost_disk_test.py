"""The disk is read-only or gone, at the start or in the middle of the work."""

import subprocess

import suite
from disks import LoopDisk, MemoryDisk
from fixture import FaultCase, at_work
from oracle import Oracle, read_back
from service import EXECUTABLE, Service
from suite import wait_until


class LostDiskTest(FaultCase):
    def refused_start(self):
        done = subprocess.run([str(EXECUTABLE), "serve", "--listen", "127.0.0.1:0", "--data-dir",
                               str(self.folder / "data"), "--key-file", str(self.folder / "keyring")],
                              capture_output=True, text=True, timeout=20, check=False)
        errors = [line for line in done.stderr.splitlines() if '"level":"info"' not in line]
        self.assertEqual((done.returncode, len(errors)), (1, 1), done.stderr)
        self.assertTrue(errors[0].startswith("disposable-secrets: error: "), errors)

    def test_a_read_only_data_folder_is_one_clear_line_at_the_start(self):
        with MemoryDisk(self.folder / "data", 100) as disk:
            disk.remount("ro")
            self.refused_start()
            disk.remount("rw")
            with Service(self.folder) as service:
                client = service.client()
                for _ in range(5):
                    self.oracle.create(client)
                self.oracle.retrieve(client, self.oracle.secrets[0])
                self.assertEqual(service.stop(), 0)
            disk.remount("ro")
            self.refused_start()
            disk.remount("rw")
            with Service(self.folder) as service:
                self.assertEqual(read_back(service, self.oracle), [])

    def lose(self, break_disk):
        """Work, the blow, and what the service says afterwards; then a mended disk and the reckoning."""
        oracle = self.oracle = Oracle()
        with LoopDisk(self.folder / break_disk.__name__ / "data", 160) as disk:
            with Service(self.folder / break_disk.__name__) as service:
                with at_work(service, oracle):
                    wait_until(lambda: len(oracle.secrets) > 100, 20, "work is going on")
                    oracle.ambiguous = True
                    break_disk(disk)
                    wait_until(lambda: service.process.poll() is not None or oracle.count(503) > 100, 20,
                               "that the disk is gone shows")
                self.assert_ended_cleanly(service)
                if service.process.poll() is None:
                    client = service.client()
                    for secret in oracle.secrets[:50]:
                        if not secret.surely_spent:
                            self.assertNotEqual(oracle.retrieve(client, secret), 200)
                ended = service.process.poll()
                service.kill()
            disk.repair()
            oracle.ambiguous = False
            with Service(self.folder / break_disk.__name__) as service:
                self.assertEqual(read_back(service, oracle)[:10], [])
        how = "answered 503" if ended is None else f"ended with {ended}"
        suite.figure(f"disk lost ({break_disk.__name__}): {how}; {oracle.summary()}")

    def test_a_disk_that_turns_read_only_under_the_service_reveals_nothing(self):
        self.lose(LoopDisk.report_an_error)

    def test_a_disk_that_is_pulled_out_reveals_nothing_and_keeps_what_was_acknowledged(self):
        self.lose(LoopDisk.pull)

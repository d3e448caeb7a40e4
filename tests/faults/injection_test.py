"""System calls on the data folder that fail, once or from some moment on.

The sweep runs one short history again and again: from a copy of the same store, with the same operations, and with one
call failing at its first, second, third... occurrence in every thread. After each run the process is killed, and what a
healthy one then says is compared with the oracle.
"""

import collections
import concurrent.futures
import contextlib
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import suite
from fixture import FaultCase, at_work, seconds_until
from injection import Tracer, arguments, data_paths
from oracle import Oracle, Secret, read_back
from service import Service, StartError
from suite import wait_until

SWEEP_SECONDS = 1800 if suite.LONG else 80
ATTACHED_ROUNDS = 20 if suite.LONG else 3
OCCURRENCES_MAX = 200 if suite.LONG else 40
CALLS = (("fdatasync", "EIO"), ("write", "ENOSPC"), ("write", "EIO"), ("fdatasync", "ENOSPC"), ("pwrite64", "EIO"),
         ("pwrite64", "ENOSPC"), ("openat", "EIO"), ("openat", "EMFILE"), ("rename", "EIO"), ("fallocate", "ENOSPC"),
         ("fallocate", "EIO"), ("fsync", "EIO"), ("ftruncate", "EIO"), ("unlink", "EIO"), ("pread64", "EIO"),
         ("mkdir", "ENOSPC"), ("getdents64", "EIO"), ("fcntl", "EAGAIN"), ("mmap", "ENOMEM"))
WHILE_STARTING, WHILE_SERVING = "while starting", "while serving"


class Template:
    """A store with a past, to be copied for every run."""

    def __init__(self, folder):
        self.folder = folder
        oracle = Oracle()
        with Service(folder) as service:
            client = service.client()
            for number in range(8):
                oracle.create(client, 100, "pass" if number == 1 else None)
            oracle.retrieve(client, oracle.secrets[6])
            oracle.delete(client, oracle.secrets[7])
            assert service.stop() == 0
        self.secrets = oracle.secrets

    def copy(self, folder):
        for name in ("data", "keyring"):
            source = self.folder / name
            (shutil.copytree if source.is_dir() else shutil.copy2)(source, folder / name)
        oracle = Oracle(1)
        for secret in self.secrets:
            twin = Secret(secret.key, secret.text, secret.passphrase)
            twin.retrieved, twin.deleted = secret.retrieved, secret.deleted
            oracle.secrets.append(twin)
        return oracle


def history(client, oracle):
    """Every kind of change, on old secrets and on new ones."""
    old = list(oracle.secrets)
    oracle.retrieve(client, old[0])
    new = [oracle.create(client, size) for size in (40, 3000)]
    oracle.delete(client, old[1])
    oracle.delete(client, old[2])
    for secret in filter(None, new):
        oracle.retrieve(client, secret)
    oracle.retrieve(client, old[6])
    oracle.delete(client, old[7])
    oracle.retrieve(client, old[3])
    oracle.create(client, 200_000)
    oracle.retrieve(client, old[4])
    client.close()


class Run:
    """One run with one fault. `wrong` is what must not be; `reached` tells whether the fault came to pass."""

    def __init__(self, template, call, error, when, phase):
        with tempfile.TemporaryDirectory(prefix="disposable-sweep-") as name:
            folder = pathlib.Path(name)
            self.oracle = template.copy(folder)
            self.wrong = self.oracle.wrong
            record = folder / "strace"
            self.end = "stayed up"
            try:
                self._run(folder, record, (call, error, when), phase)
            except StartError as failure:
                self.end = "did not start"
                self._judge_end(failure.code, failure.output, "disposable-secrets: error: ")
            self.reached = record.exists() and "(INJECTED)" in record.read_text(errors="replace")
            if self.reached or self.wrong:
                self._reckon(folder)

    def _run(self, folder, record, fault, phase):
        wrapper = ()
        if phase == WHILE_STARTING:
            wrapper = ("strace", "-D", *arguments(*fault, data_paths(folder / "data"), record))
        with Service(folder, wrapper=wrapper) as service:
            if phase == WHILE_STARTING:
                history(service.client(), self.oracle)
            else:
                with Tracer(service, *fault, record=record):
                    history(service.client(), self.oracle)
            if self._is_ending(service):
                with contextlib.suppress(subprocess.TimeoutExpired):
                    service.process.wait(15)
            if service.process.poll() is None:
                service.kill()
            else:
                self.end = "ended by itself"
                self._judge_end(service.process.returncode, "\n".join(service.log), '"level":"error"')

    @staticmethod
    def _is_ending(service):
        return [line for line in service.log if "cannot go on" in line]

    def _judge_end(self, code, output, mark):
        if code != 1 or output.count(mark) < 1:
            self.wrong.append(f"{self.end} with {code}: {output[-300:]}")

    def _reckon(self, folder):
        try:
            with Service(folder) as service:
                read_back(service, self.oracle, sample=3)
        except StartError as failure:
            self.wrong.append(f"a healthy start after the fault: {failure}")


class InjectionTest(FaultCase):
    def test_no_single_failing_call_makes_it_tell_or_lose_anything(self):
        template = Template(self.folder)
        series = collections.deque((call, error, phase, 1) for call, error in CALLS
                                   for phase in (WHILE_SERVING, WHILE_STARTING))
        finished, ends, findings, lock = [0], collections.Counter(), [], threading.Lock()
        deadline = time.monotonic() + SWEEP_SECONDS

        def work():
            while time.monotonic() < deadline:
                with lock:
                    if not series:
                        return
                    call, error, phase, occurrence = series.popleft()
                run = Run(template, call, error, occurrence, phase)
                with lock:
                    if run.wrong:
                        findings.append((f"{call} {error} number {occurrence} {phase}", run.wrong[:3]))
                    if run.reached:
                        ends[run.end] += 1
                        if occurrence < OCCURRENCES_MAX:
                            series.append((call, error, phase, occurrence + 1))
                            continue
                    finished[0] += 1

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for worker in [pool.submit(work) for _ in range(2)]:
                worker.result()
        suite.figure(f"sweep: {sum(ends.values())} single faults ({', '.join(f'{n} {end}' for end, n in ends.items())}); "
                     f"{finished[0]} of {len(CALLS) * 2} series to their end")
        if findings:
            self.fail("\n".join(f"{name}: {wrong}" for name, wrong in findings))
        self.assertGreater(sum(ends.values()), 30)

    def attached_at_random(self, call, error, seed):
        """From a random moment of the work on, every such call fails."""
        oracle = self.oracle = Oracle(seed)
        folder = self.folder / f"{call}-{error}-{seed}"
        with Service(folder) as service:
            with at_work(service, oracle, ((40,), (40, 2000), (100_000,))):
                enough = random.Random(seed).randrange(20, 150)
                wait_until(lambda: len(oracle.secrets) > enough, 20, "work is going on")
                with Tracer(service, call, error, "1+"):
                    wait_until(lambda: service.process.poll() is not None or oracle.count(503) > 20, 20, "the fault shows")
                    answers = oracle.count(200)
                    if service.process.poll() is None:
                        held = oracle.count(503)
                        wait_until(lambda: service.process.poll() is not None or oracle.count(503) > held + 30, 20, "503s")
                        service.kill()
                    self.assertLessEqual(oracle.count(200) - answers, 3, "answers that were under way at most")
            if service.process.returncode != -signal.SIGKILL:
                self.assert_ended_cleanly(service)
        with Service(folder) as service:
            self.assertEqual(read_back(service, oracle, sample=10)[:10], [])

    def test_calls_that_fail_from_a_random_moment_on_reveal_nothing(self):
        for call, error in (("fdatasync", "EIO"), ("write", "EIO"), ("write", "ENOSPC"), ("fdatasync", "ENOSPC")):
            for seed in range(ATTACHED_ROUNDS):
                with self.subTest(call=call, error=error, seed=seed):
                    self.attached_at_random(call, error, seed)

    def test_space_that_returns_brings_the_service_back(self):
        for call in ("write", "fdatasync"):
            with self.subTest(call), Service(self.folder / call) as service:
                oracle = self.oracle = Oracle()
                with at_work(service, oracle, ((40,), (40, 2000))):
                    wait_until(lambda: len(oracle.secrets) > 30, 20, "work is going on")
                    with Tracer(service, call, "ENOSPC", "1+"):
                        wait_until(lambda: oracle.count(503) > 50, 20, "the fault shows")
                        self.assertIsNone(service.process.poll(), service.log[-3:])
                    before = oracle.count(200, "create")
                    took = seconds_until(lambda: oracle.count(200, "create") > before + 5, 15, "the service is back")
                suite.figure(f"ENOSPC of {call} over: back after {took:.1f} s")
                self.assertEqual(read_back(service, oracle, sample=10)[:10], [])

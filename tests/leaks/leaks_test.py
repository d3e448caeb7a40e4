"""Zero canaries on disk, in logs, in command output and in answers; and an honest table of what memory still holds."""

import base64
import collections
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
import uuid

import memory
import suite
from canaries import KEY, PASSPHRASE, PLAINTEXT, Canaries
from injection import Tracer
from journey import Journey
from service import Client, Service, run

FURTHER_REQUESTS = 2000

HOLDER = """
import sys
marks = [bytes(b ^ 0x55 for b in bytes.fromhex(line)) for line in sys.stdin.readline().split()]
marks = [bytearray(mark) for mark in marks]
print("ready", flush=True)
sys.stdin.readline()
"""


class SearchTest(unittest.TestCase):
    """The search finds what is there, in every form; without that, finding nothing would mean nothing."""

    def setUp(self):
        self.canaries = Canaries()
        self.plaintext = self.canaries.plaintext("planted")
        self.passphrase = self.canaries.passphrase("planted")
        self.key = self.canaries.key("planted")

    def test_every_form_is_found_in_a_file_of_the_data_folder(self):
        with tempfile.TemporaryDirectory(prefix="disposable-leaks-") as name:
            folder = pathlib.Path(name)
            with Service(folder) as service:
                service.client().create("no canary")
                service.stop()
            copy = folder / "copy"
            shutil.copytree(folder / "data", copy)
            self.assertEqual(self.canaries.find_in_folder(copy), {})
            target = max((path for path in copy.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
            clean = target.read_bytes()
            forms = collections.Counter()
            for kind, form, data, _ in self.canaries.patterns(thorough=True):
                target.write_bytes(clean[:100] + data + clean[100:])
                hits = self.canaries.find_in_folder(copy).get(str(target), [])
                self.assertIn((kind, form), [(hit.kind, hit.form) for hit in hits])
                forms[kind] += 1
            self.assertGreaterEqual(min(forms[kind] for kind in (PLAINTEXT, PASSPHRASE, KEY)), 10)
            (copy / self.key).write_text("")
            self.assertIn(str(copy / self.key), self.canaries.find_in_folder(copy))

    def test_base64_is_found_at_every_alignment(self):
        for shift in range(3):
            for text, kind in ((self.plaintext, PLAINTEXT), (self.key, KEY)):
                encoded = base64.b64encode(b"x" * shift + text.encode() + b"yz")
                self.assertIn(kind, {hit.kind for hit in self.canaries.find(b"--" + encoded + b"--")})

    def test_a_copy_without_its_beginning_is_found(self):
        self.assertTrue(self.canaries.find(self.plaintext.encode()[30:]))
        self.assertTrue(self.canaries.find(self.key.encode()[16:]))

    def test_canaries_are_found_in_the_memory_of_another_process(self):
        marks = [self.plaintext.encode(), self.passphrase.encode(), self.key.encode(), uuid.UUID(self.key).bytes]
        child = subprocess.Popen([sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            hidden = " ".join(bytes(byte ^ 0x55 for byte in mark).hex() for mark in marks)
            child.stdin.write(hidden + "\n")
            child.stdin.flush()
            self.assertEqual(child.stdout.readline(), "ready\n")
            found, searched = memory.find(child.pid, self.canaries)
            self.assertGreater(searched, 1_000_000)
            self.assertEqual({hit.kind for _, _, hit in found}, {PLAINTEXT, PASSPHRASE, KEY})
            self.assertIn("raw", {hit.form for _, _, hit in found})
        finally:
            child.kill()
            child.communicate()


class LeaksTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="disposable-leaks-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.journey = Journey()
        cls.canaries = cls.journey.canaries
        cls.logs = []  # of every life of the service: its log and its standard output
        cls.on_disk = {}  # moment -> {path: hits}
        cls.commands = []
        cls.travel()

    @classmethod
    def travel(cls):
        """Three lives over one data folder: killed while working, killed with an error, ended by SIGTERM."""
        with Service(cls.folder) as service:
            cls.journey.everything(service)
            cls.after_the_journey = memory.find(service.pid, cls.canaries)
            cls.further_requests(service)
            cls.after_further_requests = memory.find(service.pid, cls.canaries)
            cls.limits = pathlib.Path(f"/proc/{service.pid}/limits").read_text()
            cls.look("while running")
            cls.ask_audit(service)
            service.kill()
            cls.note(service)
        cls.look("after kill -9")
        with Service(cls.folder) as service:
            cls.journey.port = service.port
            cls.on_failing_disk(service)
            cls.note(service)
        cls.look("after the store failed")
        with Service(cls.folder) as service:
            cls.journey.port = service.port
            cls.audit_rows = len(service.audit())
            cls.ask_audit(service)
            service.stop()
            cls.note(service)
        cls.look("after SIGTERM")
        cls.ask_audit(service)
        cls.refused_start()

    @classmethod
    def on_failing_disk(cls, service):
        """EIO of fdatasync: the process ends by itself, with requests in hand."""
        keys = [cls.journey.create(f"EIO, {number}") for number in range(3)]
        with Tracer(service, "fdatasync", "EIO", "1+"):
            body = '{"secret":"%s"}' % cls.canaries.plaintext("EIO on creation")
            cls.journey.ask("POST", "/api/v1/secret", body, expected=(None, 503))
            for key in keys:
                cls.journey.ask("GET", f"/api/v1/secret/{key}", expected=(None, 503))
            assert service.process.wait(20) == 1, service.log[-3:]
        service.kill()

    @classmethod
    def further_requests(cls, service):
        """Work without canaries, on every worker."""
        def work():
            client = Client(service.port)
            for number in range(FURTHER_REQUESTS // 100):
                key = client.create("y" * (100 if number % 4 else 20_000))
                client.retrieve(key)
            client.close()

        threads = [threading.Thread(target=work) for _ in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    @classmethod
    def note(cls, service):
        cls.logs.append("\n".join(service.log).encode() + service.output)

    @classmethod
    def look(cls, moment):
        cls.on_disk[moment] = cls.canaries.find_in_folder(cls.folder)

    @classmethod
    def ask_audit(cls, service):
        place = ("--data-dir", service.data_dir, "--key-file", service.key_file)
        keys = list(cls.canaries.keys)
        for arguments in (("audit",), ("audit", "--json", "--limit", "100000"), ("audit", "verify"),
                          ("audit", "verify", "--json"), ("audit", "--secret-key", keys[0]),
                          ("audit", "--secret-key", keys[1], "--json"), ("audit", "--secret-key", keys[2] + "0"),
                          ("audit", "--secret-key", keys[2], "--action", "stolen")):
            done = run(*arguments, *place)
            cls.commands.append((done.stdout + done.stderr).encode())
        done = run("audit", "--secret-key", keys[3], "--data-dir", cls.folder / "no", "--key-file", service.key_file)
        cls.commands.append((done.stdout + done.stderr).encode())

    @classmethod
    def refused_start(cls):
        done = run("serve", "--data-dir", cls.folder / "data", "--key-file", "/dev/null", "--listen", "127.0.0.1:0")
        cls.commands.append((done.stdout + done.stderr).encode())

    def assert_clean(self, data):
        hits = self.canaries.find(data)
        self.assertEqual(hits[:10], [])

    def test_the_journey_saw_every_kind_of_answer(self):
        self.assertLessEqual({200, 400, 403, 404, 405, 410, 413, 414, 415, 417, 422, 429, 431, 503, 505},
                             self.journey.statuses)
        self.assertGreater(self.audit_rows, 20)
        self.assertGreater(len(self.canaries.keys), 15)

    def test_no_canary_is_on_disk_at_any_moment(self):
        searched = sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())
        suite.figure(f"disk: {searched / 1e6:.1f} MB searched at {len(self.on_disk)} moments for "
                     f"{len(list(self.canaries.patterns(True)))} patterns")
        self.assertGreater(searched, 500_000)
        for moment, found in self.on_disk.items():
            with self.subTest(moment):
                self.assertEqual({path: hits[:3] for path, hits in found.items()}, {})

    def test_no_canary_is_in_the_logs(self):
        self.assertEqual(len(self.logs), 3)
        for log in self.logs:
            self.assertIn(b"listening", log)
            self.assert_clean(log)
        self.assertIn(b"answered 503", b"".join(self.logs))

    def test_no_canary_is_in_what_the_commands_print(self):
        self.assertGreater(len(b"".join(self.commands)), 1000)
        for output in self.commands:
            self.assert_clean(output)

    def test_no_canary_is_in_an_answer_but_the_one_that_is_there_to_tell_it(self):
        self.assertGreater(len(self.journey.answers), 80)
        for answer in self.journey.answers:
            self.assert_clean(answer)

    def test_what_was_not_spent_is_still_there(self):
        with Service(self.folder) as service:
            self.journey.port = service.port
            for key in list(self.journey.live):
                if "kept alive" in self.canaries.keys[key]:
                    self.journey.retrieve(key)
            service.stop()

    def test_the_process_leaves_no_core(self):
        self.assertRegex(self.limits, r"Max core file size\s+0\s+0\s")

    def table(self, title, found):
        hits, searched = found
        suite.figure(f"memory {title}: {searched / 1e6:.0f} MB present and searched, {len(hits)} hits")
        rows = collections.Counter((hit.kind, hit.form, use, hit.label) for use, _, hit in hits)
        for (kind, form, use, label), number in sorted(rows.items()):
            suite.figure(f"  {kind:<10} {form:<6} {use:<10} {number:5}  {label}")

    def test_memory_holds_nothing_of_what_was_answered(self):
        """Not while a request is under way, and not in registers or in the kernel: nobody can promise that."""
        for title, found in (("after the journey", self.after_the_journey),
                             (f"after {FURTHER_REQUESTS} further requests", self.after_further_requests)):
            with self.subTest(title):
                self.table(title, found)
                self.assertGreater(found[1], 5_000_000, "the memory was not read")
                self.assertEqual(collections.Counter(hit.kind for _, _, hit in found[0]), {})

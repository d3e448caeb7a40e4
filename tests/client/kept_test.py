"""What was retrieved is not dropped, and is in nobody's way: full disks, closed outputs, names that the sender chose."""

import json
import os
import resource
import stat
import subprocess
import threading
import unittest

from fixture import SECRET, ClientCase, Terminal
from service import EXECUTABLE

RETRIEVE = "/api/v2/secrets/retrieve"
BYTES = b"\xff\x00\xfe"  # no text


class KeptCase(ClientCase):
    def setUp(self):
        super().setUp()
        self.api = self.serve()

    def share_files(self, *files):
        """The link of files (name, content), of which several may have one name."""
        paths = []
        for name, content in files:
            path = self.folder / str(len(paths)) / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            paths.append(path)
        return self.share(self.api, *paths, given=b"")

    @staticmethod
    def contents(folder):
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def state(self, link):
        return json.loads(self.client("status", "--json", link).stdout)["state"]


class ForceTest(KeptCase):
    def test_force_replaces_the_path_that_was_typed_in_one_step(self):
        (self.folder / "target").write_bytes(b"target")
        (self.here / "out").symlink_to(self.folder / "target")
        for content in (b"first", b"second"):
            self.client("retrieve", "--force", "--output", "out", self.share_files(("a", content)))
            self.assertEqual(self.contents(self.here), {"out": content})
        self.assertEqual((self.folder / "target").read_bytes(), b"target")

    def test_the_sender_names_no_file_that_force_replaces(self):
        ssh = self.folder / "ssh"
        ssh.mkdir()
        old = {"id_deploy": b"old", "authorized_keys": b"mine"}
        for name, content in old.items():
            (ssh / name).write_bytes(content)
        files = (("x", b"1"), ("authorized_keys", b"theirs"), ("x", b"2"))
        self.client("retrieve", "--force", "--output", ssh / "id_deploy", self.share_files(*files))
        new = {"x": b"1", "authorized_keys": b"theirs", "x (2)": b"2"}
        self.assertEqual(self.contents(ssh), old | {f"id_deploy (2)/{name}": content for name, content in new.items()})
        link = self.share_files(("authorized_keys", b"theirs"))
        self.client("retrieve", "--force", "--output", ssh, link)
        self.assertEqual(self.contents(ssh)["authorized_keys"], b"mine")
        self.assertEqual(self.contents(ssh)["authorized_keys (2)"], b"theirs")


class OutputTest(KeptCase):
    def retrieve(self, output, *arguments, code=1, **options):
        done = subprocess.run([EXECUTABLE, "retrieve", *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=output,
                              stderr=subprocess.PIPE, cwd=self.here, env=self.environment(), check=False, **options)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stderr

    def test_a_text_that_standard_output_does_not_take_is_kept_in_a_file(self):
        reading, writing = os.pipe()
        os.close(reading)
        self.addCleanup(os.close, writing)
        with open("/dev/full", "wb") as full:
            for output in (full, writing):
                error = self.retrieve(output, self.share(self.api))
                self.assertRegex(error, rb"\A[^\n]+standard output[^\n]+\nhint: it is in ./secret.txt\n\Z")
                self.assertEqual(self.contents(self.here), {"secret.txt": SECRET})
                self.assertEqual(stat.S_IMODE((self.here / "secret.txt").stat().st_mode), 0o600)
                (self.here / "secret.txt").unlink()
            self.retrieve(full, "--json", self.share(self.api))
        kept = json.loads((self.here / "secret.json").read_text())
        self.assertEqual(kept["parts"][0]["text"], SECRET.decode())

    def test_nothing_is_spent_without_a_standard_output(self):
        link = self.share(self.api)
        for redirection in (">&-", "</dev/null >&0"):
            wrapper = ("sh", "-c", f'exec "$@" {redirection}', "sh")
            error = self.client("retrieve", link, wrapper=wrapper, code=1).stderr
            self.assertIn(b"standard output is closed, or not for writing", error)
        self.assertEqual(self.client("retrieve", link).stdout, SECRET)

    def test_an_output_that_may_not_grow_is_an_error_and_no_end(self):
        limit = 1 << 16
        with open(self.folder / "log", "ab") as log:
            log.write(bytes(limit))
            log.flush()
            error = self.retrieve(log, self.share(self.api), preexec_fn=lambda: resource.setrlimit(
                resource.RLIMIT_FSIZE, (limit, limit)))
        self.assertIn(b"hint: it is in ./secret.txt", error)
        self.assertEqual(self.contents(self.here), {"secret.txt": SECRET})

    def test_a_file_that_cannot_be_written_is_kept_elsewhere(self):
        folder = self.folder / "folder"
        folder.mkdir()
        link = self.share_files(("a.txt", b"new"))

        def away():
            folder.rmdir()
            folder.write_bytes(b"no folder any more")

        self.api.fail(RETRIEVE, away)
        done = self.client("retrieve", "--json", "--output", folder / "out.txt", link, code=1)
        self.assertIn(b"hint: it is in ./out.txt\n", done.stderr)
        self.assertEqual(json.loads(done.stdout)["parts"][0]["path"], "./out.txt")
        self.assertEqual(self.contents(self.here), {"out.txt": b"new"})


class RoomTest(KeptCase):
    def test_a_file_that_the_process_may_not_write_spends_nothing(self):
        link = self.share_files(("large", bytes(1 << 20)))
        done = self.client("retrieve", link, wrapper=("sh", "-c", 'ulimit -f 100; exec "$@"', "sh"), code=1)
        self.assertIn(b"nothing was retrieved yet", done.stderr)
        self.assertEqual((self.state(link), self.contents(self.here)), ("live", {}))

    @unittest.skipIf(os.geteuid() != 0, "a small disk needs root")
    def test_a_full_disk_spends_nothing_and_costs_no_file_that_was_there(self):
        link = self.share_files(("large", bytes(3 << 20)))
        disk = self.folder / "disk"
        disk.mkdir()
        script = 'mount -t tmpfs -o size=1m tmpfs "$DISK" && echo -n old >"$DISK/f" && "$@"; code=$?; cat "$DISK"/*; exit $code'
        wrapper = ("unshare", "--mount", "sh", "-c", script, "sh")
        done = self.client("retrieve", "--force", "--output", disk / "f", link, wrapper=wrapper, code=1, DISK=str(disk))
        self.assertEqual(done.stdout, b"old")
        self.assertIn(b"nothing was retrieved yet", done.stderr)
        self.assertEqual(self.state(link), "live")


class StreamTest(KeptCase):
    def test_a_hyphen_is_standard_output_for_one_part_whatever_it_is(self):
        for given in (BYTES, SECRET):
            self.assertEqual(self.client("retrieve", "--output", "-", self.share(self.api, given=given)).stdout, given)
        done = self.client("retrieve", "--output", "-", self.share_files(("a", b"file")))
        self.assertEqual((done.stdout, done.stderr, self.contents(self.here)), (b"file", b"", {}))
        link = self.share(self.api)
        self.client("retrieve", "--json", "--output", "-", link, code=2)
        self.assertEqual(self.state(link), "live")

    def test_where_nothing_can_be_written_standard_output_takes_all(self):
        nowhere = ("sh", "-c", 'cd /proc && exec "$@"', "sh")
        for files, code in ((("a", BYTES),), 0), ((("a", b"1"), ("b", b"2")), 1):
            link = self.share_files(*files)
            done = self.client("retrieve", link, wrapper=nowhere, code=1, TMPDIR="/proc")
            self.assertIn(b"nothing was retrieved yet", done.stderr)
            done = self.client("retrieve", "--output", "-", link, wrapper=nowhere, code=code, TMPDIR="/proc")
            self.assertEqual(done.stdout, b"".join(content for _, content in files))

    def test_what_one_place_cannot_take_is_kept_in_files(self):
        files = (("a", b"1"), ("b", b"2"))
        done = self.client("retrieve", "--output", "-", self.share_files(*files), code=1)
        self.assertIn(b"hint: its files are in the folder .\n", done.stderr)
        self.assertEqual((done.stdout, self.contents(self.here)), (b"", dict(files)))
        with Terminal(self, "retrieve", "--output", "-", self.share(self.api, given=BYTES)) as terminal:
            code, shown = terminal.end()
        self.assertEqual(code, 1)
        self.assertNotIn(BYTES, shown)
        self.assertEqual((self.here / "standard-input.bin").read_bytes(), BYTES)
        with Terminal(self, "retrieve", "--output", "-", self.share_files(("text", b"\x1bx\n"))) as terminal:
            self.assertEqual(terminal.end(), (0, b"\\x1bx\n"))

    def test_what_is_no_regular_file_is_written_to_and_stays(self):
        fifo = self.here / "fifo"
        os.mkfifo(fifo)
        got = []
        for files in ((("a", BYTES),), (("a", b"1"), ("b", b"2"))):
            reader = threading.Thread(target=lambda: got.append(fifo.read_bytes()), daemon=True)
            reader.start()
            self.client("retrieve", "--force", "--output", fifo, self.share_files(*files), code=len(files) - 1)
            reader.join(10)
            self.assertTrue(stat.S_ISFIFO(fifo.stat().st_mode))
        self.assertEqual((got, self.contents(self.here)), ([BYTES, b""], {"a": b"1", "b": b"2"}))
        self.assertIn(b"exists already", self.client("retrieve", "--output", fifo, self.share(self.api), code=1).stderr)


if __name__ == "__main__":
    unittest.main()

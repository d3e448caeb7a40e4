"""What a person at a terminal sees: questions whose answers are not shown, harmless text, progress, hygiene."""

import os
import pathlib
import select
import signal
import subprocess
import tty
import unittest

from fixture import SECRET, ClientCase, Terminal
from service import EXECUTABLE
from suite import wait_until


class PromptTest(ClientCase):
    def test_a_secret_and_its_passphrase_are_asked_for_and_not_shown(self):
        api = self.serve()
        with Terminal(self, "share", "--passphrase", api=api) as terminal:
            terminal.answer(b"Secret (one line, not shown): ", SECRET)
            terminal.answer(b"Passphrase (not shown): ", b"correct horse")
            terminal.answer(b"The same again: ", b"correct horse")
            code, shown = terminal.end()
            self.assertTrue(terminal.echo())
        self.assertEqual(code, 0)
        self.assertNotIn(b"correct horse", shown)
        link = shown.strip().splitlines()[-1]
        with Terminal(self, "retrieve") as terminal:
            terminal.answer(b"Link (not shown): ", link)
            terminal.answer(b"Passphrase (not shown): ", b"correct horse")
            code, shown = terminal.end()
        self.assertEqual((code, shown), (0, b"\n" + SECRET + b"\n"))

    def test_two_entries_that_differ_share_nothing(self):
        api = self.serve()
        with Terminal(self, "share", "--passphrase", api=api, stdin=subprocess.DEVNULL) as terminal:
            self.assertEqual(terminal.end()[0], 1)  # standard input is empty, so there is nothing to share
        (self.folder / "file").write_bytes(SECRET)
        with Terminal(self, "share", "--passphrase", self.folder / "file", api=api) as terminal:
            terminal.answer(b"Passphrase (not shown): ", b"one")
            terminal.answer(b"The same again: ", b"other")
            code, shown = terminal.end()
        self.assertEqual(code, 1)
        self.assertIn(b"differ", shown)
        self.assertEqual(api.seen, [])

    def test_a_link_in_a_pipe_leaves_the_terminal_for_the_passphrase(self):
        api = self.serve()
        (self.folder / "passphrase").write_bytes(b"pass")
        link = self.share(api, "--passphrase-file", self.folder / "passphrase")
        reading, writing = os.pipe()
        os.write(writing, link.encode())
        os.close(writing)
        with Terminal(self, "retrieve", stdin=reading, stdout=subprocess.PIPE) as terminal:
            os.close(reading)
            terminal.answer(b"Passphrase (not shown): ", b"pass")
            output = terminal.process.stdout.read()
            self.assertEqual((terminal.end()[0], output), (0, SECRET))

    def test_what_is_pasted_is_used_whole_or_not_at_all_and_nothing_is_left_for_the_shell(self):
        api = self.serve()
        key = b"-----BEGIN KEY-----\n" + b"A" * 64 + b"\n-----END KEY-----"
        for pieces, said in (([key], b"more than one line"), ([b"x" * 6000 + b"\n"], b"longer than a terminal"),
                             ([b"echo %d\n" % line * 5 for line in range(30)], b"more than one line")):
            with self.subTest(pieces[0][:20]), Terminal(self, "share", api=api) as terminal:
                terminal.expect(b"Secret (one line, not shown): ")
                for piece in pieces:
                    os.write(terminal.master, piece)
                    select.select([], [], [], 0.02 if len(pieces) > 1 else 0)  # as it comes over a network
                code, shown = terminal.end()
                self.assertEqual(code, 1)
                self.assertIn(said, shown)
                tty.setraw(terminal.slave)  # so that an unfinished line can be seen, too
                self.assertEqual(select.select([terminal.slave], [], [], 0)[0], [])
        self.assertEqual(api.seen, [])
        for text in (b"x" * 4094, b"user\n\r\n"):
            with Terminal(self, "share", api=api, stdout=subprocess.PIPE) as terminal:
                terminal.answer(b"Secret (one line, not shown): ", text)
                link = terminal.process.stdout.read().strip()
            self.assertEqual(self.client("retrieve", given=link).stdout, text.strip())

    def test_an_interrupt_ends_it_with_echo_on_again(self):
        with Terminal(self, "share", api=self.serve()) as terminal:
            terminal.expect(b"Secret (one line, not shown): ")
            self.assertFalse(terminal.echo())
            terminal.interrupt()
            self.assertEqual(terminal.end()[0], -signal.SIGINT)
            self.assertTrue(terminal.echo())


class InterruptTest(ClientCase):
    def interrupted(self, api, at, link):
        """What is shown when it is interrupted after a request to `at`, for which it waits."""
        before = api.count(at)
        with Terminal(self, "retrieve", link, stdout=subprocess.PIPE) as terminal:
            wait_until(lambda: api.count(at) > before, 20, "it has asked")
            terminal.interrupt()
            code, shown = terminal.end()
        self.assertEqual(code, -signal.SIGINT)
        return shown

    def test_it_says_that_a_secret_may_be_spent_once_it_may_be(self):
        api = self.serve()
        retrieve = "/api/v2/secrets/retrieve"
        for at, faults, told in (("/api/v2/secrets/status", [1], False), (retrieve, [1], True),
                                 (retrieve, ["cut after"] + ["503"] * 50, True)):
            with self.subTest(at):
                api.faults.clear()
                link = self.share(api)
                api.fail(at, *faults)
                self.assertEqual(b"it may be spent, and is lost then\nhint: " in self.interrupted(api, at, link), told)


class ShownTest(ClientCase):
    def test_a_text_cannot_steer_the_terminal(self):
        api = self.serve()
        link = self.share(api, given=b"a\x1b]0;title\x07\x1b[2J\rb\n")
        with Terminal(self, "retrieve", link) as terminal:
            self.assertEqual(terminal.end(), (0, b"a\\x1b]0;title\\x07\\x1b[2J\\x0db\n"))

    def test_progress_is_shown_on_a_terminal_only(self):
        api = self.serve()
        (self.folder / "large").write_bytes(os.urandom(4 << 20))
        with Terminal(self, "share", self.folder / "large", api=api, stdout=subprocess.PIPE) as terminal:
            terminal.expect(b"sending ")
            link = terminal.process.stdout.read().strip()
            code, shown = terminal.end()
            self.assertEqual(code, 0)
            self.assertTrue(shown.endswith(b"\r\x1b[K"), shown[-40:])  # and is gone at the end
        self.assertEqual(self.client("retrieve", given=link).stderr, b"wrote ./large\n")

    def test_a_second_attempt_is_told_of(self):
        api = self.serve()
        link = self.share(api)
        api.fail("/api/v2/secrets/retrieve", "cut after")
        with Terminal(self, "retrieve", link, stdout=subprocess.PIPE) as terminal:
            terminal.expect(b"trying again: ")
            self.assertEqual(terminal.process.stdout.read(), SECRET)


class HygieneTest(ClientCase):
    def test_the_process_cannot_be_looked_into(self):
        with Terminal(self, "share", api=self.serve()) as terminal:
            terminal.expect(b"Secret (one line, not shown): ")
            process = pathlib.Path(f"/proc/{terminal.process.pid}")
            self.assertEqual(process.joinpath("limits").stat().st_uid, 0)  # not dumpable: its files are root's
            limits = process.joinpath("limits").read_text()
            self.assertRegex(limits, r"Max core file size +0 +0 ")
            self.assertIn("NoNewPrivs:\t1", process.joinpath("status").read_text())

    def test_a_full_output_is_an_error(self):
        api = self.serve()
        with open("/dev/full", "wb") as full:
            done = subprocess.run([EXECUTABLE, "share"], input=SECRET, stdout=full, stderr=subprocess.PIPE, cwd=self.here,
                                  env=self.environment(api), check=False)
        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main()

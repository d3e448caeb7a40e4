"""Long commands show a person that they go on; in a pipe they are quiet."""

import os
import pty
import shutil
import subprocess
import unittest

from fixture import temporary_folder
from service import EXECUTABLE, Service, run

CLEARED = "\r\x1b[K"


def on_terminal(*arguments):
    """(exit code, standard output, what a terminal at stderr got)"""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([EXECUTABLE, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    output = process.stdout.read().decode()
    process.stdout.close()
    return process.wait(), output, shown.decode()


class ProgressTest(unittest.TestCase):
    def test_long_commands_show_progress_on_a_terminal_and_nothing_in_a_pipe(self):
        folder = temporary_folder(self)
        places = ("--data-dir", folder / "data", "--key-file", folder / "keyring")
        with Service(folder) as service:
            service.client().create("x")
            service.stop()
        table = (
            (("audit", "verify"), "reading the audit log"),
            (("doctor",), "checking the store"),
            (("backup", folder / "backup"), "reading the store"),
            (("restore", folder / "backup"), "reading the backup"),
        )
        for command, progress in table:
            for terminal in (True, False):
                with self.subTest(command=command, terminal=terminal):
                    if command[0] == "backup":
                        shutil.rmtree(folder / "backup", ignore_errors=True)
                    if command[0] == "restore":
                        shutil.rmtree(folder / "data")
                    if terminal:
                        code, output, shown = on_terminal(*command, *places)
                        self.assertIn(progress, shown)
                        self.assertTrue(shown.endswith(CLEARED), "what was shown is gone at the end")
                    else:
                        result = run(*command, *places)
                        code, output = result.returncode, result.stdout
                        self.assertEqual(result.stderr, "")
                    self.assertEqual(code, 0)
                    self.assertNotIn("\r", output)

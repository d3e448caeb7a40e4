"""packaging/quickstart as a newcomer uses it: start it, paste what it prints into a shell, end it, start it again."""

import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class QuickstartTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.port = free_port()

    def start(self):
        """Starts it in the folder above its data; returns the process and the lines meant for pasting."""
        with (self.folder / "server.log").open("w") as log:
            server = subprocess.Popen(
                [ROOT / "packaging/quickstart", "--listen", f"127.0.0.1:{self.port}", "--data-dir", "data"],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        pasted = []
        for line in server.stdout:
            if line.startswith("  "):
                pasted.append(line.strip())
            elif pasted:
                break
        return server, "\n".join(pasted)

    def wait_until_it_answers(self, server):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and server.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        self.fail("the server does not answer:\n" + (self.folder / "server.log").read_text())

    def end(self, server):
        server.send_signal(signal.SIGTERM)
        self.assertEqual(server.wait(PATIENCE_SECONDS), 0)

    def test_what_it_prints_works_when_pasted_twice_in_a_row(self):
        for _ in range(2):
            server, pasted = self.start()
            self.wait_until_it_answers(server)
            result = subprocess.run(["bash", "-c", pasted], capture_output=True, text=True, check=False, timeout=30)
            self.assertEqual(result.stdout.splitlines(), [
                '{"secret":"for your eyes only"}', '{"detail":"Secret already retrieved or deleted"}'], result.stderr)
            self.end(server)
        self.assertEqual((self.folder / "data").stat().st_mode & 0o777, 0o700)
        self.assertEqual((self.folder / "data.keyring").stat().st_mode & 0o777, 0o600)

    def test_a_port_in_use_is_said(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", self.port))
            taken.listen()
            server, _ = self.start()
            self.assertIn(server.wait(PATIENCE_SECONDS), (1, 2))
        log = (self.folder / "server.log").read_text()
        self.assertIn("in use", log.splitlines()[-1])


if __name__ == "__main__":
    unittest.main()

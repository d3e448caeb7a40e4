"""What slowhttptest says in its four modes: the service is available throughout."""

import csv
import pathlib
import subprocess

from fixture import FrontCase
from suite import figure

SECONDS = 8
BUNDLE = "docs/swagger-ui-bundle.js"
# name, path, arguments. -p: a probe not answered within so many seconds means that the service is not available.
MODES = (
    ("slow headers", "healthz", ("-H", "-i", "2", "-x", "24", "-t", "GET")),
    ("slow body", "api/v1/secret", ("-B", "-i", "2", "-s", "8192", "-x", "10", "-t", "POST", "-f", "application/json")),
    ("slow read", BUNDLE, ("-X", "-w", "10", "-y", "20", "-n", "5", "-z", "32", "-k", "3")),
    ("range", BUNDLE, ("-R", "-a", "10", "-b", "3000", "-t", "HEAD")),
)
CLIENTS = ("-c", "1500", "-r", "500", "-p", "2", "-l", str(SECONDS))


class SlowhttptestTest(FrontCase):
    def available(self, service, name, path, arguments):
        """[was it available], one for each second."""
        report = pathlib.Path(self.folder) / name.replace(" ", "-")
        result = subprocess.run(
            ["slowhttptest", *arguments, *CLIENTS, "-u", f"http://127.0.0.1:{service.port}/{path}", "-g", "-o", report],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
        self.assertEqual(result.returncode, 0, result.stdout[-1000:])
        with open(f"{report}.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertTrue(rows, result.stdout[-1000:])
        held = max(int(row["Connected"]) for row in rows)
        figure(f"slowhttptest, {name}: available in {sum(row['Service Available'] != '0' for row in rows)} of {len(rows)} "
               f"seconds, {held} connections held at most")
        return [row["Service Available"] != "0" for row in rows]

    def test_slowhttptest_finds_the_service_available_throughout(self):
        service = self.start()
        for name, path, arguments in MODES:
            with self.subTest(mode=name):
                available = self.available(service, name, path, arguments)
                self.assertTrue(all(available), available)
        self.assert_stops(service)

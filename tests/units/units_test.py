"""The units of systemd/, without a running systemd: it can read them, finds them safe, and the two profiles differ in
what they must differ in and nothing else."""

import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

SYSTEMD = pathlib.Path(__file__).resolve().parents[2] / "systemd"
DIRECT, ISOLATED = "disposable-secrets.service", "disposable-secrets-isolated.service"
# Ten times the most that `systemd-analyze security` may say; 0 is safe and 100 is not.
EXPOSURE_MAX = {DIRECT: 11, ISOLATED: 3}
# directive -> (its values in the direct profile, its values in the isolated one)
DIFFERENCES = {
    "Unit.Description": (["Disposable Secrets, a one-time secret sharing service"],
                         ["Disposable Secrets, a one-time secret sharing service without a network"]),
    "Unit.After": (["network.target"], ["disposable-secrets-isolated.socket disposable-secrets.service"]),
    "Unit.Requires": ([], ["disposable-secrets-isolated.socket"]),
    "Unit.Conflicts": ([], ["disposable-secrets.service disposable-secrets.socket"]),
    "Service.PrivateNetwork": ([], ["yes"]),
    "Service.IPAddressDeny": ([], ["any"]),
    "Service.RestrictAddressFamilies": (["AF_UNIX AF_INET AF_INET6"], ["AF_UNIX"]),
    "Install.Also": (["disposable-secrets.socket"], ["disposable-secrets-isolated.socket"]),
}


def directives(path):
    """{"Section.Name": its values in order}."""
    found, section = {}, None
    for line in path.read_text().splitlines():
        if match := re.fullmatch(r"\[(\w+)\]", line):
            section = match.group(1)
        elif line and not line.startswith(("#", ";")):
            name, value = line.split("=", 1)
            found.setdefault(f"{section}.{name}", []).append(value)
    return found


def analyze(*arguments):
    done = subprocess.run(["systemd-analyze", "--no-pager", *map(str, arguments)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


class UnitsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for unit in SYSTEMD.glob("*.s*t"):
            shutil.copy(unit, self.folder)
        # The package is not installed here; that its files are where the units say is tested where it is.
        for unit in SYSTEMD.glob("*.service"):
            (self.folder / unit.name).write_text(unit.read_text().replace("ExecStart=/usr/bin/disposable-secrets ",
                                                                          "ExecStart=/bin/sh "))

    def verify(self):
        return analyze("verify", "--man=no", *sorted(self.folder.iterdir()))

    def test_systemd_has_nothing_to_say_against_them(self):
        self.assertEqual(len(list(self.folder.iterdir())), 4)
        self.assertEqual(self.verify(), (0, ""))

    def test_a_directive_that_systemd_does_not_know_would_be_seen(self):
        unit = self.folder / DIRECT
        unit.write_text(unit.read_text().replace("PrivateTmp=", "PrivateTemp="))
        self.assertIn("Unknown key 'PrivateTemp'", self.verify()[1])

    def test_they_expose_little(self):
        for unit, most in EXPOSURE_MAX.items():
            with self.subTest(unit=unit):
                code, output = analyze("security", "--offline=true", f"--threshold={most}", SYSTEMD / unit)
                self.assertIn("Overall exposure level", output)
                self.assertEqual(code, 0, output[output.rfind("→"):])

    def test_a_unit_that_exposes_more_would_be_seen(self):
        for unit, most in EXPOSURE_MAX.items():
            with self.subTest(unit=unit):
                path = self.folder / unit
                path.write_text(path.read_text().replace("PrivateUsers=yes\n", "").replace("ProtectSystem=strict\n", ""))
                self.assertNotEqual(analyze("security", "--offline=true", f"--threshold={most}", path)[0], 0)

    def test_the_profiles_differ_in_the_network_only(self):
        direct, isolated = directives(SYSTEMD / DIRECT), directives(SYSTEMD / ISOLATED)
        differing = {name: (direct.get(name, []), isolated.get(name, [])) for name in direct | isolated
                     if direct.get(name) != isolated.get(name)}
        self.assertEqual(differing, DIFFERENCES)

    def test_both_sockets_listen_where_the_service_does_by_default(self):
        default = re.search(r"`--listen` \| `([^`]+)`", (SYSTEMD.parent / "README.md").read_text()).group(1)
        for unit in ("disposable-secrets.socket", "disposable-secrets-isolated.socket"):
            self.assertEqual(directives(SYSTEMD / unit)["Socket.ListenStream"], [default], unit)


if __name__ == "__main__":
    unittest.main()

"""packaging/install.sh, from an unpacked release: into a folder, and into a system of its own with and without systemd."""

import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))

from overlaid_system import OverlaidSystem  # noqa: E402
from service import EXECUTABLE, run  # noqa: E402
from suite import needs_root  # noqa: E402

PROGRAM = "/usr/local/bin/disposable-secrets"
CONFIGURATION = "/etc/disposable-secrets/disposable-secrets.conf"
KEYRING = "/etc/disposable-secrets/keyring"
DATA = "/var/lib/disposable-secrets"
UNITS = "/usr/local/lib/systemd/system"
FILES = {
    PROGRAM: 0o755,
    CONFIGURATION: 0o644,
    "/usr/local/lib/disposable-secrets/install.sh": 0o755,
    f"{UNITS}/disposable-secrets.service": 0o644,
    f"{UNITS}/disposable-secrets.socket": 0o644,
    f"{UNITS}/disposable-secrets-isolated.service": 0o644,
    f"{UNITS}/disposable-secrets-isolated.socket": 0o644,
    "/usr/local/lib/sysusers.d/disposable-secrets.conf": 0o644,
    "/usr/local/share/bash-completion/completions/disposable-secrets": 0o644,
    "/usr/local/share/doc/disposable-secrets/LICENSE": 0o644,
    "/usr/local/share/fish/vendor_completions.d/disposable-secrets.fish": 0o644,
    "/usr/local/share/man/man1/disposable-secrets.1": 0o644,
    "/usr/local/share/man/man5/disposable-secrets.conf.5": 0o644,
    "/usr/local/share/zsh/site-functions/_disposable-secrets": 0o644,
}
WANTED = ["/etc/systemd/system/multi-user.target.wants/disposable-secrets.service",
          "/etc/systemd/system/sockets.target.wants/disposable-secrets.socket"]
# All that the script may need where there is no systemd; useradd is there on every system with users.
COREUTILS = ("cat", "chmod", "cp", "dirname", "id", "mkdir", "mktemp", "mv", "rm", "rmdir", "sha256sum", "sync")


def release(folder, executable=EXECUTABLE):
    """What the release's tarball holds."""
    folder.mkdir()
    shutil.copy2(executable, folder / "disposable-secrets")
    for path in (ROOT / "packaging/install.sh", ROOT / "LICENSE", *(ROOT / "systemd").iterdir()):
        shutil.copy2(path, folder)
    return folder


def newer(executable, path):
    """An executable with other bytes that does the same."""
    path.write_bytes(executable.read_bytes() + b"newer")
    path.chmod(0o755)
    return path


class InstallCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.version = run("version").stdout.split()[-1]

    def says(self, done, code, *lines):
        text = done.stdout + done.stderr
        self.assertEqual(done.returncode, code, text)
        for line in lines:
            self.assertIn(f"install.sh: {line}\n", text)


class FolderTest(InstallCase):
    """With --root, as for building an image."""

    def setUp(self):
        super().setUp()
        self.release = release(self.folder / "release")
        self.root = self.folder / "root"
        (self.root / "etc").mkdir(parents=True)

    def script(self, *arguments, path=None):
        return subprocess.run([(path or self.release) / "install.sh", *arguments, "--root", self.root],
                              capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)

    def files(self):
        """{path: mode} of all files but those that are about users, and the links of enabled units."""
        return {f"/{path.relative_to(self.root)}": stat.S_IMODE(path.stat().st_mode)
                for path in self.root.rglob("*") if path.is_file() and not path.is_symlink() and path.parent.name != "etc"}

    def links(self):
        return sorted(f"/{path.relative_to(self.root)}" for path in self.root.rglob("*") if path.is_symlink())

    def test_it_installs_these_files_and_modes_whatever_the_umask(self):
        old = os.umask(0o077)
        try:
            self.says(self.script("install"), 0, f"version {self.version} is installed in {self.root}")
        finally:
            os.umask(old)
        self.assertEqual(self.files(), FILES)
        self.assertEqual(self.links(), WANTED)
        for path in self.root.rglob("usr/**"):
            self.assertEqual(stat.S_IMODE(path.stat().st_mode) & 0o755, stat.S_IMODE(path.stat().st_mode))
        self.assertIn("disposable-secrets:", (self.root / "etc/passwd").read_text())

    def test_the_units_name_the_program_where_it_is(self):
        self.script("install")
        for unit in ("disposable-secrets.service", "disposable-secrets-isolated.service"):
            text = (self.root / UNITS[1:] / unit).read_text()
            self.assertNotIn("/usr/bin/disposable-secrets", text)
            self.assertEqual(text.replace(PROGRAM, "/usr/bin/disposable-secrets"), (ROOT / "systemd" / unit).read_text())
        self.assertIn(f"ExecStart={PROGRAM} serve ", text)

    def test_what_is_generated_is_what_the_program_generates(self):
        self.script("install")
        for path, what in (("/usr/local/share/man/man1/disposable-secrets.1", "manual"),
                           ("/usr/local/share/man/man5/disposable-secrets.conf.5", "manual-conf"),
                           ("/usr/local/share/zsh/site-functions/_disposable-secrets", "zsh")):
            self.assertEqual((self.root / path[1:]).read_text(), run("document", what).stdout)

    def test_the_configuration_is_the_default_with_its_folders(self):
        self.script("install")
        lines = (self.root / CONFIGURATION[1:]).read_text().splitlines()
        default = run("document", "config").stdout.splitlines()
        self.assertEqual([(line, was) for line, was in zip(lines, default, strict=True) if line != was],
                         [(f"data-dir = {DATA}", "#data-dir ="), (f"key-file = {KEYRING}", "#key-file =")])

    def test_an_image_gets_no_keyring(self):
        self.says(self.script("install"), 0, f"{PROGRAM} keys create --key-file {KEYRING}")
        self.assertFalse((self.root / KEYRING[1:]).exists())

    def test_a_second_run_changes_nothing(self):
        def snapshot():
            return {str(path): (path.lstat().st_ino, path.lstat().st_mtime_ns)
                    for path in self.root.rglob("*") if not path.is_dir()}
        self.script("install")
        before = snapshot()
        self.says(self.script("install"), 0)
        self.says(self.script("upgrade"), 0, f"version {self.version} is there already")
        self.assertEqual(snapshot(), before)

    def test_an_upgrade_replaces_the_program_by_renaming_and_keeps_the_configuration(self):
        self.script("install")
        (self.root / CONFIGURATION[1:]).write_text("workers = 7\n")
        old = self.folder / "old"
        os.link(self.root / PROGRAM[1:], old)
        content = newer(EXECUTABLE, self.folder / "newer")
        done = self.script("upgrade", path=release(self.folder / "next", content))
        self.says(done, 0, f"version {self.version} is installed")
        self.assertEqual((self.root / PROGRAM[1:]).read_bytes(), content.read_bytes())
        self.assertEqual(old.read_bytes(), EXECUTABLE.read_bytes())  # what runs was not written to
        self.assertEqual((self.root / CONFIGURATION[1:]).read_text(), "workers = 7\n")
        self.assertEqual(self.files(), FILES)

    def test_uninstalling_keeps_the_configuration_and_purging_does_not(self):
        self.script("install")
        (self.root / DATA[1:] / "store").mkdir(parents=True)
        (self.root / KEYRING[1:]).write_text("keys")
        installed = self.root / "usr/local/lib/disposable-secrets"  # where it is when the release is gone
        shutil.copy2(installed / "install.sh", self.folder)
        self.says(self.script("uninstall", path=installed), 0)
        self.assertEqual((self.files(), self.links()), ({CONFIGURATION: 0o644, KEYRING: 0o644}, []))
        self.assertTrue((self.root / DATA[1:] / "store").exists())
        for draft in (".a1b2c3", ".draft"):
            (self.root / (KEYRING + draft)[1:]).write_text("keys")
        self.says(self.script("uninstall", "--purge", path=self.folder), 0)
        self.assertEqual(self.files(), {})
        self.assertFalse((self.root / DATA[1:]).exists() or (self.root / "etc/disposable-secrets").exists())
        self.says(self.script("uninstall", "--purge", path=self.folder), 0)

    def test_an_upgrade_needs_something_to_upgrade(self):
        self.says(self.script("upgrade"), 1,
                  f"error: there is no {self.root}{PROGRAM} to be upgraded; run: install.sh install")
        self.assertEqual(self.files(), {})

    def test_it_keeps_its_hands_off_what_a_package_manager_looks_after(self):
        packaged = self.root / "usr/bin/disposable-secrets"
        packaged.parent.mkdir(parents=True)
        packaged.touch()
        for command in ("install", "upgrade", "uninstall"):
            self.says(self.script(command), 1, f"error: {packaged} is there: a package manager looks after this "
                      "installation; use it instead")
        self.assertEqual(list(self.files()), ["/usr/bin/disposable-secrets"])

    def test_a_release_that_is_not_whole_changes_nothing(self):
        for damage in (lambda: (self.release / "disposable-secrets.sysusers").unlink(),
                       lambda: (self.release / "disposable-secrets").write_text("not a program")):
            damage()
            done = self.script("install")
            self.assertEqual((done.returncode, done.stderr.count("install.sh: error: ")), (1, 1), done.stderr)
            self.assertEqual(self.files(), {})
            shutil.rmtree(self.release)
            release(self.release)

    def test_wrong_arguments_are_usage_errors(self):
        for arguments in ((), ("nonsense",), ("install", "--nonsense"), ("install", "--purge"),
                          ("install", "--root"), ("install", "--root", self.folder / "missing")):
            done = subprocess.run([self.release / "install.sh", *arguments], capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr.count("install.sh: error: ")), (2, 1), arguments)


class SystemTest(InstallCase):
    def setUp(self):
        super().setUp()
        self.system = OverlaidSystem()
        self.addCleanup(self.system.close)
        self.put_release("/tmp/release", EXECUTABLE)

    def put_release(self, path, executable):
        release(self.system.file(path), executable)

    def script(self, command, *options, path="/tmp/release", **environment):
        return self.system.run(f"{path}/install.sh", command, *options, **environment)

    def test_where_no_systemd_runs_it_says_how_to_serve(self):
        self.says(self.script("install"), 0, f"{PROGRAM} serve --config {CONFIGURATION}")
        keyring = self.system.file(KEYRING).stat()
        self.assertEqual((stat.S_IMODE(keyring.st_mode), keyring.st_uid), (0o600, 0))
        done = self.system.run("disposable-secrets", "serve", "--config", CONFIGURATION, "--listen", "fd:none",
                               PATH="/usr/local/bin")
        self.assertIn("fd:none", done.stderr)  # all before it was fine

    def test_it_needs_no_more_than_coreutils(self):
        folder = self.system.file("/tmp/few")
        folder.mkdir()
        for name in (*COREUTILS, "useradd"):
            (folder / name).symlink_to(shutil.which(name))
        for command in (("install",), ("upgrade",), ("uninstall", "--purge")):
            done = self.script(*command, PATH="/tmp/few")
            self.says(done, 0)
            self.assertEqual(done.stderr, "")
        self.assertIn("\ndisposable-secrets:", self.system.file("/etc/passwd").read_text())

    def test_with_systemd_it_starts_socket_and_service(self):
        self.system.run_systemd()
        self.says(self.script("install"), 0,
                  f"version {self.version} is installed; 'systemctl status disposable-secrets' shows how it is")
        self.assertEqual(self.system.told_to_systemd(),
                         ["daemon-reload", "enable disposable-secrets.socket disposable-secrets.service"])

    def test_an_upgrade_restarts_the_service_and_leaves_the_socket_open(self):
        self.system.run_systemd()
        self.script("install")
        keyring = self.system.file(KEYRING).read_bytes()
        self.put_release("/tmp/next", newer(EXECUTABLE, self.folder / "newer"))
        self.system.told_to_systemd()
        self.says(self.script("upgrade", path="/tmp/next"), 0, "disposable-secrets.service was restarted",
                  f"version {self.version} is installed")
        self.assertEqual(self.system.told_to_systemd(), ["daemon-reload", "restart disposable-secrets.service"])
        self.assertEqual(self.system.file(KEYRING).read_bytes(), keyring)

    def test_an_upgrade_starts_nothing_that_was_stopped(self):
        self.system.run_systemd()
        self.script("install")
        self.system.run("systemctl", "stop", "disposable-secrets.socket", "disposable-secrets.service")
        self.put_release("/tmp/next", newer(EXECUTABLE, self.folder / "newer"))
        self.system.told_to_systemd()
        self.says(self.script("upgrade", path="/tmp/next"), 0)
        self.assertEqual(self.system.told_to_systemd(), ["daemon-reload"])

    def test_a_start_or_restart_that_fails_is_said(self):
        self.system.run_systemd(failing="enable")
        self.says(self.script("install"), 1, f"error: version {self.version} is installed, but the start failed; "
                  "'journalctl -u disposable-secrets' says why.")
        self.system.run_systemd(failing="restart")
        self.script("install")
        self.put_release("/tmp/next", newer(EXECUTABLE, self.folder / "newer"))
        self.says(self.script("upgrade", path="/tmp/next"), 1, f"error: version {self.version} is installed, but the restart "
                  "of disposable-secrets.service failed; 'journalctl -u disposable-secrets' says why.")

    def test_uninstalling_stops_and_disables_first(self):
        self.system.run_systemd()
        self.script("install")
        self.system.told_to_systemd()
        self.says(self.script("uninstall"), 0)
        self.assertEqual(self.system.told_to_systemd(),
                         ["disable disposable-secrets.socket disposable-secrets.service disposable-secrets-isolated.socket "
                          "disposable-secrets-isolated.service", "daemon-reload"])
        self.assertEqual([path for path in WANTED if os.path.lexists(self.system.file(path))], [])

    def test_a_keyring_that_is_missing_beside_data_is_not_made_anew(self):
        self.system.write(f"{DATA}/store/CURRENT", "secrets")
        self.says(self.script("install"), 1, f"error: {DATA} holds secrets and their keyring, {KEYRING}, is missing: put it "
                  "back, and run this again")
        self.assertFalse(self.system.file(KEYRING).exists())

    def test_without_root_it_changes_nothing(self):
        done = self.system.run("setpriv", "--reuid=nobody", "--clear-groups", "/tmp/release/install.sh", "install")
        self.says(done, 1, "error: this needs root")
        self.assertFalse(self.system.file(PROGRAM).exists())


if __name__ == "__main__":
    needs_root("installing")
    unittest.main()

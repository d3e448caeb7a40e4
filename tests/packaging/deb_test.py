"""The Debian package: what is in it, and what dpkg does with it on a system where systemd does not run, and on one where
a stand-in notes what systemctl is told. tests/systemd has the real one."""

import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))

from overlaid_system import OverlaidSystem  # noqa: E402
from service import EXECUTABLE, run  # noqa: E402
from suite import needs_root  # noqa: E402

TIME = 1_700_000_000
CONFIGURATION = "/etc/disposable-secrets/disposable-secrets.conf"
KEYRING = "/etc/disposable-secrets/keyring"
DATA = "/var/lib/disposable-secrets"
UNITS = "/usr/lib/systemd/system"
FILES = {
    "/usr/bin/disposable-secrets": 0o755,
    CONFIGURATION: 0o644,
    f"{UNITS}/disposable-secrets.service": 0o644,
    f"{UNITS}/disposable-secrets.socket": 0o644,
    f"{UNITS}/disposable-secrets-isolated.service": 0o644,
    f"{UNITS}/disposable-secrets-isolated.socket": 0o644,
    "/usr/lib/sysusers.d/disposable-secrets.conf": 0o644,
    "/usr/share/bash-completion/completions/disposable-secrets": 0o644,
    "/usr/share/doc/disposable-secrets/changelog.gz": 0o644,
    "/usr/share/doc/disposable-secrets/copyright": 0o644,
    "/usr/share/fish/vendor_completions.d/disposable-secrets.fish": 0o644,
    "/usr/share/lintian/overrides/disposable-secrets": 0o644,
    "/usr/share/man/man1/disposable-secrets.1.gz": 0o644,
    "/usr/share/man/man5/disposable-secrets.conf.5.gz": 0o644,
    "/usr/share/zsh/vendor-completions/_disposable-secrets": 0o644,
}
folder, deb, older_deb, newer_deb = None, None, None, None


def control(package, field):
    return subprocess.run(["dpkg-deb", "--field", package, field], capture_output=True, text=True, check=True).stdout.strip()


def with_version(package, version):
    """The package again, as if it were another version."""
    tree, newer = folder / "repacked", folder / f"disposable-secrets_{version}.deb"
    if not tree.exists():
        subprocess.run(["dpkg-deb", "--raw-extract", package, tree], check=True)
    text = (tree / "DEBIAN/control").read_text()
    (tree / "DEBIAN/control").write_text(re.sub("^Version: .*", f"Version: {version}", text, flags=re.MULTILINE))
    subprocess.run(["dpkg-deb", "-Znone", "--build", tree, newer], check=True, stdout=subprocess.DEVNULL)
    return newer


def setUpModule():
    global folder, deb, older_deb, newer_deb
    temporary = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(temporary.cleanup)
    folder = pathlib.Path(temporary.name)
    done = subprocess.run([ROOT / "packaging/deb", "out"], capture_output=True, text=True, check=False, cwd=folder,
                          env=os.environ | {"SOURCE_DATE_EPOCH": str(TIME)})
    assert done.returncode == 0, done.stderr
    deb = pathlib.Path(done.stdout.strip())
    # Without compression, which is most of the time that an installation takes.
    older_deb, newer_deb = with_version(deb, control(deb, "Version")), with_version(deb, "99.0")


class ContentTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as tar:
            with tarfile.open(fileobj=tar.stdout, mode="r|") as archive:
                cls.members = [(member, archive.extractfile(member).read() if member.isfile() else b"")
                               for member in archive]

    def content(self, path):
        return next(content for member, content in self.members if member.name == f".{path}")

    def test_it_is_where_it_was_wanted_with_its_version_and_architecture_in_its_name(self):
        version = run("version").stdout.split()[-1]
        architecture = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip()
        self.assertEqual(deb, folder / "out" / f"disposable-secrets_{version}_{architecture}.deb")
        self.assertEqual((control(deb, "Version"), control(deb, "Architecture")), (version, architecture))

    def test_it_has_these_files_and_modes_of_root(self):
        files = {}
        for member, _ in self.members:
            self.assertEqual((member.uname, member.gname, member.uid, member.gid, member.mtime), ("root", "root", 0, 0, TIME))
            if member.isdir():
                self.assertEqual(member.mode, 0o755, member.name)
            else:
                self.assertTrue(member.isfile(), member.name)
                files[member.name.removeprefix(".")] = member.mode
        self.assertEqual(files, FILES)

    def test_it_has_what_the_program_generates(self):
        for path, what in (("/usr/share/zsh/vendor-completions/_disposable-secrets", "zsh"),
                           ("/usr/share/bash-completion/completions/disposable-secrets", "bash"),
                           ("/usr/share/fish/vendor_completions.d/disposable-secrets.fish", "fish")):
            self.assertEqual(self.content(path).decode(), run("document", what).stdout)
        self.assertEqual(self.content("/usr/bin/disposable-secrets"), EXECUTABLE.read_bytes())

    def test_its_configuration_is_the_default_with_its_folders(self):
        expected = run("document", "config").stdout
        for line, value in (("data-dir", DATA), ("key-file", KEYRING)):
            self.assertIn(f"\n#{line} =\n", expected)
            expected = expected.replace(f"\n#{line} =\n", f"\n{line} = {value}\n")
        self.assertEqual(self.content(CONFIGURATION).decode(), expected)

    def test_lintian_has_no_error_and_no_warning(self):
        left_behind = folder / "lintian"  # it leaves files in its TMPDIR
        left_behind.mkdir()
        done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", deb], capture_output=True,
                              text=True, check=False, env=os.environ | {"TMPDIR": str(left_behind)})
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)

    def test_it_depends_on_what_its_scripts_call_and_on_no_library(self):
        self.assertEqual(control(deb, "Depends"), "systemd | systemd-standalone-sysusers | systemd-sysusers")
        self.assertEqual(control(deb, "Pre-Depends"), "init-system-helpers (>= 1.54~)")
        self.assertEqual(control(deb, "Conffiles"), "")  # the field is dpkg's own
        done = subprocess.run(["dpkg-deb", "--info", deb, "conffiles"], capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, CONFIGURATION + "\n")


class NoticesTest(unittest.TestCase):
    # Where the program and the package call a library by different names.
    SOURCES = {"glibc": "glibc", "libstdc++": "gcc-12", "sqlite": "sqlite3", "nlohmann-json": "nlohmann-json3",
               "zstd": "libzstd"}

    def paragraphs(self, *arguments):
        """The paragraphs as {field: value}, by the rules of Debian's machine-readable form."""
        done = subprocess.run([ROOT / "packaging/notices", *arguments], capture_output=True, text=True, check=True)
        found = []
        for paragraph in done.stdout.rstrip("\n").split("\n\n"):
            fields = {}
            for line in paragraph.splitlines():
                if line.startswith(" "):
                    fields[name] += "\n" + line[1:]
                else:
                    name, value = re.fullmatch(r"([A-Z][A-Za-z-]*): ?(.*)", line).groups()
                    fields[name] = value
            found.append(fields)
        return found

    def test_every_paragraph_has_its_fields(self):
        header, ours, *linked = self.paragraphs()
        self.assertEqual(header["Format"], "https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/")
        self.assertEqual((ours["Files"], ours["License"].split("\n")[0]), ("*", "Apache-2.0"))
        for paragraph in linked:
            self.assertEqual(set(paragraph), {"Files", "Comment", "Copyright", "License"})
            self.assertRegex(paragraph["License"], r"(?i)copyright|public domain", paragraph["Files"])

    def test_everything_that_is_linked_in_has_a_notice(self):
        named = {paragraph["Files"].removeprefix("linked-in/") for paragraph in self.paragraphs()[2:]}
        libraries = json.loads(run("version", "--json").stdout)["libraries"]
        self.assertGreater(len(libraries), 10)
        wanted = {self.SOURCES.get(library, library) for library in libraries}
        self.assertEqual(wanted - named, set())
        # What `version` does not know: what has no version in it, and the assets of the pages.
        self.assertEqual(named - wanted, {"tl-expected", "swagger-ui-dist", "qr-code-generator", "qrcode-generator"})

    def test_standalone_the_file_holds_every_licence_that_it_refers_to(self):
        paragraphs = self.paragraphs("--standalone")
        texts = {fields["License"].split("\n")[0]: fields["License"] for fields in paragraphs[1:]}
        references = set(re.findall(r"/usr/share/common-licenses/([A-Za-z0-9.+-]*[A-Za-z0-9])", str(paragraphs)))
        self.assertIn("GPL-3", references)
        self.assertEqual({name for name in references if len(texts.get(name, "")) < 1000}, set())


class SystemCase(unittest.TestCase):
    def setUp(self):
        self.system = OverlaidSystem()
        self.addCleanup(self.system.close)
        for name, package in (("old", older_deb), ("new", newer_deb)):
            shutil.copy(package, self.system.file(f"/tmp/{name}.deb"))

    def dpkg(self, *arguments, code=0):
        # The trigger that is left out would index all manual pages of the machine.
        done = self.system.run("dpkg", "--no-triggers", "--force-unsafe-io", *arguments)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stderr

    def there(self, *paths):
        return [path for path in paths if os.path.lexists(self.system.file(path))]

    def state(self):
        done = self.system.run("dpkg-query", "--show", "--showformat", "${db:Status-Status}", "disposable-secrets")
        return done.stdout

    def store_something(self):
        self.system.write(f"{DATA}/store/CURRENT", "secrets")


class LifeWithoutSystemdTest(SystemCase):
    def test_a_first_install_makes_user_and_keyring_and_enables_the_units(self):
        self.dpkg("--install", "/tmp/old.deb")
        self.assertEqual(self.state(), "installed")
        self.assertRegex(self.system.file("/etc/passwd").read_text(), f"disposable-secrets:x:[0-9]+:[0-9]+:[^:]*:{DATA}:/usr/sbin/nologin\n")
        keyring = self.system.file(KEYRING).stat()
        self.assertEqual((stat.S_IMODE(keyring.st_mode), keyring.st_uid, keyring.st_gid), (0o600, 0, 0))
        wants = "/etc/systemd/system/{}.target.wants/disposable-secrets{}"
        self.assertEqual(self.there(wants.format("sockets", ".socket"), wants.format("multi-user", ".service"),
                                    wants.format("sockets", "-isolated.socket"),
                                    wants.format("multi-user", "-isolated.service")),
                         [wants.format("sockets", ".socket"), wants.format("multi-user", ".service")])

    def test_what_is_installed_works(self):
        self.dpkg("--install", "/tmp/old.deb")
        done = self.system.run("disposable-secrets", "serve", "--config", CONFIGURATION, "--listen", "fd:none")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("fd:none", done.stderr)  # all before it was fine
        self.assertEqual(self.system.run("man", "-w", "disposable-secrets").returncode, 0)

    def test_an_upgrade_keeps_keyring_data_and_configuration(self):
        self.dpkg("--install", "/tmp/old.deb")
        self.store_something()
        keyring = self.system.file(KEYRING).read_bytes()
        self.system.write(CONFIGURATION, "workers = 7\n")
        self.dpkg("--install", "/tmp/new.deb")
        self.assertEqual(self.state(), "installed")
        self.assertEqual(self.system.file(KEYRING).read_bytes(), keyring)
        self.assertEqual(self.system.file(CONFIGURATION).read_text(), "workers = 7\n")
        self.assertEqual(self.there(f"{DATA}/store/CURRENT"), [f"{DATA}/store/CURRENT"])

    def test_removing_keeps_what_a_reinstall_finds_and_purging_keeps_nothing(self):
        kept = (CONFIGURATION, KEYRING, f"{DATA}/store/CURRENT")
        self.dpkg("--install", "/tmp/old.deb")
        self.store_something()
        keyring = self.system.file(KEYRING).read_bytes()
        self.system.write(CONFIGURATION, "workers = 7\n")
        self.dpkg("--remove", "disposable-secrets")
        self.assertEqual(self.state(), "config-files")
        self.assertEqual(self.there("/usr/bin/disposable-secrets", *kept), list(kept))
        self.dpkg("--install", "/tmp/old.deb")
        self.assertEqual(self.system.file(KEYRING).read_bytes(), keyring)
        self.assertEqual(self.system.file(CONFIGURATION).read_text(), "workers = 7\n")
        self.system.write(f"{KEYRING}.a1b2c3", "of a creation that was killed")
        self.system.write(f"{KEYRING}.draft", "of a rotation that was killed")
        self.dpkg("--purge", "disposable-secrets")
        self.assertEqual(self.there(*kept, DATA, "/etc/disposable-secrets"), [])
        left = self.system.run("find", "/etc", "/var", "/usr", "-xdev", "-name", "*disposable-secrets*", "-newer", "/tmp/old.deb")
        self.assertEqual(left.stdout, "")

    def test_purging_keeps_what_the_administrator_put_beside_the_configuration(self):
        self.dpkg("--install", "/tmp/old.deb")
        self.system.write("/etc/disposable-secrets/privkey.pem", "key")
        self.dpkg("--purge", "disposable-secrets")
        self.assertEqual(os.listdir(self.system.file("/etc/disposable-secrets")), ["privkey.pem"])

    def test_a_keyring_that_is_missing_beside_data_is_not_made_anew(self):
        self.store_something()
        said = self.dpkg("--install", "/tmp/old.deb")
        self.assertIn(f"{DATA} holds secrets and their keyring, {KEYRING}, is missing: put it back.", said)
        self.assertEqual((self.state(), self.there(KEYRING)), ("installed", []))

    def test_an_installation_in_usr_local_is_in_the_way(self):
        script = "/usr/local/lib/disposable-secrets/install.sh"
        self.system.write(script, "")
        said = self.dpkg("--install", "/tmp/old.deb", code=1)
        self.assertIn(f"disposable-secrets: keyring and configuration: {script} uninstall\n", said)
        self.assertEqual(self.there("/usr/bin/disposable-secrets", CONFIGURATION), [])


class LifeWithSystemdTest(SystemCase):
    BOTH = "disposable-secrets.socket disposable-secrets.service"
    ISOLATED = "disposable-secrets-isolated.socket disposable-secrets-isolated.service"

    def install(self, name="old", failing=""):
        self.system.run_systemd(failing)
        return self.dpkg("--install", f"/tmp/{name}.deb")

    def test_a_first_install_starts_socket_and_service_in_one_go(self):
        self.install()
        self.assertEqual(self.system.told_to_systemd(), ["daemon-reload", f"start {self.BOTH}"])

    def test_an_upgrade_restarts_the_service_and_leaves_the_socket_open(self):
        self.install()
        self.system.told_to_systemd()
        self.install("new")
        self.assertEqual(self.system.told_to_systemd(), ["daemon-reload", "restart disposable-secrets.service"])

    def test_an_upgrade_restarts_the_profile_without_a_network_when_that_one_runs(self):
        self.install()
        for link in self.system.file("/etc/systemd/system").glob("*.wants/disposable-secrets*"):
            link.unlink()
        shutil.rmtree(self.system.file("/run/active"))
        self.system.write("/run/active/disposable-secrets-isolated.service", "")
        self.system.told_to_systemd()
        self.install("new")
        self.assertEqual(self.system.told_to_systemd(), ["daemon-reload", "restart disposable-secrets-isolated.service"])
        self.assertEqual(list(self.system.file("/etc/systemd/system").glob("*.wants/disposable-secrets*")), [])

    def test_a_removal_that_is_undone_starts_it_again(self):
        self.install()
        self.dpkg("--remove", "disposable-secrets")
        self.system.told_to_systemd()
        self.install()
        self.assertEqual(self.system.told_to_systemd(), ["daemon-reload", f"start {self.BOTH}"])

    def test_removing_stops_everything_first(self):
        self.install()
        self.system.told_to_systemd()
        self.dpkg("--remove", "disposable-secrets")
        self.assertEqual(self.system.told_to_systemd(), [f"stop {self.BOTH} {self.ISOLATED}", "daemon-reload"])

    def test_a_start_that_fails_is_said_and_leaves_the_package_installed(self):
        said = self.install(failing="start")
        self.assertIn(f"disposable-secrets: start of {self.BOTH} failed; 'systemctl status {self.BOTH}' and "
                      "'journalctl -u disposable-secrets' say why.\n", said)
        self.assertEqual(self.state(), "installed")
        self.install()
        said = self.install("new", failing="restart")
        self.assertIn("disposable-secrets: restart of disposable-secrets.service failed;", said)
        self.assertEqual((self.state(), control(newer_deb, "Version")), ("installed", "99.0"))

    def test_what_policy_forbids_is_not_started(self):
        self.system.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
        self.install()
        self.assertEqual(self.system.told_to_systemd(), ["daemon-reload"])


class RefusalTest(unittest.TestCase):
    def deb(self, *arguments, **variables):
        kept = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
        return subprocess.run([ROOT / "packaging/deb", *arguments], capture_output=True, text=True, check=False,
                              env=kept | variables)

    def test_wrong_arguments_are_usage_errors(self):
        for arguments in ((), ("--nonsense",), ("a", "b")):
            done = self.deb(*arguments)
            self.assertEqual((done.returncode, done.stderr), (2, "deb: usage: packaging/deb OUTPUT_DIR\n"))

    def test_without_git_the_time_must_be_given(self):
        done = self.deb(str(folder / "none"), GIT_DIR="/nowhere")
        self.assertEqual(done.returncode, 1)
        self.assertIn("SOURCE_DATE_EPOCH is not set", done.stderr)


if __name__ == "__main__":
    needs_root("installing a package")
    unittest.main()

"""packaging/release: what it makes, and that what was tampered with is refused by the commands that README gives."""

import os
import pathlib
import shutil
import subprocess
import tarfile
import tempfile
import unittest

from service import EXECUTABLE, REPOSITORY, run

RELEASE = REPOSITORY / "packaging" / "release"
PASSPHRASE = "correct horse\n"
VERIFY = "minisign -V -p ../disposable-secrets.pub -m SHA256SUMS && sha256sum --check --strict SHA256SUMS"


def minisign_key(folder, name):
    """(secret key, public key), protected by PASSPHRASE."""
    secret, public = folder / f"{name}.key", folder / f"{name}.pub"
    subprocess.run(["minisign", "-G", "-s", secret, "-p", public], input=2 * PASSPHRASE, text=True, check=True,
                   capture_output=True)
    return secret, public


def change_byte(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


class ArtifactsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        secret, cls.public = minisign_key(cls.folder, "disposable-secrets")
        cls.output = cls.folder / "release"
        result = subprocess.run([RELEASE, "--output", "release", "--key", secret], cwd=cls.folder, input=PASSPHRASE,
                                capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise AssertionError(f"packaging/release failed: {result.stderr}")
        cls.listed = result.stdout.split()
        version = run("version").stdout.split()[1]
        architecture = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout
        cls.name = f"disposable-secrets-{version}-linux-{architecture.strip()}"
        cls.package = f"disposable-secrets_{version}_{architecture.strip()}.deb"

    def copy(self):
        """A folder as somebody has it who fetched the release and the key."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        fetched = pathlib.Path(folder.name) / "release"
        shutil.copytree(self.output, fetched)
        shutil.copy(self.public, fetched.parent)
        return fetched

    @staticmethod
    def verify(folder):
        return subprocess.run(["bash", "-c", VERIFY], cwd=folder, capture_output=True, text=True, check=False)

    def test_it_makes_these_files(self):
        expected = sorted(["SHA256SUMS", "SHA256SUMS.minisig", f"{self.name}.spdx.json", f"{self.name}.tar.gz", self.package])
        self.assertEqual(sorted(os.listdir(self.output)), expected)
        self.assertEqual(sorted(self.listed), expected)

    def test_the_archive_has_what_the_installation_needs(self):
        with tarfile.open(self.output / f"{self.name}.tar.gz") as archive:
            members = {member.name.removeprefix(f"{self.name}/"): member for member in archive if member.isfile()}
            strangers = [member.name for member in archive if not (member.isfile() or member.isdir())
                         or (member.uid, member.gid) != (0, 0) or not member.name.startswith(self.name)]
            self.assertEqual(strangers, [])
            self.assertEqual(set(members), {"disposable-secrets", "install.sh", "LICENSE", "README.md",
                                            "THIRD-PARTY-NOTICES", *os.listdir(REPOSITORY / "systemd")})
            self.assertEqual({name for name, member in members.items() if member.mode == 0o755},
                             {"disposable-secrets", "install.sh"})
        subprocess.run(["tar", "-xf", self.output / f"{self.name}.tar.gz"], cwd=self.folder, check=True)
        unpacked, root = self.folder / self.name, self.folder / "root"
        self.assertEqual((unpacked / "disposable-secrets").read_bytes(), EXECUTABLE.read_bytes())
        root.mkdir()
        subprocess.run([unpacked / "install.sh", "install", "--root", root], check=True, capture_output=True)
        self.assertEqual((root / "usr/local/bin/disposable-secrets").read_bytes(), EXECUTABLE.read_bytes())

    def test_the_package_has_the_same_executable(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["dpkg-deb", "-x", self.output / self.package, folder], check=True)
            self.assertEqual(pathlib.Path(folder, "usr/bin/disposable-secrets").read_bytes(), EXECUTABLE.read_bytes())

    def test_what_was_published_is_accepted(self):
        result = self.verify(self.copy())
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout.count(": OK"), 3)
        self.assertIn(self.name, result.stdout)  # of the signed comment: which release the sums are of

    def test_what_was_tampered_with_is_refused(self):
        def another_archive(folder):
            change_byte(folder / f"{self.name}.tar.gz")

        def another_package(folder):
            change_byte(folder / self.package)

        def another_list(folder):
            change_byte(folder / f"{self.name}.spdx.json")

        def other_sums(folder):
            change_byte(folder / "SHA256SUMS")

        def another_archive_with_its_sum(folder):
            another_archive(folder)
            subprocess.run("sha256sum -- *.tar.gz *.deb *.json >SHA256SUMS", shell=True, cwd=folder, check=True)

        def fewer_sums(folder):
            lines = (folder / "SHA256SUMS").read_text().splitlines(keepends=True)
            (folder / "SHA256SUMS").write_text("".join(lines[1:]))

        def another_release(folder):
            signature = folder / "SHA256SUMS.minisig"
            signature.write_text(signature.read_text().replace(self.name, self.name.replace("0.", "9.", 1)))

        def another_key(folder):
            secret, _ = minisign_key(folder.parent, "thief")
            subprocess.run(["minisign", "-S", "-s", secret, "-m", folder / "SHA256SUMS"], input=PASSPHRASE, text=True,
                           check=True, capture_output=True)

        def no_signature(folder):
            (folder / "SHA256SUMS.minisig").unlink()

        for tamper in (another_archive, another_package, another_list, other_sums, another_archive_with_its_sum, fewer_sums,
                       another_release, another_key, no_signature):
            with self.subTest(tamper.__name__):
                folder = self.copy()
                tamper(folder)
                self.assertNotEqual(self.verify(folder).returncode, 0)

    def test_mistakes_are_one_clear_line(self):
        full = self.folder / "full"
        full.mkdir()
        (full / "file").touch()
        for arguments, code, words in (
                ((), 2, "usage: packaging/release --output DIR"), (("--output",), 2, "--output needs a value"),
                (("--sign",), 2, "unknown argument '--sign'"), (("--output", str(full)), 1, "is not an empty folder"),
                (("--output", str(self.folder / "new"), "--key", "/nowhere"), 1, "cannot read the key /nowhere")):
            with self.subTest(arguments):
                result = subprocess.run([RELEASE, *arguments], capture_output=True, text=True, check=False)
                self.assertEqual((result.returncode, result.stdout), (code, ""))
                self.assertRegex(result.stderr, rf"\Arelease: .*{words}.*\n\Z")
        self.assertFalse((self.folder / "new").exists())

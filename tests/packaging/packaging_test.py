"""The set-up scripts, without a network and without root: each runs in a copy of packaging/ with stand-ins for apt-get
and its relatives first in PATH, and must do nothing when there is nothing to do, and say in one line what failed."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
OLD = '#define CPPHTTPLIB_VERSION "0.9.4"\n'
GOOD = '#define CPPHTTPLIB_VERSION "0.50.1"\n'
MIRROR = 'case "$*" in *indextargets*) echo "http://mirror.invalid/debian/ Debian";; '
INSTALLED = 'shift 2; for package; do echo installed; done'
NOT_INSTALLED = "exit 1"


class PackagingTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        shutil.copytree(ROOT / "packaging", self.root / "packaging")
        self.program("apt-get", 'echo "apt-get was called" >&2; exit 1')
        self.program("dpkg-source", "exit 1")
        self.program("install", "exit 0")  # of a policy against starting services, where the system has none
        self.program("id", "echo 0")

    def program(self, name, script):
        path = self.root / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)

    def header(self, folder, text):
        path = self.root / folder / "httplib.h"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run_script(self, name, *arguments, **variables):
        kept = {key: value for key, value in os.environ.items() if key not in ("HTTPLIB_INCLUDE_DIR", "HIREDIS_DIR")}
        (self.root / "tmp").mkdir(exist_ok=True)
        result = subprocess.run(
            [self.root / "packaging" / name, *arguments], capture_output=True, text=True, check=False, timeout=30,
            env=kept | {"PATH": f"{self.root}/bin:{os.environ['PATH']}", "TMPDIR": str(self.root / "tmp")} | variables)
        self.assertEqual(os.listdir(self.root / "tmp"), [], "the script left a temporary file")
        return result

    def assert_fails(self, result, *words):
        self.assertEqual(result.returncode, 1, result.stdout)
        for word in words:
            self.assertIn(word, result.stderr)

    def test_install_does_nothing_when_all_is_there(self):
        self.program("dpkg-query", INSTALLED)
        result = self.run_script("install-dependencies", "build", "test", "bench")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(result.stdout, "dependencies (build test bench): all there\n")

    def test_install_says_what_failed(self):
        self.program("dpkg-query", NOT_INSTALLED)
        self.program("apt-cache", "exit 1")
        self.assert_fails(self.run_script("install-dependencies"), "'apt-get update' failed", "apt-get was called")
        self.program("apt-get", "exit 0")
        self.assert_fails(self.run_script("install-dependencies"), "no package 'ca-certificates'", "Debian 12")
        self.program("apt-cache", "exit 0")
        self.program("apt-get", '[[ "$*" != *install* ]] || { echo "no space left"; exit 100; }')
        self.assert_fails(self.run_script("install-dependencies"), "'apt-get install' failed", "no space left")
        self.program("apt-get", "exit 0")
        self.assert_fails(self.run_script("install-dependencies"), "still missing", "librocksdb-dev")
        self.assert_fails(self.run_script("install-dependencies", "nonsense"), "no such group: nonsense")

    def test_install_without_root_names_the_command(self):
        self.program("dpkg-query", NOT_INSTALLED)
        self.program("id", "echo 1000")
        needed = {name: shutil.which(name) for name in ("bash", "env", "grep", "dirname", "cat")}
        for name, path in needed.items():
            (self.root / "bin" / name).symlink_to(path)
        result = self.run_script("install-dependencies", PATH=f"{self.root}/bin")
        self.assert_fails(result, "not root and no sudo", "apt-get install --no-install-recommends", "librocksdb-dev")

    def licence(self, folder):
        (self.root / folder / "LICENSE").write_text("MIT\n")

    def test_httplib_is_not_fetched_twice(self):
        self.header("build/httplib", GOOD)
        self.licence("build/httplib")
        result = self.run_script("fetch-httplib")
        self.assertEqual((result.returncode, result.stdout), (0, "httplib: 0.50.1 (there already)\n"))

    def test_httplib_without_its_licence_is_fetched_again(self):
        self.header("build/httplib", GOOD)
        self.program("apt-get", MIRROR + f"*source*) mkdir cpp-httplib-1 && echo '{GOOD}' >cpp-httplib-1/httplib.h && "
                     "echo MIT >cpp-httplib-1/LICENSE;; esac")
        result = self.run_script("fetch-httplib")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual((self.root / "build/httplib/LICENSE").read_text(), "MIT\n")

    def test_httplib_of_ones_own(self):
        own = self.header("own", GOOD)
        result = self.run_script("fetch-httplib", HTTPLIB_INCLUDE_DIR=str(own.parent))
        self.assertEqual((result.returncode, result.stdout), (0, "httplib: 0.50.1\n"))
        self.assertEqual((self.root / "build/httplib/httplib.h").read_text(), GOOD)
        self.assertFalse((self.root / "build/httplib/LICENSE").exists())
        self.licence("own")
        self.run_script("fetch-httplib", HTTPLIB_INCLUDE_DIR=str(own.parent))
        self.assertEqual((self.root / "build/httplib/LICENSE").read_text(), "MIT\n")
        self.header("own", OLD)
        self.assert_fails(self.run_script("fetch-httplib", HTTPLIB_INCLUDE_DIR=str(own.parent)), "'0.9.4'", "0.41.0")
        own.unlink()
        self.assert_fails(self.run_script("fetch-httplib", HTTPLIB_INCLUDE_DIR=str(own.parent)), "there is no")

    def test_httplib_says_what_failed(self):
        self.assert_fails(self.run_script("fetch-httplib"), "mirror of Debian", "HTTPLIB_INCLUDE_DIR",
                          "apt-get was called")
        for message, words in (("E: NO_PUBKEY 6ED0", "signature"), ("E: does not have a Release file.", "no suite sid"),
                               ("E: Release file is expired", "out of date"), ("E: no route", "cannot be fetched")):
            self.program("apt-get", f'{MIRROR} *) echo "{message}"; exit 100;; esac')
            self.assert_fails(self.run_script("fetch-httplib"), words, message, "http://mirror.invalid/debian/")

    def test_an_old_httplib_is_refused_and_the_present_one_kept(self):
        self.header("build/httplib", OLD)
        self.program("apt-get", MIRROR + "*source*) mkdir cpp-httplib-1 && "
                     f"echo '{OLD}' >cpp-httplib-1/httplib.h;; esac")
        self.assert_fails(self.run_script("fetch-httplib"), "version '0.9.4'", "0.41.0 or newer")
        self.assertEqual((self.root / "build/httplib/httplib.h").read_text(), OLD)

    def test_the_next_mirror_is_tried(self):
        self.program("apt-get", 'case "$*" in *indextargets*) echo "http://a.invalid/ Debian"; echo "http://b.invalid/ '
                     'Debian";; *update*) [[ $(cat "${3%/*}/sources.list") == *b.invalid* ]];; '
                     f"*source*) mkdir cpp-httplib-1 && echo '{GOOD}' >cpp-httplib-1/httplib.h;; esac")
        result = self.run_script("fetch-httplib")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("httplib: 0.50.1", result.stdout)

    def hiredis(self, folder, version):
        headers = self.root / folder / "include/hiredis"
        libraries = self.root / folder / "lib"
        headers.mkdir(parents=True)
        libraries.mkdir()
        numbers = zip(("MAJOR", "MINOR", "PATCH"), version.split("."))
        (headers / "hiredis.h").write_text("".join(f"#define HIREDIS_{name} {number}\n" for name, number in numbers))
        for path in (headers / "hiredis_ssl.h", libraries / "libhiredis.a", libraries / "libhiredis_ssl.a"):
            path.write_text("x")
        return self.root / folder

    def test_hiredis_is_not_fetched_twice(self):
        (self.hiredis("build/hiredis", "1.2.0") / "COPYING").write_text("BSD\n")
        result = self.run_script("fetch-hiredis")
        self.assertEqual((result.returncode, result.stdout), (0, "hiredis: 1.2.0 (there already)\n"))

    def test_hiredis_of_ones_own(self):
        own = self.hiredis("own", "1.10.0")
        result = self.run_script("fetch-hiredis", HIREDIS_DIR=str(own))
        self.assertEqual((result.returncode, result.stdout), (0, "hiredis: 1.10.0\n"), result.stderr)
        self.assertTrue((self.root / "build/hiredis/lib/libhiredis_ssl.a").exists())
        self.assertFalse((self.root / "build/hiredis.new").exists())
        old = self.hiredis("old", "1.1.0")
        self.assert_fails(self.run_script("fetch-hiredis", HIREDIS_DIR=str(old)), "'1.1.0'", "1.2.0 or newer")
        (own / "lib/libhiredis_ssl.a").unlink()
        self.assert_fails(self.run_script("fetch-hiredis", HIREDIS_DIR=str(own)), "there is no", "libhiredis_ssl.a")

    def test_hiredis_says_what_failed(self):
        self.assert_fails(self.run_script("fetch-hiredis"), "mirror of Debian", "HIREDIS_DIR")
        self.program("apt-get", MIRROR + "*source*) mkdir hiredis-1;; esac")
        self.program("cmake", "echo no compiler; exit 1")
        self.assert_fails(self.run_script("fetch-hiredis"), "building it failed", "no compiler")
        self.assertFalse((self.root / "build/hiredis").exists())

    def test_valkey_says_what_failed(self):
        self.program("apt-get", f'{MIRROR} *) echo "E: does not have a Release file."; exit 100;; esac')
        self.assert_fails(self.run_script("fetch-valkey"), "no suite bookworm-backports")
        self.program("apt-get", f"{MIRROR} *download*) touch a.deb;; esac")
        self.program("dpkg-deb", "mkdir -p $3/usr/bin && touch $3/usr/bin/valkey-server")
        self.assert_fails(self.run_script("fetch-valkey"), "valkey-server does not run")
        self.assertFalse((self.root / "build/valkey").exists())
        self.program("dpkg-deb", "mkdir -p $3/usr/bin && cd $3/usr/bin && echo 'echo Valkey server v=8.0.1 sha=0' "
                     ">valkey-server && chmod +x valkey-server")
        for said in ("valkey: 8.0.1\n", "valkey: 8.0.1 (there already)\n"):
            result = self.run_script("fetch-valkey")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertTrue(result.stdout.endswith(said), result.stdout)

    def test_quickstart_refuses_what_it_does_not_know(self):
        for arguments in (["--nonsense"], ["--listen"], ["--data-dir", ""]):
            result = self.run_script("quickstart", *arguments)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertIn("quickstart: ", result.stderr)


if __name__ == "__main__":
    unittest.main()

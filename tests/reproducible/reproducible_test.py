"""Two builds, compared byte by byte. The first is the one in build/release, made with the compiler cache; the second is
always a whole one without it, so that nothing is the same only because it was remembered. With --long both are."""

import os
import pathlib
import subprocess
import tempfile
import time
import unittest

import surroundings
from suite import LONG, figure

SHOWN_LINES = 40
DIFFOSCOPE_SECONDS = 120

# What a build can depend on, each as a line whose output differs between the two surroundings.
INFLUENCES = {
    "path": "pwd",
    "clock": "date +%F",
    "clock of the compiler": "echo __DATE__ | g++ -E -x c++ -",
    "time zone": "date --date @0 +%F",
    "order of names": r"printf 'i\nI\nh\nH\n' | sort",
    "upper case": "python3 -c 'import locale; locale.setlocale(locale.LC_ALL, \"\"); print(locale.getlocale())'",
    "umask": "umask",
    "number of jobs": "echo $CMAKE_BUILD_PARALLEL_LEVEL",
}


def differences(first, second):
    """What differs between two folders: a sentence for each file, with the first lines of diffoscope."""
    found = []
    names = sorted({*os.listdir(first), *os.listdir(second)})
    for name in names:
        one, other = first / name, second / name
        if not one.exists() or not other.exists():
            found.append(f"{name} is made by one build only")
        elif subprocess.run(["cmp", "--silent", one, other], check=False).returncode != 0:
            found.append(f"{name} differs:\n{explain(one, other)}")
    return found


def explain(one, other):
    try:
        text = subprocess.run(["diffoscope", "--text", "-", "--no-progress", one, other], capture_output=True, text=True,
                              timeout=DIFFOSCOPE_SECONDS, errors="replace", check=False).stdout
    except subprocess.TimeoutExpired:
        return f"(diffoscope did not say how within {DIFFOSCOPE_SECONDS} s)"
    return "\n".join(text.splitlines()[:SHOWN_LINES])


class ReproducibleTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.first = surroundings.clean_clone(cls.folder) if LONG else surroundings.here()
        cls.second = surroundings.elsewhere(cls.folder)

    def release(self, place, name):
        output = self.folder / name
        began = time.monotonic()
        code, said = place.run(f"packaging/release --output '{output}'")
        self.assertEqual(code, 0, said)
        self.assertIn("release: not signed: no --key\n", said)
        return output, time.monotonic() - began

    def test_two_builds_make_the_same_files(self):
        first, _ = self.release(self.first, "one")
        second, seconds = self.release(self.second, "two")
        self.assertEqual(len(os.listdir(first)), 4)
        found = differences(first, second)
        if found:
            self.fail("\n".join(found))
        figure(f"archive, package, SPDX document and sums are the same; the second build took {seconds:.0f} s")

    def test_all_that_must_not_matter_is_different(self):
        for influence, line in INFLUENCES.items():
            with self.subTest(influence):
                (code, one), (other_code, other) = self.first.run(line), self.second.run(line)
                self.assertEqual((code, other_code), (0, 0), one + other)
                self.assertNotEqual(one, other)
        code, said = self.second.run("printenv CCACHE_DISABLE")
        self.assertEqual(code, 0, said)

    def test_a_build_that_depends_on_them_is_found_out(self):
        for name, source in (("time", '__DATE__ " " __TIME__'), ("path", "__FILE__")):
            with self.subTest(name):
                folders = []
                for place in (self.first, self.second):
                    folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
                    code, said = place.run(f"echo 'const char* text() {{ return {source}; }}' >'{folder}/a.cc' && "
                                           f"g++ -c '{folder}/a.cc' -o '{folder}/a.o' && rm '{folder}/a.cc'")
                    self.assertEqual(code, 0, said)
                    folders.append(folder)
                found = differences(*folders)
                self.assertEqual(len(found), 1)
                self.assertRegex(found[0], r"a\.o differs:\n.*[+-]")
        (folders[0] / "another").touch()
        self.assertIn("another is made by one build only", differences(*folders))

"""The shipped file, its objects and its commands; and that every check fails where it should."""

import collections
import json
import pathlib
import re
import subprocess
import tempfile
import unittest

import build_tree
import elf
from service import EXECUTABLE
from suite import figure

# What a small program has all properties with; each row then lacks one of them.
SMALL = ("-fPIE", *build_tree.LINK_FLAGS)
ABSOLUTE = 'asm(".text\\n.globl address\\naddress: .quad place\\n.data\\nplace: .quad 0\\n.text");'
WRITABLE = 'asm(".section both, \\"awx\\"\\n.quad 0\\n.text");'
FAILURES = (
    # (what is done wrong, flags that do it, flags left out, the property that must be gone)
    ("a dynamic executable", ("-pie",), ("-static-pie",), "static, at a random address"),
    ("a fixed address", ("-static", "-no-pie"), ("-static-pie", "-fPIE"), "static, at a random address"),
    ("writable relocations", ("-Wl,-z,norelro",), (), "relocations are read-only"),
    ("bound while it runs", ("-Wl,-z,relro",), ("-Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code,-z,text",),
     "bound before it runs"),
    ("an executable stack", ("-Wl,-z,execstack",), (), "the stack is not executable"),
    ("writable code", ("-DWRITABLE",), (), "nothing is writable and executable"),
    ("headers and data in code", ("-Wl,-z,noseparate-code",), (), "only code is executable"),
    ("relocated code", ("-Wl,-z,notext", "-DABSOLUTE"), (), "code is not relocated"),
    ("a search path", ("-Wl,-rpath,/nowhere",), (), "no search path"),
    ("symbols", (), ("-s",), "no symbols"),
)
CHECKSEC = {"relro": "full", "nx": "yes", "pie": "yes", "rpath": "no", "runpath": "no", "symbols": "no"}
HARDENING_CHECK = {"Read-only relocations": "yes", "Immediate binding": "yes", "Stack clash protection": "yes"}


def checksec(path):
    text = subprocess.run(["checksec", f"--file={path}", "--output=json"], capture_output=True, text=True, check=True).stdout
    return json.loads(text)[str(path)]


def hardening_check(path):
    text = subprocess.run(["hardening-check", path], capture_output=True, text=True, check=False).stdout
    return dict(re.findall(r"^ ([^:]+): (\w+)", text, re.MULTILINE))


class FolderCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def small_program(self, added=(), removed=()):
        source, program = self.folder / "small.cc", self.folder / "small"
        source.write_text(f"#ifdef ABSOLUTE\n{ABSOLUTE}\n#endif\n#ifdef WRITABLE\n{WRITABLE}\n#endif\n"
                          "int main() { return 0; }\n")
        flags = [flag for flag in SMALL if flag not in removed]
        subprocess.run(["g++", *flags, *added, "-o", program, source], check=True, capture_output=True)
        return program


class FileTest(FolderCase):
    def test_the_shipped_file_has_every_property(self):
        found = elf.properties(EXECUTABLE)
        self.assertEqual([name for name, holds in found.items() if not holds], [])

    def test_every_property_is_missed_where_it_is_missing(self):
        self.assertTrue(all(elf.properties(self.small_program()).values()))
        self.assertEqual({row[3] for row in FAILURES}, set(elf.properties(EXECUTABLE)), "a property that cannot fail")
        for wrong, added, removed, name in FAILURES:
            with self.subTest(wrong):
                self.assertFalse(elf.properties(self.small_program(added, removed))[name])

    def test_checksec_and_hardening_check_agree(self):
        self.assertEqual(checksec(EXECUTABLE), checksec(EXECUTABLE) | CHECKSEC)
        self.assertEqual(hardening_check(EXECUTABLE), hardening_check(EXECUTABLE) | HARDENING_CHECK)

    def test_checksec_and_hardening_check_can_disagree(self):
        bad = checksec(self.small_program(("-Wl,-z,norelro,-z,execstack", "-no-pie", "-Wl,-rpath,/nowhere"),
                                          SMALL))
        self.assertEqual([key for key in CHECKSEC if bad[key] == CHECKSEC[key]], ["rpath"])  # -rpath sets the runpath
        bad = hardening_check(self.small_program(("-Wl,-z,norelro,-z,lazy", "-fno-stack-clash-protection"), SMALL))
        self.assertEqual([key for key in HARDENING_CHECK if bad[key] == "yes"], [])


class CommandsTest(unittest.TestCase):
    def test_every_source_is_compiled_with_every_flag(self):
        commands = build_tree.compiler_commands()
        self.assertGreater(len(commands), 80, "the sources were not found")
        self.assertEqual({source: found for source, arguments in commands.items()
                          if (found := build_tree.lacking(source, arguments))}, {})

    def test_a_missing_flag_is_reported(self):
        source, arguments = next(iter(build_tree.compiler_commands().items()))
        for flag in build_tree.FLAGS:
            with self.subTest(flag):
                left = [argument for argument in arguments if argument != flag]
                self.assertEqual(build_tree.lacking(source, left), [flag])
        left = [argument for argument in arguments if argument not in ("-O2", "-O3")]
        self.assertEqual(build_tree.lacking(source, left), ["-O2"])
        self.assertEqual(build_tree.lacking("a.S", ["cc", "-O2"]), ["-fcf-protection=full"])

    def test_the_executable_is_linked_from_the_sources_that_were_checked(self):
        # An archive holds base names; the folder of an object names the archive's target.
        checked = {(re.search(r"/(\w[\w-]*)\.dir/", str(path))[1], path.name) for path in build_tree.objects().values()}
        loaded = re.findall(r"^LOAD (src/\S+)", (build_tree.BUILD / "disposable-secrets.map").read_text(), re.MULTILINE)
        linked = set()
        for file in map(pathlib.Path, loaded):
            if file.suffix == ".o":
                linked.add((re.search(r"/(\w[\w-]*)\.dir/", str(file))[1], file.name))
            else:
                linked |= {(file.stem.removeprefix("lib"), member) for member in self.members(file)}
        self.assertGreater(len(linked), 80)
        self.assertEqual(linked - checked, set())

    @staticmethod
    def members(archive):
        return subprocess.run(["ar", "t", build_tree.BUILD / archive], capture_output=True, text=True,
                              check=True).stdout.split()


class ObjectsTest(FolderCase):
    def test_every_object_of_ours_takes_part_in_branch_protection(self):
        objects = build_tree.objects()
        self.assertEqual([source for source, path in objects.items() if not elf.branch_protected(path)], [])

    def test_objects_call_the_checking_functions(self):
        calls = collections.Counter()
        for path in build_tree.objects().values():
            symbols = elf.undefined_symbols(path)
            calls["objects"] += 1
            calls["canary"] += "__stack_chk_fail" in symbols
            calls["fortified"] += any(re.fullmatch(r"__\w+_chk", symbol) for symbol in symbols)
            calls["assertions"] += "_ZSt21__glibcxx_assert_failPKciS0_S0_" in symbols
        figure(f"of {calls['objects']} objects {calls['canary']} check the stack, {calls['fortified']} call fortified "
               f"functions of libc, {calls['assertions']} check how containers are used")
        self.assertGreater(calls["canary"], calls["objects"] // 2)
        self.assertGreater(calls["assertions"], calls["objects"] // 4)
        self.assertGreater(calls["fortified"], 5)

    def test_the_executable_is_branch_protected_if_everything_linked_is(self):
        """Debian 12 builds its archives without it, libc's too. Then a linker that promised it would be lying."""
        missing = self.unprotected(build_tree.link_again(self.folder / "again", ("-Wl,-z,cet-report=warning",)))
        ours = [name for name in missing if not name.startswith("/usr/")]
        self.assertEqual(ours, [], "our own objects must not be what stands in the way")
        self.assertEqual(elf.branch_protected(EXECUTABLE), not missing)
        names = ", ".join(f"{pathlib.Path(name).name} {count}" for name, count in missing.most_common())
        figure(f"branch protection: {'whole' if not missing else f'not promised, objects without it: {names}'}")

    def test_what_is_not_branch_protected_is_seen(self):
        for flag, expected in (("-fcf-protection=full", True), ("-fcf-protection=none", False)):
            source, target = self.folder / "small.cc", self.folder / "small.o"
            source.write_text("int small() { return 0; }\n")
            subprocess.run(["g++", flag, "-c", "-o", target, source], check=True)
            self.assertEqual(elf.branch_protected(target), expected)

    @staticmethod
    def unprotected(said):
        """{file or archive: number of objects} that the linker reports."""
        found = re.findall(r"ld: (\S+?)(?:\([^)]*\))?: warning: missing (?:IBT|SHSTK)", said)
        return collections.Counter(found)

"""What the flags do: a small program that misbehaves, built with the very flags of the executable's sources, is stopped;
built with one of them undone, it goes on."""

import pathlib
import re
import subprocess
import tempfile
import unittest

import build_tree
import elf

PROGRAM = r"""
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

volatile int zero = 0;

struct Object {};

}  // namespace

// Each in a function that the optimizer cannot see into from where it is called.
[[gnu::noipa]] void overrun_stack() {
  char text[16];
  volatile char* end = text;
  for (int i = 0; i < 64 + zero; ++i) end[i] = 'x';
}
[[gnu::noipa]] void overrun_heap(size_t size, size_t count) {
  char* text = static_cast<char*>(std::malloc(size));
  std::memset(text, 'x', count);
  std::puts(text + count);
}
[[gnu::noipa]] int overrun_vector(const std::vector<int>& values, size_t index) { return values[index]; }
[[gnu::noipa]] void dirty_stack() {
  volatile char text[512];
  for (volatile char& letter : text) letter = 'x';
}
[[gnu::noipa]] void show(char* letter) { *letter = static_cast<char>(*letter != 0); }
[[gnu::noipa]] int count_leftovers() {
  char text[512];
  int count = 0;
  for (char& letter : text) {
    show(&letter);
    count += letter;
  }
  return count;
}
[[gnu::noipa]] bool is_null(Object& object) { return &object == nullptr; }
[[gnu::noipa]] bool overflows(int value) { return value + 100 < value; }
[[gnu::noipa]] int read_back(int* one, float* other) {
  *one = 1;
  *other = 0;
  return *one;
}
[[gnu::noipa]] void fill(char* text);
[[gnu::noipa]] void large_frame() {
  char text[65536];
  fill(text);
}
void fill(char* text) { text[zero] = 'x'; }
void replaceable() {}

int main(int, char** arguments) {
  const char* name = arguments[1];
  const auto asked = [name](const char* other) { return std::strcmp(name, other) == 0; };
  if (asked("stack")) overrun_stack();
  if (asked("heap")) overrun_heap(16 + static_cast<size_t>(zero), 32 + static_cast<size_t>(zero));
  if (asked("vector")) overrun_vector(std::vector<int>(3), 4);
  if (asked("leftovers")) {
    dirty_stack();
    std::printf("%s\n", count_leftovers() > 0 ? "some" : "none");
  }
  if (asked("null")) std::printf("%s\n", is_null(*static_cast<Object*>(nullptr)) ? "seen" : "not seen");
  if (asked("overflow")) std::printf("%s\n", overflows(INT_MAX) ? "seen" : "not seen");
  int value = 0;
  if (asked("alias")) std::printf("%s\n", read_back(&value, reinterpret_cast<float*>(&value)) == 0 ? "right" : "wrong");
  if (asked("frame")) large_frame();
  std::puts("went on");
  return 0;
}
"""

# (part of the program, flag, what undoes it, what is printed with it)
STOPPED = (
    ("stack", "-fstack-protector-strong", "-fno-stack-protector", "stack smashing detected"),
    ("heap", "-D_FORTIFY_SOURCE=3", "-D_FORTIFY_SOURCE=2", "buffer overflow detected"),
    ("vector", "-D_GLIBCXX_ASSERTIONS", None, "Assertion '__n < this->size()' failed"),
    ("leftovers", "-ftrivial-auto-var-init=zero", None, "none\n"),
    ("null", "-fno-delete-null-pointer-checks", "-fdelete-null-pointer-checks", "\nseen\n"),
    ("overflow", "-fno-strict-overflow", "-fstrict-overflow", "\nseen\n"),
    ("alias", "-fno-strict-aliasing", "-fstrict-aliasing", "right\n"),
)


class ProtectionTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.source = cls.folder / "program.cc"
        cls.source.write_text(PROGRAM)
        arguments = next(arguments for source, arguments in build_tree.compiler_commands().items()
                         if source.endswith("src/base/bytes.cc"))
        output = arguments.index("-o")
        cls.command = arguments[:output] + ["-w"]
        cls.protected = cls.build("protected", cls.command)

    @classmethod
    def build(cls, name, command):
        target = cls.folder / f"{name}.o"
        subprocess.run([*command, "-o", target, "-c", cls.source], check=True)
        subprocess.run(["g++", *build_tree.LINK_FLAGS, "-o", cls.folder / name, target], check=True)
        return cls.folder / name

    def without(self, flag, instead):
        self.assertIn(flag, self.command)
        command = [argument for argument in self.command if argument != flag] + ([instead] if instead else [])
        return self.build(flag.strip("-").replace("=", "-"), command)

    @staticmethod
    def run_part(program, part):
        result = subprocess.run([program, part], capture_output=True, text=True, check=False, errors="replace",
                                cwd=program.parent)
        return "\n" + result.stdout + result.stderr

    def test_each_flag_stops_what_goes_on_without_it(self):
        for part, flag, instead, words in STOPPED:
            with self.subTest(part):
                self.assertIn(words, self.run_part(self.protected, part))
                self.assertNotIn(words, self.run_part(self.without(flag, instead), part))

    def test_a_large_frame_touches_every_page(self):
        def probes(program):
            body = re.search(r"<_Z11large_framev>:\n(.*?)\n\n", elf.disassembly(f"{program}.o"), re.DOTALL)[1]
            return len(re.findall(r"orq +\$0x0,\(%rsp\)", body))

        self.assertGreater(probes(self.protected), 0)
        self.assertEqual(probes(self.without("-fstack-clash-protection", "-fno-stack-clash-protection")), 0)

    def test_functions_take_indirect_branches_at_their_begin_only(self):
        def marked(program):
            return "endbr64" in elf.disassembly(f"{program}.o")

        self.assertTrue(marked(self.protected))
        self.assertFalse(marked(self.without("-fcf-protection=full", "-fcf-protection=none")))

    def test_functions_are_hidden(self):
        def hidden(program):
            return re.search(r"(HIDDEN|DEFAULT) +\d+ _Z11replaceablev$", elf.symbols(f"{program}.o"), re.MULTILINE)[1]

        self.assertEqual(hidden(self.protected), "HIDDEN")
        self.assertEqual(hidden(self.without("-fvisibility=hidden", None)), "DEFAULT")

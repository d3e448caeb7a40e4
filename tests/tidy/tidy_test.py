"""Rules that no compiler checks. First every rule must flag its bad examples and pass its good ones, each in a tree of
its own in a temporary folder; then the project itself must have no finding."""

import os
import pathlib
import sys
import tempfile
import unittest

import rules
from tree import Tree

ROOT = pathlib.Path(__file__).resolve().parents[2]
TO_DO = "TO" "DO"
HOST = "deb." "debian.org"
LISTED = {"src/CMakeLists.txt": "add_library(a base/a.cc)\n"}
STEPS = {"tests/steps.py": 'Step("e2e", "tests/e2e/run", 5)\n'}

# rule -> (trees that it must flag, trees that it must pass). A tree maps paths to contents; '#!' makes it executable.
EXAMPLES = {
    rules.layers: (
        [{"src/base/a.h": '#include "crypto/b.h"\n'},
         {"src/core/a.cc": '#include <string>\n\n#  include "store/store.h"\n'},
         {"src/http/a.cc": '#include "store/b.h"\n'}, {"src/http/a.cc": '#include "audit/b.h"\n'},
         {"src/store/rocksdb/a.cc": '#include "audit/b.h"\n'}, {"src/store/a.cc": '#include "http/b.h"\n'},
         {"src/audit/a.cc": '#include "store/b.h"\n'}, {"src/audit/sqlite/a.cc": '#include "http/b.h"\n'},
         {"src/http/a.cc": '#include "web/b.h"\n'}, {"src/http/a.cc": '#include "app/b.h"\n'},
         {"src/main.cc": '#include "core/vault.h"\n'}, {"src/http/a.cc": '#include "b.h"\n'},
         {"src/http/a.cc": '#include "../core/b.h"\n'}, {"src/http/a.cc": "#include <core/b.h>\n"},
         {"src/base/a.h": "#include <core/b.h>\n"}, {"src/new/a.cc": "int a;\n"}],
        [{"src/app/a.cc": '#include "http/b.h"\n#include "store/rocksdb/c.h"\n#include "web/d.h"\n'},
         {"src/main.cc": '#include "app/app.h"\n'}, {"src/core/a.cc": '#include <vector>\n#include "base/b.h"\n'},
         {"src/base/a.cc": "#include <sys/time.h>\n"}]),
    rules.libraries: (
        [{"src/core/a.cc": "#include <sodium.h>\n"}, {"tests/http/a.cc": "#include <sodium/utils.h>\n"},
         {"src/store/memory/a.cc": "#include <rocksdb/db.h>\n"}, {"src/store/a.cc": "#include <sqlite3.h>\n"},
         {"src/core/a.h": "#include <nlohmann/json.hpp>\n"}, {"src/app/a.cc": "#include <httplib.h>\n"},
         {"src/http/a.cc": "#include <CLI/CLI.hpp>\n"}, {"src/base/a.cc": "#include <doctest/doctest.h>\n"}],
        [{"src/crypto/a.cc": "#include <sodium.h>\n"}, {"src/store/rocksdb/a.cc": "#include <rocksdb/db.h>\n"},
         {"src/audit/sqlite/a.cc": "#include <sqlite3.h>\n"}, {"src/client/http_call.cc": "#include <httplib.h>\n"}]),
    rules.json_used: (
        [{"src/http/a.cc": "#include <nlohmann/json.hpp>\n// nlohmann::json\n"}],
        [{"src/http/a.cc": "#include <nlohmann/json.hpp>\nnlohmann::json a;\n"}]),
    rules.calls: (
        [{"src/core/a.cc": call + ";\n"} for call in (
            "int a = rand()", "srand(1)", "std::random_device a", "std::mt19937_64 a", "auto a = std::time(nullptr)",
            "time(&a)", "clock_gettime(CLOCK_REALTIME, &a)", "std::chrono::system_clock::now()",
            "std::getenv(name)", "std::this_thread::sleep_for(1s)", "usleep(1)", "sleep(1)", "::sleep(seconds)",
            "std::printf(text)", "puts(text)", "std::cout << 1", "std::fprintf(stdout, text)",
            "std::mutex a", "thread.detach()")]
        + [{"tests/core/a.cc": "std::this_thread::sleep_until(then);\n"}, {"src/base/a.cc": 'f("\\""); rand();\n'}],
        [{"src/base/clock.cc": "std::chrono::system_clock::now();\n"},
         {"src/app/a.cc": 'getenv("A"); std::puts("");\n'},
         {"src/core/a.cc": "// rand() and\n/* time(nullptr)\n sleep(1) */ a = \"rand()\"; b = R\"x(rand()\")x\";\n"},
         {"src/core/a.cc": "std::fprintf(stderr, text); std::snprintf(a, 1, b);\nqueue.sleep(duration);\n"},
         {"src/core/a.cc": "lifetime(0); a.time(0); operand();\n"},
         {"src/core/a.cc": "int a = 1'000'000; char b = '\"'; auto c = clock.now();\n"},
         {"tests/support/a.h": "std::mt19937 generator;\n"}]),
    rules.unfinished: (
        [{"src/a.cc": f"// {TO_DO}: later\n"}, {"README.md": f"{'FIX' 'ME'}\n"}, {"tests/a/run": f"# {'XX' 'X'}\n"}],
        [{"src/a.cc": "// mastodons\n"}]),
    rules.hosts: (
        [{"packaging/a": f"curl http://{HOST}/debian\n"},
         {"package-lock.json": f'"https://{"registry." "npmjs.org"}/a"\n'}],
        [{"README.md": "https://example.org and debian\n"}]),
    rules.machine_paths: (
        [{"a": f"cat /{'wo' 'rk'}/main\n"}, {"a": f"'/{'ro' 'ot'}/x'\n"}, {"a": f"cd /{'ho' 'me'}/alice/x\n"}],
        [{"a": "build/work/x $HOME/x /var/lib/x ./root/x /usr/home\n"}]),
    rules.lengths: (
        [{"src/base/a.cc": "\n" * 301}, {"src/base/a.h": "\n" * 151}, {"tests/a/a_test.cc": "\n" * 401},
         {"tests/a/a.py": "\n" * 401}, {"packaging/a": "#!/usr/bin/env bash\n" + "\n" * 300}],
        [{"src/base/a.cc": "\n" * 300, "src/base/a.h": "\n" * 150, "tests/a/a_test.cc": "\n" * 400},
         {"README.md": "\n" * 900}]),
    rules.listed: (
        [LISTED | {"src/base/b.cc": ""}, LISTED | {"src/a.cc": ""}, {"tests/a/b_test.cc": ""},
         {"tests/a/CMakeLists.txt": "add_executable(x_b_test.cc)\n", "tests/a/b_test.cc": ""}],
        [LISTED | {"src/base/a.cc": ""},
         {"src/app/CMakeLists.txt": "f(${CMAKE_SOURCE_DIR}/src/main.cc)\n", "src/main.cc": ""},
         {"tests/CMakeLists.txt": "f(${CMAKE_CURRENT_SOURCE_DIR}/a/b_fuzz.cc)\n", "tests/a/b_fuzz.cc": ""}]),
    rules.runners: (
        [STEPS | {"tests/soak/run": ""}], [STEPS | {"tests/e2e/run": "", "tests/bench/run": ""}]),
    rules.names: (
        [{"src/base/util.h": ""}, {"src/common/a.cc": ""}, {"tests/string_helpers.py": ""},
         {"src/core/key_manager.cc": ""}],
        [{"src/core/utility_bill.cc": "", "src/core/uncommon.h": ""}]),
    rules.whitespace: (
        [{"a.md": "a \n"}, {"a.md": "a\t\n"}, {"a.md": "a\r\n"}, {"a.md": "a"}, {"a.md": "a\n\n \nb\n"}],
        [{"a.md": "a\n\nb\n", "empty": ""}, {"tests/fuzz/corpus/body/a": "x "}, {"a.png": "\0 "}]),
    rules.executable: ([{"a.py": "print()\n", "mode": "0755"}, {"a": "#!/bin/sh\n", "mode": "0644"}],
                       [{"a": "#!/bin/sh\n", "b.py": "print()\n"}]),
}


def findings(rule, files):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        mode = files.get("mode")
        for path, content in files.items():
            if path == "mode":
                continue
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode())
            target.chmod(int(mode, 8) if mode else 0o755 if content.startswith("#!") else 0o644)
        return list(rule(Tree(root)))


class RuleTest(unittest.TestCase):
    def test_every_rule_has_examples(self):
        self.assertEqual(set(EXAMPLES), set(rules.RULES))

    def test_bad_examples_are_flagged(self):
        for rule, (bad, _) in EXAMPLES.items():
            for files in bad:
                with self.subTest(rule=rule.__name__, files=files):
                    self.assertTrue(findings(rule, files))

    def test_good_examples_pass(self):
        for rule, (_, good) in EXAMPLES.items():
            for files in good:
                with self.subTest(rule=rule.__name__, files=files):
                    self.assertEqual(findings(rule, files), [])

    def test_the_line_is_right(self):
        found = findings(rules.calls, {"src/core/a.cc": '/* one\n two */ "a\\n"\n\nrand();\n'})
        self.assertEqual([line for _, line, _ in found], [4])


class ProjectTest(unittest.TestCase):
    def test_the_project_is_tidy(self):
        tree = Tree(ROOT)
        self.assertGreater(len(tree.paths), 20, "the files of the project were not found")
        found = sorted({(path, line, what) for rule in rules.RULES for path, line, what in rule(tree)})
        if found:
            self.fail("\n" + "\n".join(f"{path}:{line}: {what}" for path, line, what in found))


if __name__ == "__main__":
    os.environ["GIT_CEILING_DIRECTORIES"] = tempfile.gettempdir()  # the examples belong to no repository
    unittest.main(argv=sys.argv[:1])

"""The tidy rules. Each takes a Tree and yields findings (path, line, what is wrong); tidy_test.py tests every one."""

import os
import pathlib
import re

from cpp import code, includes, line_of

# Dependencies only go down: what each folder of src/ may include. Files directly in src/ count as `main`.
LAYERS = {
    "base": {"base"},
    "crypto": {"base", "crypto"},
    "core": {"base", "crypto", "core"},
    "store": {"base", "crypto", "core", "store"},
    "audit": {"base", "crypto", "core", "audit"},
    "http": {"base", "crypto", "core", "http"},
    "client": {"base", "crypto", "core", "client"},
    "web": {"base", "web"},
    "webhook": {"base", "crypto", "core", "webhook"},
    "app": {"base", "crypto", "core", "store", "audit", "http", "client", "web", "webhook", "app"},
    "main": {"base", "app"},
}

# The only folders that may include a library.
LIBRARIES = {
    "sodium.h": ("src/crypto/", "tests/crypto/"),
    "sodium/": ("src/crypto/", "tests/crypto/"),
    "rocksdb/": ("src/store/rocksdb/", "tests/store/", "tests/contract/"),
    "hiredis/": ("src/store/redis/", "tests/contract/"),
    "libpq-fe.h": ("src/audit/postgres/", "tests/audit/"),
    "sqlite3.h": ("src/audit/sqlite/", "tests/audit/"),
    "openssl/": ("src/http/", "src/client/", "src/store/redis/", "tests/http/", "tests/support/"),
    "nlohmann/": ("src/http/", "src/client/", "src/audit/", "src/app/", "tests/"),
    "httplib.h": ("src/http/response_head.cc", "src/client/http_call.cc", "tests/bench/"),
    "ares.h": ("src/client/",),
    "qrcodegen/": ("src/app/",),
    "CLI/": ("src/app/",),
    "doctest/": ("tests/",),
}

# (name, pattern in the code, where it is looked for, the exceptions, what to use)
CALLS = (
    ("rand", r"\bs?rand\s*\(", ("src/",), (), "Random of crypto/random.h"),
    ("random_device", r"\b(random_device|mt19937(_64)?)\b", ("src/",), (), "Random of crypto/random.h"),
    ("time", r"(?<![\w.>])time\s*\(\s*(nullptr|NULL|0|&)|\b(gettimeofday|clock_gettime)\s*\(", ("src/",),
     ("src/base/clock.cc",), "Clock of base/clock.h"),
    ("system_clock::now", r"\bsystem_clock\s*::\s*now\b", ("src/",), ("src/base/clock.cc",), "Clock of base/clock.h"),
    ("getenv", r"\b(secure_)?getenv\s*\(", ("src/",), ("src/app/",), "options of src/app"),
    ("sleep", r"\bsleep_(for|until)\b|\b(usleep|nanosleep)\s*\(|(?<!\w)::sleep\s*\(|\bsleep\s*\(\s*\d",
     ("src/", "tests/"), (), "a wait with a stop token, or the injected clock"),
    ("stdout", r"\bstdout\b|\bcout\b|(?<!\w)(printf|puts|putchar|vprintf)\s*\(", ("src/",), ("src/app/", "src/client/"),
     "the log, or output in src/app"),
    ("std::mutex", r"\bstd::(recursive_|timed_)?mutex\b", ("src/",), ("src/base/mutex.h",),
     "Mutex of base/mutex.h"),
    # A write to a stderr that nobody reads cannot be ended, and must not hold the process.
    ("detach", r"[.>]detach\s*\(", ("src/", "tests/"), ("src/base/log.cc",), "std::jthread"),
)

BANNED_NAMES = {"util", "utils", "helper", "helpers", "manager", "managers", "common", "misc"}

# Written in pieces, so that this file does not break its own rules.
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" "DO", "FIX" "ME", "XX" "X", "HA" "CK")) + r")\b")
HOSTS = re.compile("|".join(name.replace(".", r"\.") for name in (
    "deb." "debian.org", "security." "debian.org", "snapshot." "debian.org", "registry." "npmjs.org",
    "registry." "yarnpkg.com", "pypi." "org", "files." "pythonhosted.org", "crates." "io", "proxy." "golang.org",
    "repo." "maven.apache.org", "repo1." "maven.org")))
MACHINE_PATHS = re.compile(r"(?:^|[^A-Za-z0-9_.$}])/(?:" + "|".join(("wo" "rk", "ro" "ot", "fa" "rm")) + r"|home/\w+)/",
                           re.MULTILINE)

NOT_OURS = ("LICENSE", "tests/fuzz/corpus/")


def cpp_files(tree, *prefixes):
    return [path for path in tree.matching(".cc", ".h") if path.startswith(prefixes or ("src/", "tests/"))]


def own_texts(tree):
    return [(path, tree.text(path)) for path in tree.paths if not path.startswith(NOT_OURS)]


def search(tree, pattern, message):
    for path, text in own_texts(tree):
        for match in pattern.finditer(text):
            yield path, line_of(text, match.start()), message.format(match.group(0).strip())


def layers(tree):
    for path in cpp_files(tree, "src/"):
        parts = path.split("/")
        folder = parts[1] if len(parts) > 2 else "main"
        if folder not in LAYERS:
            yield path, 1, f"src/{folder} is not in the layer table of tests/tidy/rules.py"
            continue
        for line, target, quoted in includes(tree.text(path)):
            first = target.split("/")[0]
            if first in LAYERS and first not in LAYERS[folder]:
                yield path, line, f"{folder} may not include {target}: dependencies only go down"
            elif quoted and (first not in LAYERS or "/" not in target):
                yield path, line, f'"{target}" is not a path from src/'
            elif not quoted and "/" in target and first in LAYERS:
                yield path, line, f"<{target}> is ours: include it with quotes"


def libraries(tree):
    for path in cpp_files(tree):
        for line, target, _ in includes(tree.text(path)):
            for library, homes in LIBRARIES.items():
                if (target.startswith(library) if library.endswith("/") else target == library) \
                        and not path.startswith(homes):
                    yield path, line, f"{target} belongs in {' or '.join(homes)}"


def json_used(tree):
    for path in cpp_files(tree, "src/"):
        for line, target, _ in includes(tree.text(path)):
            if target.startswith("nlohmann/") and "nlohmann::" not in code(tree.text(path)):
                yield path, line, f"{target} is included and not used"


def calls(tree):
    for path in cpp_files(tree):
        text = code(tree.text(path))
        for name, pattern, where, homes, instead in CALLS:
            if path.startswith(where) and not path.startswith(homes):
                for match in re.finditer(pattern, text):
                    yield path, line_of(text, match.start()), f"{name} is banned here; use {instead}"


def unfinished(tree):
    return search(tree, UNFINISHED, "{}: finish it or file an issue")


def hosts(tree):
    return search(tree, HOSTS, "{}: name no registry host; use the machine's configuration")


def machine_paths(tree):
    return search(tree, MACHINE_PATHS, "{}: a path of one machine")


def lengths(tree):
    for path in tree.matching(".cc", ".h", ".py", "#!bash", "#!python3"):
        limit = 400 if path.startswith("tests/") else 150 if path.endswith(".h") else 300
        lines = tree.text(path).count("\n")
        if lines > limit:
            yield path, limit + 1, f"{lines} lines; at most {limit}: it has two reasons to exist"


def listed(tree):
    """Every source is compiled: a CMakeLists.txt above it names it by its path from there, or any by its whole path."""
    lists = {pathlib.PurePosixPath(path).parent: tree.text(path) for path in tree.matching("CMakeLists.txt")}
    for path in tree.matching(".cc"):
        pure = pathlib.PurePosixPath(path)
        above = {folder: text for folder, text in lists.items() if folder in pure.parents}
        named = any(f"${{CMAKE_SOURCE_DIR}}/{path}" in text for text in lists.values()) or any(
            re.search(rf"(?:^|[\s(]|CURRENT_SOURCE_DIR\}}/){re.escape(str(pure.relative_to(folder)))}(?=[\s)])", text)
            for folder, text in above.items())
        if not named:
            yield path, 1, "no CMakeLists.txt names it, so nothing compiles it"


def runners(tree):
    """Every tests/*/run but the benchmark's is a step of tests/run."""
    steps = tree.text("tests/steps.py") if "tests/steps.py" in tree.paths else ""
    for path in tree.paths:
        if re.fullmatch(r"tests/\w+/run", path) and path != "tests/bench/run" and f'"{path}"' not in steps:
            yield path, 1, "no step of tests/steps.py runs it"


def names(tree):
    for path in tree.paths:
        for part in path.split("/"):
            words = set(re.split(r"[-_.]", part.lower()))
            if words & BANNED_NAMES:
                yield path, 1, f"'{part}' says nothing about what it is"


def whitespace(tree):
    for path, text in own_texts(tree):
        if text and not text.endswith("\n"):
            yield path, text.count("\n") + 1, "no newline at the end of the file"
        for number, line in enumerate(text.split("\n"), start=1):
            if line.endswith("\r"):
                yield path, number, "a carriage return at the end of the line"
            elif line != line.rstrip(" \t"):
                yield path, number, "white space at the end of the line"


def executable(tree):
    for path, text in own_texts(tree):
        if text.startswith("#!") != os.access(tree.root / path, os.X_OK):
            yield path, 1, "a first line with #! and the permission to execute go together"


RULES = (layers, libraries, json_used, calls, unfinished, hosts, machine_paths, lengths, listed, runners,
         names, whitespace, executable)

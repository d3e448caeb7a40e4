"""packaging/sbom: a valid document, that names everything in the executable and nothing else."""

import copy
import functools
import hashlib
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import re
import subprocess
import unittest

import spdx
from service import EXECUTABLE, REPOSITORY, run
from suite import figure

BUILD = REPOSITORY / "build" / "release"
SBOM = REPOSITORY / "packaging" / "sbom"
# What `version --json` calls a library, and the Debian source package it is from, or the package's own name.
LIBRARIES = {
    "glibc": "glibc", "libstdc++": "gcc-12", "libsodium": "libsodium", "openssl": "openssl", "sqlite": "sqlite3",
    "libseccomp": "libseccomp", "c-ares": "c-ares", "cli11": "cli11", "cpp-httplib": "cpp-httplib", "nlohmann-json": "nlohmann-json3",
    "rocksdb": "rocksdb", "snappy": "snappy", "lz4": "lz4", "zstd": "libzstd", "zlib": "zlib", "bzip2": "bzip2",
}
# Which have no version that a program could say. The last two are of the client (Debian's) and of the page (npm's).
SILENT = {"linux", "tl-expected", "swagger-ui-dist", "qr-code-generator", "qrcode-generator"}
# Words of the packages' own copyright files that the licences in the document stand for.
WORDS = {
    "Apache-2.0": "Apache", "BSD-2-Clause": "BSD-2-clause|Redistribution and use", "BSD-3-Clause": "BSD-3-[Cc]lause|"
    "Neither the name|used to endorse", "CC0-1.0": "CC0", "GPL-2.0-only": "GPL-2|version 2", "GPL-3.0-or-later":
    "version 3, or", "GCC-exception-3.1": "RUNTIME LIBRARY EXCEPTION|Runtime Library Exception", "ISC": "ISC",
    "LGPL-2.1-only": "LGPL-2.1", "LGPL-2.1-or-later": "version 2.1 of the", "Linux-syscall-note": "WITH Linux-syscall-note",
    "MIT": "Expat|MIT|Permission is hereby granted", "Zlib": "provided 'as-is'", "blessing": "public.domain",
    "bzip2-1.0.6": "bzip2|must not\\s+claim",
}


def without(document, name):
    """The document of which one package was forgotten."""
    left = copy.deepcopy(document)
    identifier = next(package["SPDXID"] for package in left["packages"] if package["name"] == name)
    left["packages"] = [package for package in left["packages"] if package["SPDXID"] != identifier]
    left["relationships"] = [relation for relation in left["relationships"] if relation["relatedSpdxElement"] != identifier]
    return left


def source_of(package):
    match = re.search(r"Debian source package (\S+) ([^\s;]+)", package["sourceInfo"])
    return (match[1], match[2]) if match else (package["name"], package["versionInfo"])


@functools.cache
def loaded_packages():
    """Debian packages of every archive and object that the linker opened: another way to them than packaging/sbom's."""
    paths = set(re.findall(r"^LOAD (/usr/\S+)$", (BUILD / "disposable-secrets.map").read_text(), re.MULTILINE))
    text = subprocess.run(["dpkg-query", "--search", *sorted({os.path.realpath(path) for path in paths})],
                          capture_output=True, text=True, check=True).stdout
    return {line.split(":")[0] for line in text.splitlines()}


def uncovered(document, libraries):
    """What is linked or named by the executable and is not in the document, or in another version."""
    names = {package["name"] for package in document["packages"]}
    found = [f"{name} is linked" for name in sorted(loaded_packages() - names)]
    versions = dict(map(source_of, document["packages"]))
    for library, version in libraries.items():
        listed = versions.get(LIBRARIES.get(library), "")
        upstream = re.sub(r"^\d+:", "", listed).rsplit("-", 1)[0]
        if not re.match(re.escape(version.split(",")[0]) + r"(\D|$)", upstream):
            found.append(f"{library} {version} is listed as '{listed}'")
    return found


class SbomTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        text = subprocess.run([SBOM], capture_output=True, text=True, check=True,
                              env=os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}).stdout
        cls.document = json.loads(text)
        cls.packages = {package["name"]: package for package in cls.document["packages"]}
        cls.libraries = json.loads(run("version", "--json").stdout)["libraries"]

    def test_it_is_valid(self):
        self.assertEqual(spdx.problems(self.document), [])
        figure(f"the SPDX document lists {len(self.packages) - 1} packages")

    def test_it_is_of_this_executable(self):
        sums = {checksum["algorithm"]: checksum["checksumValue"] for checksum in self.document["files"][0]["checksums"]}
        content = EXECUTABLE.read_bytes()
        self.assertEqual(sums, {"SHA1": hashlib.sha1(content).hexdigest(), "SHA256": hashlib.sha256(content).hexdigest()})
        self.assertEqual(self.document["creationInfo"]["created"], "2023-11-14T22:13:20Z")

    def test_everything_linked_is_in_it_in_its_version(self):
        self.assertEqual(set(self.libraries) - set(LIBRARIES), set(), "a library that this test does not know")
        self.assertEqual(uncovered(self.document, self.libraries), [])

    def test_nothing_else_is_in_it(self):
        sources = {source_of(package)[0] for package in self.packages.values()} - {"disposable-secrets"}
        self.assertEqual(sources, {LIBRARIES[name] for name in self.libraries} | SILENT)
        linked = {relation["relatedSpdxElement"] for relation in self.document["relationships"]
                  if relation["relationshipType"] == "STATIC_LINK"}
        self.assertEqual({name for name, package in self.packages.items() if package["SPDXID"] in linked}, loaded_packages())

    def test_a_library_that_was_forgotten_is_noticed(self):
        for name in loaded_packages():
            with self.subTest(name):
                self.assertTrue(uncovered(without(self.document, name), self.libraries))
        for library in self.libraries:
            with self.subTest(library):
                self.assertTrue(uncovered(self.document, self.libraries | {library: "99.9"}))
        self.assertTrue(uncovered(self.document, self.libraries | {"libnew": "1.0"}))

    def test_the_notices_are_of_the_same_packages(self):
        notices = subprocess.run([REPOSITORY / "packaging/notices"], capture_output=True, text=True, check=True).stdout
        noticed = set(re.findall(r"^Files: linked-in/(\S+)$", notices, re.MULTILINE))
        # The kernel's exception says that who only calls it is no derived work.
        self.assertEqual(noticed, {source_of(package)[0] for package in self.packages.values()}
                         - {"disposable-secrets", "linux"})

    def test_licences_are_what_the_packages_say(self):
        for name, package in self.packages.items():
            notices = [pathlib.Path("/usr/share/doc", name, "copyright")]
            if name == "linux-libc-dev":  # whose headers say it themselves
                notices.append(pathlib.Path("/usr/include/linux/types.h"))
            if "pkg:deb/" not in package["externalRefs"][0]["referenceLocator"]:
                continue
            for licence in re.findall(r"[\w.-]+", re.sub(r"\b(AND|OR|WITH)\b", "", package["licenseDeclared"])):
                with self.subTest(package=name, licence=licence):
                    text = "".join(notice.read_text(errors="replace") for notice in notices)
                    self.assertTrue(re.search(WORDS[licence], text), WORDS[licence])

    def test_a_package_of_unknown_licence_is_refused(self):
        loader = importlib.machinery.SourceFileLoader("sbom", str(SBOM))
        module = importlib.util.module_from_spec(importlib.util.spec_from_loader("sbom", loader))
        loader.exec_module(module)
        with self.assertRaisesRegex(module.SbomError, "bash is linked in; say the licence of its source bash"):
            module.debian_component("bash", ["/usr/lib/libbash.a"], {"/usr/lib/libbash.a": 1})

    def test_it_asks_for_the_time_of_the_sources(self):
        kept = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
        result = subprocess.run([SBOM], capture_output=True, text=True, check=False, env=kept)
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertRegex(result.stderr, r"\Asbom: set SOURCE_DATE_EPOCH .*\n\Z")


def _set(path, value):
    def change(document):
        *folders, last = path
        for part in folders:
            document = document[part]
        document[last] = value
    return change


def _drop(path):
    def change(document):
        *folders, last = path
        for part in folders:
            document = document[part]
        del document[last]
    return change


MISTAKES = (
    (_set(("spdxVersion",), "SPDX-2.2"), "spdxVersion"),
    (_set(("dataLicense",), "MIT"), "dataLicense"),
    (_set(("documentNamespace",), "disposable-secrets"), "documentNamespace"),
    (_set(("documentNamespace",), "https://example.org/a#b"), "documentNamespace"),
    (_set(("creationInfo", "created"), "today"), "created"),
    (_set(("creationInfo", "creators"), []), "creators"),
    (_drop(("packages", 1, "name")), "without a name"),
    (_drop(("packages", 1, "versionInfo")), "no version"),
    (_drop(("packages", 1, "downloadLocation")), "no downloadLocation"),
    (_set(("packages", 1, "supplier"), "somebody"), "supplier"),
    (_drop(("packages", 1, "filesAnalyzed")), "verification code"),
    (_set(("packages", 1, "primaryPackagePurpose"), "THING"), "no purpose"),
    (_set(("packages", 1, "licenseDeclared"), "Apache 2"), "'Apache' is no licence"),
    (_set(("packages", 1, "licenseDeclared"), "MIT OR"), "ends too early"),
    (_set(("packages", 1, "licenseDeclared"), "(MIT OR ISC"), "ends too early"),
    (_set(("packages", 1, "licenseDeclared"), "MIT WITH nothing"), "no exception"),
    (_set(("packages", 1, "licenseDeclared"), "MIT ISC"), "left over"),
    (_set(("packages", 1, "licenseDeclared"), "NOASSERTION"), "no licence"),
    (_drop(("packages", 1, "externalRefs")), "not one purl"),
    (_set(("packages", 1, "externalRefs", 0, "referenceLocator"), "libfoo 1.0"), "not one purl"),
    (_set(("packages", 1, "checksums"), [{"algorithm": "SHA256", "checksumValue": "abc"}]), "checksum"),
    (_set(("packages", 1, "SPDXID"), "SPDXRef-DOCUMENT"), "used 2 times"),
    (_set(("packages", 1, "SPDXID"), "a package"), "no identifier"),
    (_drop(("files", 0, "checksums", 0)), "no SHA1"),
    (_set(("relationships", 0, "relationshipType"), "KNOWS"), "KNOWS"),
    (_set(("relationships", 0, "relatedSpdxElement"), "SPDXRef-nobody"), "not there"),
    (_drop(("relationships", -1)), "has no part in it"),
)


class MistakesTest(unittest.TestCase):
    setUpClass = classmethod(SbomTest.setUpClass.__func__)

    def test_each_mistake_is_reported(self):
        for change, words in MISTAKES:
            with self.subTest(words):
                document = copy.deepcopy(self.document)
                change(document)
                self.assertIn(words, "\n".join(spdx.problems(document)))

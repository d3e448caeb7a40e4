"""What an ELF file says about itself, as readelf prints it."""

import re
import subprocess

PROTECTED = "IBT, SHSTK"


def _print(program, *arguments):
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=True,
                          env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}).stdout


def _segments(text):
    """[(type, flags, names of its sections)]"""
    headers = re.findall(r"^  ([A-Z_]+) +0x[0-9a-f]+ 0x[0-9a-f]+ 0x[0-9a-f]+ 0x[0-9a-f]+ 0x[0-9a-f]+ ([RWE ]{3}) ", text,
                         re.MULTILINE)
    sections = re.findall(r"^   \d\d +(.*)$", text, re.MULTILINE)
    return [(kind, flags, names.split()) for (kind, flags), names in zip(headers, sections, strict=True)]


def properties(path):
    """{what a hardened executable is: does this file have it}"""
    segments = _segments(_print("readelf", "--program-headers", "--wide", path))
    dynamic = _print("readelf", "--dynamic", "--wide", path)
    header = _print("readelf", "--file-header", "--wide", path)
    sections = _print("readelf", "--section-headers", "--wide", path)
    executable = set(re.findall(r"^  \[ *\d+\] (\S+) .* [A-Z]*X[A-Z]* +\d+ +\d+ +\d+$", sections, re.MULTILINE))
    kinds = [kind for kind, _, _ in segments]
    loaded = [(flags, names) for kind, flags, names in segments if kind == "LOAD"]
    return {
        "static, at a random address": "DYN (" in header and bool(re.search(r"\(FLAGS_1\).* PIE", dynamic))
                                       and "INTERP" not in kinds and "(NEEDED)" not in dynamic,
        "relocations are read-only": "GNU_RELRO" in kinds,
        "bound before it runs": bool(re.search(r"\(FLAGS\).*BIND_NOW", dynamic)),
        "the stack is not executable": [flags for kind, flags, _ in segments if kind == "GNU_STACK"] == ["RW "],
        "nothing is writable and executable": not any("W" in flags and "E" in flags for flags, _ in loaded),
        "only code is executable": all(set(names) <= executable for flags, names in loaded if "E" in flags),
        "code is not relocated": "TEXTREL" not in dynamic,
        "no search path": "(RPATH)" not in dynamic and "(RUNPATH)" not in dynamic,
        "no symbols": ".symtab" not in sections,
    }


def branch_protected(path):
    """Does the file promise that all its code takes indirect branches and returns as CET wants them?"""
    return PROTECTED in _print("readelf", "--notes", "--wide", path)


def undefined_symbols(path):
    return {line.split()[-1] for line in _print("nm", "--undefined-only", path).splitlines() if line.strip()}


def symbols(path):
    return _print("readelf", "--symbols", "--wide", path)


def disassembly(path):
    return _print("objdump", "--disassemble", "--no-show-raw-insn", path)

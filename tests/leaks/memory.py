"""The memory of a process, read from outside: every page that is present, by what it is used for."""

import collections
import pathlib
import struct

PAGE = 4096
PRESENT_OR_SWAPPED = (1 << 63) | (1 << 62)

Region = collections.namedtuple("Region", "name start data")


def _use(path):
    if path == "[heap]":
        return "heap"
    if path.startswith("[stack"):
        return "stack"
    return "file" if path.startswith("/") else path or "anonymous"


def _runs(pagemap, start, end):
    """The runs of pages in [start, end) that hold anything."""
    pagemap.seek(start // PAGE * 8)
    entries = pagemap.read((end - start) // PAGE * 8)
    run = None
    for number, (entry,) in enumerate(struct.iter_unpack("<Q", entries)):
        address = start + number * PAGE
        if entry & PRESENT_OR_SWAPPED:
            run = (run[0] if run else address, address + PAGE)
        elif run:
            yield run
            run = None
    if run:
        yield run


def regions(pid):
    """Everything readable that is present."""
    process = pathlib.Path(f"/proc/{pid}")
    with open(process / "mem", "rb", buffering=0) as memory, open(process / "pagemap", "rb", buffering=0) as pagemap:
        for line in (process / "maps").read_text().splitlines():
            bounds, access, _, _, _, *path = line.split(maxsplit=5)
            if not access.startswith("r") or path[:1] in (["[vvar]"], ["[vsyscall]"], ["[vvar_vclock]"]):
                continue
            start, end = (int(bound, 16) for bound in bounds.split("-"))
            for first, last in _runs(pagemap, start, end):
                memory.seek(first)
                data = memory.read(last - first)
                if data.strip(b"\0"):
                    yield Region(_use(path[0] if path else ""), first, data)


def find(pid, canaries):
    """[(use of the memory, address, hit)] and how many bytes were searched."""
    found, searched = [], 0
    for region in regions(pid):
        searched += len(region.data)
        found += [(region.name, region.start + hit.offset, hit) for hit in canaries.find(region.data, thorough=False)]
    return found, searched

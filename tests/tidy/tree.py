#!/usr/bin/env python3
"""The files of the project: what git tracks or would track; without git, everything but build/.

As a program, prints the paths whose name ends with one of the arguments, or, for '#!WORD', whose first line is
a shebang that ends with WORD; each is followed by a NUL character, for xargs -0.
"""

import pathlib
import subprocess
import sys


def list_files(root):
    command = ["git", "-c", "safe.directory=*", "-C", str(root), "ls-files", "-z", "--cached", "--others",
               "--exclude-standard"]
    try:
        names = subprocess.run(command, capture_output=True, check=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        names = [str(path.relative_to(root)) for path in root.rglob("*")]
    return sorted(name for name in set(names)
                  if name and (root / name).is_file() and name.split("/")[0] not in ("build", ".git")
                  and "__pycache__" not in name)


class Tree:
    """Paths (relative, with slashes) and the text of each; binary files have no text."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.paths = list_files(self.root)
        self._texts = {}

    def text(self, path):
        if path not in self._texts:
            content = (self.root / path).read_bytes()
            self._texts[path] = "" if b"\0" in content else content.decode("utf-8", errors="replace")
        return self._texts[path]

    def matching(self, *endings):
        """Paths by ending, or by the interpreter of the first line for '#!WORD'."""
        words = [ending[2:] for ending in endings if ending.startswith("#!")]
        suffixes = tuple(ending for ending in endings if not ending.startswith("#!"))
        for path in self.paths:
            first = self.text(path).split("\n", 1)[0] if words else ""
            if path.endswith(suffixes) or (first.startswith("#!") and any(first.endswith(word) for word in words)):
                yield path


if __name__ == "__main__":
    for found in Tree(pathlib.Path(__file__).resolve().parents[2]).matching(*sys.argv[1:]):
        print(found, end="\0")

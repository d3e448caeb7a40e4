"""The Debian package of this tree, and one with a higher version."""

import functools
import shutil
import subprocess

from service import EXECUTABLE, REPOSITORY

FOLDER = REPOSITORY / "build" / "systemd"


def _is_new(file):
    """Whether all that the package is made of is older."""
    sources = [EXECUTABLE, *(REPOSITORY / "systemd").iterdir(), *(REPOSITORY / "packaging").rglob("*")]
    return all(source.stat().st_mtime < file.stat().st_mtime for source in sources)


@functools.cache
def package():
    found = list(FOLDER.glob("disposable-secrets_*.deb"))
    if len(found) == 1 and _is_new(found[0]):
        return found[0]
    shutil.rmtree(FOLDER, ignore_errors=True)
    subprocess.run([REPOSITORY / "packaging/deb", FOLDER], check=True, stdout=subprocess.DEVNULL)
    return next(FOLDER.glob("*.deb"))


@functools.cache
def newer_package():
    tree, target = FOLDER / "newer", FOLDER / "newer.deb"
    shutil.rmtree(tree, ignore_errors=True)
    subprocess.run(["dpkg-deb", "--raw-extract", package(), tree], check=True)
    control = tree / "DEBIAN/control"
    lines = control.read_text().splitlines()
    control.write_text("\n".join(f"{line}+newer" if line.startswith("Version: ") else line for line in lines) + "\n")
    subprocess.run(["dpkg-deb", "-Zgzip", "-z1", "--build", tree, target], check=True, stdout=subprocess.DEVNULL)
    return target


def install(machine, file):
    """As an administrator would."""
    shutil.copy(file, machine.root / "opt/package.deb")
    return machine.run("dpkg", "--install", "/opt/package.deb")

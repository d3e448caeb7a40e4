"""What must not matter for a build: where, when and for whom it runs."""

import dataclasses
import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
FETCHED = ("build/httplib", "build/swagger-ui", "build/page-tools")  # what the build gets from elsewhere, signed or with its sum
LOCALE = "tr_TR.UTF-8"  # sorts differently, and its i has no dot when it is small


@dataclasses.dataclass
class Surroundings:
    folder: pathlib.Path
    jobs: int
    umask: str = "022"
    time_zone: str = "UTC"
    locale: str = "C.UTF-8"
    locale_path: str = ""
    clock: str = ""  # for faketime
    cached: bool = False  # may a compiler cache be used?

    def run(self, line, log=None):
        """Runs a shell line; (exit code, output)."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "CCACHE_"))}
        environment |= {"TZ": self.time_zone, "LC_ALL": self.locale, "CMAKE_BUILD_PARALLEL_LEVEL": str(self.jobs)}
        environment |= {"LOCPATH": self.locale_path} if self.locale_path else {}
        environment |= {} if self.cached else {"CCACHE_DISABLE": "1"}
        clock = ["faketime", "-f", self.clock] if self.clock else []
        result = subprocess.run([*clock, "bash", "-c", f"umask {self.umask}; {line}"], cwd=self.folder, env=environment,
                                stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, errors="replace")
        return result.returncode, result.stdout + result.stderr


def clone(folder):
    """The repository at HEAD with the changes of the working tree, and what was fetched for it."""
    def git(*arguments, where=ROOT, **options):
        return subprocess.run(["git", "-C", where, *arguments], check=True, capture_output=True, **options).stdout

    folder.parent.mkdir(parents=True, exist_ok=True)
    git("clone", "--quiet", "--no-local", ROOT, folder)
    if changes := git("diff", "--binary", "HEAD"):
        git("apply", where=folder, input=changes)
    for path in git("ls-files", "--others", "--exclude-standard", "-z").decode().split("\0"):
        if path:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, folder / path)
    for path in FETCHED:
        shutil.copytree(ROOT / path, folder / path, symlinks=True)
    return folder


def here():
    return Surroundings(ROOT, jobs=4, cached=True)


def clean_clone(folder):
    return Surroundings(clone(folder / "first"), jobs=1)


def elsewhere(folder):
    """Another path with a space in it, another year, a locale with another order, nobody else may read the files."""
    locales = folder / "locales"
    locales.mkdir()
    language, _, charmap = LOCALE.partition(".")
    subprocess.run(["localedef", "-i", language, "-f", charmap, locales / LOCALE], check=True, capture_output=True)
    return Surroundings(clone(folder / "another place" / "the sources of somebody else"), jobs=3, umask="077",
                        time_zone="Pacific/Kiritimati", locale=LOCALE, locale_path=str(locales), clock="+400d")

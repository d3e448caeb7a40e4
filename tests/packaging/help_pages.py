"""What the program says of itself in --help, as data: the measure of everything that `document` makes."""

import dataclasses
import re

from service import run

OPTION = re.compile(r"  (?:-h,)?(?P<name>--[a-z-]+)(?: (?P<value>[A-Z]+))? +(?P<help>\S.*)")
POSITIONAL = re.compile(r"  (?P<name>[A-Za-z]+)(?: (?P<value>\S+))?(?: REQUIRED)?(?: +(?P<help>\S.*))?")
COMMAND = re.compile(r"  (?P<name>[a-z-]+) +(?P<help>\S.*)")


@dataclasses.dataclass(frozen=True)
class Option:
    value_name: str  # empty: it takes none
    help: str


@dataclasses.dataclass
class Page:
    """One --help. Of the program itself the path is empty."""
    path: tuple
    options: dict = dataclasses.field(default_factory=dict)  # name -> Option
    positionals: list = dataclasses.field(default_factory=list)  # names
    commands: list = dataclasses.field(default_factory=list)  # names

    @property
    def name(self):
        return " ".join(self.path)


def read_page(path):
    done = run(*path, "--help")
    assert done.returncode == 0, done.stderr
    page, group = Page(path), ""
    for line in done.stdout.splitlines():
        if re.fullmatch(r"[A-Z].*:", line):
            group = line[:-1]
        elif not group or not line.startswith("  ") or line.startswith("   "):
            continue  # the description above, and what is broken into a second line
        elif group == "Subcommands":
            page.commands.append(COMMAND.fullmatch(line)["name"])
        elif group == "Positionals":
            page.positionals.append(POSITIONAL.fullmatch(line)["name"])
        else:
            found = OPTION.fullmatch(line)
            assert found, f"no option: {line!r}"
            page.options[found["name"]] = Option(found["value"] or "", found["help"])
    return page


def read_pages(path=()):
    """The page of every command, each before those below it."""
    page = read_page(path)
    pages = [page]
    for command in page.commands:
        pages += read_pages((*path, command))
    return pages


def accepted(pages, page):
    """Names of the options that a command takes: its own, and behind a second word those of the command above."""
    above = [other for other in pages if page.path[:-1] == other.path and len(page.path) > 1]
    return set(page.options).union(*(other.options for other in above))

"""Just enough of C++ for the tidy rules: includes, and code without its comments and literals."""

import re

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
NOT_CODE = re.compile(
    r'//[^\n]*'
    r'|/\*.*?\*/'
    r'|R"(?P<raw>[^()\\\s]{0,16})\(.*?\)(?P=raw)"'
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|(?<![0-9A-Fa-f])'(?:[^'\\\n]|\\.)+'",
    re.DOTALL)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def includes(text):
    """(line, path, written with quotes?) of every #include."""
    for match in INCLUDE.finditer(text):
        yield line_of(text, match.start()), match.group(2), match.group(1) == '"'


def code(text):
    """`text` with comments, strings and characters blanked; lines keep their numbers."""
    def blank(match):
        return '""' + "\n" * match.group(0).count("\n")
    return NOT_CODE.sub(blank, text)

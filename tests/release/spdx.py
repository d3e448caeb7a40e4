"""What is wrong with an SPDX 2.3 document, as far as its specification can be checked without its schema, which no
registry has: required fields, forms of values, licence expressions, and that everything hangs together."""

import collections
import json
import pathlib
import re
import urllib.parse

LICENCE_LISTS = pathlib.Path("/usr/share/nodejs")  # the SPDX lists, as Debian packages them
DOCUMENT = "SPDXRef-DOCUMENT"
RELATIONSHIPS = {"DESCRIBES", "CONTAINS", "STATIC_LINK"}
HEX_DIGITS = {"SHA1": 40, "SHA256": 64, "SHA512": 128}
PURPOSES = {"APPLICATION", "LIBRARY"}

IDENTIFIER = re.compile(r"SPDXRef-[A-Za-z0-9.-]+")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
SUPPLIER = re.compile(r"NOASSERTION|(Person|Organization): \S.*")
PURL = re.compile(r"pkg:[a-z]+/[^@?#\s]+@[^@?#\s]+(\?[a-z]+=[^&\s]+(&[a-z]+=[^&\s]+)*)?")


def _listed(name):
    return set(json.loads((LICENCE_LISTS / name / "index.json").read_text()))


class _Expression:
    """Recursive descent over a licence expression; raises ValueError."""

    def __init__(self, text):
        self.tokens = re.findall(r"[()]|[^\s()]+", text)
        self.licences, self.exceptions = _listed("spdx-license-ids"), _listed("spdx-exceptions")

    def take(self):
        if not self.tokens:
            raise ValueError("it ends too early")
        return self.tokens.pop(0)

    def check(self):
        self.operand()
        while self.tokens and self.tokens[0] in ("AND", "OR"):
            self.take()
            self.operand()

    def operand(self):
        token = self.take()
        if token == "(":
            self.check()
            if self.take() != ")":
                raise ValueError("a parenthesis is not closed")
            return
        if token not in self.licences:
            raise ValueError(f"'{token}' is no licence of the list")
        if self.tokens and self.tokens[0] == "WITH":
            self.take()
            if (exception := self.take()) not in self.exceptions:
                raise ValueError(f"'{exception}' is no exception of the list")


def licence_problem(text):
    """None, or why this is no licence expression."""
    if text == "NOASSERTION":
        return None
    try:
        expression = _Expression(text)
        expression.check()
        return f"'{expression.tokens[0]}' is left over" if expression.tokens else None
    except ValueError as error:
        return str(error)


def _checksum_problems(element, where):
    for checksum in element.get("checksums", ()):
        digits = HEX_DIGITS.get(checksum.get("algorithm"))
        if digits is None or not re.fullmatch(rf"[0-9a-f]{{{digits}}}", checksum.get("checksumValue", "")):
            yield f"{where}: a checksum is not one"


def _document_problems(document):
    wanted = {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": DOCUMENT}
    yield from (f"{field} is not {value}" for field, value in wanted.items() if document.get(field) != value)
    if not document.get("name"):
        yield "no name"
    namespace = urllib.parse.urlsplit(document.get("documentNamespace", ""))
    if not namespace.scheme or not namespace.netloc or namespace.fragment:
        yield "documentNamespace is no absolute URI without a fragment"
    creation = document.get("creationInfo", {})
    if not TIME.fullmatch(creation.get("created", "")):
        yield "created is no time in UTC"
    creators = creation.get("creators", [])
    if not creators or not all(re.fullmatch(r"(Tool|Person|Organization): \S.*", creator) for creator in creators):
        yield "creators are not as they should be"


def _package_problems(package):
    where = package.get("name") or "a package without a name"
    if not package.get("name"):
        yield where
    if not package.get("downloadLocation"):
        yield f"{where}: no downloadLocation"
    if not package.get("versionInfo"):
        yield f"{where}: no version"
    if not SUPPLIER.fullmatch(package.get("supplier", "")):
        yield f"{where}: the supplier is neither known nor NOASSERTION"
    if package.get("filesAnalyzed") is not False:
        yield f"{where}: files are said to be analysed, which needs a verification code"
    if package.get("primaryPackagePurpose") not in PURPOSES:
        yield f"{where}: no purpose"
    for field in ("licenseDeclared", "licenseConcluded"):
        if why := licence_problem(package.get(field, "")):
            yield f"{where}: {field}: {why}"
    if package.get("licenseDeclared") == "NOASSERTION":
        yield f"{where}: no licence"
    locators = [reference["referenceLocator"] for reference in package.get("externalRefs", ())
                if reference.get("referenceType") == "purl" and reference.get("referenceCategory") == "PACKAGE-MANAGER"]
    if len(locators) != 1 or not PURL.fullmatch(locators[0]):
        yield f"{where}: not one purl"
    yield from _checksum_problems(package, where)


def _relation_problems(document, identifiers):
    reached = {DOCUMENT}
    for relation in document.get("relationships", ()):
        ends = relation.get("spdxElementId"), relation.get("relatedSpdxElement")
        if relation.get("relationshipType") not in RELATIONSHIPS:
            yield f"a relationship {relation.get('relationshipType')}"
        if not set(ends) <= identifiers:
            yield f"a relationship with what is not there: {ends}"
        elif ends[0] in reached:
            reached.add(ends[1])
    yield from (f"{identifier} has no part in it" for identifier in sorted(identifiers - reached))


def problems(document):
    """All that is wrong, as sentences."""
    found = list(_document_problems(document))
    elements = [*document.get("packages", ()), *document.get("files", ())]
    counts = collections.Counter([DOCUMENT, *(element.get("SPDXID", "") for element in elements)])
    found += [f"{identifier} is used {count} times" for identifier, count in counts.items() if count > 1]
    found += [f"'{identifier}' is no identifier" for identifier in counts if not IDENTIFIER.fullmatch(identifier)]
    for package in document.get("packages", ()):
        found += _package_problems(package)
    for file in document.get("files", ()):
        found += _checksum_problems(file, file.get("fileName"))
        if "SHA1" not in {checksum.get("algorithm") for checksum in file.get("checksums", ())}:
            found.append(f"{file.get('fileName')}: no SHA1, which every file must have")
    return found + list(_relation_problems(document, set(counts)))

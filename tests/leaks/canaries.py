"""Canaries and the search for them, in every form in which a careless program could leave one behind.

A plaintext or passphrase is a short mark, repeated; so that a copy whose beginning was overwritten by an allocator is still
found. All marks of a kind begin with the same random stem: one search finds them all, and what follows the stem names the
path that the canary took. A key is found by its second half, in text and raw.
"""

import base64
import collections
import os
import pathlib
import re
import secrets
import uuid

PLAINTEXT, PASSPHRASE, KEY = "plaintext", "passphrase", "secret_key"
Hit = collections.namedtuple("Hit", "kind form label offset")


def _base64_forms(name, data):
    """The part of the encoding that is the same whatever stands around, for each of the three alignments."""
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + data + b"\0" * (-(shift + len(data)) % 3))
        core = whole[4 if shift else 0:len(whole) - 4]
        yield f"{name}base64+{shift}", core
        if core.translate(bytes.maketrans(b"+/", b"-_")) != core:
            yield f"{name}base64url+{shift}", core.translate(bytes.maketrans(b"+/", b"-_"))


def _forms(data, thorough):
    """(name of the form, bytes to look for) of text given as bytes."""
    yield "as is", data
    if thorough:
        yield "upper case", data.upper()
        yield "reversed", data[::-1]
        yield "UTF-16", data.decode().encode("utf-16-le")
        yield "UTF-16BE", data.decode().encode("utf-16-be")
        yield "hexadecimal", data.hex().encode()
        yield "HEXADECIMAL", data.hex().upper().encode()
        yield "JSON \\u", "".join(f"\\u{byte:04x}" for byte in data).encode()
        yield "percent", "".join(f"%{byte:02X}" for byte in data).encode()
        yield from _base64_forms("", data)


class Canaries:
    """Makes them and finds them."""

    def __init__(self):
        self._stems = {kind: f"{kind[0]}{secrets.token_hex(6)}" for kind in (PLAINTEXT, PASSPHRASE)}
        self._labels = []
        self.keys = {}  # text -> label

    def _make(self, kind, label, copies):
        self._labels.append(label)
        return f"{self._stems[kind]}{len(self._labels) - 1:04x}." * copies

    def plaintext(self, label, copies=12):
        return self._make(PLAINTEXT, label, copies)

    def passphrase(self, label, copies=6):
        return self._make(PASSPHRASE, label, copies)

    def add_key(self, key, label):
        self.keys[key] = label

    def key(self, label):
        """One of our own, that no service has made."""
        text = str(uuid.uuid4())
        self.add_key(text, label)
        return text

    def patterns(self, thorough):
        """(kind, form, bytes, label or None)."""
        for kind, stem in self._stems.items():
            for form, data in _forms(stem.encode(), thorough):
                yield kind, form, data, None
        for key, label in self.keys.items():
            raw = uuid.UUID(key).bytes
            yield KEY, "raw", raw[8:], label
            for form, data in _forms(key[18:].encode(), thorough):
                yield KEY, form, data, label
            if thorough:
                yield KEY, "raw reversed", raw[::-1][8:], label
                yield KEY, "without dashes", raw.hex()[16:].encode(), label
                for form, data in _base64_forms("raw ", raw):
                    yield KEY, form, data, label

    def _label_at(self, data, at, stem):
        serial = re.match(rb"[0-9a-f]{4}", data[at + len(stem):at + len(stem) + 4])
        number = int(serial[0], 16) if serial else -1
        return self._labels[number] if 0 <= number < len(self._labels) else "(a piece)"

    def find(self, data, thorough=True):
        """Every hit in `data`. Without `thorough` only the plain forms, for large data."""
        hits = []
        for kind, form, pattern, label in self.patterns(thorough):
            at = data.find(pattern)
            while at >= 0:
                name = label or (self._label_at(data, at, pattern) if form == "as is" else "?")
                hits.append(Hit(kind, form, name, at))
                at = data.find(pattern, at + len(pattern))
        return hits

    def find_in_folder(self, folder):
        """{path: hits} of all files, and of their names."""
        found = {}
        for path in sorted(pathlib.Path(folder).rglob("*")):
            hits = self.find(os.fsencode(path.name))
            if path.is_file():
                hits += self.find(path.read_bytes())
            if hits:
                found[str(path)] = hits
        return found

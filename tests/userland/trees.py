"""The other distribution: Debian 13, with a client of its own and OpenSSL."""

from debian_tree import debian_tree

PLACES = ("app", "data", "certificates")  # where the tests show what is not of the tree


def prepare(tree):
    for name in PLACES:
        (tree / name).mkdir()


def trixie():
    return debian_tree("trixie", ("curl", "openssl"), prepare, repr(PLACES))

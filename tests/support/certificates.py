"""A certificate authority for one test, made with the openssl command."""

import collections
import pathlib
import ssl
import subprocess

Pair = collections.namedtuple("Pair", "certificate key")

PROFILE = """\
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost,IP:127.0.0.1
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
crlDistributionPoints = URI:http://localhost/root.crl
[ca]
default_ca = this
[this]
database = index
rand_serial = yes
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
"""


class Authority:
    """A root and what it signs, in a folder that exists. `certificate` is the root's file."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "authority"
        self.folder.mkdir()
        self.certificate = self.folder / "root.pem"
        self.key = self.folder / "root.key"
        (self.folder / "profile").write_text(PROFILE)
        (self.folder / "index").write_text("")
        self._openssl("req", "-new", "-x509", "-config", "profile", "-extensions", "authority", "-newkey", "ec", "-pkeyopt",
                      "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.key, "-out", self.certificate, "-days", "400",
                      "-subj", "/CN=Test root")

    def _openssl(self, *arguments):
        result = subprocess.run(["openssl", *map(str, arguments)], cwd=self.folder, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if result.returncode != 0:
            raise AssertionError(f"openssl {arguments[0]} failed: {result.stdout[-1000:]}")

    def issue(self, name, ends=None):
        """A Pair for 127.0.0.1 and localhost, valid for 200 days, or until `ends` (YYYYMMDDHHMMSSZ, may be past)."""
        pair = Pair(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        request = self.folder / f"{name}.csr"
        dates = ("-startdate", "20200101000000Z", "-enddate", ends) if ends else ("-days", "200")
        self._openssl("req", "-new", "-config", "profile", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-nodes", "-keyout", pair.key, "-out", request, "-subj", "/CN=localhost")
        self._openssl("ca", "-batch", "-notext", "-config", "profile", "-extensions", "server", "-cert", self.certificate,
                      "-keyfile", self.key, "-in", request, "-out", pair.certificate, *dates)
        return pair

    def context(self):
        """Trusts this authority and nobody else."""
        return ssl.create_default_context(cafile=str(self.certificate))


def encoded(path):
    """The first certificate of a file as a peer sees it (DER)."""
    text = pathlib.Path(path).read_text()
    end = "-----END CERTIFICATE-----"
    return ssl.PEM_cert_to_DER_cert(text[text.index("-----BEGIN"):text.index(end)] + end)

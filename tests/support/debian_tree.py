"""Trees of Debian for tests: made by debootstrap, kept in build/trees between runs, and never written to after that.

The mirror is the one that apt of this machine uses, and the signature of its release is checked. debootstrap runs in mount
and pid namespaces of its own, so that it leaves no mount and no process, also when it is interrupted.
"""

import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

from service import REPOSITORY

TREES = REPOSITORY / "build" / "trees"
KEYRING = pathlib.Path("/usr/share/keyrings/debian-archive-keyring.gpg")
TARGETS = ("indextargets", "--format", "$(LABEL)|$(REPO_URI)", "Created-By: Packages")


def mirrors():
    """Debian's archive in apt's sources, as far as debootstrap can fetch from it."""
    def listed(*options):
        output = subprocess.run(["apt-get", *options, *TARGETS], capture_output=True, text=True, check=True).stdout
        found = [line.split("|", 1)[1] for line in output.splitlines() if line.startswith("Debian|")]
        return [place for place in dict.fromkeys(found) if place.startswith(("http://", "https://", "file:"))]

    if found := listed():
        return found
    with tempfile.TemporaryDirectory() as lists:  # a fresh image has no package lists
        option = ("-o", f"Dir::State::lists={lists}", "-o", "APT::Sandbox::User=root")
        subprocess.run(["apt-get", "-q", *option, "update"], capture_output=True, check=False)
        return listed(*option)


def proxy():
    """What apt has for a proxy, in the words of debootstrap's wget."""
    lines = subprocess.run(["apt-config", "shell", "http_proxy", "Acquire::http::Proxy", "https_proxy",
                            "Acquire::https::Proxy"], capture_output=True, text=True, check=True).stdout.splitlines()
    return {name: value.strip("'") for name, value in (line.split("=", 1) for line in lines)}


def debootstrap(suite, packages, target, log):
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "debootstrap", "--variant=minbase",
               f"--keyring={KEYRING}", "--force-check-gpg", f"--include={','.join(packages)}", suite, str(target)]
    for mirror in mirrors():
        with open(log, "wb") as output:
            done = subprocess.run([*command, mirror], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                  env=os.environ | proxy() | {"DEBIAN_FRONTEND": "noninteractive"}, check=False)
        if done.returncode == 0:
            return
        shutil.rmtree(target)
    last = log.read_text(errors="replace").splitlines()[-3:] if log.exists() else ["apt has no mirror of Debian"]
    raise RuntimeError(f"debootstrap of {suite} failed; last lines of {log}: " + "\n".join(last))


def debian_tree(suite, packages, prepare, version):
    """The folder of a tree of `suite` with `packages`, finished by prepare(folder), whose `version` says what that does."""
    key = hashlib.sha256(repr((suite, sorted(packages), version)).encode()).hexdigest()[:12]
    tree = TREES / f"{suite}-{key}"
    TREES.mkdir(parents=True, exist_ok=True)
    with open(TREES / f"{suite}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not tree.exists():
            for old in TREES.glob(f"{suite}-*/"):
                shutil.rmtree(old)  # of another key, or half done
            draft = TREES / f"{suite}-draft"
            debootstrap(suite, packages, draft, TREES / f"{suite}.log")
            prepare(draft)
            draft.rename(tree)
    return tree

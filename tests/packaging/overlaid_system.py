"""This machine's system as a tree of its own, to install packages in: whatever is written there is written to memory and
is gone with the test. Only commands that the test gives run in it, without a network and in a pid namespace each."""

import pathlib
import subprocess
import tempfile

# Stays in its namespaces until its standard input ends. The tree's /run is empty, so that systemd does not run there.
HOLD = """
set -euo pipefail
mount -t tmpfs none "$1"
mkdir "$1/upper" "$1/work" "$1/tree"
mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" none "$1/tree"
mount -t tmpfs none "$1/tree/run"
mount -t tmpfs none "$1/tree/tmp"
mount --rbind /dev "$1/tree/dev"
rm -f "$1/tree/usr/sbin/policy-rc.d"  # which lets nothing start, on machines that are containers
echo ready
read -r _ || true
"""


class OverlaidSystem:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.holder = subprocess.Popen(
            ["unshare", "--mount", "--net", "--ipc", "--uts", "bash", "-c", HOLD, "hold", self.folder.name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.holder.stdout.readline() == "ready\n", "an overlay can be mounted"
        self.tree = f"{self.folder.name}/tree"

    def close(self):
        self.holder.communicate()
        self.folder.cleanup()

    def run(self, *command, **environment):
        """The finished process, with its output as text. Its environment has no more than this."""
        variables = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                     "DEBIAN_FRONTEND": "noninteractive"} | environment
        return subprocess.run(
            ["nsenter", f"--target={self.holder.pid}", "--mount", "--net", "--ipc", "--uts",
             "unshare", "--pid", "--fork", "--kill-child", f"--mount-proc={self.tree}/proc",
             "chroot", self.tree, "/usr/bin/env", "--ignore-environment",
             *(f"{name}={value}" for name, value in variables.items()), *map(str, command)],
            capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL)

    def file(self, path):
        """`path` of the tree as this process reaches it."""
        return pathlib.Path(f"/proc/{self.holder.pid}/root{self.tree}{path}")

    def write(self, path, content, mode=0o644):
        target = self.file(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
        target.chmod(mode)

    def run_systemd(self, failing=""):
        """As if systemd ran: systemctl notes what it is told, and fails for commands that begin with `failing`. Units are
        active once they were started. What only makes links is left to the real one."""
        self.file("/run/systemd/system").mkdir(parents=True, exist_ok=True)
        if not self.file("/usr/bin/systemctl.real").exists():
            self.file("/usr/bin/systemctl").rename(self.file("/usr/bin/systemctl.real"))
        self.write("/usr/bin/systemctl", FAKE_SYSTEMCTL.replace("FAILING", failing or "nothing"), 0o755)

    def told_to_systemd(self):
        """What systemctl was told since the last time, questions left out."""
        notes = self.file("/run/told")
        lines = notes.read_text().splitlines() if notes.exists() else []
        notes.unlink(missing_ok=True)
        return lines


FAKE_SYSTEMCTL = """#!/bin/bash
export SYSTEMD_OFFLINE=1
words=()
for word; do [[ $word == --* ]] || words+=("$word"); done
active() { [[ -e /run/active/$1 ]]; }
case ${words[0]} in
  is-active) active "${words[1]}"; exit ;;
  is-enabled | preset) exec systemctl.real "$@" ;;
  enable | disable) systemctl.real "${@/--now/--quiet}" ;;
esac
echo "${words[*]}" >>/run/told
[[ "${words[0]}" != FAILING ]] || { echo "Job for ${words[1]} failed." >&2; exit 1; }
mkdir -p /run/active
for unit in "${words[@]:1}"; do
  case ${words[0]} in
    start | restart | enable) touch "/run/active/$unit" ;;
    stop | disable) rm -f "/run/active/$unit" ;;
  esac
done
"""

"""Completions as the shells themselves give them: what a TAB behind a line offers in bash, zsh and fish."""

import os
import pathlib
import pty
import select
import subprocess
import time

PATIENCE_SECONDS = 20
CLEAR_LINE = "\x15"

# Instead of adding matches, print them; a line with END follows when all are there.
ZSH_SETUP = r"""
unsetopt zle_bracketed_paste prompt_cr prompt_sp
PS1= PS2=
autoload -U compinit
compinit -u -D
source {completion}
compadd() {{
  if [[ ${{@[1,(i)(-|--)]}} == *-(O|A|D)\ * ]]; then
    builtin compadd "$@"
    return
  fi
  local -a hits
  builtin compadd -A hits "$@"
  (( $#hits )) && print -rl -- "" "HIT "${{^hits}}
}}
capture() {{ _main_complete; print; print END }}
zle -C capture list-choices capture
bindkey '^I' capture
print READY
"""


def bash(completion, lines):
    """{line: offered words}. The words of a line are broken at '=' too, as bash does."""
    script = [f"source {completion}"]
    for line in lines:
        words = line.replace("=", " = ").split(" ") if "=" in line else line.split(" ")
        quoted = " ".join(f"'{word}'" for word in words)
        script.append(f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _disposable_secrets; "
                      "printf '%s\\n' \"${COMPREPLY[@]}\"; echo END")
    done = subprocess.run(["bash", "--norc", "-uc", "\n".join(script)], capture_output=True, text=True, check=True,
                          timeout=PATIENCE_SECONDS)
    answers = done.stdout.split("END\n")
    return {line: set(answer.split()) for line, answer in zip(lines, answers, strict=False)}


def fish(completion, lines):
    script = [f"source {completion}"]
    script += [f"complete -C '{line}' | string replace -r '\\t.*' ''; echo END" for line in lines]
    done = subprocess.run(["fish", "--no-config", "-c", "\n".join(script)], capture_output=True, text=True, check=True,
                          timeout=PATIENCE_SECONDS)
    answers = done.stdout.split("END\n")
    return {line: set(answer.split()) for line, answer in zip(lines, answers, strict=False)}


def zsh(completion, lines):
    """In a terminal, since zsh completes nowhere else."""
    with Terminal(["zsh", "-f", "-i"]) as terminal:
        setup = pathlib.Path(f"{completion}.setup")
        setup.write_text(ZSH_SETUP.format(completion=completion))
        terminal.type(f"source {setup}\n")
        terminal.read_until("READY\n")
        answers = {}
        for line in lines:
            terminal.type(CLEAR_LINE + line + "\t")
            shown = terminal.read_until("END\n")
            answers[line] = {word[4:] for word in shown.splitlines() if word.startswith("HIT ")}
        return answers


class Terminal:
    def __init__(self, command):
        self.shown = ""
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], command, os.environ | {"TERM": "dumb"})

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        os.close(self.descriptor)  # hangs up
        os.waitpid(self.pid, 0)

    def type(self, text):
        os.write(self.descriptor, text.encode())

    def read_until(self, end):
        """What is shown up to `end`; what comes behind it is for the next time."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while end not in self.shown:
            readable, _, _ = select.select([self.descriptor], [], [], max(0, deadline - time.monotonic()))
            if not readable:
                raise AssertionError(f"no {end!r} within {PATIENCE_SECONDS} s, but {self.shown!r}")
            self.shown += os.read(self.descriptor, 65536).decode().replace("\r", "")
        found, self.shown = self.shown.split(end, 1)
        return found

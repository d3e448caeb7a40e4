"""How build/release was compiled and linked: the commands themselves, to be checked and to be used again."""

import json
import pathlib
import re
import shlex
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "release"

# What every C++ source is compiled with, and what the guide wants it for.
FLAGS = {
    "-fstack-protector-strong": "overflows of the stack",
    "-fstack-clash-protection": "a stack that runs into other memory",
    "-fcf-protection=full": "jumps and returns to where none belong",
    "-fno-delete-null-pointer-checks": "checks that the optimizer would remove",
    "-fno-strict-overflow": "checks that the optimizer would remove",
    "-fno-strict-aliasing": "checks that the optimizer would remove",
    "-ftrivial-auto-var-init=zero": "variables that hold what was on the stack before",
    "-fvisibility=hidden": "functions that others can replace",
    "-fPIE": "known addresses",
    "-U_FORTIFY_SOURCE": "a weaker level from the environment",
    "-D_FORTIFY_SOURCE=3": "calls of libc past the end of an object",
    "-D_GLIBCXX_ASSERTIONS": "containers used past their end",
    "-Wall": "", "-Wextra": "", "-Wformat=2": "", "-Wconversion": "", "-Wsign-conversion": "",
    "-Wimplicit-fallthrough": "", "-Wtrampolines": "", "-Wbidi-chars=any": "", "-Werror=format-security": "",
}
# An assembler source holds data only; but one object that says nothing takes the protection from the whole executable.
ASSEMBLER_FLAGS = {"-fcf-protection=full"}
LINK_FLAGS = ("-static-pie", "-Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code,-z,text", "-s")


def compiler_commands():
    """{source: arguments}, without the compiler cache in front; of all that is compiled for the executable."""
    commands = json.loads((BUILD / "compile_commands.json").read_text())
    return {entry["file"]: drop_cache(shlex.split(entry["command"])) for entry in commands}


def drop_cache(arguments):
    return arguments[1:] if pathlib.Path(arguments[0]).name == "ccache" else arguments


def lacking(source, arguments):
    """The flags that a source's command should have and does not."""
    wanted = ASSEMBLER_FLAGS if source.endswith(".S") else FLAGS
    optimized = [] if any(re.fullmatch("-O[23]", flag) for flag in arguments) else ["-O2"]
    return [flag for flag in wanted if flag not in arguments] + optimized


def objects():
    """{source: object}"""
    return {source: BUILD / arguments[arguments.index("-o") + 1] for source, arguments in compiler_commands().items()}


def link_arguments():
    """What linked the executable, to be run in BUILD."""
    lines = subprocess.run(["ninja", "-C", BUILD, "-t", "commands", "disposable-secrets"], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    line = next(line for line in reversed(lines) if "-o disposable-secrets " in line)
    return drop_cache(shlex.split(line.removeprefix(": && ").removesuffix(" && :")))


def link_again(target, added=(), removed=()):
    """Links the executable's objects into `target`; what the linker said."""
    arguments = [f"-Wl,-Map={target}.map" if argument.startswith("-Wl,-Map=") else argument
                 for argument in link_arguments() if argument not in removed]
    arguments[arguments.index("-o") + 1] = str(target)
    return subprocess.run([*arguments, *added], cwd=BUILD, capture_output=True, text=True, check=True,
                          env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}).stderr

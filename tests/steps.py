"""Runs the tests as named steps, one after the other, and leaves nothing behind: no process, mount or temporary file.

A step is one shell line, run from the top of the tree. It passes with exit code 0, is skipped with 77 (its last line
says why) and fails otherwise, also when it runs over its time, leaves something behind, or needs a step that failed. Its
output is in build/test-logs/<step>.log.
"""

import argparse
import collections
import ctypes
import dataclasses
import fcntl
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOGS = ROOT / "build" / "test-logs"
SKIPPED_EXIT_CODE = 77
TAIL_LINES = 60
PR_SET_CHILD_SUBREAPER = 36


@dataclasses.dataclass(frozen=True)
class Step:
    name: str
    line: str
    minutes: float
    needs: tuple[str, ...] = ()


SETUP = ("dependencies", "httplib", "swagger-ui", "page-tools")
SCALE_OUT_SETUP = (*SETUP, "hiredis")  # for every preset but `release`


def build(preset, targets):
    return f"cmake --preset {preset} && cmake --build --preset {preset} --target {targets}"


def doctest(preset, labels):
    return f"tests/sanitized ctest --test-dir build/{preset} -L '{labels}' --no-tests=error --output-on-failure -j 2"


# Cheap ones first. `needs` are the steps without which the step makes no sense; --only runs them too.
STEPS = (
    Step("dependencies", "packaging/install-dependencies build scale-out test", 15),
    Step("httplib", "packaging/fetch-httplib", 5, ("dependencies",)),
    Step("hiredis", "packaging/fetch-hiredis", 5, ("dependencies",)),
    Step("valkey", "packaging/fetch-valkey", 5, ("dependencies",)),
    Step("swagger-ui", "packaging/fetch-swagger-ui", 5, ("dependencies",)),
    Step("page-tools", "packaging/fetch-page-tools", 5, ("dependencies",)),
    Step("web-tools", "tests/web/fetch", 5, ("dependencies",)),
    Step("api-tools", "tests/api/fetch", 5, ("dependencies",)),
    Step("format", "tests/tidy/tree.py .cc .h | xargs -0 clang-format-14 --dry-run --Werror", 1, ("dependencies",)),
    Step("shell", "tests/tidy/tree.py '#!bash' | xargs -0 shellcheck --severity=warning", 1, ("dependencies",)),
    Step("tidy", "python3 tests/tidy/tidy_test.py", 1, ("dependencies",)),
    Step("units", "python3 tests/units/units_test.py", 1, ("dependencies",)),
    Step("packaging", "python3 tests/packaging/packaging_test.py", 1, ("dependencies",)),
    Step("release", "packaging/quickstart --build-only", 15, SETUP),
    Step("hardening", "tests/hardening/run", 2, ("release",)),
    Step("release-artifacts", "tests/release/run", 5, ("release",)),
    Step("container", "tests/container/run", 5, ("release",)),
    Step("userland", "tests/userland/run", 10, ("release",)),
    Step("reproducible", "tests/reproducible/run", 10, ("release",)),
    Step("quickstart", "python3 tests/packaging/quickstart_test.py", 2, ("release",)),
    Step("document", "python3 tests/packaging/document_test.py", 1, ("release",)),
    Step("deb", "python3 tests/packaging/deb_test.py", 2, ("release",)),
    Step("install", "python3 tests/packaging/install_test.py", 1, ("release",)),
    Step("e2e", "tests/e2e/run", 5, ("release",)),
    Step("web", "tests/web/run", 6, ("release", "web-tools")),
    Step("api", "tests/api/run", 3, ("release", "api-tools")),
    Step("client", "tests/client/run", 2, ("release",)),
    Step("leaks", "tests/leaks/run", 5, ("release",)),
    Step("faults", "tests/faults/run", 5, ("release",)),
    Step("front", "tests/front/run", 8, ("release",)),
    Step("systemd", "tests/systemd/run", 10, ("release",)),
    Step("systemd-e2e", "tests/systemd/e2e", 8, ("release",)),
    Step("scale-out", "packaging/quickstart --scale-out --build-only", 15, SCALE_OUT_SETUP),
    Step("scale-e2e", "tests/scale/e2e", 5, ("scale-out",)),
    Step("scale", "tests/scale/run", 8, ("scale-out", "release", "valkey")),
    Step("asan-build", build("asan", "unit_tests contract_tests race_tests"), 15, SCALE_OUT_SETUP),
    Step("asan", doctest("asan", "unit|contract"), 5, ("asan-build",)),
    Step("contract-valkey", "tests/contract/on_valkey", 5, ("asan-build", "valkey")),
    Step("race", doctest("asan", "race"), 5, ("asan-build",)),
    Step("tsan-build", build("tsan", "race_tests"), 15, SCALE_OUT_SETUP),
    Step("tsan", "DISPOSABLE_RACE_SECRETS=200 " + doctest("tsan", "race"), 5, ("tsan-build",)),
    Step("crash", "tests/crash/run", 10, ("release",)),
    Step("clang", build("analysis", "disposable-secrets sandbox_tests connection_fuzz json_body_fuzz path_key_fuzz record_fuzz"), 15,
         SCALE_OUT_SETUP),
    Step("sandbox", "ctest --test-dir build/analysis -L sandbox --no-tests=error --output-on-failure", 2, ("clang",)),
    Step("clang-tidy", "tests/tidy/clang_tidy", 15, ("clang",)),
    Step("fuzz", "tests/fuzz/run", 10, ("clang",)),
)


@dataclasses.dataclass
class Outcome:
    step: Step
    status: str  # passed, failed or skipped
    seconds: float = 0.0
    note: str = ""

    def row(self, width):
        return f"{self.status:<7}  {self.step.name:<{width}}  {self.seconds:7.1f} s  {self.note}".rstrip()


def children():
    """Pids of our own children: (pid, name, is it a zombie)."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                name, fields = (entry / "stat").read_text().split("(", 1)[1].rsplit(") ", 1)
            except OSError:
                continue
            state, parent = fields.split()[:2]
            if int(parent) == os.getpid():
                found.append((int(entry.name), name, state == "Z"))
    return found


def end_orphans(patience):
    """Ends what a step left running, after `patience` seconds, and returns the names. Orphans become our children."""
    deadline = time.monotonic() + patience
    ended = []
    while found := children():
        for pid, name, zombie in found:
            if zombie:
                os.waitpid(pid, 0)
            elif time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                ended.append(name)
        time.sleep(0.02)
    return ended


def unmount_below(folder):
    """Unmounts what a step left mounted below `folder`, innermost first, and returns the mount points."""
    points = [line.split()[4] for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()]
    below = sorted((point for point in points if point.startswith(f"{folder}/")), reverse=True)
    for point in below:
        subprocess.run(["umount", "--lazy", point], check=False)
    return below


def environment(temporary, long):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DISPOSABLE_")}
    return kept | {
        "TMPDIR": str(temporary),
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "NODE_DISABLE_COMPILE_CACHE": "1",  # Node.js would keep one in TMPDIR
        "CCACHE_BASEDIR": str(ROOT),  # so that clones in other folders share the cache
    } | ({"DISPOSABLE_LONG": "1"} if long else {})


def execute(step, log, temporary, long):
    """Runs the step's line; returns (status, note)."""
    process = subprocess.Popen(["bash", "-euo", "pipefail", "-c", step.line], cwd=ROOT, stdin=subprocess.DEVNULL,
                               stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
                               env=environment(temporary, long))
    limit = step.minutes * 60 * (20 if long else 1)
    try:
        code = process.wait(limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGTERM)
        time.sleep(1)
        return "failed", f"not done after {limit:.0f} s"
    if code == SKIPPED_EXIT_CODE:
        return "skipped", ""
    return ("passed", "") if code == 0 else ("failed", f"exit code {code}")


def run_step(step, temporary, long):
    began = time.monotonic()
    log_path = LOGS / f"{step.name}.log"
    folder = temporary / step.name
    folder.mkdir()
    with log_path.open("wb") as log:
        status, note = execute(step, log, folder, long)
    left = [f"process {name}" for name in end_orphans(patience=2 if status != "failed" else 0)]
    left += [f"mount {point}" for point in unmount_below(folder)]
    left += [f"file {path.name}" for path in folder.iterdir()]
    shutil.rmtree(folder, ignore_errors=True)
    if left and status != "failed":
        status, note = "failed", "left behind: " + ", ".join(left[:5])
    if status == "skipped":
        note = (log_path.read_text(errors="replace").splitlines() or ["no reason given"])[-1]
    return Outcome(step, status, time.monotonic() - began, note)


def show_failure(outcome, say):
    log_path = LOGS / f"{outcome.step.name}.log"
    lines = log_path.read_text(errors="replace").splitlines()
    say(f"--- the last lines of {log_path.relative_to(ROOT)}:")
    for line in lines[-TAIL_LINES:]:
        say(f"    {line}")
    say("---")


def run_steps(steps, options, say):
    width = max(len(step.name) for step in steps)
    outcomes = {}
    temporary = pathlib.Path(tempfile.mkdtemp(prefix="disposable-tests-"))
    temporary.chmod(0o711)  # for tests that start the service as another user
    try:
        for step in steps:
            failed_needs = [need for need in step.needs if need in outcomes and outcomes[need].status == "failed"]
            if failed_needs:
                outcome = Outcome(step, "failed", note=f"not run: needs {', '.join(failed_needs)}")
            else:
                if sys.stderr.isatty():
                    print(f"running  {step.name}", end="\r", file=sys.stderr, flush=True)
                outcome = run_step(step, temporary, options.long)
            outcomes[step.name] = outcome
            say(outcome.row(width))
            if outcome.status == "failed" and not failed_needs:
                show_failure(outcome, say)
            if outcome.status == "failed" and options.fail_fast:
                break
    finally:
        end_orphans(patience=0)
        unmount_below(temporary)
        shutil.rmtree(temporary, ignore_errors=True)
    return list(outcomes.values())


def select(options, parser):
    by_name = {step.name: step for step in STEPS}
    for name in options.only + options.skip:
        if name not in by_name:
            parser.error(f"no step '{name}'; --list names them")
    wanted = set(options.only) or set(by_name)
    while more := {need for name in wanted for need in by_name[name].needs} - wanted:
        wanted |= more
    return [step for step in STEPS if step.name in wanted and step.name not in options.skip]


def parse_options():
    parser = argparse.ArgumentParser(prog="tests/run", description="Sets up what the tests need and runs them.")
    parser.add_argument("--only", metavar="STEP", action="append", default=[], help="this step and what it needs")
    parser.add_argument("--skip", metavar="STEP", action="append", default=[], help="not this step")
    parser.add_argument("--list", action="store_true", help="print the steps and stop")
    parser.add_argument("--fail-fast", action="store_true", help="stop at the first failure")
    parser.add_argument("--long", action="store_true", help="longer crash, race and fuzz runs (DISPOSABLE_LONG=1)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON, progress on standard error")
    options = parser.parse_args()
    steps = select(options, parser)
    if not steps:
        parser.error("no step is left to run")
    return options, steps


def report(outcomes, width, seconds, say):
    say("")
    for outcome in outcomes:
        say(outcome.row(width))
    say(f"{'':7}  {'in all':<{width}}  {seconds:7.1f} s")
    count = collections.Counter(outcome.status for outcome in outcomes)
    skipped = f", {count['skipped']} skipped" if count["skipped"] else ""
    say(f"{count['passed']} passed, {count['failed']} failed{skipped}")


def stop(number, _frame):
    signal.signal(number, signal.SIG_IGN)  # a second one must not cut the cleaning short
    raise SystemExit(128 + number)


def main():
    options, steps = parse_options()
    if options.list:
        for step in steps:
            print(f"{step.name:<14}{step.line}")
        return 0
    LOGS.mkdir(parents=True, exist_ok=True)
    lock = (ROOT / "build" / "test-logs" / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit("tests/run: another run is going on in this folder")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    # Orphans of our steps come to us, not to init, so that none escapes.
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    out = sys.stderr if options.json else sys.stdout
    say = lambda text: print(text, file=out, flush=True)
    began = time.monotonic()
    outcomes = run_steps(steps, options, say)
    report(outcomes, max(len(step.name) for step in steps), time.monotonic() - began, say)
    if options.json:
        rows = [{"step": outcome.step.name, "status": outcome.status, "seconds": round(outcome.seconds, 1),
                 "note": outcome.note} for outcome in outcomes]
        print(json.dumps({"steps": rows, "seconds": round(time.monotonic() - began, 1)}, indent=1))
    return 1 if any(outcome.status == "failed" for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())

"""What the Python runners tests/*/run share: finds the folder's *_test.py, runs them with unittest, prints one summary.

A test's name is a sentence: `test_a_port_in_use_is_one_clear_line`. On a terminal every test is a line; in a pipe only
failures and the summary are. figure() adds a line of measured facts to the summary.
"""

import argparse
import os
import pathlib
import sys
import time
import unittest

SKIPPED_EXIT_CODE = 77
LONG = bool(os.environ.get("DISPOSABLE_LONG"))
_figures = []


def figure(text):
    """Something measured that is worth a line in the summary."""
    _figures.append(text)


def sentence(test):
    """The name of a test as it is meant to be read."""
    return getattr(test, "_testMethodName", str(test)).removeprefix("test_").replace("_", " ")


class _Result(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.began = 0.0
        self.seconds = []
        self.bad = set()

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def stopTest(self, test):
        super().stopTest(test)
        taken = time.monotonic() - self.began
        self.seconds.append((taken, sentence(test)))
        if sys.stdout.isatty():
            print(f"{'FAILED' if test in self.bad else 'ok':<7}{taken:6.1f} s  {sentence(test)}", flush=True)

    def _show(self, test, error, sub=""):
        self.bad.add(test)
        print(f"FAILED: {sentence(test)}{sub}\n{self._exc_info_to_string(error, test)}", flush=True)

    def addError(self, test, error):
        super().addError(test, error)
        self._show(test, error)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._show(test, error)

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self._show(test, error, f" {subtest._subDescription()}")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        print(f"NOT RUN: {sentence(test)}: {reason}", flush=True)


def _all_tests(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from _all_tests(test)
        else:
            yield test


def wait_until(condition, seconds, what):
    """The first true value of condition(); an AssertionError when there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def needs_root(why):
    """Ends the runner as skipped when this is not root."""
    if os.geteuid() != 0:
        print(f"not run: {why} needs root")
        sys.exit(SKIPPED_EXIT_CODE)


def _without(left_out, tests):
    """The others of `tests`; says what is left out. A name that no test, class or file has is a mistake."""
    names = lambda test: {test._testMethodName, type(test).__name__, type(test).__module__}
    for name, reason in left_out.items():
        count = sum(name in names(test) for test in tests)
        if count == 0:
            raise SystemExit(f"no test is called {name}")
        figure(f"left out ({count}): {name.removeprefix('test_').replace('_', ' ')}: {reason}")
    return [test for test in tests if not names(test) & set(left_out)]


def main(runner, folder=None, left_out=None):
    """Runs the tests beside `runner` (its __file__), or in `folder`, but for those whose name, class or file is in `left_out`,
    with its reason; the exit code."""
    runner = pathlib.Path(runner).resolve()
    folder = folder or runner.parent
    parser = argparse.ArgumentParser(prog=f"tests/{runner.parent.name}/{runner.name}")
    parser.add_argument("--only", default="", metavar="TEXT", help="only the tests with TEXT in their name")
    parser.add_argument("--list", action="store_true", help="print the tests and stop")
    parser.add_argument("--slowest", type=int, default=0, metavar="N", help="print the N slowest tests")
    options = parser.parse_args()
    sys.path.insert(0, str(folder))
    found = unittest.defaultTestLoader.discover(str(folder), "*_test.py", str(folder))
    chosen = [test for test in _without(left_out or {}, list(_all_tests(found))) if options.only.replace(" ", "_") in test.id() or options.only in sentence(test)]
    if options.list:
        print("\n".join(sentence(test) for test in chosen))
        return 0
    if not chosen:
        print("no test has that in its name")
        return 1
    result = _Result()
    began = time.monotonic()
    unittest.TestSuite(chosen).run(result)
    for line in _figures:
        print(line)
    for taken, name in sorted(result.seconds, reverse=True)[:options.slowest]:
        print(f"{taken:6.1f} s  {name}")
    bad = len({getattr(test, "test_case", test) for test, _ in result.failures + result.errors})
    skipped = f", {len(result.skipped)} not run" if result.skipped else ""
    print(f"{folder.name}: {len(chosen)} tests, {bad} failed{skipped}, {time.monotonic() - began:.1f} s")
    return 0 if result.wasSuccessful() else 1

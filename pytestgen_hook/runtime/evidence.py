"""Runs test files with pytest and writes down which functions and lines each passing test ran.

usage: start.py evidence --request FILE --report FILE

The request is one JSON object: ``tests`` (paths), ``root`` (the tree), ``paths`` (folders for ``sys.path``),
``modules`` ({module name: path} of what should come from the tree), ``place`` (a temporary folder), ``confined`` (whether
the tests get no network and no programs, and may write only there and into the tree). The report has one JSON object a
line, each written as soon as it is known, so that a crash costs only the file that was running: ``{"at": path, "test":
id}`` before a test, ``{"file": path, …}`` when all tests of a file have run, ``{"end": status, …}`` at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

import hidden
import needless
import reads
import testrun
import tracers

_MOST_TESTS = 50  # of a function; more names help nobody


class Report:
    """The file that the results go to, line by line."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._owner = os.getpid()

    def write(self, **record: Any) -> None:
        if os.getpid() == self._owner:  # a forked child that runs on after its test must not speak for the parent
            data = json.dumps(record).encode() + b"\n"
            while data:
                data = data[os.write(self._descriptor, data) :]


class FileResult:
    """What is known of one test file while it runs."""

    def __init__(self, expected: int) -> None:
        self.left = expected
        self.tests: list[str] = []
        self.failures: dict[str, str] = {}
        self.passed: set[int] = set()
        self.seconds = 0.0
        self.problem: str | None = None


class Plugin:
    """The pytest plugin: tells the tracer which test runs, and reports on each file when its last test has run."""

    def __init__(self, root: str, tests: list[str], place: str, tracer: Any, report: Report) -> None:
        self._root = root
        self.place = place
        self._wanted = tests
        self._tracer = tracer
        self._report = report
        self._files: dict[str, FileResult] = {}
        self._numbers: dict[str, int] = {}
        self._owners: list[str] = []
        self._records: dict[str, list[Any]] = {}
        self._done: set[str] = set()

    # -- collection ------------------------------------------------------------------------------------------------

    def pytest_collectstart(self, collector: Any) -> None:
        path = self._path(collector)
        if path in self._wanted:
            self._report.write(at=path, test=None)

    def collected(self, collector: Any, report: Any) -> None:
        """Note what could not be collected: a file, or a folder (its ``conftest.py``) and with it all files below."""
        if report.failed:
            path = self._path(collector) or ""
            folder = path if path in ("", ".") or not path.endswith(".py") else path.rpartition("/")[0]
            below = [wanted for wanted in self._wanted if not folder or wanted.startswith(folder + "/")]
            for wanted in [path] if path in self._wanted else below:
                self._file(wanted).problem = testrun.summary(report)

    def pytest_collection_finish(self, session: Any) -> None:
        for item in session.items:
            path = self._path(item) or ""
            self._file(path).left += 1
            self._numbers[item.nodeid] = len(self._owners)
            self._owners.append(path)
            result = self._files[path]
            result.tests.append(f"{path}::{item.nodeid.partition('::')[2]}")
        for path in self._wanted:
            if self._file(path).left == 0:
                self._finish(path)

    def _path(self, node: Any) -> str | None:
        return testrun.path_of(node, self._root)

    def _file(self, path: str) -> FileResult:
        return self._files.setdefault(path, FileResult(0))

    # -- running ---------------------------------------------------------------------------------------------------

    def pytest_runtest_protocol(self, item: Any) -> None:
        path = self._path(item)
        self._report.write(at=path, test=item.nodeid.partition("::")[2])
        self._tracer.switch(self._numbers.get(item.nodeid))

    def pytest_runtest_logreport(self, report: Any) -> None:
        number = self._numbers.get(report.nodeid)
        if number is None:
            return
        result = self._files[self._owners[number]]
        result.seconds += getattr(report, "duration", 0.0)
        if report.failed:
            result.failures.setdefault(report.nodeid, testrun.summary(report))
            result.passed.discard(number)
        elif report.when == "call" and report.passed and report.nodeid not in result.failures:
            result.passed.add(number)
            # A test that is expected to fail shows, also if it passes, that nobody relies on what the code does.
            if hasattr(report, "wasxfail"):
                result.passed.discard(number)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._tracer.switch(None)
        number = self._numbers.get(nodeid)
        if number is not None:
            path = self._owners[number]
            self._files[path].left -= 1
            if self._files[path].left == 0:
                self._finish(path)

    def pytest_sessionfinish(self, session: Any) -> None:
        needless.leave_out_summaries(session.config)

    # -- results ---------------------------------------------------------------------------------------------------

    def _finish(self, path: str) -> None:
        if path in self._done:
            return
        self._done.add(path)
        result = self._files[path]
        for test, source, lines, entered in self._tracer.take():
            self._records.setdefault(self._owners[test], []).append((test, source, lines, entered))
        numbers = [number for number, owner in enumerate(self._owners) if owner == path]
        names = dict(zip(numbers, result.tests))
        passed = [number for number in numbers if number in result.passed]
        places = {number: place for place, number in enumerate(passed)}
        ran: dict[str, dict[int, list[int]]] = {}
        run_lines: dict[str, set[int]] = {}
        for test, source, lines, entered in sorted(self._records.pop(path, []), key=lambda record: record[:2]):
            if test in places:
                run_lines.setdefault(source, set()).update(lines)
                for line in entered:
                    tests = ran.setdefault(source, {}).setdefault(line, [])
                    if len(tests) < _MOST_TESTS and places[test] not in tests:
                        tests.append(places[test])
        failed = {f"{path}::{nodeid.partition('::')[2]}": text for nodeid, text in result.failures.items()}
        self._report.write(
            file=path,
            problem=result.problem,
            passed=[names[number] for number in passed],
            failed=failed,
            ran={source: {str(line): tests for line, tests in sorted(found.items())} for source, found in ran.items()},
            lines={source: sorted(lines) for source, lines in run_lines.items()},
            seconds=round(result.seconds, 3),
        )


def make_plugin(pytest: Any, *arguments: Any) -> Any:
    """Return the plugin with the hooks that have to come before or around those of all other plugins."""

    class First(Plugin):
        @pytest.hookimpl(hookwrapper=True)  # type: ignore[untyped-decorator,unused-ignore]
        def pytest_load_initial_conftests(self, early_config: Any) -> Any:
            testrun.neutralise(early_config.known_args_namespace, self.place)
            yield

        @pytest.hookimpl(hookwrapper=True)  # type: ignore[untyped-decorator,unused-ignore]
        def pytest_cmdline_main(self, config: Any) -> Any:
            testrun.neutralise(config.option, self.place)
            yield

        @pytest.hookimpl(hookwrapper=True)  # type: ignore[untyped-decorator,unused-ignore]
        def pytest_make_collect_report(self, collector: Any) -> Any:
            outcome = yield
            self.collected(collector, outcome.get_result())

    return First(*arguments)


# -- the process ----------------------------------------------------------------------------------------------------


def confined(writable: list[str]) -> None:
    """Take rights from this process and all it starts; end it where the system cannot enforce that."""
    import confine

    enforced = confine.restrict_process(writable)
    if not {"landlock", "seccomp"} <= set(enforced):
        sys.exit("error: confine-tests: this system cannot confine the tests, so none was run")


def run(request: dict[str, Any], report: Report) -> None:
    """Run the tests of a request and report; the report's last line is written only if pytest came to its end."""
    root = os.path.realpath(request["root"])
    tests = request["tests"]
    testrun.use_paths(request["paths"])
    noted = reads.Reads(root)
    tracer = tracers.make_tracer(tracers.Files(root, set(tests)), root, request["place"])
    tracer = tracers.FollowingTracer(tracer, root, request["place"])
    import pytest

    plugin = make_plugin(pytest, root, tests, request["place"], tracer, report)
    arguments = ["-q", "--tb=short", "-o", f"cache_dir={os.path.join(request['place'], 'cache')}"]
    arguments += [os.path.join(root, *path.split("/")) for path in tests]
    tracer.start()
    try:
        status = int(pytest.main(arguments, plugins=[plugin]))
    finally:
        noted.stop()
    foreign = testrun.foreign_modules(root, request["modules"])
    report.write(end=status, tracer=tracer.name, pytest=pytest.__version__, foreign=foreign, reads=sorted(noted.paths))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--request", required=True)
    parser.add_argument("--report", required=True)
    options = parser.parse_args()
    with open(options.request, encoding="utf-8") as stream:
        request = json.load(stream)
    if request["confined"]:
        confined([request["place"], os.path.realpath(request["root"])])
    hidden.hide_runtime()
    run(request, Report(options.report))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # threads and exit handlers of the code under test have no say any more

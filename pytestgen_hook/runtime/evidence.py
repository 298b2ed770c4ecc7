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
import functools
import json
import os
import sys
from typing import Any

import hidden
import needless
import reads
import tracers

_MOST_TESTS = 50  # of a function; more names help nobody
# What a project's own options may ask for that would lose the measurement or leave the machine: plugins' options that
# start processes, measure by themselves or pick tests, and pytest's own that end early or publish.
_NEUTRAL = {
    "numprocesses": 0, "maxprocesses": None, "dist": "no", "distload": False, "tx": [], "looponfail": False, "forked":
    False, "testmon": False, "no_cov": True, "cov_source": [], "maxfail": 0, "lf": False, "failedfirst": False,
    "newfirst": False, "stepwise": False, "stepwise_skip": False, "collectonly": False, "usepdb": False, "trace":
    False, "pastebin": None, "randomly_seed": 0, "randomly_reorganize": False, "setuponly": False, "setupplan": False,
    "version": 0, "continue_on_collection_errors": True, "cacheshow": None, "markers": False, "showfixtures": False,
}  # fmt: skip


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


_real = functools.lru_cache(maxsize=None)(os.path.realpath)  # many items have the same place


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
        self._prefix = root + os.sep
        self._wanted = tests
        self._place = place
        self._tracer = tracer
        self._report = report
        self._files: dict[str, FileResult] = {}
        self._numbers: dict[str, int] = {}
        self._owners: list[str] = []
        self._records: dict[str, list[Any]] = {}
        self._done: set[str] = set()

    # -- options ---------------------------------------------------------------------------------------------------

    def neutralise(self, options: Any) -> None:
        for name, value in _NEUTRAL.items():
            if hasattr(options, name):
                setattr(options, name, value)
        if hasattr(options, "basetemp"):
            options.basetemp = os.path.join(self._place, "basetemp")

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
                self._file(wanted).problem = summary(report)

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
        place = getattr(node, "path", None) or getattr(node, "fspath", None)
        if place is None:
            return None
        real = _real(str(place))
        return real[len(self._prefix) :].replace(os.sep, "/") if real.startswith(self._prefix) else None

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
            result.failures.setdefault(report.nodeid, summary(report))
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


def summary(report: Any) -> str:
    """Return the one line of a failure that says most."""
    crash = getattr(getattr(report, "longrepr", None), "reprcrash", None)
    text = str(crash.message) if crash is not None else str(getattr(report, "longrepr", "") or "")
    told = [line[1:].strip() for line in text.splitlines() if line.startswith("E ")]
    lines = told or [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return "no message"
    return (lines[0] if crash is not None else lines[-1])[:300]


def make_plugin(pytest: Any, *arguments: Any) -> Any:
    """Return the plugin with the hooks that have to come before or around those of all other plugins."""

    class First(Plugin):
        @pytest.hookimpl(hookwrapper=True)  # type: ignore[untyped-decorator,unused-ignore]
        def pytest_load_initial_conftests(self, early_config: Any) -> Any:
            self.neutralise(early_config.known_args_namespace)
            yield

        @pytest.hookimpl(hookwrapper=True)  # type: ignore[untyped-decorator,unused-ignore]
        def pytest_cmdline_main(self, config: Any) -> Any:
            self.neutralise(config.option)
            yield

        @pytest.hookimpl(hookwrapper=True)  # type: ignore[untyped-decorator,unused-ignore]
        def pytest_make_collect_report(self, collector: Any) -> Any:
            outcome = yield
            self.collected(collector, outcome.get_result())

    return First(*arguments)


# -- the process ----------------------------------------------------------------------------------------------------


def shadows_stdlib(folders: list[str]) -> bool:
    """Whether a module at one of the folders has the name of one that pytest itself needs from the standard library."""
    names: Any = getattr(sys, "stdlib_module_names", frozenset())
    for folder in folders:
        try:
            found = os.listdir(folder)
        except OSError:
            continue
        for name in found:
            stem = name[:-3] if name.endswith(".py") else name
            is_module = name.endswith(".py") or os.path.exists(os.path.join(folder, name, "__init__.py"))
            if is_module and stem in names and stem != "test":
                return True
    return False


def foreign_modules(root: str, modules: dict[str, str]) -> dict[str, str]:
    """Return {path: file} for modules that should have come from the tree and came from elsewhere.

    An editable install that puts itself first does that. The standard library's modules keep their names by right.
    """
    found = {}
    library = os.path.realpath(os.path.dirname(os.__file__)) + os.sep
    for name, path in modules.items():
        module = sys.modules.get(name)
        place = getattr(module, "__file__", None)
        if not place or name == "__main__":
            continue
        real = os.path.realpath(place)
        is_library = real.startswith(library) and "-packages" + os.sep not in real
        if not is_library and not real.startswith(root + os.sep):
            found[path] = place
    return found


def use_paths(paths: list[str]) -> None:
    """Put the import roots of the tree first, for this process and for Python processes that tests start."""
    if shadows_stdlib(paths):
        import pytest  # noqa: F401  with all it needs of the standard library, before other modules take those names
    else:
        os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    sys.path[:0] = paths


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
    use_paths(request["paths"])
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
    foreign = foreign_modules(root, request["modules"])
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

"""Record by test which lines of which files run, and which functions are entered: three tracers with one interface.

Each yields, for a batch of tests, ``(test number, path, lines, first lines of the functions whose body ran)``.
Test numbers are small integers that the caller chooses; what runs outside of a test is not recorded as evidence.
"""

from __future__ import annotations

import ast
import os
import sqlite3
import sys
import threading
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any

Record = tuple[int, str, set[int], set[int]]
_QUIET = [
    "no-data-collected",
    "module-not-imported",
    "module-not-measured",
    "already-imported",
    "no-ctracer",
    "trace-changed",
]


class Files:
    """Which files count: Python sources below the tree, by their path relative to it."""

    def __init__(self, root: str, left_out: set[str]) -> None:
        self._prefix = root + os.sep
        self._left_out = left_out
        self._known: dict[str, str | None] = {}

    def path(self, filename: str) -> str | None:
        """Return the path in the repository of a code object's file, or None if it does not count."""
        try:
            return self._known[filename]
        except KeyError:
            return self._known.setdefault(filename, self._look(filename))

    def _look(self, filename: str) -> str | None:
        real = os.path.realpath(filename)
        if not real.startswith(self._prefix) or not real.endswith(".py"):
            return None
        path = real[len(self._prefix) :].replace(os.sep, "/")
        return None if path in self._left_out else path


def make_tracer(files: Files, root: str, place: str) -> Any:
    """Return coverage.py's tracer if the interpreter has a usable one, else our own for this version of Python."""
    try:
        return CoverageTracer(files, root, place)
    except Exception:  # absent, too old, or broken in this environment: none of it is the user's problem
        return MonitoringTracer(files) if sys.version_info >= (3, 12) else FrameTracer(files)


# -- coverage.py ----------------------------------------------------------------------------------------------------


class CoverageTracer:
    """Through coverage.py, with a context for each test and its C tracer, read from its own documented data file.

    Branches are measured because an arc from ``-first_line`` says that the code object starting there was entered: that
    tells a call of a function from the running of its ``def`` statement, also where both stand on one line.
    """

    name = "coverage"

    def __init__(self, files: Files, root: str, place: str) -> None:
        # The core that newer versions of Python use by default keeps only the first test of each line.
        os.environ["COVERAGE_CORE"] = "ctrace"
        import coverage

        if coverage.version_info < (5, 0):
            raise ImportError("coverage.py before 5.0 has no contexts")
        self._files = files
        self._data_file = os.path.join(place, "coverage.sqlite")
        self._coverage = coverage.Coverage(
            data_file=self._data_file, config_file=False, branch=True, source=[root], concurrency=_concurrency()
        )
        self._coverage.set_option("run:disable_warnings", _QUIET)
        self._last_context = 0
        self._bodies: dict[str, _Bodies] = {}
        self._imported: set[str] = set()

    def start(self) -> None:
        self._coverage.start()

    def stop(self) -> None:
        self._coverage.stop()

    def switch(self, test: int | None) -> None:
        """Attribute what runs from now on to this test, or to none."""
        self._coverage.switch_context("" if test is None else str(test))

    def take(self) -> Iterator[Record]:
        """Yield what has been recorded since the last time; only to be called between tests."""
        if not os.path.exists(self._data_file):
            return
        connection = sqlite3.connect(self._data_file)
        try:
            self._imported |= set(_query(connection, "context.context = ''", "DISTINCT file.path"))
            rows = _query(
                connection,
                f"context.id > {self._last_context} AND context.context != ''",
                "context.id, context.context, file.path, arc.fromno, arc.tono",
                many=True,
            )
        finally:
            connection.close()
        arcs: dict[tuple[int, str], list[tuple[int, int]]] = {}
        for context, test, filename, start, end in rows:
            self._last_context = max(self._last_context, context)
            arcs.setdefault((int(test), filename), []).append((start, end))
        for (test, filename), pairs in arcs.items():
            path = self._files.path(filename)
            if path is not None:
                lines = {line for pair in pairs for line in pair if line > 0}
                yield test, path, lines, self._entered(filename, pairs, lines)

    def _entered(self, filename: str, arcs: list[tuple[int, int]], lines: set[int]) -> set[int]:
        if filename not in self._bodies:
            self._bodies[filename] = _Bodies(filename)
        bodies = self._bodies[filename]
        outside = filename in self._imported
        return {-start for start, end in arcs if start < 0 and bodies.is_entry(-start, end, outside)}


def _query(connection: sqlite3.Connection, condition: str, columns: str, many: bool = False) -> list[Any]:
    statement = (
        f"SELECT {columns} FROM arc JOIN file ON file.id = arc.file_id JOIN context ON context.id = arc.context_id "
        f"WHERE {condition}"
    )
    try:
        rows = connection.execute(statement).fetchall()
    except sqlite3.OperationalError:  # nothing has been written yet
        return []
    return rows if many else [row[0] for row in rows]


def _concurrency() -> list[str]:
    """Greenlets (SQLAlchemy's asyncio uses them) lose their lines unless coverage.py is told of them."""
    from importlib.util import find_spec

    return ["thread", "greenlet"] if find_spec("greenlet") is not None else ["thread"]


class _Bodies:
    """Where the functions of a file have their bodies, to tell their start from other code that starts on the same
    line.

    Code in decorators and defaults (a generator, a lambda) starts on the line of its function too; it never reaches the
    body. Where the body itself stands on that line, only code that ran before any test can tell the two apart.
    """

    def __init__(self, filename: str) -> None:
        self._bodies: dict[int, tuple[int, int]] = {}
        try:
            with open(filename, "rb") as stream:
                tree = ast.parse(stream.read())
        except (OSError, SyntaxError, ValueError):
            return
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                first = min([node.lineno] + [decorator.lineno for decorator in node.decorator_list])
                self._bodies[first] = (node.body[0].lineno, node.end_lineno or node.body[-1].lineno)

    def is_entry(self, first_line: int, line: int, imported_before: bool) -> bool:
        """Whether an arc into the code that starts at ``first_line`` is the start of a function's body."""
        if first_line not in self._bodies:
            return False
        start, end = self._bodies[first_line]
        if start == first_line and not imported_before:
            return False
        return start <= abs(line) <= end


# -- our own ---------------------------------------------------------------------------------------------------------


class _OwnTracer:
    """What our own tracers share: a table of the current test, handed out and begun anew between tests."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._test: int | None = None
        self._seen: dict[int, dict[str, tuple[set[int], set[int]]]] = {}
        self._now: dict[str, tuple[set[int], set[int]]] | None = None

    def switch(self, test: int | None) -> None:
        self._now = None if test is None else self._seen.setdefault(test, {})

    def take(self) -> Iterator[Record]:
        seen, self._seen = self._seen, {}
        for test, files in seen.items():
            for path, (lines, entered) in files.items():
                yield test, path, lines, entered


def _is_function(code: CodeType) -> bool:
    """Whether code is the body of a ``def``: not that of a module, class, lambda or comprehension."""
    return bool(code.co_flags & 1) and not code.co_name.startswith("<")


class FrameTracer(_OwnTracer):
    """Through ``sys.settrace``; slow, and there in every Python."""

    name = "settrace"

    def start(self) -> None:
        threading.settrace(self._called)
        sys.settrace(self._called)

    def stop(self) -> None:
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]

    def switch(self, test: int | None) -> None:
        super().switch(test)
        if sys.gettrace() is None:  # a test has taken it, as debuggers do
            sys.settrace(self._called)

    def _called(self, frame: FrameType, event: str, argument: object) -> Any:
        path = self._files.path(frame.f_code.co_filename)
        if path is None:
            return None
        now = self._now
        if now is None:
            return None
        lines, entered = now.setdefault(path, (set(), set()))
        first = frame.f_code.co_firstlineno if _is_function(frame.f_code) else 0

        def step(frame: FrameType, event: str, argument: object) -> Any:
            # Only a line tells that a body runs: a generator that is thrown away unstarted is "called" as well.
            if event == "line":
                lines.add(frame.f_lineno)
                if first:
                    entered.add(first)
            return step

        return step


class MonitoringTracer(_OwnTracer):
    """Through ``sys.monitoring`` (3.12 and later): each place reports once a test, and is silent until the next."""

    name = "monitoring"

    def __init__(self, files: Files) -> None:
        super().__init__(files)
        self._monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
        self._tool = next(tool for tool in (3, 4, 1, 2) if self._monitoring.get_tool(tool) is None)
        self._watched: set[CodeType] = set()

    def start(self) -> None:
        events = self._monitoring.events
        self._monitoring.use_tool_id(self._tool, "pytestgen")
        self._monitoring.register_callback(self._tool, events.PY_START, self._started)
        self._monitoring.register_callback(self._tool, events.LINE, self._line)
        self._monitoring.set_events(self._tool, events.PY_START)

    def stop(self) -> None:
        self._monitoring.set_events(self._tool, 0)
        self._monitoring.free_tool_id(self._tool)

    def switch(self, test: int | None) -> None:
        super().switch(test)
        self._monitoring.restart_events()

    def _started(self, code: CodeType, offset: int) -> Any:
        path = self._files.path(code.co_filename)
        if path is not None:
            if code not in self._watched:
                self._watched.add(code)
                self._monitoring.set_local_events(self._tool, code, self._monitoring.events.LINE)
            if self._now is not None and _is_function(code):
                self._now.setdefault(path, (set(), set()))[1].add(code.co_firstlineno)
        return self._monitoring.DISABLE

    def _line(self, code: CodeType, line: int) -> Any:
        now, path = self._now, self._files.path(code.co_filename)
        if now is not None and path is not None:
            now.setdefault(path, (set(), set()))[0].add(line)
        return self._monitoring.DISABLE

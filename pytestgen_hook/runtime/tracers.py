"""Record by test which lines of which files run, and which functions are entered: tracers with one interface.

Each yields, for a batch of tests, ``(test number, path, lines, first lines of the functions whose body ran)``.
Test numbers are small integers that the caller chooses; what runs outside of a test is not recorded as evidence.
"""

from __future__ import annotations

import ast
import os
import shutil
import sqlite3
from collections.abc import Iterator
from typing import Any

import follow
from own_tracers import Files, Table, own_tracer

Record = tuple[int, str, set[int], set[int]]
_MOST_BYTES = 256 << 20
_QUIET = [
    "no-data-collected",
    "module-not-imported",
    "module-not-measured",
    "already-imported",
    "no-ctracer",
    "trace-changed",
]


def make_tracer(files: Files, root: str, place: str) -> Any:
    """Return coverage.py's tracer if the interpreter has a usable one, else our own for this version of Python."""
    try:
        return CoverageTracer(files, root, place)
    except Exception:  # absent, too old, or broken in this environment: none of it is the user's problem
        return OwnTracer(files)


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


class OwnTracer:
    """Without coverage.py: keeps a table for each test, handed out and begun anew between tests."""

    def __init__(self, files: Files) -> None:
        self._table = Table()
        self._tracer = own_tracer(files, self._table)
        self.name = self._tracer.name

    def start(self) -> None:
        self._tracer.start()

    def switch(self, test: int | None) -> None:
        self._table.switch(test)
        self._tracer.again()

    def take(self) -> Iterator[Record]:
        yield from self._table.take()


# -- other processes ---------------------------------------------------------------------------------------------------


class FollowingTracer:
    """A tracer of those above, to which it adds what runs in other processes."""

    def __init__(self, tracer: Any, root: str, place: str) -> None:
        self._tracer = tracer
        self.name = tracer.name
        # Other Pythons keep what they compile beside the sources: not in our own folder.
        folder = os.path.join(place, "follow")
        for name in follow.MODULES:
            os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
            shutil.copyfile(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), os.path.join(folder, name))
        self._start = follow.Start(root, folder, create=True)
        self._read = 0

    def start(self) -> None:
        os.environ.update(self._start.variables(os.environ, "shown"))
        self._start.follow_popen()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._start.trace)
        self._tracer.start()

    def switch(self, test: int | None) -> None:
        """Attribute what runs from now on, here and in other processes, to this test, or to none."""
        self._tracer.switch(test)
        self._start.current.set(test)

    def take(self) -> Iterator[Record]:
        """Yield what has been recorded since the last time, of other processes as far as it is written."""
        yield from self._tracer.take()
        with open(self._start.journal.path, "rb") as stream:
            stream.seek(self._read)
            data = stream.read(_MOST_BYTES)
        whole = data[: data.rfind(b"\n") + 1]
        self._read += len(whole)
        found: dict[tuple[int, str], tuple[set[int], set[int]]] = {}
        for line in set(whole.splitlines()):
            try:
                test, kind, number, quoted = line.decode().split(" ", 3)
                key, at = (int(test), str(ast.literal_eval(quoted))), int(number)
            except (ValueError, SyntaxError):  # not as we write it: a test has written there too
                continue
            lines, entered = found.setdefault(key, (set(), set()))
            (entered if kind == "entry" else lines).add(at)
        for (test_number, source), (lines, entered) in found.items():
            yield test_number, source, lines, entered

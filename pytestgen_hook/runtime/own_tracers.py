"""Tell which functions of a tree are entered and which of their lines run, with what every Python has.

Imported in each Python process that a test starts: only what costs nothing to import.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FrameType
    from typing import Any


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


class Table:
    """What runs by test, by path: lines, and first lines of the functions whose body ran."""

    most_calls = 1  # of a function that need be told before another test runs

    def __init__(self) -> None:
        self._seen: dict[int, dict[str, tuple[set[int], set[int]]]] = {}
        self._now: dict[str, tuple[set[int], set[int]]] | None = None

    def switch(self, test: int | None) -> None:
        """Attribute what runs from now on to this test, or to none."""
        self._now = None if test is None else self._seen.setdefault(test, {})

    def is_new(self) -> bool:
        """Whether another test runs than when this was asked last: never, since ``switch`` is followed by ``again``."""
        return False

    def line(self, path: str, line: int) -> None:
        if self._now is not None:
            self._now.setdefault(path, (set(), set()))[0].add(line)

    def entry(self, path: str, first: int) -> None:
        if self._now is not None:
            self._now.setdefault(path, (set(), set()))[1].add(first)

    def take(self) -> Iterator[tuple[int, str, set[int], set[int]]]:
        seen, self._seen = self._seen, {}
        for test, files in seen.items():
            for path, (lines, entered) in files.items():
                yield test, path, lines, entered


_MOST_IDLE = 1_000_000  # about a second of a slow tracer's; then a process runs on at its own pace, and tells no more


def own_tracer(files: Files, notes: Any, most_steps: int | None = None) -> FrameTracer | MonitoringTracer:
    """Return the quickest tracer that this Python has; it tells ``notes`` (see ``Table``).

    ``most_steps`` bounds what a slow one spends on the lines of one function; that it was entered is told in any case.
    """
    return MonitoringTracer(files, notes) if sys.version_info >= (3, 12) else FrameTracer(files, notes, most_steps)


def _is_function(code: CodeType) -> bool:
    """Whether code is the body of a ``def``: not that of a module, class, lambda or comprehension."""
    return bool(code.co_flags & 1) and not code.co_name.startswith("<")


class FrameTracer:
    """Through ``sys.settrace``; slow, and there in every Python."""

    name = "settrace"

    def __init__(self, files: Files, notes: Any, most_steps: int | None) -> None:
        self._files = files
        self._notes = notes
        self._most_steps = most_steps
        self._steps: dict[CodeType, int] = {}
        self._foreign: set[CodeType] = set()
        self._idle = 0  # calls that told nothing

    def start(self) -> None:
        import threading

        threading.settrace(self._called)
        sys.settrace(self._called)

    def again(self) -> None:
        """Tell anew what has been told before."""
        self._steps.clear()
        if sys.gettrace() is None:  # a test has taken it, as debuggers do
            sys.settrace(self._called)

    def _called(self, frame: FrameType, event: str, argument: object) -> Any:
        code = frame.f_code
        most, steps = self._most_steps, self._steps
        # Most calls are of other code, or of functions that have told all: this is what they cost.
        if code in self._foreign or (most is not None and steps.get(code, 0) > most):
            self._idle += 1
            if most is not None and self._idle > _MOST_IDLE:
                sys.settrace(None)
            return None
        path = self._files.path(code.co_filename)
        if path is None:
            self._foreign.add(code)
            return None
        notes = self._notes
        if notes.is_new():
            steps.clear()
        first = code.co_firstlineno if _is_function(code) else 0
        if most is not None:
            steps[code] = steps.get(code, 0) + most // notes.most_calls

        def step(frame: FrameType, event: str, argument: object) -> Any:
            # Only a line tells that a body runs: a generator that is thrown away unstarted is "called" as well.
            if event == "line":
                notes.line(path, frame.f_lineno)
                if first:
                    notes.entry(path, first)
                if most is not None:
                    steps[code] = steps.get(code, 0) + 1
                    if steps[code] > most:
                        frame.f_trace_lines = False
            return step

        return step


class MonitoringTracer:
    """Through ``sys.monitoring`` (3.12 and later): each line tells once, and is silent until ``again``.

    So does each function, once it has been called as often as ``notes`` wants: calls show that another test runs.
    """

    name = "monitoring"

    def __init__(self, files: Files, notes: Any) -> None:
        self._files = files
        self._notes = notes
        self._monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
        self._tool = next(tool for tool in (3, 4, 1, 2) if self._monitoring.get_tool(tool) is None)
        self._watched: set[CodeType] = set()
        self._calls: dict[CodeType, int] = {}

    def start(self) -> None:
        events = self._monitoring.events
        self._monitoring.use_tool_id(self._tool, "pytestgen")
        self._monitoring.register_callback(self._tool, events.PY_START, self._started)
        self._monitoring.register_callback(self._tool, events.LINE, self._line)
        self._monitoring.set_events(self._tool, events.PY_START)

    def again(self) -> None:
        """Tell anew what has been told before."""
        self._calls.clear()
        self._monitoring.restart_events()

    def _started(self, code: CodeType, offset: int) -> Any:
        path = self._files.path(code.co_filename)
        if path is None:
            return self._monitoring.DISABLE
        if self._notes.is_new():
            self.again()
        if code not in self._watched:
            self._watched.add(code)
            self._monitoring.set_local_events(self._tool, code, self._monitoring.events.LINE)
        if _is_function(code):
            self._notes.entry(path, code.co_firstlineno)
        calls = self._calls[code] = self._calls.get(code, 0) + 1
        return self._monitoring.DISABLE if calls >= self._notes.most_calls else None

    def _line(self, code: CodeType, line: int) -> Any:
        path = self._files.path(code.co_filename)
        if path is not None:
            self._notes.line(path, line)
        return self._monitoring.DISABLE

"""Follows the Python processes that tests start or fork: what runs there is evidence of the test that started them.

One variable of the environment tells a process whose evidence it makes, and ``startup/sitecustomize.py``, first in its
``PYTHONPATH``, reads it. Processes append to one file, a line at once, for those of tests are killed more often than they
end. Not followed: a Python that ignores its environment (``-I``, ``-E``, ``-S``), and what a process before Python 3.9 runs.

Imported in each Python process that a test starts: only what costs little to import.
"""

from __future__ import annotations

import os
import sys

import hidden
from own_tracers import Files, own_tracer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VARIABLE = "_PYTESTGEN_FOLLOW"
_STARTUP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "startup")
_ENVIRONMENT = 10  # the place of ``env`` among the arguments of ``subprocess.Popen``
_MOST_STEPS = 5000  # of one function, where lines are told by a slow tracer


class Journal:
    """The file that all processes of a run append to."""

    def __init__(self, path: str, create: bool = False) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | (os.O_CREAT if create else 0), 0o600)
        self._is = self._identity()

    def _identity(self) -> tuple[int, int] | None:
        try:
            status = os.fstat(self._descriptor)
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def write(self, line: str) -> None:
        """Append a line; nothing if the code of the user has closed the file, or has another by its number."""
        if self._identity() == self._is:
            try:
                os.write(self._descriptor, line.encode())
            except OSError:
                pass


class Notes:
    """What a process runs for one test, told to the journal once."""

    is_open = True

    def __init__(self, journal: Journal, test: int) -> None:
        self._journal = journal
        self._test = test
        self._told: set[tuple[str, str, int]] = set()

    def line(self, path: str, line: int) -> None:
        self._tell("line", path, line)

    def entry(self, path: str, first: int) -> None:
        self._tell("entry", path, first)

    def _tell(self, kind: str, path: str, line: int) -> None:
        if (kind, path, line) not in self._told:
            self._told.add((kind, path, line))
            self._journal.write(f"{self._test} {kind} {line} {path!a}\n")


class Start:
    """What a process must know to follow those that it starts."""

    def __init__(self, root: str, journal: Journal, is_hidden: bool) -> None:
        self.root = root
        self.journal = journal
        self.is_hidden = is_hidden
        self.test: int | None = None

    def follow_popen(self) -> None:
        """Let ``subprocess`` hand the variable on, also where a test gives a process an environment of its own."""
        if "subprocess" in sys.modules:
            self._wrap(sys.modules["subprocess"])
        else:
            sys.meta_path.insert(0, _AtImport("subprocess", self._wrap))

    def _wrap(self, subprocess: Any) -> None:
        original = subprocess.Popen.__init__

        def starting(popen: Any, *arguments: Any, **options: Any) -> None:
            if len(arguments) > _ENVIRONMENT:
                given = self.environment(arguments[_ENVIRONMENT])
                arguments = (*arguments[:_ENVIRONMENT], given, *arguments[_ENVIRONMENT + 1 :])
            else:
                options["env"] = self.environment(options.get("env"))
            original(popen, *arguments, **options)

        starting.__wrapped__ = original  # type: ignore[attr-defined]  # its signature, for stand-ins made of the class
        subprocess.Popen.__init__ = starting

    def environment(self, given: Any) -> Any:
        """Return the environment for a process: as it is given, with what its Python takes out again at its start."""
        if self.test is None or (given is None and not self.is_hidden):
            return given
        try:
            environment = dict(os.environ if given is None else given)
        except (TypeError, ValueError):
            return given
        if VARIABLE in environment or not all(isinstance(name, str) for name in environment):
            return given
        return {**environment, **self.variables(environment.get("PYTHONPATH"), is_hidden=True)}

    def variables(self, search_path: str | None, is_hidden: bool) -> dict[str, str]:
        told = [str(self.test), "hidden" if is_hidden else "shown", self.journal.path, self.root]
        folders = [_STARTUP, search_path] if search_path else [_STARTUP]
        return {VARIABLE: os.pathsep.join(told), "PYTHONPATH": os.pathsep.join(folders)}

    def trace(self) -> None:
        """Tell from now on what this process runs."""
        if self.test is not None:
            own_tracer(Files(self.root, set()), Notes(self.journal, self.test), _MOST_STEPS).start()


class _AtImport:
    """Does something with a module when it has been imported: it takes longer to import than all that is needed here."""

    def __init__(self, name: str, action: Any) -> None:
        self._name = name
        self._action = action

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != self._name:
            return None
        sys.meta_path.remove(self)  # type: ignore[arg-type,unused-ignore]
        found = (finder.find_spec(name, path, target) for finder in list(sys.meta_path))
        spec = next((one for one in found if one is not None), None)
        if spec is not None and spec.loader is not None:
            original = spec.loader.exec_module

            def exec_module(module: Any) -> None:
                original(module)
                self._action(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def begin(told: str) -> None:
    """Follow this process, which has just started, for the test that its environment names."""
    test, how, path, root = told.split(os.pathsep, 3)
    start = Start(root, Journal(path), how == "hidden")
    start.test = int(test)
    if start.is_hidden:
        del os.environ[VARIABLE]
        before = os.environ.pop("PYTHONPATH", "").partition(os.pathsep)[2]
        if before:
            os.environ["PYTHONPATH"] = before
    start.follow_popen()
    hidden.hide_runtime()
    start.trace()

"""Follows the Python processes that tests start or fork: what runs there is evidence of the test that runs meanwhile.

One variable of the environment tells a process where to tell what it runs, and ``startup/sitecustomize.py``, first in its
``PYTHONPATH``, reads it. Processes append to one file, a line at once, for those of tests are killed more often than they
end; which test runs stands in another file, which they have mapped into their memory. Not followed: a Python that ignores
its environment (``-I``, ``-E``, ``-S``), one before 3.9, and what a program that is no Python starts in an environment that
a test has made.

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
MODULES = ("follow.py", "hidden.py", "own_tracers.py", os.path.join("startup", "sitecustomize.py"))
_ENVIRONMENT = 10  # the place of ``env`` among the arguments of ``subprocess.Popen``
_MOST_STEPS = 5000  # of one function, where lines are told by a slow tracer
_NONE = 1 << 62  # no test runs


class Current:
    """The number of the test that runs, shared by all processes of a run."""

    def __init__(self, folder: str, create: bool = False) -> None:
        import mmap

        descriptor = os.open(os.path.join(folder, "test"), os.O_RDWR | (os.O_CREAT if create else 0), 0o600)
        try:
            if create:
                os.write(descriptor, _NONE.to_bytes(8, "little"))
            self._memory = mmap.mmap(descriptor, 8)
        finally:
            os.close(descriptor)

    def set(self, test: int | None) -> None:
        self._memory[:] = (_NONE if test is None else test).to_bytes(8, "little")

    def get(self) -> int | None:
        number = int.from_bytes(self._memory[:], "little")
        return None if number == _NONE else number


class Journal:
    """The file that all processes of a run append to."""

    def __init__(self, folder: str, create: bool = False) -> None:
        self.path = os.path.join(folder, "followed.txt")
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | (os.O_CREAT if create else 0), 0o600)
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
    """What a process runs, told to the journal once for each test: as ``own_tracers.Table`` takes it."""

    most_calls = 200  # another process says which test runs: some calls of each function are looked at for that

    def __init__(self, journal: Journal, current: Current) -> None:
        self._journal = journal
        self._current = current
        self._test: int | None = None
        self._told: set[tuple[str, str, int]] = set()

    def is_new(self) -> bool:
        """Whether another test runs than when this was asked last."""
        test = self._current.get()
        if test == self._test:
            return False
        self._test = test
        self._told.clear()
        return True

    def line(self, path: str, line: int) -> None:
        self._tell("line", path, line)

    def entry(self, path: str, first: int) -> None:
        self._tell("entry", path, first)

    def _tell(self, kind: str, path: str, line: int) -> None:
        if self._test is not None and (kind, path, line) not in self._told:
            self._told.add((kind, path, line))
            self._journal.write(f"{self._test} {kind} {line} {path!a}\n")


class Start:
    """What a process must know to follow those that it starts; ``folder`` has the files of the run, and ``startup``."""

    def __init__(self, root: str, folder: str, create: bool = False) -> None:
        self.root = root
        self.journal = Journal(folder, create)
        self.current = Current(folder, create)
        self._folder = folder
        self._startup = os.path.join(folder, "startup")

    def follow_popen(self) -> None:
        """Let ``subprocess`` hand the variable on, also where a test gives a process an environment of its own."""
        if "subprocess" in sys.modules:
            self._wrap(sys.modules["subprocess"])
        else:
            sys.meta_path.insert(0, _AtImport("subprocess", self._wrap))

    def _wrap(self, subprocess: Any) -> None:
        original = subprocess.Popen.__init__

        def starting(popen: Any, *arguments: Any, **options: Any) -> None:
            command = arguments[0] if arguments else options.get("args")
            if len(arguments) > _ENVIRONMENT:
                given = self.environment(arguments[_ENVIRONMENT], command)
                arguments = (*arguments[:_ENVIRONMENT], given, *arguments[_ENVIRONMENT + 1 :])
            else:
                options["env"] = self.environment(options.get("env"), command)
            original(popen, *arguments, **options)

        for name in ("__name__", "__qualname__", "__module__", "__doc__"):
            setattr(starting, name, getattr(original, name))
        starting.__wrapped__ = original  # type: ignore[attr-defined]  # its signature, for stand-ins made of the class
        subprocess.Popen.__init__ = starting

    def environment(self, given: Any, command: Any) -> Any:
        """Return the environment for a process: as it is given, with what its Python takes out again at its start."""
        environment = os.environ if given is None else given
        try:
            if self._startup in _folders(environment) or not may_be_python(command):
                return given
            return {**environment, **self.variables(environment, "hidden")}
        except (TypeError, ValueError, AttributeError, OSError):  # names in bytes, no mapping: not our business
            return given

    def variables(self, environment: Any, how: str) -> dict[str, str]:
        """Return the variables by which a process is followed that will have this environment otherwise."""
        told = os.pathsep.join([how, self._folder, self.root])
        return {VARIABLE: told, "PYTHONPATH": os.pathsep.join([self._startup, *_folders(environment)])}

    def trace(self) -> None:
        """Tell from now on what this process runs."""
        own_tracer(Files(self.root, set()), Notes(self.journal, self.current), _MOST_STEPS).start()


def _folders(environment: Any) -> list[str]:
    value = environment.get("PYTHONPATH")
    return os.fspath(value).split(os.pathsep) if value else []


def may_be_python(command: Any) -> bool:
    """Whether a command (as ``subprocess.Popen`` takes it) may start a Python that heeds its environment.

    Others must not see more in it than they are given.
    """
    if isinstance(command, (str, bytes, os.PathLike)):
        words = os.fsdecode(command).split()
    else:
        words = [os.fsdecode(word) for word in command]
    options = []
    for word in words[1:]:
        if word[:1] != "-" or word in ("-", "-c", "-m"):
            break
        options.append(word)
    if any(set("IES") & set(word) for word in options if word[:2] != "--"):
        return False
    if any("py" in os.path.basename(word) for word in words):
        return True
    return bool(words) and _is_python_script(words[0])


def _is_python_script(program: str) -> bool:
    """Whether a program is a script that a Python runs, as those of packages are."""
    import shutil

    path = program if os.path.dirname(program) else shutil.which(program)
    if not path:
        return False
    try:
        with open(path, "rb") as stream:
            head = stream.read(256)
    except OSError:
        return False
    return head[:2] == b"#!" and b"python" in head


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
    """Follow this process, which has just started, as its environment tells."""
    how, folder, root = told.split(os.pathsep, 2)
    start = Start(root, folder)
    if how == "hidden":
        del os.environ[VARIABLE]
        before = os.environ.pop("PYTHONPATH", "").partition(os.pathsep)[2]
        if before:
            os.environ["PYTHONPATH"] = before
    start.follow_popen()
    hidden.hide_runtime()
    start.trace()

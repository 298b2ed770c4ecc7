"""Proves generated tests where they will run: real pytest, three times, under other hash seeds, orders, folders and clocks."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import secrets
import tempfile
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from pytestgen_hook import sandbox
from pytestgen_hook.pytest_settings import OPTION_FILES, pytest_settings

_SECONDS_A_TEST = 5.0  # of computing; by the clock it may be more
_MOST_RESTARTS = 12
_MOST_SECONDS = 3600.0  # of computing, where nobody knows yet what is to be run


@dataclass(frozen=True, slots=True)
class Round:
    """How one of the repeated runs differs from the others."""

    hash_seed: str
    reverse: bool = False
    ends: bool = False  # the process is to end by itself, which shows what a test leaves behind
    moved: bool = False  # the tree in another place, another working folder, the clock ahead


ROUNDS = (Round("17", ends=True), Round("1", reverse=True), Round("2718", moved=True))
_MOMENT = 1_967_081_593.5  # in May 2032
_MOVED = "another-place/of-the-same-tree"


@dataclass(frozen=True, slots=True)
class Proof:
    """The result of all rounds: node ids as pytest wrote them, relative to the tree.

    ``failed`` maps the tests that were not green in every round, and files that could not be collected, to what pytest
    said; ``problem`` is set when a round did not come to an end, so that nothing is proved.
    """

    green: frozenset[str]
    failed: Mapping[str, str]
    problem: str | None = None

    def why_not(self, node_id: str) -> str:
        """Say why a test is not green."""
        places = (node_id, node_id.partition("[")[0], node_id.partition("::")[0])
        return self.problem or next((self.failed[key] for key in places if key in self.failed), "pytest did not run it")


@dataclass(slots=True)
class _Run:
    """What one process told: outcomes by node id, where it was when it ended, and how it ended."""

    outcomes: dict[str, tuple[str, str]] = field(default_factory=dict)
    at: str = ""
    status: int | None = None  # what pytest gave back, None if the process ended before
    ended_well: bool = False
    last_words: str = ""


class _OutOfTime(Exception):  # noqa: N818  # what happened, not whose error it is
    """The time for proving is over."""


def prove(
    node_ids: Sequence[str],
    *,
    python: Path,
    tree: Path,
    roots: Sequence[str],
    folder: Path,
    seconds: float | None = None,
    early: EarlyRounds | None = None,
) -> Proof:
    """Run the tests ``node_ids`` (``path::name``) of the tree in the sandbox in every round.

    ``seconds`` is the time for all rounds. A test that hangs, or that ends or blocks the process, costs only its own
    proof. Of ``early`` those processes are used that were started for the same interpreter and tree.
    """
    allowed = 60 + _SECONDS_A_TEST * len(node_ids) if seconds is None else seconds
    bench = _Bench(time.monotonic() + allowed, early)
    green: frozenset[str] | None = None
    failed: dict[str, str] = {}
    try:
        for is_moved, ways in itertools.groupby(ROUNDS, lambda way: way.moved):
            left = [node_id for node_id in node_ids if not failed.keys() & {node_id, node_id.partition("::")[0]}]
            with _moved(tree) if is_moved else contextlib.nullcontext(tree) as there:
                place = _Place(python, there, tuple(roots), folder)
                rounds = bench.rounds(left, list(ways), place, frozenset(failed))
            for outcomes in rounds:
                if isinstance(outcomes, str):
                    return Proof(frozenset(), failed, outcomes)
                passed = frozenset(test for test, (result, _) in outcomes.items() if result == "passed")
                failed.update({test: text or result for test, (result, text) in outcomes.items() if result != "passed"})
                green = passed if green is None else green & passed
    except _OutOfTime:
        return Proof(frozenset(), failed, "the time for proving it ran out")
    return Proof((green or frozenset()) - failed.keys(), failed)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where tests run: the interpreter, the tree, where in it modules are looked for, and the folder that may be changed."""

    python: Path
    tree: Path
    roots: tuple[str, ...]
    folder: Path


class EarlyRounds:
    """A process for each round, which imports pytest before anybody knows what it is to run.

    Use it in the thread that made it, with which the processes end. Closing it ends those that nobody had a use for.
    """

    def __init__(self, *, python: Path, tree: Path, roots: Sequence[str], folder: Path) -> None:
        """Say for tests of which tree; nothing is started yet."""
        self._waiting: dict[tuple[Round, _Place], _Process] = {}
        self._python, self._tree, self._roots, self._folder = python, tree, tuple(roots), folder
        self._has_begun = False

    def begin(self) -> None:
        """Start the processes, if that was not done before. Raises OSError where that cannot be done."""
        if self._has_begun:
            return
        self._has_begun = True
        try:
            for way in ROUNDS:
                there = _elsewhere(self._tree) if way.moved else self._tree
                place = _Place(self._python, there, self._roots, self._folder)
                self._waiting[way, place] = _Process(way, place, _MOST_SECONDS)
        except BaseException:
            self.close()
            raise

    def take(self, way: Round, place: _Place) -> _Process | None:
        """Return the process for a round, None where there is none for this place, or none any more."""
        return self._waiting.pop((way, place), None)

    def close(self) -> None:
        """End what nobody had a use for. Closing twice does no harm."""
        while self._waiting:
            self._waiting.popitem()[1].close()


class _Process:
    """An interpreter for one round, confined, that waits to be told what to run."""

    def __init__(self, way: Round, place: _Place, seconds: float) -> None:
        self.work = place.folder / f"prove-{way.hash_seed}"
        self.work.mkdir(parents=True, exist_ok=True)
        self._report = _Report(place.folder)
        self._token = secrets.token_hex(16)
        try:
            self._started = sandbox.started_confined(
                place.python,
                [sandbox.RUNTIME / "verify.py"],
                writable=[self.work],
                cwd=self.work if way.moved else place.tree,
                env={
                    **sandbox.clean_environment(self.work),
                    "PYTHONHASHSEED": way.hash_seed,
                    "PYTHONDONTWRITEBYTECODE": "1",
                },
                timeout=seconds,
                paths=[place.tree / root for root in place.roots],
                pass_fds=self._report.descriptors,
            )
            # At once: code of others may be imported with pytest, and is not to know it.
            self._started.tell({"report": self._report.address, "token": self._token})
        except BaseException:
            self._report.close()
            raise

    def run(self, order: Mapping[str, object], seconds: float, stopped: threading.Event) -> tuple[_Run, bool]:
        """Have it run tests; return what it told, and whether its time ran out."""
        try:
            completed = self._started.completed(seconds, json.dumps(order).encode(), stopped)
            run = _read(self._report.read(), self._token)
        finally:
            self.close()
        run.ended_well = completed.returncode == 0 and not completed.timed_out
        run.last_words = _last_line(completed.errors or completed.output)
        return run, completed.timed_out

    def close(self) -> None:
        self._started.close()
        self._report.close()


class _Bench:
    """Runs rounds, in processes that were started for them early where there are such, until a moment."""

    def __init__(self, deadline: float, early: EarlyRounds | None) -> None:
        self._deadline = deadline
        self._early = early
        self._stopped = threading.Event()

    def rounds(
        self, ids: Sequence[str], ways: Sequence[Round], place: _Place, failed: Collection[str]
    ) -> list[dict[str, tuple[str, str]] | str]:
        """Return for each of the rounds, run at once, {node id: (outcome, text)}, or in words why it showed nothing."""
        with ThreadPoolExecutor(len(ways)) as pool:
            try:
                return list(pool.map(lambda way: self._outcomes(list(ids), way, place, set(failed)), ways))
            except BaseException:
                self._stopped.set()
                raise

    def _outcomes(self, ids: list[str], way: Round, place: _Place, skip: set[str]) -> dict[str, tuple[str, str]] | str:
        """Run tests; start again without each that ended the process; halve those after which it does not end well."""
        lost: dict[str, tuple[str, str]] = {}
        for _ in range(_MOST_RESTARTS):
            left = [node_id for node_id in ids if node_id.partition("::")[0] not in lost and node_id not in lost]
            if not left:
                return lost
            run = self._run(left, way, place, skip | lost.keys())
            broken = {key: found for key, found in run.outcomes.items() if found[0] == "error"}
            if broken:  # pytest runs nothing then
                lost.update(broken)
                continue
            if run.status is not None:
                break
            if not run.at:
                return f"pytest ended before it ran a test: {run.last_words}"
            lost[run.at] = ("failed", f"it ended the process that ran it, or did not end within {_SECONDS_A_TEST:g} s")
        else:
            return "too many tests ended the process that ran them"
        if not run.outcomes and run.status not in (0, 1, 5):
            return f"pytest ended with status {run.status}: {run.last_words}"
        if not way.ends or run.ended_well:
            return {**run.outcomes, **lost}
        if len(left) == 1:
            reason = "after it the process of the tests does not end, or ends with another exit status"
            return {**dict.fromkeys(run.outcomes, ("failed", reason)), **lost}
        for half in (left[: len(left) // 2], left[len(left) // 2 :]):
            found = self._outcomes(half, way, place, skip)
            if isinstance(found, str):
                return found
            lost.update(found)
        return lost

    def _run(self, ids: Sequence[str], way: Round, place: _Place, skip: Collection[str]) -> _Run:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise _OutOfTime
        process = self._early.take(way, place) if self._early is not None else None
        process = process or _Process(way, place, left)
        order = {
            "arguments": _arguments(ids, place.tree, process.work),
            "skip": sorted(skip),
            "reverse": way.reverse,
            "ends": way.ends,
            "moment": _MOMENT if way.moved else None,
            "seconds": _SECONDS_A_TEST,
            "writable": str(place.folder),
            "roots": [str(place.tree / root) for root in place.roots],
        }
        run, is_late = process.run(order, left, self._stopped)
        if is_late and run.status is None:
            raise _OutOfTime
        return run


class _Report:
    """A file without a name that the confined process writes to; where descriptors cannot be handed on it has a name."""

    def __init__(self, folder: Path) -> None:
        descriptor, name = tempfile.mkstemp(dir=folder)
        self._file = os.fdopen(descriptor, "rb")
        self._path = Path(name)
        self.address: int | str = name
        self.descriptors: tuple[int, ...] = ()
        if os.name == "posix":
            self._writing = os.open(name, os.O_WRONLY | os.O_APPEND)
            self._path.unlink()
            self.address = self._writing
            self.descriptors = (self._writing,)

    def read(self) -> bytes:
        return self._file.read()

    def close(self) -> None:
        self._file.close()
        descriptors, self.descriptors = self.descriptors, ()
        for descriptor in descriptors:
            os.close(descriptor)
        self._path.unlink(missing_ok=True)


def _read(told: bytes, token: str) -> _Run:
    run = _Run()
    for line in told.decode("utf-8", "replace").split("\n"):
        if not line.startswith(token):
            continue
        kind, *parts = json.loads(line[len(token) :])
        if kind == "at":
            run.at = parts[0]
        elif kind == "end":
            run.status = parts[0]
        elif run.outcomes.get(parts[0], ("passed", ""))[0] == "passed":  # what failed once stays so
            run.outcomes[parts[0]] = (parts[1], parts[2])
    return run


def _arguments(ids: Sequence[str], tree: Path, work: Path) -> list[str]:
    options = [f"--rootdir={tree}", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
    options += ["-o", "addopts=", "-o", "faulthandler_timeout=0"]
    return [*options, *_project_options(ids, tree), f"--basetemp={work / 'tmp'}", *[str(tree / node) for node in ids]]


def _project_options(ids: Sequence[str], tree: Path) -> list[str]:
    """Return the options of the project's own ``addopts`` that a test's result may depend on."""
    folders = [node_id.partition("::")[0].rpartition("/")[0] for node_id in ids]
    above = os.path.commonpath(folders) if all(folders) else ""
    parts = above.split("/") if above else []
    places = ["", *["/".join(parts[: number + 1]) + "/" for number in range(len(parts))]]
    files = {place + name for place in places for name in OPTION_FILES if (tree / (place + name)).is_file()}
    settings = pytest_settings(above, files, lambda path: (tree / path).read_bytes())
    return list(settings.strict_options) if settings else []


@contextlib.contextmanager
def _moved(tree: Path) -> Iterator[Path]:
    """Let the tree lie elsewhere for a while, under a path of another length."""
    there = _elsewhere(tree)
    there.parent.mkdir(parents=True, exist_ok=True)
    try:
        tree.rename(there)
    except OSError:  # in use (Windows)
        yield tree
        return
    try:
        yield there
    finally:
        there.rename(tree)


def _elsewhere(tree: Path) -> Path:
    """Return where a tree lies in the round in which it is moved."""
    return tree.parent / _MOVED


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "no output"

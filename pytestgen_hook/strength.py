"""Measures what the project's own tests would notice: tries mutants of functions against them, in the copy of the tree."""

from __future__ import annotations

import contextlib
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pytestgen_hook import sandbox
from pytestgen_hook.early import REPORT, EarlyPytest
from pytestgen_hook.imports import ImportGraph
from pytestgen_hook.interpreter import run_environment
from pytestgen_hook.measure import Bench, Start, by_start, run_request, why_nothing
from pytestgen_hook.types.changes import Function
from pytestgen_hook.types.strength import MutantResult, Strength, Verdict

_LOOKS_EVERY = 0.1  # seconds between two looks at how far it is
_SPARE = 120.0  # seconds beyond all limits of its own that the process may take
# Where a function is reached from tests with different configurations, the most telling verdict counts.
_TELLING = (Verdict.KILLED, Verdict.TIMED_OUT, Verdict.SURVIVED, Verdict.NOT_TRIED, Verdict.NOT_RUN)
_FORKLESS = "this system cannot fork processes: each mutant was tried in a new interpreter, which takes longer"
_ELSEWHERE = "tests start other processes: lines that run only there are counted as run by no test"


@dataclass
class Measured:
    """The strength of each function, in their order; ``left_out`` maps tests (or files) that are no measure to why."""

    strengths: list[Strength] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass
class _Session:
    """What one process wrote down of some functions; mutants and verdicts by (number of the function, of the mutant)."""

    functions: Sequence[Function] = ()
    subjects: dict[int, dict[str, Any]] = field(default_factory=dict)
    verdicts: dict[tuple[int, int], Verdict] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    end: dict[str, Any] | None = None
    at: str | None = None
    said: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether pytest came to the end of collecting, so that all was tried that there was time for."""
        return self.end is not None and not self.end["why"]


def measure_strength(
    functions: Sequence[Function],
    tests: Sequence[str],
    bench: Bench,
    *,
    seconds: float,
    total: Callable[[int], None],
    step: Callable[[], None],
    early: EarlyPytest | None = None,
) -> Measured:
    """Try the mutants of the functions against the test files; ``seconds`` bounds the trying.

    Told are, from another thread, the number of mutants and each that is done. Files run together in one process for
    each folder that has a pytest configuration of its own, with the functions that they reach; a file that ends the
    process is left out.
    """
    tree = bench.make_tree(0).resolve()
    groups = by_start(tests, tree, bench.graph) or [(Start("", ""), [])]
    runner = _Runner(bench, tree, total, step, time.monotonic() + bench.timeout + seconds, early)
    sessions = []
    reached = _reached(functions, groups, bench.graph)
    for number, ((start, files), some) in enumerate(zip(groups, reached, strict=True)):
        share = seconds / (len(groups) - number)
        sessions.append(runner.run(some, files, start, share))
        end = sessions[-1].end  # what the tests took without mutants is not counted
        seconds = max(0.0, seconds - (share - end["seconds"] if end is not None else share))
    return _together(functions, sessions)


def _reached(
    functions: Sequence[Function], groups: Sequence[tuple[Start, Sequence[str]]], graph: ImportGraph
) -> list[list[Function]]:
    """Return for each group of test files the functions that it reaches; those that no test reaches go to the first."""
    reached = [{path for test in files for path in (test, *graph.upstream(test))} for _, files in groups]
    out_of_reach = {function.path for function in functions} - set().union(*reached)
    reached[0] |= out_of_reach
    return [[function for function in functions if function.path in paths] for paths in reached]


@dataclass
class _Runner:
    """Runs the test files that start in one place until a process has come to its end."""

    bench: Bench
    tree: Path
    total: Callable[[int], None]
    step: Callable[[], None]
    deadline: float
    early: EarlyPytest | None

    def run(self, functions: Sequence[Function], tests: Sequence[str], start: Start, seconds: float) -> _Session:
        left = list(tests)
        lost: dict[str, str] = {}
        while True:
            session = self._session(functions, left, start, seconds)
            session.functions = functions
            session.left = {**lost, **session.left}
            culprit = session.at
            if session.is_whole or culprit not in left or time.monotonic() > self.deadline:
                return session
            left.remove(culprit)
            lost[culprit] = session.end["why"] if session.end else session.said

    def _session(self, functions: Sequence[Function], tests: Sequence[str], start: Start, seconds: float) -> _Session:
        bench = self.bench
        limit = bench.timeout + seconds + _SPARE
        early, self.early = self.early, None
        if early is not None and early.interpreter == bench.interpreter:
            report = early.place / REPORT
            request = self._request(functions, tests, start, seconds, str(early.place))
            with _followed(report, self.total, self.step):
                completed = early.process.completed(limit, json.dumps(request).encode())
            session = _read(report)
            session.said = why_nothing(completed, limit)
            return session
        with tempfile.TemporaryDirectory(dir=bench.folder, prefix="strength-", ignore_cleanup_errors=True) as place:
            address, report = Path(place) / "request.json", Path(place) / REPORT
            address.write_text(json.dumps(self._request(functions, tests, start, seconds, place)), encoding="utf-8")
            with _followed(report, self.total, self.step):
                completed = sandbox.run(
                    [bench.interpreter.python, *sandbox.program("strength"), "--request", address, "--report", report],
                    cwd=self.tree,
                    env=run_environment(bench.interpreter, self.tree, Path(place)),
                    timeout=limit,
                )
            session = _read(report)
        session.said = why_nothing(completed, limit)
        return session

    def _request(
        self, functions: Sequence[Function], tests: Sequence[str], start: Start, seconds: float, place: str
    ) -> dict[str, object]:
        return {
            **run_request(tests, start, self.bench, self.tree, place),
            "subjects": [
                {"path": one.path, "name": one.name, "first_line": one.first_line, "last_line": one.last_line}
                for one in functions
            ],
            "timeout": self.bench.timeout,
            "seconds": seconds,
            "at_once": sandbox.processors(),
            "folder": str(self.tree / start.folder),
        }


@contextlib.contextmanager
def _followed(report: Path, total: Callable[[int], None], step: Callable[[], None]) -> Iterator[None]:
    """Tell what a growing report says of how far the work is."""
    over = threading.Event()

    def follow() -> None:
        told, done = False, 0
        while not over.wait(_LOOKS_EVERY):
            try:
                data = report.read_bytes()
            except OSError:
                continue
            if not told and b'{"mutant"' in data:
                total(sum(len(subject["mutants"]) for subject in _read(report).subjects.values()))
                told = True
            for _ in range(data.count(b'{"mutant"') - done):
                step()
                done += 1

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _read(report: Path) -> _Session:
    session = _Session()
    if not report.exists():
        return session
    for line in report.read_text(encoding="utf-8").splitlines():
        try:
            record = json.loads(line)
        except ValueError:  # the line that was being written when the process died
            continue
        if "subject" in record:
            session.subjects[record["subject"]] = record
        elif "mutant" in record:
            session.verdicts[tuple(record["mutant"])] = Verdict(record["verdict"])
        elif "left" in record:
            session.left[record["left"]] = record["why"]
        elif "end" in record:
            session.end = record
        elif "at" in record:
            session.at = record["at"]
    return session


# -- what it comes to ------------------------------------------------------------------------------------------------


def _together(functions: Sequence[Function], sessions: Sequence[_Session]) -> Measured:
    found = Measured()
    for session in sessions:
        found.left_out.update(session.left)
        if session.end is not None and not session.end["fork"] and _FORKLESS not in found.notes:
            found.notes.append(_FORKLESS)
    strengths: dict[Function, list[Strength]] = {function: [] for function in functions}
    for session in sessions:
        for number, function in enumerate(session.functions):
            strengths[function].append(_strength(function, number, session))
    found.strengths = [_merged(strengths[function]) for function in functions]
    is_missed = any(one.verdict is Verdict.NOT_RUN for strength in found.strengths for one in strength.mutants)
    if is_missed and any(session.end is not None and session.end["starts"] for session in sessions):
        found.notes.append(_ELSEWHERE)
    return found


def _strength(function: Function, number: int, session: _Session) -> Strength:
    problem = _problem(function, session)
    subject: Mapping[str, Any] = session.subjects.get(number, {"problem": None, "mutants": []})
    if problem or subject["problem"]:
        return Strength(function, problem=problem or subject["problem"])
    mutants = [
        MutantResult(
            line=mutant["line"],
            label=mutant["label"],
            first=mutant["first"],
            before=tuple(mutant["before"]),
            after=tuple(mutant["after"]),
            verdict=session.verdicts.get((number, place), Verdict.NOT_TRIED),
        )
        for place, mutant in enumerate(subject["mutants"])
    ]
    return Strength(function, tuple(mutants))


def _problem(function: Function, session: _Session) -> str | None:
    """Why nothing is known of a function, if nothing came to its end, or the tests ran another copy of it."""
    if session.end is None:
        return f"its tests could not be run: {session.said}"
    if session.end["why"]:
        return f"its tests could not be run: {session.end['why']}"
    place = session.end.get("foreign", {}).get(function.path)
    return f"its tests imported {place} instead of the examined tree" if place else None


def _merged(strengths: Sequence[Strength]) -> Strength:
    """Put together what the tests under several configurations made of one function."""
    known = [strength for strength in strengths if strength.problem is None]
    if not known:
        return strengths[0]
    mutants = [
        replace(same[0], verdict=min((one.verdict for one in same), key=_TELLING.index))
        for same in zip(*(strength.mutants for strength in known), strict=True)
    ]
    return replace(known[0], mutants=tuple(mutants))

"""The engine that needs no model: drives the runtime's search over inputs, several functions at a time, inside one budget."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytestgen_hook import sandbox
from pytestgen_hook.types import Case, Check, Exploration, Function, Raises

MOST_SECONDS = 6.0  # for one function; past that the figures hardly move
LEAST_SECONDS = 0.5  # below that a search shows nothing
FAIR_SECONDS = 1.5  # for one function even where there are too many: a few done whole are worth more than all begun
_GRACE = 5.0
MOST_IMPORT_SECONDS = 30.0
MEMORY = 4 << 30


@dataclass(frozen=True, slots=True)
class Task:
    """One function to explore: the module to import for it and calls of it found in the repository."""

    function: Function
    module: str
    calls: tuple[str, ...] = ()


class Queue:
    """Tasks handed out module by module, so that a worker seldom has to import anew; shared by the workers."""

    def __init__(self, tasks: Sequence[Task], deadline: float, workers: int) -> None:
        self._tasks = deque(sorted(enumerate(tasks), key=lambda pair: (pair[1].module, pair[0])))
        self._deadline = deadline
        self._workers = workers
        self._lock = threading.Lock()

    def take(self) -> tuple[int, Task, float, float] | None:
        """Return (position, task, seconds its search may take, seconds left for all), or None when nothing is left."""
        with self._lock:
            if not self._tasks:
                return None
            left = self._deadline - time.monotonic()
            share = max(FAIR_SECONDS, left * self._workers / len(self._tasks))
            position, task = self._tasks.popleft()
            return position, task, min(MOST_SECONDS, share, left), left


def explore(
    tasks: Sequence[Task],
    *,
    python: Path,
    tree: Path,
    roots: Sequence[str],
    folder: Path,
    seconds: float,
    done: Callable[[Exploration], None],
    hypothesis: bool = False,
) -> list[Exploration]:
    """Explore every task and return the explorations in the order of the tasks.

    ``folder`` is the temporary folder of the run; ``seconds`` is the time for all of them together: what it does not
    reach comes back with that problem. ``done`` is called after each, from several threads. With ``hypothesis`` properties
    are looked for too.
    """
    workers = min(usable_cores(), len(tasks)) or 1
    queue = Queue(tasks, time.monotonic() + seconds, workers)
    found: dict[int, Exploration] = {}

    def work(number: int) -> None:
        place = folder / f"runtime{number}"
        place.mkdir(parents=True, exist_ok=True)
        runtime: sandbox.Runtime | None = None
        try:
            while (taken := queue.take()) is not None:
                position, task, share, left = taken
                if share < LEAST_SECONDS:
                    late = _failed(task, f"not tried: the budget of {seconds:g} s was used up; raise --budget")
                    found[position] = replace(late, untried=True)
                else:
                    if runtime is None:
                        runtime = sandbox.Runtime(python, folder=place, tree=tree, roots=roots, memory_bytes=MEMORY)
                    found[position], runtime = _ask(runtime, task, share, left, hypothesis)
                done(found[position])
        finally:
            if runtime is not None:
                runtime.close()

    with ThreadPoolExecutor(workers) as pool:
        for future in [pool.submit(work, number) for number in range(workers)]:
            future.result()
    return [found[position] for position in range(len(tasks))]


def usable_cores() -> int:
    """Cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _ask(
    runtime: sandbox.Runtime, task: Task, seconds: float, left: float, hypothesis: bool
) -> tuple[Exploration, sandbox.Runtime | None]:
    """Explore one task; the runtime comes back too, or None if it was lost on the way."""
    function = task.function
    request = {
        "module": task.module,
        "path": function.path,
        "qualname": function.qualname,
        "name": function.name,
        "first_line": function.first_line,
        "last_line": function.last_line,
        "body_lines": list(function.body_lines),
        "calls": list(task.calls),
        "seconds": seconds,
        "import_seconds": min(MOST_IMPORT_SECONDS, max(LEAST_SECONDS, left)),
        "seed": 0,
        "hypothesis": hypothesis,
    }
    try:
        answer = runtime.request(request, min(seconds * 3 + MOST_IMPORT_SECONDS, max(0.0, left)) + _GRACE)
    except sandbox.RuntimeTimeout:
        return _failed(task, "the time for it ran out: it is too large, or its calls are too slow"), None
    except sandbox.RuntimeDied as death:
        return _failed(task, f"the process that runs the calls ended: {death}"), None
    return _exploration(task, answer), runtime


def _failed(task: Task, problem: str) -> Exploration:
    return Exploration(task.function, task.module, problem=problem, lines_total=len(task.function.body_lines))


def _exploration(task: Task, answer: Mapping[str, Any]) -> Exploration:
    return Exploration(
        task.function,
        task.module,
        cases=tuple(_case(case) for case in answer["cases"]),
        refused=answer.get("refused"),
        problem=answer.get("problem"),
        toothless=answer.get("toothless", False),
        lines_run=answer.get("lines_run", 0),
        lines_total=answer.get("lines_total", len(task.function.body_lines)),
        branches_run=answer.get("branches_run", 0),
        branches_total=answer.get("branches_total", 0),
        mutants_killed=answer.get("mutants_killed", 0),
        mutants_total=answer.get("mutants_total", 0),
        mutants_timed_out=answer.get("mutants_timed_out", 0),
        mutants_not_run=answer.get("mutants_not_run", 0),
        survivors=tuple(answer.get("survivors", ())),
        seconds=answer.get("seconds", 0.0),
    )


def _case(raw: Mapping[str, Any]) -> Case:
    raises = raw.get("raises")
    return Case(
        arguments=tuple((name, source) for name, source in raw["arguments"]),
        call=raw["call"],
        setup=tuple(raw["setup"]),
        checks=tuple(Check(subject, operator, expected) for subject, operator, expected in raw["checks"]),
        raises=Raises(raises[0], raises[1]) if raises else None,
        imports=tuple((module, name) for module, name in raw["imports"]),
        lines=frozenset(raw["lines"]),
        arcs=frozenset((start, end) for start, end in raw.get("arcs", ())),
        kills=frozenset(raw["kills"]),
        enters=raw.get("enters", False),
        define=tuple(raw["define"]),
        prepare=tuple(raw["prepare"]),
        inside=raw.get("inside"),
        given=raw.get("given"),
    )

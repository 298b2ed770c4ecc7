"""The engine that needs no model: drives the runtime's search over inputs, several functions at a time, inside one budget."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import deque
from collections.abc import Callable, Container, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from pytestgen_hook import __version__, reasons, sandbox
from pytestgen_hook.cache import Cache
from pytestgen_hook.types.changes import Function
from pytestgen_hook.types.generated import Case, Check, Compared, Documented, Exploration, Raises

MOST_SECONDS = 8.0  # for one function; past that the figures hardly move
LEAST_SECONDS = 0.5  # below that a search shows nothing
FAIR_SECONDS = 1.5  # for one function even where there are too many: a few done whole are worth more than all begun
_GRACE = 5.0
MOST_IMPORT_SECONDS = 30.0
MEMORY = 4 << 30
KIND = "exploration"
_ENDED_EARLY = 0.8  # of its time: a search that took less would find no more in more


@dataclass(frozen=True, slots=True)
class Task:
    """One function to explore: the module to import for it and calls of it found in the repository.

    ``key`` stands for all that the answer follows from but the engine and the time; without one it is not kept. With
    ``only_promises`` calls are held against what is ``documented``, and none is chosen for a test.
    """

    function: Function
    module: str
    calls: tuple[str, ...] = ()
    key: str = ""
    documented: Documented = field(default_factory=Documented)
    only_promises: bool = False


class Queue:
    """Tasks handed out module by module, so that a worker seldom has to import anew; shared by the workers."""

    def __init__(self, tasks: Sequence[Task], deadline: float, workers: int, skip: Container[int] = ()) -> None:
        left = [(position, task) for position, task in enumerate(tasks) if position not in skip]
        self._tasks = deque(sorted(left, key=lambda pair: (pair[1].module, pair[0])))
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

    def clear(self) -> None:
        """Hand out nothing more."""
        with self._lock:
            self._tasks.clear()


@dataclass(frozen=True, slots=True)
class _Done:
    """An exploration that is over, what the runtime answered if it did, and the seconds it had for that."""

    position: int
    task: Task
    exploration: Exploration
    answer: Mapping[str, Any] | None = None
    seconds: float = 0.0

    @property
    def is_worth_keeping(self) -> bool:
        """Whether a later run may rely on it: an answer without a time is that no search came to its end.

        The machine may have been too busy for it.
        """
        return bool(self.task.key) and self.answer is not None and "seconds" in self.answer


@dataclass(frozen=True, slots=True)
class Bench:
    """Where functions are explored: the project's interpreter, the tree and its import roots, our temporary folder.

    With ``hypothesis`` properties are looked for too.
    """

    python: Path
    tree: Path
    roots: Sequence[str]
    folder: Path
    hypothesis: bool = False


def explore(
    tasks: Sequence[Task],
    bench: Bench,
    *,
    seconds: float,
    done: Callable[[Exploration], None],
    cache: Cache | None = None,
) -> Generator[list[tuple[int, Exploration]]]:
    """Explore every task; yield (position of the task, exploration), all that are over since the last time together.

    ``seconds`` is the time for all of them together: what it does not reach comes back with that problem. The search goes
    on while the caller works on what it was given; closing the iterator ends it. ``done`` is called after each, from several
    threads. What ``cache`` has of an earlier run comes first.
    """
    workers = min(sandbox.processors(), len(tasks)) or 1
    kept = _kept(tasks, seconds * workers / max(1, len(tasks)), cache)
    for exploration in kept.values():
        done(exploration)
    if kept:
        yield list(kept.items())
    left = len(tasks) - len(kept)
    crew = _Crew(bench, Queue(tasks, time.monotonic() + seconds, workers, skip=kept.keys()), seconds, done)
    with ThreadPoolExecutor(workers) as pool:
        try:
            for number in range(min(workers, left)):
                pool.submit(crew.work, number)
            while left:
                found = _waiting(crew.over, cache)
                left -= len(found)
                yield found
        finally:
            crew.stop()
            if not crew.over.empty():
                _waiting(crew.over, cache)


class _Crew:
    """The threads that explore, each with a runtime of its own; what they found, or what went wrong, is in ``over``."""

    def __init__(self, bench: Bench, queue: Queue, seconds: float, done: Callable[[Exploration], None]) -> None:
        self.over: SimpleQueue[_Done | BaseException] = SimpleQueue()
        self._bench = bench
        self._queue = queue
        self._seconds = seconds
        self._done = done
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End the work; what is not over by now will not be."""
        self._queue.clear()
        self._stopped.set()

    def work(self, number: int) -> None:
        """Explore until there is nothing left."""
        own: sandbox.Runtime | None = None
        try:
            while (taken := self._queue.take()) is not None:
                position, task, share, left = taken
                if share < LEAST_SECONDS:
                    problem = f"not tried: the budget of {self._seconds:g} s was used up; raise --budget"
                    found = _Done(position, task, replace(_failed(task, problem), untried=True))
                else:
                    own = own or runtime(self._bench, str(number), self._stopped)
                    found, own = ask(own, position, task, share, left, self._bench.hypothesis)
                if self._stopped.is_set():
                    break
                self._done(found.exploration)
                self.over.put(found)
        except BaseException as error:  # noqa: BLE001  # raised again where the explorations are awaited
            self.over.put(error)
        finally:
            if own is not None:
                own.close()


def runtime(bench: Bench, name: str, stopped: threading.Event | None = None) -> sandbox.Runtime:
    """Start a runtime with a temporary folder of its own; ``stopped`` set by another thread ends its work."""
    place = bench.folder / f"runtime-{name}"
    place.mkdir(parents=True, exist_ok=True)
    return sandbox.Runtime(
        bench.python, folder=place, tree=bench.tree, roots=bench.roots, memory_bytes=MEMORY, stopped=stopped
    )


def _waiting(over: SimpleQueue[_Done | BaseException], cache: Cache | None) -> list[tuple[int, Exploration]]:
    """Wait for something to be over and take all that is; keep what is worth it."""
    found: list[_Done] = []
    try:
        while not found or not over.empty():
            item = over.get()
            if isinstance(item, BaseException):
                raise item
            found.append(item)
    finally:
        worth = {
            _key(one.task): {"answer": one.answer, "seconds": one.seconds} for one in found if one.is_worth_keeping
        }
        if cache is not None:
            cache.put_many(KIND, worth)
    return [(one.position, one.exploration) for one in found]


# -- what earlier runs found -----------------------------------------------------------------------------------------


def _kept(tasks: Sequence[Task], share: float, cache: Cache | None) -> dict[int, Exploration]:
    """Return {position: exploration} of the tasks that an earlier run has explored.

    ``share`` is the time in seconds that each would get now. A search that used up its time is made again where it would
    get more than twice as much.
    """
    enough = min(MOST_SECONDS, max(FAIR_SECONDS, share)) / 2
    values = cache.get_many(KIND, {_key(task) for task in tasks if task.key}) if cache is not None else {}
    found = {}
    for position, task in enumerate(tasks):
        value = values.get(_key(task)) if task.key else None
        if value is None:
            continue
        try:
            answer, given = value["answer"], value["seconds"]
            if given >= enough or answer["seconds"] < _ENDED_EARLY * given:
                found[position] = replace(exploration(task, answer), seconds=0.0)
        except (LookupError, TypeError, ValueError, AttributeError):  # not as we write it
            continue
    return found


def _key(task: Task) -> str:
    return hashlib.sha256(f"{engine()} {task.key}".encode()).hexdigest()


@lru_cache
def engine() -> str:
    """Return what stands for the engine itself: its version, and its sources for those who work on it."""
    digest = hashlib.sha256(__version__.encode())
    for path in sorted(sandbox.RUNTIME.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


# -- one function ----------------------------------------------------------------------------------------------------


def ask(
    runtime: sandbox.Runtime,
    position: int,
    task: Task,
    seconds: float,
    left: float,
    hypothesis: bool,
    more: Mapping[str, object] | None = None,
) -> tuple[_Done, sandbox.Runtime | None]:
    """Explore one task; the runtime comes back too, or None if it was lost on the way. ``more`` is added to the request."""
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
        "only_promises": task.only_promises,
        **(more or {}),
    }
    if task.documented.promises:
        documented = task.documented
        request["documented"] = {
            "promises": [asdict(promise) for promise in documented.promises],
            "examples": {"text": documented.examples, "numbers": list(documented.numbers)},
            "types": dict(documented.types),
        }
    try:
        answer = runtime.request(request, min(seconds * 3 + MOST_IMPORT_SECONDS, max(0.0, left)) + _GRACE)
    except sandbox.RuntimeTimeout:
        problem = "the time for it ran out: it is too large, or its calls are too slow"
        return _Done(position, task, _failed(task, problem)), None
    except sandbox.RuntimeDied as death:
        return _Done(position, task, _failed(task, f"the process that runs the calls ended: {death}")), None
    return _Done(position, task, exploration(task, answer), answer, seconds), runtime


def _failed(task: Task, problem: str) -> Exploration:
    return Exploration(task.function, task.module, problem=problem, lines_total=len(task.function.body_lines))


def exploration(task: Task, answer: Mapping[str, Any]) -> Exploration:
    """Return what the runtime answered, as the tool has it."""
    found = Exploration(
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
        left=_left(answer),
        seconds=answer.get("seconds", 0.0),
        promises=_compared(task.documented, answer.get("promises", ())),
        labels={number: (line, label) for number, line, label in answer.get("labels", ())},
    )
    return reasons.without_superfluous(found)


def _left(answer: Mapping[str, Any]) -> Mapping[str, Any] | None:
    told = answer.get("left")
    if told is None:
        return None
    return {**told, "form": answer.get("form"), "avoid": answer.get("avoid", False), "through": answer.get("through")}


def _compared(documented: Documented, answers: Sequence[Mapping[str, Any]]) -> tuple[Compared, ...]:
    found = []
    for promise, answer in zip(documented.promises, answers, strict=False):
        if answer["held"] or answer["witness"]:
            witness = answer["witness"] or {}
            broken = max(answer["broken"], len(witness) and 1)
            found.append(Compared(promise, answer["held"], broken, witness.get("call"), witness.get("observed")))
    return tuple(found)


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
        through=raw.get("through", ""),
        slips=frozenset(raw.get("slips", ())),
        tried=frozenset(raw.get("tried", ())),
    )

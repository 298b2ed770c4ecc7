"""Collects rows from a repository: calls that a search, or a model after it, found and the gates let through."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence

from finetuning.gates import Gates, Judged
from finetuning.rows import Row
from finetuning.sources import Sources
from pytestgen_hook.engines import search
from pytestgen_hook.engines.model import Speaker, improved, is_open, known_calls
from pytestgen_hook.engines.search import Task
from pytestgen_hook.types.generated import Exploration

AT_ONCE = 8  # functions explored before rows are made of them


def explored(
    sources: Sources, tasks: Sequence[Task], seconds: float, told: Callable[[str], object]
) -> Iterator[tuple[Task, Exploration]]:
    """Yield the functions of which the search found cases, with these; it has so many seconds for each."""
    for start in range(0, len(tasks), AT_ONCE):
        some = tasks[start : start + AT_ONCE]
        told(f"{sources.name}: {start} of {len(tasks)} functions")
        over: dict[int, Exploration] = {}
        for pairs in search.explore(some, sources.bench, seconds=seconds * len(some), done=lambda _: None):
            over.update(pairs)
        yield from ((some[at], over[at]) for at in sorted(over) if over[at].cases)


def collected(
    sources: Sources,
    *,
    seconds: float,
    excluded: Container[str],
    speaker: Speaker | None = None,
    most: int | None = None,
    told: Callable[[str], object] = lambda _: None,
) -> Iterator[Row]:
    """Yield rows of the repository's functions, without those whose syntax is ``excluded``.

    What the ``speaker`` adds to the search is asked for where that leaves something. ``most`` bounds the functions that are
    explored, taken evenly from all files.
    """
    tasks = [task for task in sources.tasks if sources.form(task) not in excluded]
    if most is not None and len(tasks) > most:
        tasks = [tasks[at * len(tasks) // most] for at in range(most)]
    with Gates(sources) as gates:
        for task, first in explored(sources, tasks, seconds, told):
            if first.left and first.left["through"]:
                continue  # its calls are those of another function
            calls = known_calls(first)
            yield from rows_of(gates, task, gates.judged(task, calls))
            if speaker is not None and is_open(first):
                (after,) = improved([(task, first)], sources.bench, speaker)
                proposed = [call for call in known_calls(after) if call not in calls]
                judged = gates.judged(task, [*calls, *proposed])
                known = [one for one in judged if one.text in calls]
                row = gates.row(task, known, [one for one in judged if one.text in proposed], "model")
                if row is not None:
                    yield row


def rows_of(gates: Gates, task: Task, calls: Sequence[Judged]) -> Iterator[Row]:
    """Yield questions whose answers are among the calls: some of these are taken to be there, the others are asked for."""
    ordered = in_order_of_worth(calls)
    for count in sorted({1, len(ordered) // 2}):
        if 0 < count < len(ordered):
            row = gates.row(task, ordered[:count], ordered[count:], "search")
            if row is not None:
                yield row


def in_order_of_worth(calls: Sequence[Judged]) -> list[Judged]:
    """Return the calls so that each adds most to those before it; without those that add nothing."""
    left, ordered = list(calls), []
    arcs: set[tuple[int, int]] = set()
    kills: set[int] = set()
    while left:
        best = max(left, key=lambda one: (len(one.arcs - arcs) + len(one.kills - kills), -len(one.text)))
        if best.arcs <= arcs and best.kills <= kills:
            break
        left.remove(best)
        ordered.append(best)
        arcs |= best.arcs
        kills |= best.kills
    return ordered

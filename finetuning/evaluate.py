"""Says whether an adapter makes the model better, by what the gates let through and not by a loss."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import comb
from typing import Any

from finetuning.collect import explored
from finetuning.gates import Gates
from finetuning.sources import Sources
from pytestgen_hook.engines.model import is_open, shown_calls
from pytestgen_hook.engines.search import Task
from pytestgen_hook.model import prompts
from pytestgen_hook.model.calls import Settings, ask
from pytestgen_hook.model.local import LocalModel
from pytestgen_hook.types.generated import Exploration

ASK_SECONDS = 600.0  # so long that no answer is cut, however busy the machine is
SURE = 0.05  # the likelihood of as clear a result by chance at which it counts


@dataclass(frozen=True, slots=True)
class Question:
    """A function on which the search leaves something."""

    sources: Sources
    task: Task
    first: Exploration


@dataclass(frozen=True, slots=True)
class Score:
    """What a model's calls of one function came to: those proposed, those accepted, what they show, and the tokens.

    A call is accepted if it passes the gates and shows a line or kills a mutant that nothing before it did.
    """

    proposed: int
    accepted: int
    lines: int
    mutants: int
    tokens: int
    seconds: float


def questions(
    sources: Sources, *, most: int, seconds: float, excluded: Container[str], told: Callable[[str], object]
) -> list[Question]:
    """Return functions on which the search alone leaves lines or mutants, spread evenly over the files.

    Those whose syntax is ``excluded``, such as those that were trained on, are left out.
    """
    tasks = [task for task in sources.tasks if sources.form(task) not in excluded]
    step = max(1, len(tasks) // max(1, 3 * most))
    in_turn = [task for start in range(step) for task in tasks[start::step]]
    found: list[Question] = []
    for task, first in explored(sources, in_turn, seconds, told):
        if len(found) >= most:
            break
        if is_open(first):
            found.append(Question(sources, task, first))
    return found


def scored(gates: Gates, question: Question, model: LocalModel, settings: Settings) -> Score:
    """Ask a model about a function and have the gates judge each call that it proposes, as it stands."""
    sources, task, first = question.sources, question.task, question.first
    left = first.left or {}
    known = shown_calls(first)
    started = time.monotonic()
    source = sources.source(task.function.path)
    try:
        asked = ask(model, task.function, source, left, left["form"], known, settings, seconds=ASK_SECONDS)
    except ValueError:  # a function that does not fit into a prompt
        return Score(0, 0, 0, 0, 0, 0.0)
    took = time.monotonic() - started
    lines, mutants = set(left["lines"]), {number for number, *_ in left["mutants"]}
    accepted, all_lines, all_mutants = 0, len(lines), len(mutants)
    for one in gates.judged(task, list(asked.calls)):
        run = {line for _, line in one.arcs}
        accepted += bool(run & lines or one.kills & mutants)
        lines, mutants = lines - run, mutants - one.kills
    return Score(len(asked.calls), accepted, all_lines - len(lines), all_mutants - len(mutants), asked.tokens, took)


def compared(
    some: Sequence[Question],
    models: Sequence[tuple[str, LocalModel]],
    settings: Settings,
    told: Callable[[str], object],
) -> dict[str, Any]:
    """Return the result: a row for each function, the sums of each model, and which of the two is better."""
    rows: list[dict[str, Any]] = []
    for _, model in models:
        model.prepare(prompts.prefix())
    opened: dict[str, Gates] = {}
    try:
        for number, question in enumerate(some, 1):
            name = f"{question.task.module}.{question.task.function.qualname}"
            told(f"{number} of {len(some)}: {name}")
            gates = opened.setdefault(question.sources.name, Gates(question.sources))
            scores = {known: asdict(scored(gates, question, model, settings)) for known, model in models}
            left = question.first.left or {}
            row = {"repository": question.sources.name, "commit": question.sources.commit, "function": name}
            rows.append({**row, "lines_left": len(left["lines"]), "mutants_left": len(left["mutants"]), **scores})
    finally:
        for gates in opened.values():
            gates.close()
    sums = {known: _summed([row[known] for row in rows]) for known, _ in models}
    return {"functions": len(rows), **sums, "verdict": verdict(rows, *(known for known, _ in models)), "rows": rows}


_COUNTED = ("proposed", "accepted", "lines", "mutants", "tokens", "seconds")


def _summed(scores: Sequence[dict[str, float]]) -> dict[str, float]:
    sums = {name: round(sum(score[name] for score in scores), 2) for name in _COUNTED}
    rates = {f"{name}_per_100_tokens": round(100 * sums[name] / max(1, sums["tokens"]), 3) for name in _COUNTED[1:4]}
    return {**sums, **rates}


def worth(score: Mapping[str, float]) -> float:
    """What the tests of a function gain by an answer: lines and mutants that nothing showed before."""
    return score["lines"] + score["mutants"]


def verdict(rows: Sequence[dict[str, Any]], base: str, adapted: str) -> dict[str, Any]:
    """Say whether the adapter wins: on more functions than it loses, surely (a sign test), and per token."""
    pairs = [(worth(row[base]), worth(row[adapted])) for row in rows]
    better, worse = sum(new > old for old, new in pairs), sum(new < old for old, new in pairs)
    tokens = {name: max(1, sum(row[name]["tokens"] for row in rows)) for name in (base, adapted)}
    gained = {
        base: 100 * sum(old for old, _ in pairs) / tokens[base],
        adapted: 100 * sum(new for _, new in pairs) / tokens[adapted],
    }
    chance = by_chance(better, worse)
    wins = better > worse and chance <= SURE and gained[adapted] > gained[base]
    return {
        "adapter_wins": wins,
        "better_on": better,
        "worse_on": worse,
        "by_chance": round(chance, 4),
        "gained_per_100_tokens": {name: round(value, 3) for name, value in gained.items()},
    }


def by_chance(better: int, worse: int) -> float:
    """Return how likely so clear a result, in either direction, would be if neither model were the better one."""
    count = better + worse
    tail = sum(comb(count, number) for number in range(max(better, worse), count + 1))
    return min(1.0, 2 * tail / 2.0**count)


def sentence(result: dict[str, Any]) -> str:
    """Return the verdict in words."""
    told = result["verdict"]
    gained = told["gained_per_100_tokens"]
    old, new = gained.values()
    counts = f"better on {told['better_on']} functions, worse on {told['worse_on']}, of {result['functions']}"
    what = "The adapter wins" if told["adapter_wins"] else "The adapter does not win"
    return (
        f"{what}: {counts} (by chance: {told['by_chance']:.2f}); lines and mutants per 100 tokens: {new:.2f} with it, "
        f"{old:.2f} without."
    )

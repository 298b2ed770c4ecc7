"""The gates that a call has to pass to be in a row: those of the tool's own tests, asked about calls that are there already."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from finetuning.rows import Origin, Row
from finetuning.sources import Sources
from pytestgen_hook import sandbox
from pytestgen_hook.engines import search
from pytestgen_hook.engines.search import Task
from pytestgen_hook.model import prompts
from pytestgen_hook.model.calls import LINES

SECONDS = 30.0  # for the calls of one function, of which few need one
MOST_CALLS = 6  # of an answer, as the tool asks for
LONGEST_CALL = 160  # characters
MOST_TEXT = 1100  # of a question: the tool takes 320 tokens

Arc = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Judged:
    """A call that runs, does the same each time and touches nothing: its steps through the function, the mutants it kills."""

    text: str
    arcs: frozenset[Arc]
    kills: frozenset[int]


@dataclass(frozen=True, slots=True)
class Open:
    """What some calls leave open, as the model is told it, and how calls of the function look."""

    left: Mapping[str, Any]
    form: Mapping[str, Any]


class Gates:
    """Asks one runtime about the functions of one repository; close it after use."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._runtime: sandbox.Runtime | None = None

    def close(self) -> None:
        """End the runtime."""
        if self._runtime is not None:
            self._runtime.close()
            self._runtime = None

    def __enter__(self) -> Gates:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def judged(self, task: Task, calls: Sequence[str]) -> list[Judged]:
        """Return those of the calls that pass, in their order."""
        answer = self._asked(task, calls, ())
        found = [Judged(one["call"], _arcs(one["arcs"]), frozenset(one["kills"])) for one in answer.get("calls", ())]
        return sorted(found, key=lambda one: calls.index(one.text))

    def open(self, task: Task, known: Iterable[Judged]) -> Open | None:
        """Return what the known calls leave open; None where the function cannot be called."""
        answer = self._asked(task, (), known)
        return Open(answer["left"], answer["form"]) if "left" in answer else None

    def row(self, task: Task, known: Sequence[Judged], answer: Sequence[Judged], maker: str) -> Row | None:
        """Return the row that asks for what ``known`` leaves open, with those calls of the answer that show some of it.

        They come in the order of what they show. None where none does.
        """
        function = task.function
        first = sorted((one for one in known if len(one.text) <= LONGEST_CALL), key=lambda one: len(one.text))
        told = self.open(task, first)
        if told is None:
            return None
        chosen = _showing(told.left, first, answer)
        if not chosen:
            return None
        source = self._sources.source(function.path)
        shown = [one.text for one in first]
        for lines in LINES:
            question = prompts.question(function, source, told.left, shown, told.form, most_lines=lines)
            if len(question) <= MOST_TEXT:
                break
        else:
            return None
        origin = Origin(self._sources.name, self._sources.commit, function.path, function.qualname)
        return Row(
            origin=origin,
            licence=self._sources.licence,
            question=question,
            answer=tuple(by_name(one.text, told.form) for one, _ in chosen),
            known=tuple(shown),
            reasons=tuple(_reason(new, told.left, source) for _, new in chosen),
            form=self._sources.form(task),
            maker=maker,
        )

    def again(self, row: Row) -> Row | None:
        """Return a row with what passes now of its calls, asked as the tool asks now; None where nothing does.

        None too for a row of another commit or of a function that is not there.
        """
        if row.origin.commit != self._sources.commit:
            return None
        place = (row.origin.path, row.origin.function)
        task = next((one for one in self._sources.tasks if (one.function.path, one.function.qualname) == place), None)
        if task is None:
            return None
        judged = {one.text: one for one in self.judged(task, list(dict.fromkeys((*row.known, *row.answer))))}
        known = [judged[text] for text in row.known if text in judged]
        answer = [judged[text] for text in row.answer if text in judged]
        return self.row(task, known, answer, row.maker)

    def _asked(self, task: Task, calls: Sequence[str], had: Iterable[Judged]) -> Mapping[str, Any]:
        shown = list(had)
        arcs = sorted({arc for one in shown for arc in one.arcs})
        kills = sorted({kill for one in shown for kill in one.kills})
        more = {"judge": {"calls": list(calls), "had": {"arcs": arcs, "kills": kills}}}
        runtime = self._runtime or search.runtime(self._sources.bench, "gates")
        self._runtime = None
        found, self._runtime = search.ask(runtime, 0, task, SECONDS, 3 * SECONDS, hypothesis=False, more=more)
        return found.answer or {}


def by_name(call: str, form: Mapping[str, Any]) -> str:
    """Return a call with the arguments of its objects' classes given by name, as the grammar of answers wants them."""
    data = call.encode()
    places: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(call)):
        known = form["classes"].get(ast.unparse(node.func)) if isinstance(node, ast.Call) and node.args else None
        if known is not None and isinstance(node, ast.Call):
            names = [parameter["name"] for parameter in known["parameters"]]
            places += [(arg.col_offset, name) for arg, name in zip(node.args, names, strict=False) if name]
    for place, name in sorted(places, reverse=True):
        data = data[:place] + f"{name}=".encode() + data[place:]
    return data.decode()


def _arcs(listed: Iterable[Sequence[int]]) -> frozenset[Arc]:
    return frozenset((start, end) for start, end in listed)


@dataclass(frozen=True, slots=True)
class New:
    """What of the marks of a question a call is the first to show: lines, ways of branches, mutants (their numbers)."""

    lines: tuple[int, ...]
    ways: tuple[Arc, ...]
    mutants: tuple[int, ...]

    @property
    def place(self) -> tuple[int, int]:
        """Its place in the order: what was never run first, then changes."""
        at = min((*self.lines, *(line for line, _ in self.ways)), default=0)
        return (0, at) if at else (1, min(self.mutants))


def _showing(left: Mapping[str, Any], known: Sequence[Judged], answer: Sequence[Judged]) -> list[tuple[Judged, New]]:
    """Return the calls that show something of what is left, each something that none before it does."""
    taken = frozenset[Arc]().union(*(one.arcs for one in known))
    lines, mutants = set(left["lines"]), {number for number, *_ in left["mutants"]}
    branching = {line for line, _ in left["branches"]}
    found = []
    for one in answer:
        run = {line for _, line in one.arcs}
        ways = sorted((start, end) for start, end in one.arcs - taken if start in branching and end)  # 0: it raised
        new = New(tuple(sorted(run & lines)), tuple(ways), tuple(sorted(one.kills & mutants)))
        if len(one.text) <= LONGEST_CALL and (new.lines or new.ways or new.mutants):
            found.append((one, new))
            lines, mutants, taken = lines - run, mutants - one.kills, taken | one.arcs
    return sorted(found[:MOST_CALLS], key=lambda pair: pair[1].place)


def _reason(new: New, left: Mapping[str, Any], source: bytes) -> str:
    """Say what a call is the first to show."""
    text = source.decode("utf-8", "replace").splitlines()
    parts = []
    if new.lines:
        parts.append(f"is the first to run `{text[new.lines[0] - 1].strip()}`")
    elif new.ways:
        parts.append(f"is the first to go another way from `{text[new.ways[0][0] - 1].strip()}`")
    after = [change[4] for change in left["mutants"] if change[0] in new.mutants and change[4]]
    if after:
        parts.append(f"would end otherwise with `{after[0]}`")
    return " and ".join(parts) or "would end otherwise after a change that no other call notices"

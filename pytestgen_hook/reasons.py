"""Why each case stays: what it shows that no other case of its function does, a line, a step or a mutant, in words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pytestgen_hook.types.generated import Case, Exploration, WrittenTest

_LONGEST = 60  # characters of a line that is shown, and of what a mutant changes
_MOST = 6  # to choose from
_MOST_OF_A_KIND = 3
_ENDING = re.compile(r"(?:return|raise|yield)\b")  # a line that says more than those before it
_ONLY_ONE = "the only one"
_PROPERTY = "held for all that Hypothesis drew"


@dataclass(frozen=True, slots=True)
class Reason:
    """What one case alone shows: ``text`` for a report, ``short`` for a menu, where no two are alike."""

    short: str
    text: str


def menus(exploration: Exploration, source: str) -> list[list[Reason]]:
    """Return what may be said of each case, then of each test that a model wrote; what says most first.

    All of it was seen: the calls were traced, and held against mutants. "Alone" it shows what no other shows that was traced,
    or that was held against the mutant or does not run its line; properties are not counted among the others. ``source`` is
    the text of the file under test. A menu is empty where nothing was seen that could be said.
    """
    lines = [line.decode() for line in source.encode().splitlines()]  # those of text end at a form feed, too
    return list(_Cases(exploration, lines).menus())


def reasons(exploration: Exploration, source: str) -> list[str]:
    """Return why each case stays, then each test that a model wrote: the reason that was chosen for it, or the first; or ""."""
    found = []
    for one, menu in zip((*exploration.cases, *exploration.written), menus(exploration, source), strict=True):
        texts = [reason.text for reason in menu]
        chosen = one.reason if isinstance(one, Case) and one.reason in texts else "".join(texts[:1])
        found.append(chosen)
    return found


def without_superfluous(exploration: Exploration) -> Exploration:
    """Return the exploration without cases all of whose lines, steps and mutants later cases show too.

    A later case was made for something that the earlier ones left, and may show by the way what one of these was kept for.
    A property takes no example's place, nor a call through another function that of a call of the function itself.
    """
    shown = {case: _shown_by(case) for case in exploration.cases}
    kept = list(exploration.cases)
    for case in exploration.cases:
        others = [other for other in kept if other is not case]
        known = [shown[other] for other in others if not other.given and (case.through or not other.through)]
        if not case.given and not shown[case] - frozenset().union(*known):
            kept = others
    return replace(exploration, cases=tuple(kept))


_Shown = tuple[str, int | tuple[int, int]]


def _shown_by(one: Case | WrittenTest) -> frozenset[_Shown]:
    """Return the lines, steps and mutants, slips among them, that a case or a test shows, each with its kind."""
    shown: set[_Shown] = {("line", line) for line in one.lines} | {("mutant", number) for number in one.kills}
    if isinstance(one, Case):
        shown |= {("step", arc) for arc in one.arcs} | {("mutant", number) for number in one.slips}
    return frozenset(shown)


class _Cases:
    """The cases and tests of one function, and what each shows."""

    def __init__(self, exploration: Exploration, lines: Sequence[str]) -> None:
        self._all: tuple[Case | WrittenTest, ...] = (*exploration.cases, *exploration.written)
        self._labels = exploration.labels
        self._lines = lines
        self._examples = [one for one in self._all if not (isinstance(one, Case) and one.given)]
        self._times = Counter(shown for one in self._examples for shown in _shown_by(one))
        self._body = frozenset(exploration.function.body_lines)
        self._counted = frozenset().union(*[one.kills for one in self._all])

    def menus(self) -> Iterator[list[Reason]]:
        for one in self._all:
            if isinstance(one, Case) and one.given:
                yield [Reason(_PROPERTY, _PROPERTY)]
            elif len(self._examples) == 1:
                yield [Reason(_ONLY_ONE, _ONLY_ONE)]
            else:
                yield self._menu(one)

    def _menu(self, one: Case | WrittenTest) -> list[Reason]:
        alone = {shown for shown in _shown_by(one) if self._times[shown] == 1}
        lines = sorted(what for kind, what in alone if kind == "line" and isinstance(what, int))
        lines.sort(key=lambda line: not _ENDING.match(self._code(line)))
        steps = sorted(what for kind, what in alone if kind == "step" and isinstance(what, tuple))
        if not all(isinstance(other, Case) for other in self._examples):  # whose steps nobody knows
            steps = []
        mutants = sorted(what for kind, what in alone if kind == "mutant" and isinstance(what, int))
        mutants = [number for number in mutants if self._was_tried(number, one)]
        elsewhere = [number for number in mutants if self._labels.get(number, (0, ""))[0] not in lines]
        by_kind = [
            [self._of_line(line) for line in lines],
            [self._of_step(*step) for step in steps if not set(step).intersection(lines)],
            [self._of_mutant(number) for number in elsewhere],
        ]
        found: dict[str, Reason] = {}
        for of_kind in by_kind:
            for reason in [reason for reason in of_kind if reason][:_MOST_OF_A_KIND]:
                found.setdefault(reason.short, reason)
        if not found:  # others were not held against what it was kept for
            some = [self._of_mutant(number, alone=False) for number in sorted(one.kills)]
            return [reason for reason in some if reason][:1]
        return list(found.values())[:_MOST]

    def _was_tried(self, number: int, but: Case | WrittenTest) -> bool:
        """Whether all others would have been seen to notice a mutant."""
        line, _ = self._labels.get(number, (0, ""))
        for other in self._examples:
            if isinstance(other, Case):
                may_notice = line in other.lines or line not in self._body  # such as a default
                if other is not but and number not in other.tried and may_notice:
                    return False
            elif number not in self._counted:  # tests that a model wrote are held against no slips
                return False
        return True

    def _of_line(self, line: int) -> Reason | None:
        code = self._code(line)
        return Reason(_plain(code), f"alone runs line {line}: {code}") if code else None

    def _of_step(self, start: int, end: int) -> Reason | None:
        if start <= 0:
            return None
        code = self._code(end if end > 0 else start)
        if end <= 0:  # where a generator gives something, too
            return Reason(_plain(f"leaves at {code}"), f"alone leaves at line {start}: {code}") if code else None
        told = f"alone goes from line {start} to line {end}: {code}"
        return Reason(_plain(f"goes on to {code}"), told) if code else None

    def _of_mutant(self, number: int, *, alone: bool = True) -> Reason | None:
        line, label = self._labels.get(number, (0, ""))
        code, label = self._code(line), _cut(label)
        told = f"{'alone ' if alone else ''}notices a change of line {line} ({label}): {code}"
        return Reason(_plain(label), told) if code and label else None

    def _code(self, line: int) -> str:
        return _cut(" ".join(self._lines[line - 1].split())) if 0 < line <= len(self._lines) else ""


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _plain(text: str) -> str:
    """Return a text as a grammar can hold it, of ASCII."""
    return text.encode("ascii", "backslashreplace").decode()

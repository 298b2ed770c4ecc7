"""Why each case stays: what it shows that no other case of its function does, a line, a step or a mutant, in words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pytestgen_hook.types.generated import Case, Exploration, WrittenTest

_LONGEST_CODE = 60  # characters of a line that is shown
_MOST = 6  # to choose from
_MOST_OF_A_KIND = 3
_ENDING = re.compile(r"(?:return|raise|yield)\b")  # a line that says more than those before it
_ONLY_ONE = "shows all that was found out"
_PROPERTY = "holds for whatever Hypothesis draws"


@dataclass(frozen=True, slots=True)
class Reason:
    """What one case alone shows: ``text`` for a report, ``short`` for a menu, where no two are alike."""

    short: str
    text: str


def menus(exploration: Exploration, source: str) -> list[list[Reason]]:
    """Return what may be said of each case, then of each test that a model wrote; what says most first.

    All of it was seen: the tests were traced, and tried against mutants as far as the time went. ``source`` is the text of
    the file under test. A menu is empty where others show all that a case shows.
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
    """
    kept = list(exploration.cases)
    for case in exploration.cases:
        others = [other for other in kept if other is not case]
        if not case.given and not _shown_by(case) - frozenset().union(*map(_shown_by, others)):
            kept = others
    return replace(exploration, cases=tuple(kept))


_Shown = tuple[str, int | tuple[int, int]]


def _shown_by(one: Case | WrittenTest) -> frozenset[_Shown]:
    """Return the lines, steps, mutants and slips that a case or a test shows, each with its kind."""
    shown: set[_Shown] = {("line", line) for line in one.lines} | {("mutant", number) for number in one.kills}
    if isinstance(one, Case):
        shown |= {("step", arc) for arc in one.arcs} | {("slip", number) for number in one.slips}
    return frozenset(shown)


class _Cases:
    """The cases and tests of one function, and what each shows."""

    def __init__(self, exploration: Exploration, lines: Sequence[str]) -> None:
        self._all: tuple[Case | WrittenTest, ...] = (*exploration.cases, *exploration.written)
        self._labels = exploration.labels
        self._lines = lines
        self._times = Counter(shown for one in self._all for shown in _shown_by(one))
        self._kinds = ("mutant",) if exploration.written else ("mutant", "slip")  # those are not tried against slips

    def menus(self) -> Iterator[list[Reason]]:
        for one in self._all:
            if isinstance(one, Case) and one.given:
                yield [Reason(_PROPERTY, _PROPERTY)]
            elif len(self._all) == 1:
                yield [Reason(_ONLY_ONE, _ONLY_ONE)]
            else:
                yield self._menu({shown for shown in _shown_by(one) if self._times[shown] == 1})

    def _menu(self, alone: set[_Shown]) -> list[Reason]:
        lines = sorted(what for kind, what in alone if kind == "line" and isinstance(what, int))
        lines.sort(key=lambda line: not _ENDING.match(self._code(line)))
        steps = sorted(what for kind, what in alone if kind == "step" and isinstance(what, tuple))
        mutants = sorted(what for kind, what in alone if kind in self._kinds and isinstance(what, int))
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
        return list(found.values())[:_MOST]

    def _of_line(self, line: int) -> Reason | None:
        code = self._code(line)
        return Reason(code, f"alone runs line {line}: {code}") if code else None

    def _of_step(self, start: int, end: int) -> Reason | None:
        if start <= 0:
            return None
        if end <= 0:
            code = self._code(start)
            return Reason(f"ends at {code}", f"alone ends at line {start}: {code}") if code else None
        code = self._code(end)
        return Reason(f"goes on to {code}", f"alone goes from line {start} to line {end}: {code}") if code else None

    def _of_mutant(self, number: int) -> Reason | None:
        line, label = self._labels.get(number, (0, ""))
        code = self._code(line)
        return Reason(label, f"alone notices a change of line {line} ({label}): {code}") if code and label else None

    def _code(self, line: int) -> str:
        text = " ".join(self._lines[line - 1].split()) if 0 < line <= len(self._lines) else ""
        return text if len(text) <= _LONGEST_CODE else text[: _LONGEST_CODE - 1] + "…"

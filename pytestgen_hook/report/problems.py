"""What asks for something to be done, for reports that list it by importance: open findings and what was not analysed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytestgen_hook.report import verdict
from pytestgen_hook.report.text import Style, told_of
from pytestgen_hook.types.report import Report

NOT_ANALYSED = "PTG007"
# Suspected bugs before what is untested, this before what is weak, uncertain or unknown.
_ORDER = ("PTG005", "PTG001", "PTG002", "PTG003", "PTG004", "PTG006", NOT_ANALYSED)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to be mended: ``name`` is "" for a whole file, ``remedy`` a command or "".

    ``silenced_by`` is "" for what is open, else as in ``Silenced.by``, and ``reason`` why.
    """

    path: str
    name: str
    line: int
    end_line: int
    code: str
    told: str
    remedy: str = ""
    silenced_by: str = ""
    reason: str = ""

    @property
    def message(self) -> str:
        """What is to be said of it, the function named."""
        return f"{self.name}: {self.told}" if self.name else self.told


def problems(report: Report, style: Style) -> list[Problem]:
    """Return what is open, the most important first, then by place."""
    return sorted(_open(report, style), key=_importance)


def silenced(report: Report) -> list[Problem]:
    """Return what somebody has decided to live with."""
    found = [
        Problem(
            *(item.path, item.qualname or "", item.line or 1, item.line or 1, item.code, item.told),
            silenced_by=item.by,
            reason=item.reason,
        )
        for item in report.silenced
    ]
    return sorted(found, key=_importance)


def _open(report: Report, style: Style) -> Iterator[Problem]:
    for finding in report.findings:
        if verdict.is_open(finding):
            function = finding.function
            remedy = verdict.remedy(report, finding, style.place, diff=style.diff) or ""
            code, told = finding.code or _ORDER[0], told_of(finding)
            yield Problem(function.path, function.qualname, function.def_line, function.last_line, code, told, remedy)
    for item in report.unanalysed:
        line = item.line or 1
        yield Problem(item.path, item.qualname or "", line, line, NOT_ANALYSED, f"not analysed: {item.reason}")


def _importance(problem: Problem) -> tuple[int, str, int]:
    rank = _ORDER.index(problem.code) if problem.code in _ORDER else len(_ORDER)
    return rank, problem.path, problem.line


def fingerprints(found: Sequence[Problem]) -> list[str]:
    """Return a digest for each, all different, that moving code up and down in its file leaves as it is."""
    ordinals: Counter[tuple[str, str, str]] = Counter()
    made = []
    for problem in found:
        key = (problem.path, problem.name, problem.code)
        text = "\0".join((*key, str(ordinals[key])))
        made.append(hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest())
        ordinals[key] += 1
    return made

"""The strength of tests for a person and for programs, and the exit status; JSON after ``schema/strength.schema.json``."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pytestgen_hook import __version__
from pytestgen_hook.report.text import Style, passed_over, unanalysed
from pytestgen_hook.report.verdict import status_of_error
from pytestgen_hook.targets import BLIND
from pytestgen_hook.terminal import escaped, styled
from pytestgen_hook.types.strength import MutantResult, Strength, StrengthReport, Verdict

SCHEMA_VERSION = 1


# -- what it comes to ------------------------------------------------------------------------------------------------


def score(mutants: Iterable[MutantResult]) -> float | None:
    """Return the share in percent of what was tried, or runs in no test, that tests notice; None if that is nothing."""
    counted = Counter(mutant.verdict for mutant in mutants)
    total = sum(counted.values()) - counted[Verdict.NOT_TRIED]
    return 100 * sum(counted[verdict] for verdict in counted if verdict.is_noticed) / total if total else None


def exit_status(report: StrengthReport) -> int:
    """Return 1 if a limit is given and not reached, or not known to be: then something could not be measured.

    That of a run that came to no verdict is 2, or 3 for a bug of ours.
    """
    if report.error is not None:
        return status_of_error(report.error)
    if report.fail_under is None:
        return 0
    if report.unanalysed or any(strength.problem for strength in report.strengths):
        return 1
    found = score(_mutants(report))
    if found is None:
        return int(bool(_mutants(report)))
    return int(found < report.fail_under)


def _mutants(report: StrengthReport) -> list[MutantResult]:
    return [mutant for strength in report.strengths for mutant in strength.mutants]


def _code(strength: Strength) -> str | None:
    """The rule for a function that tests run and whose every change they let pass."""
    return BLIND if strength.is_blind else None


def _weakest_first(report: StrengthReport) -> list[Strength]:
    def key(strength: Strength) -> tuple[float, int, str, int]:
        found = score(strength.mutants)
        still_open = sum(mutant.verdict in (Verdict.SURVIVED, Verdict.NOT_RUN) for mutant in strength.mutants)
        function = strength.function
        return (101.0 if found is None else found), -still_open, function.path, function.def_line

    return sorted(report.strengths, key=key)


# -- for programs ----------------------------------------------------------------------------------------------------


def render_json(report: StrengthReport) -> str:
    """Return the report as one JSON object in ASCII."""
    mutants = _mutants(report)
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "pytestgen-hook", "version": __version__},
        "range": report.range,
        "exit_status": exit_status(report),
        "seconds": report.seconds,
        "fail_under": report.fail_under,
        "score": _rounded(score(mutants)),
        "counts": {
            "functions": len(report.strengths),
            "in_tests": report.in_tests,
            "excluded": report.excluded,
            **_counts(mutants),
        },
        "targets": [_target(strength) for strength in _weakest_first(report)],
        "left_out": [{"test": test, "reason": reason} for test, reason in report.left_out],
        "unanalysed": [
            {"path": item.path, "qualname": item.qualname, "reason": item.reason} for item in report.unanalysed
        ],
        "notes": list(report.notes),
        "error": None if report.error is None else {"kind": report.error[0], "message": report.error[1]},
    }
    return json.dumps(document, indent=2) + "\n"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _counts(mutants: Sequence[MutantResult]) -> Mapping[str, int]:
    counted = Counter(mutant.verdict for mutant in mutants)
    return {"mutants": len(mutants), **{verdict.value.replace(" ", "_"): counted[verdict] for verdict in Verdict}}


def _target(strength: Strength) -> dict[str, Any]:
    function = strength.function
    return {
        "path": function.path,
        "qualname": function.qualname,
        "line": function.def_line,
        "end_line": function.last_line,
        "kind": function.kind.value,
        "code": _code(strength),
        "score": _rounded(score(strength.mutants)),
        "problem": strength.problem,
        "counts": _counts(strength.mutants),
        "mutants": [
            {
                "line": mutant.line,
                "change": mutant.label,
                "verdict": mutant.verdict.value,
                "first_line": mutant.first,
                "before": list(mutant.before),
                "after": list(mutant.after),
            }
            for mutant in strength.mutants
        ],
    }


# -- for a person ----------------------------------------------------------------------------------------------------


def render_text(report: StrengthReport, style: Style) -> str:
    """Return the report as text, weakest function first; empty if ``quiet`` is wanted and no limit is missed."""
    status = exit_status(report)
    if style.quiet and status == 0:
        return ""
    lines = [line for strength in _weakest_first(report) for line in _told(strength, style)]
    lines += [unanalysed(item, style) for item in report.unanalysed]
    if not style.quiet:
        notes = [*(f"{test} is left out: {reason}" for test, reason in report.left_out), *report.notes]
        lines += [f"{styled('note:', 'bold', colour=style.colour)} {escaped(note)}" for note in notes]
    lines.append(_summary(report, style, status))
    return "\n".join(lines) + "\n"


def _told(strength: Strength, style: Style) -> Iterator[str]:
    function = strength.function
    place = f"{escaped(style.place.path(function.path))}:{function.def_line}:"
    code = _code(strength)
    head = [styled(place, "bold", colour=style.colour)]
    head += [styled(code, "red", colour=style.colour)] if code else []
    yield " ".join([*head, f"{escaped(function.qualname)}: {escaped(_result(strength))}"])
    for mutant in strength.mutants:
        if mutant.verdict is Verdict.SURVIVED:
            yield from _survivor(mutant, style)
    missed = sorted({mutant.line for mutant in strength.mutants if mutant.verdict is Verdict.NOT_RUN})
    if missed:
        lines = f"line {missed[0]}" if len(missed) == 1 else f"lines {', '.join(map(str, missed))}"
        yield f"    {lines}: run by no passing test"


def _result(strength: Strength) -> str:
    if strength.problem:
        return f"not measured: {strength.problem}"
    found = score(strength.mutants)
    if not strength.mutants:
        return "there is nothing in it to change"
    share = "not tried" if found is None else f"{_percent(found)} noticed"
    return f"{share}: {_counted(strength.mutants)}"


def _percent(value: float) -> str:
    """Return a share in words that claim no more than there is: 100 % only for all."""
    return f"{int(value)} %"


def _counted(mutants: Sequence[MutantResult]) -> str:
    counted = Counter(mutant.verdict for mutant in mutants)
    killed = f"{counted[Verdict.KILLED]} of {len(mutants)} mutant{'' if len(mutants) == 1 else 's'} killed"
    others = (Verdict.TIMED_OUT, Verdict.SURVIVED, Verdict.NOT_RUN, Verdict.NOT_TRIED)
    return ", ".join([killed, *(f"{counted[verdict]} {verdict.value}" for verdict in others if counted[verdict])])


def _survivor(mutant: MutantResult, style: Style) -> Iterator[str]:
    yield f"    line {mutant.line}: {escaped(mutant.label)}, and no test fails"
    before, after = _differing(mutant.before, mutant.after)
    count = len(before)
    shown = textwrap.dedent("\n".join([*before, *after])).split("\n")
    for sign, colour, lines in (("-", "red", shown[:count]), ("+", "green", shown[count:])):
        for line in lines:
            yield styled(f"        {sign} {escaped(line)}".rstrip(), colour, colour=style.colour)


def _differing(before: Sequence[str], after: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Leave out the lines that both begin and end with."""
    first = 0
    while first < min(len(before), len(after)) - 1 and before[first] == after[first]:
        first += 1
    before, after = before[first:], after[first:]
    while len(before) > 1 and len(after) > 1 and before[-1] == after[-1]:
        before, after = before[:-1], after[:-1]
    return before, after


def _summary(report: StrengthReport, style: Style, status: int) -> str:
    functions = "function" if report.range == "all" else "changed function"
    if not report.strengths and not report.unanalysed:
        return f"No {functions}s ({report.range}): nothing to try{passed_over(report, ': ')}."
    count = len(report.strengths)
    mutants = _mutants(report)
    found = score(mutants)
    share = "nothing measured" if found is None else f"{_percent(found)} noticed"
    told = f"{count} {functions}{'' if count == 1 else 's'}, {share}: {_counted(mutants)}"
    unknown = sum(strength.problem is not None for strength in report.strengths) + len(report.unanalysed)
    told += f", {unknown} not measured" if unknown else ""
    told += f"; wanted are {report.fail_under:g} %" if status else ""
    coloured = styled(told, "bold", "red" if status else "green", colour=style.colour)
    return f"{coloured}{passed_over(report, '; ')} ({report.seconds:.1f} s)"

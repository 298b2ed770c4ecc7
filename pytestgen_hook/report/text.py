"""The report for a person: a line a finding, what was not analysed, and a last line that counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from pytestgen_hook.advice import advice
from pytestgen_hook.report import verdict
from pytestgen_hook.report.verdict import Place
from pytestgen_hook.terminal import escaped, styled
from pytestgen_hook.types.changes import Unanalysed
from pytestgen_hook.types.evidence import Evidence
from pytestgen_hook.types.report import Finding, Report, Status
from pytestgen_hook.types.strength import StrengthReport

_MOST_TESTS = 3
_BY = {"comment": "ignored by a comment", "settings": "ignored by the settings", "baseline": "in the baseline"}
_PLURALS = {**_BY, "comment": "ignored by comments"}
_KINDS = {"PTG001": "new", "PTG002": "changed"}


@dataclass(frozen=True, slots=True)
class Style:
    """How the report is to look; ``diff`` says that the tests were only shown, not written."""

    colour: bool = False
    quiet: bool = False
    verbose: bool = False
    diff: bool = False
    place: Place = field(default_factory=Place)


def render_text(report: Report, style: Style) -> str:
    """Return the report as text that ends in a line end; empty if it is clean and ``quiet`` is wanted."""
    if style.quiet and verdict.exit_status(report) == verdict.CLEAN:
        return ""
    lines = [
        *_findings(report, style),
        *(unanalysed(item, style) for item in report.unanalysed),
        *_silenced(report, style),
    ]
    if not style.quiet:
        lines += _stale(report, style)
        lines += [f"{styled('note:', 'bold', colour=style.colour)} {escaped(note)}" for note in report.notes]
    lines += _written(report, style)
    lines += _interrupted(report, style)
    lines.append(_summary(report, style))
    return "\n".join(lines) + "\n"


def _ordered(report: Report) -> list[Finding]:
    return sorted(report.findings, key=lambda finding: (finding.function.path, finding.function.def_line))


def _is_told(report: Report, finding: Finding) -> bool:
    if report.interrupted and finding.untried:  # all that could be said is that it was not reached, and that is counted
        return False
    return finding.status is not Status.TESTED or verdict.is_open(finding)


# -- one line each ---------------------------------------------------------------------------------------------------


def _findings(report: Report, style: Style) -> Iterator[str]:
    """Yield the lines of the findings; a line ends with its command, advice stands once where several in a row share it."""
    said = ""
    for finding in _ordered(report):
        if style.verbose or _is_told(report, finding):
            command = verdict.remedy(report, finding, style.place, diff=style.diff)
            todo = _todo(finding, command)
            is_new = todo != said
            told = told_of(finding) if is_new or not finding.untried else "not tried either"
            is_said = todo and (is_new or command is not None)
            yield _finding(finding, told, style) + (f" -> {_coloured(todo, style)}" if is_said else "")
            said = todo
        if style.verbose:
            yield from (f"  {escaped(test)}: {escaped(reason)}" for test, reason in finding.reasons)
            yield from (f"  not kept: {escaped(test)}: {escaped(_first_line(why))}" for test, why in finding.dropped)


def _first_line(text: str) -> str:
    return text.partition("\n")[0]


def _silenced(report: Report, style: Style) -> Iterator[str]:
    for item in report.silenced if style.verbose else ():
        where = f"{escaped(style.place.path(item.path))}:" + (f"{item.line}:" if item.line else "")
        why = f"{_BY[item.by]}: {item.reason}" if item.reason else _BY[item.by]
        name = f" {escaped(item.qualname)}" if item.qualname else ""
        yield f"{styled(where, 'bold', colour=style.colour)} {item.code}{name}: {escaped(why)}"


def _stale(report: Report, style: Style) -> Iterator[str]:
    for item in report.stale:
        where = f"{escaped(style.place.path(item.path))}:" + (f"{item.line}:" if item.line else "")
        kind = styled("stale", "yellow", colour=style.colour)
        place = styled(where, "bold", colour=style.colour)
        yield f"{place} {kind}: {escaped(item.told)} -> {_coloured(escaped(item.remedy), style)}"


def _coloured(todo: str, style: Style) -> str:
    return styled(todo, "cyan", colour=style.colour)


def _finding(finding: Finding, told: str, style: Style) -> str:
    function = finding.function
    place = styled(f"{escaped(style.place.path(function.path))}:{function.def_line}:", "bold", colour=style.colour)
    code = styled(finding.code or "", "red", colour=style.colour)
    name = escaped(function.qualname)
    return f"{' '.join(part for part in (place, code, name) if part)}: {escaped(told)}"


def _todo(finding: Finding, command: str | None) -> str:
    """What mends a finding: its command, or what a person can do; "" where nothing is to be done."""
    if command is not None or not verdict.is_open(finding):
        return escaped(command or "")
    explained = f" (pytestgen explain {finding.code})" if finding.code else ""
    if finding.status is Status.TESTED:
        return "assert more in its tests" + explained
    if finding.status is Status.SUSPECT:
        return "mend the function or what is said of it" + explained
    told = advice(finding.reason, was_refused=finding.status is Status.REFUSED)
    return escaped(told) if told else "write its test by hand" + explained


def told_of(finding: Finding) -> str:
    """What is to be said of a function, without its name."""
    if finding.status is Status.GENERATED:
        return _given(finding)
    if finding.status is Status.TESTED:
        return _tested(finding)
    if finding.status is Status.REFUSED:
        return f"not run to its end, it tried to do what no test may: {finding.reason}"
    kind = _KINDS.get(finding.code or "", "")
    what = f"{kind}, untested" if kind else "suspected bug" if finding.status is Status.SUSPECT else ""
    return ": ".join(part for part in (what, finding.reason) if part) or "untested"


def _given(finding: Finding) -> str:
    files = sorted({test.partition("::")[0] for test in finding.tests})
    told = f"{_number(len(finding.tests), 'test')} in {', '.join(files)}"
    if finding.mutants_total:
        told += f", {finding.mutants_killed or 0} of {_number(finding.mutants_total, 'mutant')} killed"
    return told


def _tested(finding: Finding) -> str:
    if finding.code and finding.evidence is Evidence.RUN:  # its tests notice nothing
        return finding.reason
    if finding.evidence is Evidence.STATIC or not finding.tests:
        what = "perhaps tested" if finding.code else "tested"
        return f"{what}, {finding.reason}" if finding.reason else what
    more = len(finding.tests) - _MOST_TESTS
    shown = ", ".join(finding.tests[:_MOST_TESTS]) + (f" and {more} more" if more > 0 else "")
    return f"tested by {shown}"


def unanalysed(item: Unanalysed, style: Style) -> str:
    """Return the line of a file or function about which nothing was found out."""
    place = styled(f"{escaped(style.place.path(item.path))}:", "bold", colour=style.colour)
    name = f" {escaped(item.qualname)}:" if item.qualname else ""
    todo = "" if " -> " in item.reason else f" -> {_coloured('pytestgen explain PTG007', style)}"
    return f"{place}{name} {styled('not analysed', 'yellow', colour=style.colour)}: {escaped(item.reason)}{todo}"


# -- the end ---------------------------------------------------------------------------------------------------------


def _written(report: Report, style: Style) -> list[str]:
    """What became of the test files, if any were made."""
    waiting = verdict.unstaged(report)
    lines = []
    if report.baseline:
        kept = sum(item.by == "baseline" for item in report.silenced)
        command = _coloured(escaped(style.place.adding([report.baseline])), style)
        lines.append(f"{report.baseline}: {_number(kept, 'finding')} of this run in it -> {command}")
    if report.staged:
        files = ", ".join(escaped(style.place.path(path)) for path in report.staged)
        lines.append(f"{styled('part of the commit:', 'green', colour=style.colour)} {files}")
    if waiting and not style.diff:
        command = styled(escaped(style.place.adding(waiting)), "cyan", colour=style.colour)
        lines.append(f"{styled('written:', 'green', colour=style.colour)} read them, then {command}")
    return lines


def _interrupted(report: Report, style: Style) -> list[str]:
    """What an interrupted run has done, and how to go on from there."""
    if not report.interrupted:
        return []
    given = sum(finding.status is Status.GENERATED for finding in report.findings)
    left = sum(finding.untried for finding in report.findings)
    told = f"{_number(given, 'function')} {'was' if given == 1 else 'were'} given tests, which stay; {left} not reached"
    command = _coloured(escaped(style.place.again), style)
    return [f"{styled('interrupted:', 'red', colour=style.colour)} {told}. To go on -> {command}"]


def last_line(report: Report) -> str:
    """Return the line that counts, plain."""
    return _summary(report, Style())


def _summary(report: Report, style: Style) -> str:
    functions = "function" if report.range == "all" else "changed function"
    found = len(report.findings)
    silenced = _count_silenced(report)
    if not found and not report.unanalysed and silenced:
        told = styled("nothing left to test", "bold", "green", colour=style.colour)
        return f"{told}{silenced}{passed_over(report, '; ')} ({report.seconds:.1f} s)"
    if not found and not report.unanalysed:
        return f"No {functions}s ({report.range}): nothing to test{passed_over(report, ': ')}."
    counted = verdict.counts(report)
    status = verdict.exit_status(report)
    if status == verdict.CLEAN and counted["tested"] == found:
        told = f"{_number(found, functions)}, {'all ' if found > 1 else ''}tested{_estimates(counted['estimated'])}"
    else:
        told = f"{_number(found, functions)}: {', '.join(_parts(report))}" if found else ", ".join(_parts(report))
    coloured = styled(told, "bold", "red" if status else "green", colour=style.colour)
    return f"{coloured}{silenced}{passed_over(report, '; ')} ({report.seconds:.1f} s)"


def _count_silenced(report: Report) -> str:
    counted = Counter(item.by for item in report.silenced)
    return "".join(f"; {counted[by]} {words}" for by, words in _PLURALS.items() if counted[by])


def passed_over(report: Report | StrengthReport, before: str) -> str:
    """Return what changed and was not examined, for the end of the last line."""
    told = []
    if report.in_tests:
        told.append(f"{_number(report.in_tests, 'function')} in test files not examined")
    if report.excluded:
        told.append(f"{_number(report.excluded, 'function')} excluded by the settings")
    return before + ", ".join(told) if told else ""


def _parts(report: Report) -> Iterator[str]:
    counted = verdict.counts(report)
    given = "given tests"
    words = {"untested": "untested", "refused": "refused", "suspect": "suspect", "generated": given, "tested": "tested"}
    for status, word in words.items():
        if counted[status]:
            yield f"{counted[status]} {word}"
    blind = sum(
        finding.status is Status.TESTED and finding.code is not None and finding.evidence is Evidence.RUN
        for finding in report.findings
    )
    if blind:
        yield f"{blind} of these by tests that notice nothing"
    if counted["estimated"]:
        yield f"{counted['estimated']} of these estimated, not measured"
    if counted["unanalysed"]:
        yield f"{counted['unanalysed']} not analysed"


def _estimates(count: int) -> str:
    return f" ({count} estimated, not measured)" if count else ""


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"

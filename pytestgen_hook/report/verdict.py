"""What a report comes to: which findings are open, how many of each kind there are, and the exit status."""

from __future__ import annotations

import os
import posixpath
import shlex
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from pytestgen_hook.types.evidence import Evidence
from pytestgen_hook.types.report import Finding, Report, Status

CLEAN, FINDINGS, FATAL, BUG = 0, 1, 2, 3
_OPEN = (Status.UNTESTED, Status.REFUSED, Status.SUSPECT)
_SCOPES = {"staged": "", "all": " --all", "head": ""}


def is_open(finding: Finding) -> bool:
    """Whether the finding still asks for something to be done."""
    return finding.status in _OPEN or finding.code is not None


def unstaged(report: Report) -> list[str]:
    """Return the paths of the files that were written (or would be) and are not part of the commit."""
    return [edit.path for edit in report.edits if edit.path not in report.staged]


def exit_status(report: Report) -> int:
    """Return 0 where nothing is left to do; 1 for open findings, files that need a look, and what was not analysed.

    That of an interrupted run is its own: 130 or 143; that of one that came to no verdict is 2, or 3 for a bug of ours.
    """
    if report.error is not None:
        return status_of_error(report.error)
    if report.interrupted:
        return report.interrupted
    if any(map(is_open, report.findings)) or report.unanalysed or unstaged(report):
        return FINDINGS
    return CLEAN


def status_of_error(error: tuple[str, str]) -> int:
    """Return the exit status of a run that came to no verdict, by the kind of its error."""
    return BUG if error[0] == "bug" else FATAL


def counts(report: Report) -> Mapping[str, int]:
    """Return how many findings there are of each status, how many are estimates, and what was not looked at."""
    found = Counter(finding.status.value for finding in report.findings)
    return {
        **{status.value: found[status.value] for status in Status},
        "estimated": sum(finding.evidence is Evidence.STATIC for finding in report.findings),
        "unanalysed": len(report.unanalysed),
        "in_tests": report.in_tests,
        "excluded": report.excluded,
        "silenced": len(report.silenced),
        "stale": len(report.stale),
    }


@dataclass(frozen=True, slots=True)
class Place:
    """Where the reader stands: ``base`` is the working folder below the top of the repository, ``command`` starts a
    line that writes tests for a file (empty: ours, from PATH), and ``whole`` says that it takes no file. ``again`` is the
    command line of this run.
    """

    base: str = ""
    command: str = ""
    whole: bool = False
    again: str = "pytestgen-check"

    def path(self, path: str) -> str:
        """Return a path of the repository as seen from the working folder.

        It may be the beginning of a line, and a line that begins with two colons is a command to GitHub.
        """
        seen = posixpath.relpath(path, self.base) if self.base else path
        return f"./{seen}" if seen.lstrip().startswith("::") else seen

    def writing(self, report: Report, path: str, budget: str = "") -> str:
        """Return the command line that writes tests for the functions of a file in the examined range.

        ``budget`` is the number of seconds to ask for, if not the usual one.
        """
        if self.whole:
            return f"PYTESTGEN_BUDGET={budget} {self.command}" if budget else self.command
        more = f" --budget {budget}" if budget else ""
        if report.range == "head":
            return f"pytestgen amend{more}"
        kind, _, ref = report.range.partition(" ")
        scope = f" --since {shlex.quote(ref)}" if kind == "since" else _SCOPES.get(kind, "")
        return f"{self.command or 'pytestgen-check'}{scope} --mode write{more} {_word(self.path(path))}"

    def adding(self, paths: list[str]) -> str:
        """Return the command line that stages files."""
        return f"git add {' '.join(_word(self.path(path)) for path in paths)}"


def _word(path: str) -> str:
    """Return a path as a word for a shell that is one line of printable text and no option."""
    path = f"./{path}" if path.startswith("-") else path
    if all(letter.isprintable() for letter in path):
        return shlex.quote(path)
    octets = (f"\\x{octet:02x}" if octet < 0x20 or octet > 0x7E else chr(octet) for octet in os.fsencode(path))
    return "$'" + "".join("\\" + octet if octet in "\\'" else octet for octet in octets) + "'"


def remedy(report: Report, finding: Finding, place: Place, *, diff: bool) -> str | None:
    """Return the command that mends an open finding, or that adopts its new tests; None where only a person can.

    ``diff`` says that tests were made, but only shown.
    """
    path = finding.function.path
    if finding.evidence is Evidence.STATIC and is_open(finding):
        return report.install or "pytestgen doctor"
    if finding.status is Status.GENERATED:
        waiting = set(unstaged(report))
        files = sorted({test.partition("::")[0] for test in finding.tests} & waiting)
        if not files:
            return None
        return place.writing(report, path) if diff else place.adding(files)
    if finding.status is Status.UNTESTED and finding.tests:  # made by an earlier run, and not staged since
        return place.adding(sorted({test.partition("::")[0] for test in finding.tests}))
    if finding.untried and report.interrupted:  # another run begins with the whole budget
        return place.writing(report, path)
    if finding.untried:
        return place.writing(report, path, f"{2 * report.budget:g}")
    # Where tests have been tried already, another attempt would end in the same way.
    if finding.status is Status.UNTESTED and (finding.mode or report.mode) == "fail" and not diff:
        return place.writing(report, path)
    return None

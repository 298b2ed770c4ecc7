"""What a push brings to a remote: each ref is examined as it is pushed, whatever is checked out."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytestgen_hook.commands.check import check
from pytestgen_hook.commands.options import CheckOptions, Progress
from pytestgen_hook.errors import FatalError
from pytestgen_hook.types.report import Report

if TYPE_CHECKING:
    from pytestgen_hook.git import Repository

_SHORT = 12  # digits of a commit: the range is named to people
_FIRST = (
    "pre-commit and prek hand on the first ref of a push: others, if any, were not examined. Git's own hook sees all"
)
_UNTOLD = "git told of nothing that is pushed, and HEAD has no commit: nothing was examined"
_LINE = re.compile(r"(?P<ref>\S.*) (?P<commit>[0-9a-f]{40,64}) \S+ (?P<known>[0-9a-f]{40,64})")


@dataclass(frozen=True, slots=True)
class Push:
    """One ref of a push: its local name, what it names, and the commit that the remote has there (``""`` for none)."""

    ref: str
    commit: str
    known: str = ""


def told_by_git(text: str) -> list[Push] | None:
    """Read what git writes to its pre-push hook; deletions bring nothing. FatalError for text of another form.

    None for no line at all: the remote has all that is pushed, or refuses it, or a hook manager has kept the lines.
    """
    pushes = []
    for line in text.splitlines():
        read = _LINE.fullmatch(line)
        if read is None:
            raise FatalError(f"--pre-push: {line!r} is not what git tells its pre-push hook. Use it in that hook only.")
        if read["commit"].strip("0"):
            pushes.append(Push(read["ref"], read["commit"], read["known"].strip("0") and read["known"]))
    return pushes if text.strip() else None


def told_by_manager(environ: Mapping[str, str]) -> tuple[str, list[Push]] | None:
    """Return the remote and the push that pre-commit and prek tell their hooks of, or None outside of a push."""
    remote = environ.get("PRE_COMMIT_REMOTE_NAME")
    if not remote:
        return None
    # Of a history that is wholly new to the remote they name the branch alone.
    ref = environ.get("PRE_COMMIT_LOCAL_BRANCH") or "HEAD"
    commit = environ.get("PRE_COMMIT_TO_REF") or ref
    return remote, [Push(ref, commit, environ.get("PRE_COMMIT_FROM_REF", ""))]


def check_pushed(
    remote: str,
    pushes: Iterable[Push] | None,
    options: CheckOptions,
    cwd: Path,
    progress: Progress,
    *,
    is_first: bool = False,
) -> Report:
    """Check what each ref brings to the remote, in its own contents, and return one report of all.

    Where nothing was told (None) it is read from the command of the push, and where that is not known HEAD stands for it.
    ``is_first``: the push is the first of those that a hook manager was told of; what else goes along, the command of the push
    says, and where it does not, a note does. Tests are written for what is checked out only. FatalError for what the user
    must mend.
    """
    from pytestgen_hook.git import Repository

    repository = Repository.open(cwd)
    notes: tuple[str, ...] = ()
    if pushes is None:
        pushes = _along(remote, repository)
        if pushes is None:
            head = repository.head()
            pushes = [] if head is None else [Push("HEAD", head)]
            notes = () if head is not None else (_UNTOLD,)
    elif is_first:
        others = _along(remote, repository)
        pushes = [*pushes, *(others or ())]
        notes = () if others is not None else (_FIRST,)
    pushes = list(pushes)
    known = dict.fromkeys(push.known for push in pushes if push.known)
    reports: dict[str, Report] = {}
    for push in pushes:
        commit = repository.commit(push.commit)
        if commit in reports:
            continue
        if commit is None:
            if repository.kind(push.commit) is None:
                raise FatalError(f"{push.ref}: git has no {push.commit} here. Run `git fsck` to see what is missing.")
            continue  # a tag of a file or folder
        bases = repository.leaves_remote_at(commit, remote, known)
        if bases is not None:
            reports[commit] = check(_pushed(options, bases, commit), cwd, progress)
    if not reports:
        return Report((), range=f"since {remote}", notes=notes)
    first, *more = reports.values()
    report = _together(first, more)
    return replace(report, notes=(*report.notes, *notes))


def _along(remote: str, repository: Repository) -> list[Push] | None:
    """Return all that the command of the push takes along, None where it is not known."""
    from pytestgen_hook.pushing import command_of_push, refs_of_push

    arguments = command_of_push(os.getppid())
    if arguments is None:
        return None
    refs = refs_of_push(arguments, remote, repository)
    return [Push(ref, commit) for ref in refs if (commit := repository.commit(ref)) is not None]


def _pushed(options: CheckOptions, bases: Sequence[str], commit: str) -> CheckOptions:
    if not bases:
        return replace(options, scope="all", until=commit)
    first, *others = [base[:_SHORT] for base in bases]
    return replace(options, scope="since", since=first, others=tuple(others), until=commit)


def _together(report: Report, others: Iterable[Report]) -> Report:
    for other in others:
        report = replace(
            report,
            findings=tuple(dict.fromkeys([*report.findings, *other.findings])),
            unanalysed=tuple(dict.fromkeys([*report.unanalysed, *other.unanalysed])),
            test_runs=(*report.test_runs, *other.test_runs),
            edits=(*report.edits, *other.edits),
            notes=tuple(dict.fromkeys([*report.notes, *other.notes])),
            seconds=report.seconds + other.seconds,
            install=report.install or other.install,
            silenced=(*report.silenced, *other.silenced),
            stale=tuple(dict.fromkeys([*report.stale, *other.stale])),
            in_tests=report.in_tests + other.in_tests,
            excluded=report.excluded + other.excluded,
            interrupted=report.interrupted or other.interrupted,
        )
    return report

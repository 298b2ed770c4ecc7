"""The main job, stage by stage: change → functions → tests that reach them → verdicts → tests for what is left."""

from __future__ import annotations

import fnmatch
import os
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytestgen_hook.commands.options import CheckOptions, Progress, places_of
from pytestgen_hook.errors import FatalError
from pytestgen_hook.types import ChangedFunction, Edit, Report, Unanalysed

if TYPE_CHECKING:
    from pytestgen_hook.commands.examination import Examination, Subject
    from pytestgen_hook.config import Config
    from pytestgen_hook.git import Repository, Revision
    from pytestgen_hook.testcode import TestCode
    from pytestgen_hook.types import Change

_INTERRUPTED = 130


def check(options: CheckOptions, cwd: Path, progress: Progress) -> Report:
    """Run the whole line once and return all there is to say; FatalError for what the user must mend.

    In mode write test files are written as they are proved; else files are written and staged at the very end, after
    every stage has succeeded.
    """
    from pytestgen_hook.git import Repository

    started = time.monotonic()
    repository = Repository.open(cwd)
    report = Report((), range=options.range)
    selection = select(repository, options, cwd)
    if selection is not None:
        report = replace(
            report,
            mode=selection.subject.config.mode,
            budget=selection.subject.config.budget,
            unanalysed=selection.unanalysed,
            in_tests=selection.in_tests,
            excluded=selection.excluded,
        )
        if selection.changed:
            report = _examined(report, selection.changed, selection.subject, options, progress)
    return replace(report, seconds=round(time.monotonic() - started, 3))


@dataclass(frozen=True, slots=True)
class Selection:
    """The functions of a range that are asked for, and what of it is passed over; see ``Report`` for the counts."""

    subject: Subject
    changed: tuple[ChangedFunction, ...]
    unanalysed: tuple[Unanalysed, ...]
    in_tests: int
    excluded: int


def select(repository: Repository, options: CheckOptions, cwd: Path) -> Selection | None:
    """Return what is to be examined, None if the range has no Python; FatalError for what the user must mend."""
    options = replace(options, paths=places_of(options.paths, cwd, repository))
    revision, changes = _changes(repository, options)
    unmerged = repository.unmerged_paths() if options.scope in ("staged", "all") else []
    if not changes and not unmerged:
        return None
    from pytestgen_hook.commands.examination import Subject
    from pytestgen_hook.functions import changed_functions

    config = _config(repository, revision, options)
    entries = repository.entries(revision)
    code = _test_code(repository, entries)
    subject = Subject(repository, revision, entries, code, config)
    changed, unanalysed = changed_functions([change for change in changes if change.path not in code])
    unanalysed += [Unanalysed(path, "it has unresolved conflicts") for path in unmerged if path.endswith(".py")]
    chosen = tuple(item for item in changed if _is_chosen(item.function.path, options, config, repository))
    if chosen:
        subject.refuse_wrong_settings()
    return Selection(
        subject,
        chosen,
        tuple(item for item in unanalysed if _is_chosen(item.path, options, config, repository)),
        _in_tests(code, [change for change in changes if _is_asked_for(change.path, options, repository)]),
        sum(
            _is_excluded(item.function.path, config) and _is_asked_for(item.function.path, options, repository)
            for item in changed
        ),
    )


def _test_code(repository: Repository, entries: dict[str, str]) -> TestCode:
    from pytestgen_hook.pytest_settings import OPTION_FILES
    from pytestgen_hook.testcode import TestCode

    options = {path: blob for path, blob in entries.items() if path.rpartition("/")[2] in OPTION_FILES}
    blobs = repository.blobs(options.values())
    return TestCode(entries, lambda path: blobs.get(options.get(path, "")))


def _in_tests(code: TestCode, changes: Sequence[Change]) -> int:
    """Count the changed functions of test code that are no tests themselves: helpers, fixtures."""
    from pytestgen_hook.functions import changed_functions

    inside = [change for change in changes if change.path in code]
    found, _ = changed_functions(inside)
    functions = [item.function for item in found]
    return sum(
        not (code.is_collected(item.path) and code.settings(item.path).collects_function(item.name))
        for item in functions
    )


def _examined(
    report: Report,
    changed: Sequence[ChangedFunction],
    subject: Subject,
    options: CheckOptions,
    progress: Progress,
) -> Report:
    from pytestgen_hook.commands.examination import Examination
    from pytestgen_hook.scratch import scratch_folder

    with scratch_folder() as folder:
        examination = Examination(subject, folder, progress, anew=options.anew)
        findings, runs = examination.judge(changed)
        if options.strength:
            findings = examination.weighed(findings)
        report = replace(report, findings=tuple(findings), test_runs=tuple(runs), install=examination.install)
        if subject.config.mode != "fail" or options.diff:
            report = _generated(report, examination, subject, options)
        report = replace(report, notes=(*examination.notes, *report.notes))
    if options.diff or report.interrupted:
        return report
    return _staged(report, subject.repository, subject.config, options)


def _generated(report: Report, examination: Examination, subject: Subject, options: CheckOptions) -> Report:
    """Make tests and write them; in mode write as soon as each batch is proved, so that an interrupted run keeps them.

    A commit takes all its tests or none: in mode amend they are written at the end.
    """
    from pytestgen_hook.generation import Generated
    from pytestgen_hook.write import held_back, write_edits

    repository = subject.repository
    in_batches = subject.config.mode == "write" and not options.diff
    made, interrupted = Generated((), ()), 0
    written: list[str] = []
    try:
        with closing(examination.generate(report.findings)) as batches:
            for batch in batches:
                with held_back():
                    if in_batches:
                        written += write_edits(repository.root, repository.git_dir, batch.edits)
                    made = made.plus(batch)
    except FatalError as error:
        if not written:
            raise
        raise FatalError(f"{error} What was made before stays: {', '.join(written)}.") from None
    except (KeyboardInterrupt, SystemExit) as end:
        if not in_batches:
            raise
        interrupted = end.code if isinstance(end, SystemExit) and isinstance(end.code, int) else _INTERRUPTED
    if not in_batches and not options.diff:
        with held_back():
            written += write_edits(repository.root, repository.git_dir, made.edits)
    known = {edit.path for edit in made.edits}
    markers = (Edit(path, None, b"") for path in dict.fromkeys(written) if path not in known)
    reached = {finding.function for finding in made.findings}
    left = (finding for finding in report.findings if finding.function not in reached)
    return replace(
        report,
        findings=(*made.findings, *(replace(finding, untried=True) for finding in left)),
        edits=(*made.edits, *markers),
        notes=made.notes,
        interrupted=interrupted,
    )


def _changes(repository: Repository, options: CheckOptions) -> tuple[Revision, Sequence[Change]]:
    from pytestgen_hook.git import INDEX, Revision

    if options.scope == "all":
        return INDEX, repository.all_changes(INDEX)
    if options.scope == "since":
        return repository.changes_since(options.since)
    if options.scope == "head":
        return Revision(repository.head() or ""), repository.changes_of_head()
    return INDEX, repository.staged_changes()


def _config(repository: Repository, revision: Revision, options: CheckOptions) -> Config:
    from pytestgen_hook.config import load_config

    def read(path: str) -> bytes | None:
        return repository.read(revision, path)

    return load_config(repository.root, read, options.config_file, os.environ, dict(options.overrides))


def _is_chosen(path: str, options: CheckOptions, config: Config, repository: Repository) -> bool:
    return not _is_excluded(path, config) and _is_asked_for(path, options, repository)


def _is_excluded(path: str, config: Config) -> bool:
    return any(
        fnmatch.fnmatch(path, pattern) or path.startswith(pattern.rstrip("/") + "/") for pattern in config.exclude
    )


def _is_asked_for(path: str, options: CheckOptions, repository: Repository) -> bool:
    if not options.paths:
        return True
    place = repository.root.resolve() / path
    return any(place == chosen or place.is_relative_to(chosen) for chosen in options.paths)


def _staged(report: Report, repository: Repository, config: Config, options: CheckOptions) -> Report:
    """Stage what was written, where the mode and the state of the repository allow it."""
    written = tuple(edit.path for edit in report.edits)
    if config.mode != "amend" or not written:
        return report
    hindrance = _why_not_stage(repository, options)
    if hindrance:
        note = f"the tests were written but not staged: {hindrance}"
        return replace(report, mode="write", notes=(*report.notes, note))
    if options.scope == "staged":
        try:
            repository.stage(written)
        except FatalError as error:
            return replace(
                report, mode="write", notes=(*report.notes, f"the tests were written but not staged: {error}")
            )
    return replace(report, staged=written)


def _why_not_stage(repository: Repository, options: CheckOptions) -> str | None:
    if options.scope not in ("staged", "head"):
        return "only a staged change can be amended"
    if repository.is_partial_commit():
        return "git commits a part of the index (`git commit PATHS`), and the next commit would lose them"
    operation = repository.operation()
    return f"a {operation} is in progress" if operation else None

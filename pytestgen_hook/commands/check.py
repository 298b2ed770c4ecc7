"""The main job, stage by stage: change → functions → tests that reach them → verdicts → tests for what is left."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytestgen_hook.commands.options import CheckOptions, Progress, places_of
from pytestgen_hook.errors import FatalError
from pytestgen_hook.types.changes import ChangedFunction, Unanalysed
from pytestgen_hook.types.generated import Edit
from pytestgen_hook.types.report import Report, Status
from pytestgen_hook.types.settings import MODES

if TYPE_CHECKING:
    from pytestgen_hook.commands.examination import Examination, Subject
    from pytestgen_hook.commands.silencing import Silencing
    from pytestgen_hook.config import Config
    from pytestgen_hook.git import Repository, Revision
    from pytestgen_hook.testcode import TestCode
    from pytestgen_hook.types.changes import Change
    from pytestgen_hook.types.settings import Model

_INTERRUPTED = 130
# What is on disk then is another moment of the history, which goes away again: nothing is written beside it.
_CHECKED_ONLY = ("rebase", "am", "cherry-pick", "revert", "bisect")


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
        selection = selection.in_its_mode(options)
        report = replace(
            report,
            mode=selection.subject.config.mode,
            budget=selection.subject.config.budget,
            unanalysed=selection.unanalysed,
            in_tests=selection.in_tests,
            excluded=selection.excluded,
            notes=tuple(f"{path} is a copy of {source}: not asked about" for path, source in selection.copies.items()),
        )
        if selection.changed or selection.unanalysed:
            selection, note = _held_to_checking(selection, options)
            report = replace(report, mode=selection.subject.config.mode, notes=(*report.notes, *note))
            report = _examined(report, selection, options, progress)
    return replace(report, seconds=round(time.monotonic() - started, 3))


@dataclass(frozen=True, slots=True)
class Selection:
    """The functions of a range that are asked for, and what of it is passed over; see ``Report`` for the counts.

    ``changes`` are those of the files that are asked for and no test code; ``modes`` the mode of each path; ``copies`` maps
    files that are not asked about to those that they are copies of.
    """

    subject: Subject
    changed: tuple[ChangedFunction, ...]
    unanalysed: tuple[Unanalysed, ...]
    in_tests: int
    excluded: int
    changes: tuple[Change, ...] = ()
    modes: Mapping[str, str] = field(default_factory=dict)
    copies: Mapping[str, str] = field(default_factory=dict)

    def in_its_mode(self, options: CheckOptions) -> Selection:
        """Return the selection with the mode of the run: the one that writes most of those that its paths have."""
        if options.write_baseline or options.add_ignores:
            return self.checked_only()
        config = self.subject.config
        modes = {path: config.mode_of(path) for path in {item.function.path for item in self.changed}}
        mode = max(modes.values(), key=MODES.index, default=config.mode)
        return replace(self, subject=replace(self.subject, config=replace(config, mode=mode)), modes=modes)

    def checked_only(self) -> Selection:
        """Return the selection in mode fail, whatever its paths have."""
        config = replace(self.subject.config, mode=MODES[0])
        return replace(self, subject=replace(self.subject, config=config), modes={})

    def mode_of(self, path: str) -> str | None:
        """Return the mode of a path where it is not that of the run."""
        mode = self.modes.get(path)
        return None if mode == self.subject.config.mode else mode


def _held_to_checking(selection: Selection, options: CheckOptions) -> tuple[Selection, tuple[str, ...]]:
    """Return the selection, in mode fail with a note where the work tree is of another moment than it will be."""
    subject = selection.subject
    if options.until != "HEAD" and subject.revision.name != subject.repository.head():
        note = f"examined is commit {subject.revision.name[:12]}, which is not checked out"
        return selection.checked_only(), (note,)
    operation = subject.repository.operation() if subject.config.mode != "fail" else None
    if operation not in _CHECKED_ONLY:
        return selection, ()
    return selection.checked_only(), (f"a {operation} is in progress: no tests are written before its end",)


def select(repository: Repository, options: CheckOptions, cwd: Path) -> Selection | None:
    """Return what is to be examined, None if the range has no Python; FatalError for what the user must mend."""
    from pytestgen_hook.git import INDEX

    options = replace(options, paths=places_of(options.paths, cwd, repository))
    revision, changes = _changes(repository, options)
    unmerged = repository.unmerged_paths() if revision == INDEX else []
    if not changes and not unmerged:
        return None
    from pytestgen_hook.commands.examination import Subject
    from pytestgen_hook.functions import changed_functions

    config = _config(repository, revision, options)
    entries = repository.entries(revision)
    copies = _copies(repository, entries, options, changes)
    changes = [change for change in changes if change.path not in copies]
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
        tuple(
            change
            for change in changes
            if change.path not in code and _is_chosen(change.path, options, config, repository)
        ),
        copies={
            path: source
            for path, source in copies.items()
            if path not in code and _is_chosen(path, options, config, repository)
        },
    )


def _copies(
    repository: Repository, entries: Mapping[str, str], options: CheckOptions, changes: Sequence[Change]
) -> dict[str, str]:
    """Return {path: the file that it is a copy of} of the new files that are, byte for byte, one that was there before."""
    added = [change.path for change in changes if change.before is None and change.after.strip()]
    base = repository.base_of(options.scope, options.since, options.until) if added else None
    if base is None:
        return {}
    before = repository.entries(base)
    by_blob = {blob: path for path, blob in before.items() if path.endswith(".py")}
    return {path: by_blob[entries[path]] for path in added if entries.get(path) in by_blob and path not in before}


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


def _examined(report: Report, selection: Selection, options: CheckOptions, progress: Progress) -> Report:
    from pytestgen_hook.commands.examination import Examination
    from pytestgen_hook.commands.silencing import Silencing
    from pytestgen_hook.scratch import scratch_folder
    from pytestgen_hook.write import write_edits

    subject = selection.subject
    silencing = Silencing(selection, options)
    is_generating = subject.config.mode != "fail" or options.diff
    with scratch_folder() as folder:
        examination = Examination(
            subject,
            folder,
            progress,
            anew=options.anew,
            dismissed=silencing.dismisses_suspicion,
            vouched=lambda model: _is_vouched_for(model, subject, options),
        )
        findings, runs = examination.judge(selection.changed) if selection.changed else ([], [])
        if options.strength:
            findings = examination.weighed(findings)
        findings = [replace(finding, mode=selection.mode_of(finding.function.path)) for finding in findings]
        report = replace(report, findings=tuple(findings), test_runs=tuple(runs), install=examination.install)
        if options.promises:
            report = replace(report, findings=tuple(examination.compared(report.findings, is_generating)))
        report = _sifted(report, silencing)
        if report.findings and is_generating and not options.add_ignores:
            report = _sifted(_generated(report, examination, subject, options), silencing)
        shrunk = silencing.shrunk() if is_generating and not options.diff and not report.interrupted else None
        report = replace(report, stale=tuple(silencing.stale(but_for_baseline=shrunk is not None)))
        # Where its tests were written, but stand in a file that is not staged, the finding says so.
        unmet = [one.function for one in report.findings if one.status is Status.UNTESTED and not one.tests]
        said = (*examination.notes, *silencing.notes, *examination.said_of_unstaged(unmet))
        report = replace(report, notes=(*said, *report.notes))
    if options.write_baseline or options.add_ignores:
        return _recorded(report, silencing, subject, options)
    if shrunk is not None:
        write_edits(subject.repository.root, subject.repository.git_dir, [shrunk])
        note = f"{shrunk.path}: what is solved was taken out of it: git add {shlex.quote(shrunk.path)}"
        report = replace(report, notes=(*report.notes, note))
    if options.diff or report.interrupted:
        return report
    return _staged(report, subject.repository, subject.config, options)


def _is_vouched_for(model: Model, subject: Subject, options: CheckOptions) -> bool:
    """Whether the file of a model is none of this repository, or was meant before the change that is examined.

    Whoever proposes a change is not to choose what the tool itself reads as a model: its parser is not ours.
    """
    repository = subject.repository
    inner = repository.inner(model.path)
    base = repository.base_of(options.scope, options.since, options.until) if inner is not None else None
    if inner is None or base is None:
        return True
    if _path_of_model(repository, base, replace(options, isolated=True, config_file=None)) == model.path:
        return True  # a flag or a variable names it
    given = options.config_file
    file = repository.inner(given.absolute() if given.exists() else given) if given is not None else None
    if file is not None and repository.read(base, file) != repository.read(subject.revision, file):
        return False
    is_meant = _path_of_model(repository, base, options) == model.path
    return is_meant and repository.entries(base).get(inner) == subject.entries.get(inner)


def _path_of_model(repository: Repository, revision: Revision, options: CheckOptions) -> str | None:
    from pytestgen_hook.model.choice import chosen

    try:
        config = _config(repository, revision, options)
        return chosen(config, config.models).path
    except FatalError:
        return None


def _sifted(report: Report, silencing: Silencing) -> Report:
    """Take out of the report what somebody has decided to live with."""
    findings, unanalysed, silenced = silencing.sift(report.findings, report.unanalysed)
    return replace(
        report,
        findings=tuple(findings),
        unanalysed=tuple(unanalysed),
        silenced=(*report.silenced, *silenced),
    )


def _recorded(report: Report, silencing: Silencing, subject: Subject, options: CheckOptions) -> Report:
    """Write the baseline, or the comments that silence what is left, as far as it is not only to be shown."""
    from pytestgen_hook.write import write_edits

    repository = subject.repository
    if options.write_baseline:
        edit = silencing.baseline_edit()
        if edit.after != edit.before:
            write_edits(repository.root, repository.git_dir, [edit])
        return replace(report, baseline=edit.path)
    edits = silencing.comment_edits(report.findings, report.unanalysed, options.add_ignores)
    if not options.diff:
        write_edits(repository.root, repository.git_dir, edits)
    left, silenced = silencing.with_comments(report.findings, report.unanalysed, options.add_ignores)
    return replace(
        report,
        findings=tuple(left),
        unanalysed=(),
        silenced=(*report.silenced, *silenced),
        edits=tuple(edits),
    )


def _generated(report: Report, examination: Examination, subject: Subject, options: CheckOptions) -> Report:
    """Make tests and write them; in mode write as soon as each batch is proved, so that an interrupted run keeps them.

    A commit takes all its tests or none: in mode amend they are written at the end.
    """
    from pytestgen_hook.generation import Generated
    from pytestgen_hook.write import held_back, write_edits

    repository = subject.repository
    asked = [finding for finding in report.findings if options.diff or finding.mode != "fail"]
    others = [finding for finding in report.findings if not options.diff and finding.mode == "fail"]
    in_batches = subject.config.mode == "write" and not options.diff
    made, interrupted = Generated((), ()), 0
    written: list[str] = []
    try:
        with closing(examination.generate(asked)) as batches:
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
    left = (finding for finding in asked if finding.function not in reached)
    return replace(
        report,
        findings=(*others, *made.findings, *(replace(finding, untried=True) for finding in left)),
        edits=(*made.edits, *markers),
        notes=(*report.notes, *made.notes),
        interrupted=interrupted,
    )


def _changes(repository: Repository, options: CheckOptions) -> tuple[Revision, Sequence[Change]]:
    from pytestgen_hook.git import INDEX, Revision

    if options.scope == "all":
        revision = INDEX if options.until == "HEAD" else Revision(options.until)
        return revision, repository.all_changes(revision)
    if options.scope == "since":
        return repository.changes_since(options.since, options.until, options.others)
    if options.scope == "head":
        return Revision(repository.head() or ""), repository.changes_of_head()
    return INDEX, repository.staged_changes()


def settings_of(options: CheckOptions, cwd: Path) -> str:
    """Return the settings that a run would have as TOML, each with where it comes from; FatalError for wrong ones."""
    from pytestgen_hook.config import described
    from pytestgen_hook.git import Repository

    repository = Repository.open(cwd)
    revision, _ = _changes(repository, options)
    return described(*_sourced(repository, revision, options))


def _config(repository: Repository, revision: Revision, options: CheckOptions) -> Config:
    return _sourced(repository, revision, options)[0]


def _sourced(repository: Repository, revision: Revision, options: CheckOptions) -> tuple[Config, dict[str, str]]:
    from pytestgen_hook.config import sourced_config

    def read(path: str) -> bytes | None:
        return repository.read(revision, path)

    overrides = dict(options.overrides)
    return sourced_config(repository.root, read, options.config_file, os.environ, overrides, isolated=options.isolated)


def _is_chosen(path: str, options: CheckOptions, config: Config, repository: Repository) -> bool:
    return not _is_excluded(path, config) and _is_asked_for(path, options, repository)


def _is_excluded(path: str, config: Config) -> bool:
    from pytestgen_hook.config import is_matched

    return is_matched(path, config.exclude)


def _is_asked_for(path: str, options: CheckOptions, repository: Repository) -> bool:
    if not options.paths:
        return True
    place = repository.root.resolve() / path
    return any(place == chosen or place.is_relative_to(chosen) for chosen in options.paths)


def _staged(report: Report, repository: Repository, config: Config, options: CheckOptions) -> Report:
    """Stage what was written, where the mode and the state of the repository allow it."""
    made = [finding for finding in report.findings if finding.status is Status.GENERATED]
    kept_back = {test.partition("::")[0] for finding in made if finding.mode for test in finding.tests}
    written = tuple(edit.path for edit in report.edits if edit.path not in kept_back)
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

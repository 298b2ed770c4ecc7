"""The main job, stage by stage: change → functions → tests that reach them → verdicts → tests for what is left."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pytestgen_hook import functions, tree
from pytestgen_hook.errors import FatalError
from pytestgen_hook.types import Change, ChangedFunction, Finding, Report, Status, TestRun, Unanalysed

if TYPE_CHECKING:
    from pytestgen_hook.commands.options import CheckOptions, Progress
    from pytestgen_hook.git import Repository, Revision
    from pytestgen_hook.interpreter import Interpreter

DEFAULT_BUDGET = 60.0
_LEAST_TEST_SECONDS = 60.0


def check(options: CheckOptions, cwd: Path, progress: Progress) -> Report:
    """Run the whole line once and return all there is to say; FatalError for what the user must mend.

    Files are written and staged at the very end, after every stage has succeeded.
    """
    from pytestgen_hook.git import Repository

    started = time.monotonic()
    repository = Repository.open(cwd)
    revision, changes = _changes(repository, options)
    report = Report((), mode=options.config.mode, range=options.range)
    if changes:
        changed, unanalysed = functions.changed_functions(changes)
        chosen = _Choice(options, repository.root, cwd)
        changed = [item for item in changed if chosen(item.function.path)]
        report = replace(report, unanalysed=tuple(item for item in unanalysed if chosen(item.path)))
        if changed:
            with tempfile.TemporaryDirectory(prefix="pytestgen-", ignore_cleanup_errors=True) as folder:
                run = _Run(options, repository, revision, Path(folder).resolve(), progress)
                report = run.generate(run.judge(report, changed))
            if not options.diff:
                report = _write(repository, options, report)
    return replace(report, seconds=round(time.monotonic() - started, 3))


def _changes(repository: Repository, options: CheckOptions) -> tuple[Revision, Sequence[Change]]:
    from pytestgen_hook.git import INDEX

    if options.scope == "all":
        return INDEX, repository.all_changes(INDEX)
    if options.scope == "since":
        return repository.changes_since(options.since)
    return INDEX, repository.staged_changes()

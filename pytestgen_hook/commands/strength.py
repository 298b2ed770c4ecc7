"""The command ``strength``: change → functions → tests that reach them → mutants that these tests do not notice."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from pytestgen_hook.commands.check import select
from pytestgen_hook.commands.examination import Examination
from pytestgen_hook.commands.options import CheckOptions, Progress
from pytestgen_hook.types import StrengthReport


def strength(options: CheckOptions, fail_under: float | None, cwd: Path, progress: Progress) -> StrengthReport:
    """Return what the tests that are there would notice; FatalError for what the user must mend. Nothing is written."""
    from pytestgen_hook.git import Repository

    started = time.monotonic()
    report = StrengthReport(range=options.range, fail_under=fail_under)
    selection = select(Repository.open(cwd), options, cwd)
    if selection is not None:
        report = replace(
            report, unanalysed=selection.unanalysed, in_tests=selection.in_tests, excluded=selection.excluded
        )
        if selection.changed:
            from pytestgen_hook.scratch import scratch_folder

            with scratch_folder() as folder:
                examination = Examination(selection.subject, folder, progress)
                found = examination.strength(selection.changed)
                notes = (*examination.notes, *found.notes)
            left_out = tuple(sorted(found.left_out.items()))
            report = replace(report, strengths=tuple(found.strengths), left_out=left_out, notes=notes)
    return replace(report, seconds=round(time.monotonic() - started, 3))

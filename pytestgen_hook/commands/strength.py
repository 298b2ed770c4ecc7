"""The command ``strength``: change → functions → tests that reach them → mutants that these tests do not notice."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytestgen_hook.commands.check import select
from pytestgen_hook.commands.examination import Examination
from pytestgen_hook.commands.options import CheckOptions, Progress
from pytestgen_hook.errors import FatalError
from pytestgen_hook.types import ChangedFunction, StrengthReport

if TYPE_CHECKING:
    from pytestgen_hook.strength import Measured


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
                examination = _Examination(selection.subject, folder, progress)
                found = examination.strength(selection.changed)
                notes = (*examination.notes, *found.notes)
            left_out = tuple(sorted(found.left_out.items()))
            report = replace(report, strengths=tuple(found.strengths), left_out=left_out, notes=notes)
    return replace(report, seconds=round(time.monotonic() - started, 3))


class _Examination(Examination):
    """An examination that judges the tests and not the functions."""

    def strength(self, changed: Sequence[ChangedFunction]) -> Measured:
        """Try mutants of the changed functions against all test files that reach them."""
        from pytestgen_hook.strength import measure_strength

        reaching = self._reaching(changed)
        tests = sorted({test for found in reaching.values() for test in found})
        hindrance = self._why_not_run()
        if hindrance:
            raise FatalError(f"the strength of tests cannot be measured: {hindrance}.")
        functions = [item.function for item in changed]
        bench = self._bench()
        self._tree_of_tests  # noqa: B018  # made now, so that the stage after it is the last
        self._progress.stage(f"running {len(tests)} test file{'' if len(tests) == 1 else 's'}")

        def total(count: int) -> None:
            self._progress.stage("trying mutants", count)

        return measure_strength(
            functions, tests, bench, seconds=self._config.budget, total=total, step=self._progress.step
        )

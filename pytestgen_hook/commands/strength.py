"""The command ``strength``: change → functions → tests that reach them → mutants that these tests do not notice."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytestgen_hook.errors import FatalError

if TYPE_CHECKING:
    from pytestgen_hook.commands.options import CheckOptions, Progress
    from pytestgen_hook.early import EarlyPytest
    from pytestgen_hook.git import Repository
    from pytestgen_hook.types.strength import StrengthReport


def strength(options: CheckOptions, fail_under: float | None, cwd: Path, progress: Progress) -> StrengthReport:
    """Return what the tests that are there would notice; FatalError for what the user must mend. Nothing is written."""
    from pytestgen_hook.git import Repository
    from pytestgen_hook.scratch import scratch_folder

    started = time.monotonic()
    repository = Repository.open(cwd)
    with scratch_folder() as folder, _early(repository, options, folder) as early:
        # Only now: the interpreter was to start first.
        from pytestgen_hook.commands.check import select
        from pytestgen_hook.commands.examination import Examination
        from pytestgen_hook.types.strength import StrengthReport

        report = StrengthReport(range=options.range, fail_under=fail_under)
        selection = select(repository, options, cwd)
        if selection is not None:
            report = replace(
                report, unanalysed=selection.unanalysed, in_tests=selection.in_tests, excluded=selection.excluded
            )
            if selection.changed:
                examination = Examination(selection.subject, folder, progress)
                found = examination.strength(selection.changed, early)
                unrun = [one.function for one in found.strengths if one.is_unrun]
                notes = (*examination.notes, *found.notes, *examination.said_of_unstaged(unrun))
                left_out = tuple(sorted(found.left_out.items()))
                report = replace(report, strengths=tuple(found.strengths), left_out=left_out, notes=notes)
    return replace(report, seconds=round(time.monotonic() - started, 3))


@contextlib.contextmanager
def _early(repository: Repository, options: CheckOptions, folder: Path) -> Iterator[EarlyPytest | None]:
    """Start the project's interpreter while git is asked, as far as it can be known yet which one that is.

    To import pytest takes about as long as all that comes before its first use. What the user must mend is said later.
    """
    from pytestgen_hook.cache import Cache, default_folder
    from pytestgen_hook.config import load_config
    from pytestgen_hook.early import EarlyPytest
    from pytestgen_hook.interpreter import find_interpreter

    def read(path: str) -> bytes | None:
        place = repository.root / path
        return place.read_bytes() if place.is_file() else None

    early = None
    if hasattr(os, "fork"):
        with contextlib.suppress(FatalError, OSError):
            config = load_config(repository.root, read, options.config_file, os.environ, dict(options.overrides))
            interpreter = find_interpreter(
                repository.root, config.python, os.environ, Cache(default_folder()), is_tracked=repository.tracks
            )
            early = EarlyPytest(interpreter, folder) if "pytest" in interpreter.packages else None
    try:
        yield early
    finally:
        if early is not None:
            early.close()

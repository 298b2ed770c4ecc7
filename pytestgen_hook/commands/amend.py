"""``pytestgen amend``: tests for the functions of the last commit, put into that commit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pytestgen_hook.commands.check import check
from pytestgen_hook.commands.options import CheckOptions, Progress
from pytestgen_hook.errors import FatalError
from pytestgen_hook.types.report import Report

_RUNNING = (
    "PYTESTGEN_AMENDING"  # amending runs post-commit hooks again; one that calls us must not start a second round
)


def amend(cwd: Path, overrides: tuple[tuple[str, Any], ...], progress: Progress) -> Report:
    """Write tests for the functions of HEAD and amend HEAD with them; FatalError, nothing changed, where that is not safe."""
    from pytestgen_hook.git import Repository

    if os.environ.get(_RUNNING):
        return Report((), range="head", mode="amend")
    repository = Repository.open(cwd)
    _refuse_unsafe(repository)
    report = check(CheckOptions(scope="head", overrides=(*overrides, ("mode", "amend"))), cwd, progress)
    if report.staged:
        os.environ[_RUNNING] = "1"
        try:
            repository.amend(report.staged)
        except FatalError as error:
            raise FatalError(
                f"{error} The tests are written and staged: {', '.join(report.staged)}. "
                "Run `git commit --amend` once that is mended."
            ) from None
        finally:
            del os.environ[_RUNNING]
    return report


def _refuse_unsafe(repository: Any) -> None:
    head = repository.head()
    if head is None:
        raise FatalError("there is no commit to amend. Commit first.")
    if os.environ.get("GIT_INDEX_FILE"):
        raise FatalError(
            "`pytestgen amend` cannot run inside a hook that git runs before a commit. Use --mode amend there."
        )
    operation = repository.operation()
    if operation:
        raise FatalError(f"a {operation} is in progress. Finish or abort it first.")
    if repository.is_published(head):
        raise FatalError("the last commit is on a remote already, and amending it would rewrite it. Make a new commit.")
    if repository.has_staged_changes():
        raise FatalError("there are staged changes, which amending would take along. Commit or unstage them first.")
    dirty = sorted(repository.dirty(change.path for change in repository.changes_of_head()))
    if dirty:
        raise FatalError(
            f"{dirty[0]} has edits that are not in the last commit. Commit them, or put them aside with `git stash`, first."
        )

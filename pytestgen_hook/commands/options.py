"""What the commands are given: the range to examine, where settings come from, and someone to tell how far they are."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pytestgen_hook.errors import FatalError

if TYPE_CHECKING:
    from pytestgen_hook.git import Repository


class Progress(Protocol):
    """Told how far the work is. Its methods may be called from several threads, and do not raise."""

    def stage(self, text: str, total: int | None = None) -> None:
        """A new stage begins: what is being done, and how many items there are to do, if that is known."""

    def step(self, item: str = "") -> None:
        """One more item of the stage is done."""

    def at(self, item: str) -> None:
        """An item of the stage is being worked on."""


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What one check is to look at.

    ``scope`` is ``"staged"``, ``"since"`` (then ``since`` is the ref, and ``others`` are more of them), ``"all"`` or
    ``"head"`` (the last commit, for ``pytestgen amend``); ``until`` names the commit that ends the range and whose contents
    are examined; ``paths`` (from the working folder) narrow it to files and folders; ``config_file`` takes the place of
    pyproject.toml, and ``overrides`` are the names and values of settings given as flags; with ``diff`` tests are made
    as in mode write, and nothing is written; with ``strength`` tested functions are tried with small bugs (PTG004); with
    ``anew`` nothing is taken from earlier runs; ``isolated``: no file of settings is read. With ``write_baseline`` the
    baseline is written, with ``update_baseline`` what the range adds to it is taken; ``add_ignores`` is the reason of the
    comments that are written to silence what is found ("": none). With ``promises`` functions that get no new tests are held
    against their documentation too (PTG005).
    """

    paths: tuple[Path, ...] = ()
    scope: str = "staged"
    since: str = ""
    diff: bool = False
    config_file: Path | None = None
    overrides: tuple[tuple[str, object], ...] = ()
    strength: bool = False
    anew: bool = False
    isolated: bool = False
    write_baseline: bool = False
    update_baseline: bool = False
    add_ignores: str = ""
    until: str = "HEAD"
    others: tuple[str, ...] = ()
    promises: bool = False

    @property
    def range(self) -> str:
        """The range in the words of the report: ``staged``, ``all``, ``head`` or ``since REF``."""
        return f"since {self.since}" if self.scope == "since" else self.scope


def refuse_sources(files: Iterable[Path], cwd: Path) -> None:
    """Raise FatalError for an output file that is a source: it would be overwritten by the report."""
    from pytestgen_hook.git import INDEX, Repository

    repository = Repository.open(cwd)
    tracked: dict[str, str] | None = None
    for file in files:
        if file.suffix == ".py":
            raise FatalError(f"--output-file {file}: that is the name of a Python file. Name another.")
        inner = _inner(cwd / file, repository)
        if inner is not None:
            if ".git" in inner.split("/"):
                raise FatalError(f"--output-file {file}: that is in git's own folder. Name a file outside of it.")
            tracked = repository.entries(INDEX) if tracked is None else tracked
            if inner in tracked:
                raise FatalError(f"--output-file {file}: git tracks this file. Name one that it does not track.")


def places_of(paths: Iterable[Path], cwd: Path, repository: Repository) -> tuple[Path, ...]:
    """Return the absolute places of files and folders to look at; FatalError for what is not there, or elsewhere.

    A file that git knows may be gone from the work tree: hook managers name what a commit deletes.
    """
    found = []
    for path in paths:
        inner = _inner(cwd / path, repository)
        if inner is None:
            raise FatalError(f"{path} is not in this repository ({repository.root}). Name a file or folder inside it.")
        if not os.path.lexists(cwd / path) and not _is_known(inner, repository):
            raise FatalError(f"{path} does not exist. Name a file or folder of this repository.")
        found.append(repository.root.resolve() / inner)
    return tuple(found)


def _inner(place: Path, repository: Repository) -> str | None:
    """The path below the top of the repository, links in its own name not followed; None for one outside."""
    root = repository.root.resolve()
    absolute = Path(os.path.normpath(place))
    # Unlike Path.resolve, this takes links that lead in a circle, and names that no file can have.
    parent, real = Path(os.path.realpath(absolute.parent)), Path(os.path.realpath(absolute))
    for full in (parent / absolute.name, real, absolute):
        if full.is_relative_to(root):
            return full.relative_to(root).as_posix()
    return None


def _is_known(path: str, repository: Repository) -> bool:
    from pytestgen_hook.git import INDEX, Revision

    head = repository.head()
    revisions = [INDEX, *([Revision(head)] if head else [])]
    return any(
        other == path or other.startswith(f"{path}/")
        for revision in revisions
        for other in repository.entries(revision)
    )

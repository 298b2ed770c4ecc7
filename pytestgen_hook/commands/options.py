"""What the commands are given: the range to examine, where settings come from, and someone to tell how far they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class Progress(Protocol):
    """Told how far the work is. Both methods may be called from several threads, and do not raise."""

    def stage(self, text: str, total: int | None = None) -> None:
        """A new stage begins: what is being done, and how many items there are to do, if that is known."""

    def step(self, item: str = "") -> None:
        """One more item of the stage is done."""


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What one check is to look at.

    ``scope`` is ``"staged"``, ``"since"`` (then ``since`` is the ref), ``"all"`` or ``"head"`` (the last commit, for
    ``pytestgen amend``); ``paths`` (absolute) narrow it to files and folders; ``config_file`` takes the place of
    pyproject.toml, and ``overrides`` are the names and values of settings given as flags; with ``diff`` tests are made
    as in mode write, and nothing is written.
    """

    paths: tuple[Path, ...] = ()
    scope: str = "staged"
    since: str = ""
    diff: bool = False
    config_file: Path | None = None
    overrides: tuple[tuple[str, object], ...] = ()

    @property
    def range(self) -> str:
        """The range in the words of the report: ``staged``, ``all``, ``head`` or ``since REF``."""
        return f"since {self.since}" if self.scope == "since" else self.scope

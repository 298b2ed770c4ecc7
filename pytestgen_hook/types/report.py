"""What a run has to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from pytestgen_hook.types.changes import Function, Unanalysed
from pytestgen_hook.types.evidence import Evidence

if TYPE_CHECKING:
    from pytestgen_hook.types.evidence import TestRun
    from pytestgen_hook.types.generated import Compared, Edit


class Status(Enum):
    """What became of a changed function."""

    TESTED = "tested"
    UNTESTED = "untested"
    GENERATED = "generated"
    REFUSED = "refused"
    SUSPECT = "suspect"


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict on one changed function: one line of the report, one object of the JSON output.

    ``code`` is a rule (PTG001 …) or None where nothing is to be said; ``reason`` is a sentence a person can act on;
    ``tests`` are node ids of tests that run the function; ``mutants_killed`` of ``mutants_total`` are those of the new tests,
    or of the tests that are there, if their strength was asked for;
    ``untried`` says that the budget was used up before tests of it were looked for; ``mode`` is that of its path, None if it is
    the one of the run. ``promises`` are what its documentation says, held against calls of it; ``otherwise`` is what is to be
    said of the function if the suspicion is dismissed. ``dropped`` are (name, why) of tests that a model wrote and that are
    not kept, ``reasons`` (node id with the id of its row, why it stays) of the new tests.
    """

    function: Function
    status: Status
    code: str | None = None
    reason: str = ""
    evidence: Evidence = Evidence.RUN
    tests: tuple[str, ...] = ()
    lines_run: int | None = None
    lines_total: int | None = None
    branches_run: int | None = None
    branches_total: int | None = None
    mutants_killed: int | None = None
    mutants_total: int | None = None
    engine: str | None = None
    untried: bool = False
    seconds: float | None = None
    tokens: int | None = None
    mode: str | None = None
    promises: tuple[Compared, ...] = ()
    otherwise: Finding | None = None
    dropped: tuple[tuple[str, str], ...] = ()
    reasons: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Silenced:
    """A finding that somebody has decided to live with; it is counted, and asks for nothing.

    ``by`` is ``"comment"`` (then ``reason`` is what that says), ``"settings"`` or ``"baseline"``; ``told`` is what the finding
    would have said. ``qualname`` and ``line`` are None for a whole file; ``body`` is as in ``functions.bodies``.
    """

    path: str
    qualname: str | None
    line: int | None
    code: str
    told: str
    by: str
    reason: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class Stale:
    """What silences nothing any more: a comment (``kind`` is ``"comment"``) or entries of the baseline (``"baseline"``).

    ``told`` says so, ``remedy`` how to be rid of it; ``line`` is None for the baseline.
    """

    kind: str
    path: str
    line: int | None
    told: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Report:
    """All that one run has to say; what is printed and the exit status follow from it alone.

    ``install`` is the command that would let tests run where they cannot, ``budget`` the seconds there were for making
    tests. ``in_tests`` and ``excluded`` count changed functions that were not examined: those of test files that are no tests
    themselves, and those that the settings exclude. ``baseline`` is the baseline file that this run wrote, "" if none;
    ``error`` says why there is no more to say: of what kind (settings, model, bug …), and the message.
    """

    findings: tuple[Finding, ...]
    unanalysed: tuple[Unanalysed, ...] = ()
    test_runs: tuple[TestRun, ...] = ()
    edits: tuple[Edit, ...] = ()
    staged: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    mode: str = "fail"
    range: str = "staged"
    seconds: float = 0.0
    install: str = ""
    budget: float = 60.0
    in_tests: int = 0
    excluded: int = 0
    interrupted: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)
    silenced: tuple[Silenced, ...] = ()
    stale: tuple[Stale, ...] = ()
    baseline: str = ""
    error: tuple[str, str] | None = None

"""What a measurement of strength has to say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pytestgen_hook.types.changes import Function, Unanalysed


class Verdict(Enum):
    """What the project's tests made of one mutant."""

    KILLED = "killed"  # a test failed, or the process ended
    SURVIVED = "survived"  # all tests that run its place passed
    TIMED_OUT = "timed out"  # tests took many times as long as without it
    NOT_RUN = "not run"  # no passing test runs its place
    NOT_TRIED = "not tried"  # the time for trying was over

    @property
    def is_noticed(self) -> bool:
        """Whether the tests would tell somebody of the change."""
        return self in (Verdict.KILLED, Verdict.TIMED_OUT)


@dataclass(frozen=True, slots=True)
class MutantResult:
    """One small change of a function, and what the tests made of it.

    ``line`` is the line that a test would have to notice; ``first`` is the number of the first of the lines ``before``,
    which with the change read ``after``.
    """

    line: int
    label: str
    first: int
    before: tuple[str, ...]
    after: tuple[str, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Strength:
    """How much of what could go wrong in one function its tests would notice; ``problem`` says why that is not known."""

    function: Function
    mutants: tuple[MutantResult, ...] = ()
    problem: str | None = None

    @property
    def is_blind(self) -> bool:
        """Whether tests run the function, and let all that was tried pass."""
        verdicts = {mutant.verdict for mutant in self.mutants}
        return Verdict.SURVIVED in verdicts and not any(verdict.is_noticed for verdict in verdicts)

    @property
    def is_unrun(self) -> bool:
        """Whether no passing test runs anything of the function that was to be changed."""
        return {mutant.verdict for mutant in self.mutants} == {Verdict.NOT_RUN}


@dataclass(frozen=True, slots=True)
class StrengthReport:
    """All that one measurement of strength has to say; ``left_out`` are (test or file, why it is no measure).

    ``in_tests``, ``excluded`` and ``error`` are as in ``Report``.
    """

    strengths: tuple[Strength, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    unanalysed: tuple[Unanalysed, ...] = ()
    notes: tuple[str, ...] = ()
    range: str = "staged"
    seconds: float = 0.0
    fail_under: float | None = None
    in_tests: int = 0
    excluded: int = 0
    error: tuple[str, str] | None = None

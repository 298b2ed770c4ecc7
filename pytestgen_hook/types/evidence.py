"""What the tests that are there show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class RunOutcome(Enum):
    """How running one test file ended."""

    PASSED = "passed"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    COULD_NOT_START = "could not start"


@dataclass(frozen=True, slots=True)
class TestRun:
    """What one test file of the project showed when it ran; only its passing tests count as evidence.

    ``ran`` maps a source path to {first line of a function: ids of passing tests that ran its body};
    ``lines`` maps a source path to the lines that passing tests ran. ``is_beside``: it failed while others ran at once.
    """

    __test__ = False  # pytest would take the name for a test class

    path: str
    outcome: RunOutcome
    message: str = ""
    passed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    ran: Mapping[str, Mapping[int, tuple[str, ...]]] = field(default_factory=dict)
    lines: Mapping[str, frozenset[int]] = field(default_factory=dict)
    seconds: float = 0.0
    from_cache: bool = False
    is_beside: bool = False


class Evidence(Enum):
    """What a statement about a function's tests rests on."""

    RUN = "run"  # tests were run and their lines measured
    GRAPH = "graph"  # no test file can reach the module
    STATIC = "static"  # tests could not be run; a test reaches the module and names the function

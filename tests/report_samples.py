"""Reports with all that they can hold, and names that try to be more than text; for the tests of several formats."""

from __future__ import annotations

from pytestgen_hook.types.changes import Function, Kind, Unanalysed
from pytestgen_hook.types.evidence import Evidence
from pytestgen_hook.types.report import Finding, Report, Silenced, Stale, Status


def function(path: str = "src/shop.py", qualname: str = "Order.total", line: int = 12) -> Function:
    """A function of six lines."""
    return Function(path, qualname, Kind.METHOD, line, line, line + 5, (line + 1,))


def untested(number: int = 1, *, code: str = "PTG001", path: str = "src/shop.py", reason: str = "no test") -> Finding:
    """An open finding."""
    return Finding(function(path, f"f{number}", number), Status.UNTESTED, code, reason, Evidence.GRAPH)


HOSTILE = "a|b`c` <img src=x onerror=1> [l](http://evil.example) @ada #1 \x1b[31m\x07\u202e\n::error::x %0A ]]> & \ufffe \udcff"

FULL = Report(
    (
        untested(1),
        untested(2, code="PTG002", path="src/a b,c:d%.py"),
        Finding(function(qualname="twice", line=50), Status.UNTESTED, "PTG001", "no test", Evidence.GRAPH),
        Finding(function(qualname="twice", line=60), Status.UNTESTED, "PTG001", "no test", Evidence.GRAPH),
        Finding(function(qualname="wrong", line=70), Status.SUSPECT, "PTG005", "says 1, gives 2"),
        Finding(function(qualname="guess", line=80), Status.TESTED, "PTG006", "estimated", Evidence.STATIC),
        Finding(function(qualname="fine", line=90), Status.TESTED, tests=("tests/test_a.py::test_fine",)),
        Finding(function(HOSTILE + ".py", HOSTILE, 5), Status.UNTESTED, "PTG001", HOSTILE),
    ),
    (Unanalysed("old.py", "syntax error"), Unanalysed("src/shop.py", "it is a lambda", "f", 7)),
    notes=(HOSTILE,),
    silenced=(
        Silenced("src/shop.py", "legacy", 100, "PTG001", "no test", "baseline"),
        Silenced("src/shop.py", "hardware", 110, "PTG001", "no test", "comment", "talks to the till " + HOSTILE),
        Silenced("old2.py", None, None, "PTG007", "syntax error", "settings"),
    ),
    stale=(Stale("comment", "src/shop.py", 3, "the comment silences no PTG001", "remove it"),),
)

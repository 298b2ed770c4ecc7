"""The engine through its real processes: what is found, what is refused, what is said where nothing can be found."""

import ast
import time

import pytest
from exploring import explored, outcomes, the_only, written

from pytestgen_hook.types.generated import Exploration


def test_both_ways_out_of_a_branch_are_found(tmp_path):
    exploration = the_only(
        explored(
            tmp_path, "def grade(points: int) -> str:\n    if points >= 50:\n        return 'pass'\n    return 'fail'\n"
        )
    )
    assert outcomes(exploration) == {'"pass"', '"fail"'}
    assert exploration.lines_run == exploration.lines_total == 3
    assert exploration.mutants_killed == exploration.mutants_total


def test_both_outcomes_of_a_condition_within_a_line_are_found(tmp_path):
    source = "def link(base: str, query: str | None = None) -> str:\n    return f'{base}?{query}' if query else base\n"
    exploration = the_only(explored(tmp_path, "from __future__ import annotations\n" + source))
    queries = {dict(case.arguments).get("query", "None") for case in exploration.cases}
    assert queries & {"None", '""'}
    assert queries - {"None", '""'}
    assert exploration.mutants_killed == exploration.mutants_total


@pytest.mark.parametrize(
    ("kind", "limit"),
    [
        pytest.param("Decimal", 'Decimal("49.95")', id="decimal"),
        pytest.param("date", "date(2019, 7, 13)", id="date"),
        pytest.param("timedelta", "timedelta(seconds=4980)", id="timedelta"),
    ],
)
def test_boundaries_that_are_objects_are_told_apart(tmp_path, kind, limit):
    source = f"""
        from datetime import date, timedelta
        from decimal import Decimal

        LIMIT = {limit}

        def reaches(value: {kind}) -> bool:
            return value >= LIMIT
    """
    exploration = explored(tmp_path, source)["reaches"]
    assert limit in {dict(case.arguments)["value"] for case in exploration.cases}
    assert exploration.mutants_killed == exploration.mutants_total


def test_a_parameter_is_given_what_its_name_promises(tmp_path):
    source = "from urllib.parse import urlsplit\n\ndef is_secure(url):\n    return urlsplit(url).scheme == 'https'\n"
    exploration = the_only(explored(tmp_path, source))
    assert outcomes(exploration) == {"True", "False"}


def test_what_mostly_tries_to_leave_is_refused_even_if_it_fails_on_bad_input(tmp_path):
    source = """
        from urllib.request import urlopen

        def fetch(url: str):
            with urlopen(url) as response:
                return response.read()
    """
    exploration = the_only(explored(tmp_path, source))
    assert exploration.cases == ()
    assert exploration.refused


def test_boundaries_are_told_apart(tmp_path):
    exploration = the_only(explored(tmp_path, "def is_adult(age):\n    return age >= 18\n"))
    assert {case.arguments[0][1] for case in exploration.cases} >= {"18", "17"}


def test_mutants_that_do_not_end_and_those_that_nothing_runs_are_counted_apart(tmp_path):
    endless = "def f(n: int) -> int:\n    k = 0\n    while k < n:\n        k += 1\n    return k\n"
    exploration = the_only(explored(tmp_path, endless))
    assert 0 < exploration.mutants_timed_out < exploration.mutants_killed
    assert exploration.mutants_not_run == 0


def test_mutants_that_no_case_can_run_are_counted_apart(tmp_path):
    source = "def f(n: int) -> int:\n    if n * 0 != 0:\n        return n - 7\n    return n + 1\n"
    exploration = the_only(explored(tmp_path, source))
    assert exploration.mutants_not_run > 0
    assert exploration.mutants_timed_out == 0
    assert exploration.mutants_killed + exploration.mutants_not_run <= exploration.mutants_total


def test_deliberate_errors_are_cases_and_misuse_is_not(tmp_path):
    source = """
    def ratio(part, whole):
        if whole == 0:
            raise ValueError("whole must not be zero")
        return part / whole
    """
    raised = [case.raises for case in the_only(explored(tmp_path, source)).cases if case.raises]
    assert {(error.name, error.message) for error in raised} == {("ValueError", "whole must not be zero")}


def test_methods_are_called_on_real_receivers(tmp_path):
    source = """
    class Account:
        def __init__(self, owner: str, balance: int = 0):
            self.owner = owner
            self.balance = balance

        def deposit(self, amount: int) -> int:
            if amount <= 0:
                raise ValueError("amount must be positive")
            self.balance += amount
            return self.balance
    """
    found = explored(tmp_path, source)
    assert found["Account.deposit"].lines_run == 4
    assert all(case.arguments[0][1].startswith("Account(") for case in found["Account.deposit"].cases)
    changed = {check.subject for case in found["Account.deposit"].cases for check in case.checks}
    assert "account.balance" in changed


def test_receivers_are_made_as_the_docstring_of_their_class_makes_them(tmp_path):
    source = """
        class Steps:
            \"\"\"
            >>> list(Steps(3, 9, 2))
            [3, 5, 7]
            \"\"\"

            def __init__(self, *bounds):
                self.start, self.stop, self.step = bounds

            def __len__(self):
                return len(range(self.start, self.stop, self.step))
    """
    exploration = explored(tmp_path, source)["Steps.__len__"]
    assert exploration.mutants_killed == exploration.mutants_total > 0
    assert any("Steps(" in value for case in exploration.cases for _, value in case.arguments)


def test_examples_of_the_docstring_are_preferred(tmp_path):
    source = '''
    def initials(name):
        """Return the initials.

        >>> initials("Ada Lovelace")
        'A.L.'
        """
        return ".".join(part[0] for part in name.split()) + "."
    '''
    assert '"Ada Lovelace"' in {case.arguments[0][1] for case in the_only(explored(tmp_path, source)).cases}


@pytest.mark.parametrize(
    ("source", "call"),
    [
        pytest.param("async def double(n: int):\n    return n * 2\n", "asyncio.run(double(n))", id="coroutine"),
        pytest.param("def up(n: int):\n    for i in range(n):\n        yield i\n", "list(up(n))", id="generator"),
        pytest.param("def swap(pairs: dict):\n    return map(str, pairs)\n", "list(swap(pairs))", id="iterator"),
    ],
)
def test_results_that_come_later_are_waited_for(tmp_path, source, call):
    assert call in {case.call for case in the_only(explored(tmp_path, source)).cases}


def test_arguments_changed_in_place_are_asserted(tmp_path):
    exploration = the_only(explored(tmp_path, "def push(stack: list[int], item: int):\n    stack.append(item)\n"))
    assert ("stack", "==") in {(check.subject, check.operator) for case in exploration.cases for check in case.checks}


@pytest.mark.parametrize(
    ("body", "part"),
    [
        pytest.param("import time\n    return time.time() + n", "clock", id="clock"),
        pytest.param("import random\n    return random.random() + n", "chance", id="chance"),
        pytest.param("import datetime\n    return datetime.datetime.now()", "clock", id="now"),
        pytest.param("return object()", "no form in source", id="object"),
        pytest.param("return id(n)", "addresses", id="address"),
    ],
)
def test_what_differs_from_run_to_run_is_never_a_case(tmp_path, body, part):
    exploration = the_only(explored(tmp_path, f"def f(n: int):\n    {body}\n"))
    assert exploration.cases == ()
    assert part in (exploration.problem or "")


def test_what_depends_on_earlier_calls_is_never_a_case(tmp_path):
    source = "import itertools\n\nNUMBERS = itertools.count(1)\n\ndef next_number():\n    return next(NUMBERS)\n"
    exploration = the_only(explored(tmp_path, source))
    assert exploration.cases == ()
    assert "called before" in (exploration.problem or "")


def test_a_test_that_could_not_fail_is_not_made(tmp_path):
    exploration = the_only(explored(tmp_path, "def quiet(n: int):\n    n + 1\n"))
    assert exploration.cases == ()
    assert exploration.toothless


@pytest.mark.parametrize(
    ("source", "part"),
    [
        pytest.param(
            "def f(n: int):\n    import os\n    os.remove('/etc/hostname')\n", "delete /etc/hostname", id="delete"
        ),
        pytest.param("def f(n: int):\n    import os\n    os._exit(0)\n", "ended the process", id="exit"),
        pytest.param("def f(n: int):\n    while True:\n        pass\n", "did not end", id="endless-loop"),
        pytest.param("import os\nos.system('true')\ndef f(n: int):\n    return n\n", "start a process", id="at-import"),
        pytest.param("def f(n: int):\n    open('x.txt', 'w').close()\n", "x.txt", id="file-in-working-folder"),
        pytest.param("raise RuntimeError('no')\ndef f(n: int):\n    return n\n", "RuntimeError", id="import-error"),
    ],
)
def test_what_keeps_a_function_from_being_tested_is_said(tmp_path, source, part):
    exploration = the_only(explored(tmp_path, source, seconds=4.0))
    assert exploration.cases == ()
    assert part in f"{exploration.refused} {exploration.problem}"


def test_a_refused_function_does_not_cost_its_neighbours(tmp_path):
    source = "def bad(n: int):\n    import os\n    os._exit(1)\n\ndef good(n: int):\n    return n + 1\n"
    found = explored(tmp_path, source)
    assert found["good"].cases
    assert not found["bad"].cases


def test_modules_of_the_project_may_have_the_names_of_our_own(tmp_path):
    source = "import plan\nimport values\ndef f(n: int):\n    return plan.add(n, values.ONE)\n"
    found = explored(tmp_path, source, plan="def add(a, b):\n    return a + b\n", values="ONE = 1\n")
    assert the_only(found).cases


def test_what_the_budget_does_not_reach_is_said(tmp_path):
    source = "".join(f"def f{number}(n: int):\n    return n + {number}\n" for number in range(40))
    found = explored(tmp_path, source, seconds=0.7)
    late = [item for item in found.values() if not item.cases]
    assert late
    assert all("budget" in (item.problem or "") or "time" in (item.problem or "") for item in late)


def test_too_many_functions_are_taken_one_after_the_other(tmp_path):
    source = "".join(f"def f{number}(n: int):\n    return n + {number}\n" for number in range(400))
    found = list(explored(tmp_path, source, seconds=6.0).values())
    done = [number for number, item in enumerate(found) if item.cases]
    assert found[0].cases
    assert done[-1] < len(done) + 4


def test_a_huge_function_gets_tests_or_the_reason(tmp_path):
    branches = "".join(f"    if x == {number * 7}:\n        return 'v{number}'\n" for number in range(2000))
    table = ", ".join(map(str, range(100_000)))
    source = (
        f"def b(x: int) -> str:\n{branches}    return ''\n\ndef t(k: int) -> int:\n    t = [{table}]\n    return t[k]\n"
    )
    started = time.monotonic()
    found = explored(tmp_path, source, seconds=12.0)
    assert time.monotonic() - started < 25
    assert all(item.cases or "time for it ran out" in (item.problem or "") for item in found.values())


def test_numbers_without_end_are_inputs_like_others(tmp_path):
    source = "def clamp(x, low=float('-inf'), high=float('inf')):\n    return min(max(x, low), high)\n"
    exploration = the_only(explored(tmp_path, source))
    assert exploration.mutants_killed >= exploration.mutants_total - 2


def test_the_same_tree_gives_the_same_cases(tmp_path):
    source = "def f(words: list[str], n: int = 2):\n    return [w * n for w in words if len(w) > 2]\n"
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    assert the_only(explored(first, source)).cases == the_only(explored(second, source)).cases


def test_an_import_without_end_is_cut_by_the_budget(tmp_path):
    exploration = the_only(explored(tmp_path, "def f(n: int):\n    return n\n\n\nwhile True:\n    pass\n", seconds=1.5))
    assert exploration.refused.startswith("importing subject ends the process or does not end within 1.")


@pytest.mark.parametrize(
    ("body", "part"),
    [
        pytest.param("import os\n    return [n, os.path.dirname(__file__)]", "where the repository", id="own-folder"),
        pytest.param("import sys\n    return [n, sys.prefix]", "where the repository", id="interpreter"),
        pytest.param("import os\n    return n + os.cpu_count()", "the machine", id="cores"),
        pytest.param("import locale\n    return [n, locale.getpreferredencoding()]", "the machine", id="locale"),
        pytest.param("import sys\n    return '%d.%d' % sys.version_info[:2]", "the machine", id="version"),
        pytest.param("import os\n    return os.environ.get('MO' + 'DE', 'dev') * n", "variable MODE", id="environment"),
        pytest.param("return hash((n, 1, 2))", "computes hashes", id="hash"),
    ],
)
def test_what_differs_from_machine_to_machine_is_never_a_case(tmp_path, body, part):
    exploration = the_only(explored(tmp_path, f"import os, sys, locale\n\ndef f(n: int):\n    {body}\n"))
    assert exploration.cases == ()
    assert part in exploration.problem


@pytest.mark.parametrize(
    ("body", "part"),
    [
        pytest.param("return 'am' if dt.datetime.now().hour < 12 else 'pm'", "the clock", id="half-of-the-day"),
        pytest.param("return dt.date.today().weekday() >= 5", "the clock", id="weekend"),
        pytest.param("t = dt.date.today()\n    return t.month == 1 and t.day == 1", "the clock", id="new-year"),
        pytest.param("return dt.datetime.utcnow().day == 13", "the clock", id="one-day-of-the-month"),
        pytest.param("return time.strftime('%m') == '04'", "the clock", id="one-month"),
        pytest.param("return BOOT", "imported", id="constant-from-the-clock"),
        pytest.param("return LUCKY", "imported", id="constant-from-chance"),
        pytest.param("return hash(__name__) % 2", "the clock", id="hash-of-a-text"),
        pytest.param("return list({'a', 'b', 'c', 'd', 'e'})", "imported", id="order-in-a-set"),
        pytest.param("return n + sys._getframe().f_lineno", "imported", id="number-of-a-line"),
        pytest.param("return os.stat(__file__).st_ino", "imported", id="inode"),
        pytest.param("return os.path.getmtime(__file__)", "imported", id="time-of-the-file"),
        pytest.param("return os.path.getsize(__file__)", "imported", id="size-of-the-file"),
        pytest.param("return len(pathlib.Path(__file__).parts)", "imported", id="parts-of-the-path"),
        pytest.param("return os.umask(0o22)", "imported", id="umask"),
        pytest.param("return resource.getrlimit(resource.RLIMIT_NOFILE)[0]", "machine", id="limit-of-the-sandbox"),
        pytest.param("return os.geteuid() == 0", "machine", id="user"),
        pytest.param("return n + 1 if random.expovariate(1.0) < 0.02 else n", "clock", id="rare-chance"),
        pytest.param(
            "clock = getattr(time, 'perf_counter')\n    t = clock()\n    sum(range(50000))\n    return clock() - t < 0.0005",
            "clock",
            id="speed",
        ),
    ],
)
def test_what_depends_coarsely_on_when_and_where_is_never_a_case(tmp_path, body, part):
    source = f"""
import datetime as dt
import os, pathlib, random, resource, sys, time

BOOT = dt.date.today().isoformat()
LUCKY = random.random() < 0.0011

def f(n: int):
    {body}
"""
    exploration = explored(tmp_path, source)["f"]
    assert exploration.cases == ()
    assert part in exploration.problem


@pytest.mark.parametrize(
    ("body", "names"),
    [
        pytest.param("return (day - dt.date(2000, 1, 1)).days", "day: dt.date", id="dates-given"),
        pytest.param("return KINDS.get(type(day), 'none')", "day: dt.datetime", id="looked-up-by-class"),
        pytest.param(
            "t = time.time()\n    n += 1\n    LOG.debug(time.time() - t)\n    return n", "n: int", id="measured"
        ),
        pytest.param("return random.Random(n).random()", "n: int", id="seeded"),
        pytest.param("return sorted({'a', 'b', str(n)})", "n: int", id="sorted-set"),
        pytest.param("return Mine(2020, 1, n).isoformat()", "n: int", id="subclass"),
        pytest.param("return hash(('a', n)) == hash(('a', 3))", "n: int", id="hashes-compared"),
    ],
)
def test_clocks_chance_and_hashes_that_do_not_show_keep_no_one_from_testing(tmp_path, body, names):
    source = f"""
import datetime as dt
import logging, random, time

KINDS = {{dt.date: "day", dt.datetime: "moment"}}
LOG = logging.getLogger("log")

class Mine(dt.date):
    pass

def f({names}):
    {body}
"""
    assert explored(tmp_path, source)["f"].cases


def test_where_a_module_cannot_be_imported_twice_its_cases_stay(tmp_path):
    source = "import datetime\nassert datetime.date.today().year < 2034\n\ndef f(n: int):\n    return n + 1\n"
    assert explored(tmp_path, source)["f"].cases


@pytest.mark.parametrize(
    ("body", "part"),
    [
        pytest.param("CONF.debug = n\n    return n + 1", "subject.CONF", id="attribute"),
        pytest.param("f.calls = n\n    return n + 1", "subject.f", id="attribute-of-function"),
        pytest.param("decimal.getcontext().prec = 6\n    return n + 1", "decimal", id="decimal"),
        pytest.param("sys.setrecursionlimit(303)\n    return n + 1", "recursion limit", id="recursion"),
        pytest.param("gc.disable()\n    return n + 1", "garbage collection", id="gc"),
        pytest.param("warnings.simplefilter('error')\n    return n + 1", "filters of warnings", id="warnings"),
        pytest.param("math.pi = 3\n    return n + 1", "math.pi", id="other-module"),
        pytest.param("builtins.x = n\n    return n + 1", "builtins", id="builtins"),
        pytest.param("logging.getLogger('a').setLevel(10)\n    return n + 1", "the logger a", id="logging"),
        pytest.param("signal.signal(signal.SIGUSR2, signal.SIG_IGN)\n    return n + 1", "signal", id="signals"),
        pytest.param("atexit.register(print)\n    return n + 1", "at exit", id="exit-handler"),
        pytest.param("sys.stdout.close()\n    return n + 1", "standard streams", id="closed-stream"),
        pytest.param("sys.modules.pop('colorsys', None)\n    return n + 1", "sys.modules", id="module-forgotten"),
        pytest.param("sys.settrace(lambda *_: None)\n    return n + 1", "traces", id="trace"),
        pytest.param("sys.setprofile(lambda *_: None)\n    return n + 1", "traces", id="profile"),
        pytest.param("threading.settrace(print)\n    return n + 1", "trace", id="trace-of-threads"),
        pytest.param("threading.Thread(target=time.sleep, args=[9]).start()\n    return n + 1", "thread", id="thread"),
    ],
)
def test_what_later_tests_would_see_is_never_a_case(tmp_path, body, part):
    source = f"""
import atexit, builtins, colorsys, decimal, gc, logging, math, signal, sys, threading, time, warnings

class Conf:
    level = 0
    seen = {{}}

    def __init__(self):
        self.debug = False

CONF = Conf()

def f(n: int):
    {body}
"""
    exploration = explored(tmp_path, source)["f"]
    assert exploration.cases == ()
    assert part in exploration.problem


@pytest.mark.parametrize(
    "body",
    [
        "logging.warning('%s', n)\n    logging.getLogger('new').info('x')\n    return n + 1",
        "with decimal.localcontext() as context:\n        context.prec = 5\n        return decimal.Decimal(n) / 3",
        "with warnings.catch_warnings():\n        warnings.simplefilter('ignore')\n        return n + 1",
        "with ThreadPoolExecutor(2) as pool:\n        return list(pool.map(abs, [n, -n, 3]))",
        "return CONF.twice + n",
        "import tempfile\n    tempfile.TemporaryDirectory\n    import multiprocessing.util\n    return n + 1",
    ],
    ids=["logging", "local-context", "caught-warnings", "threads-that-end", "cached-property", "imports"],
)
def test_what_a_call_puts_back_keeps_no_one_from_testing_it(tmp_path, body):
    source = f"""
import decimal, logging, warnings
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

class Conf:
    @cached_property
    def twice(self):
        return 4

CONF = Conf()

def f(n: int):
    {body}
"""
    assert explored(tmp_path, source)["f"].cases


def test_arrays_are_made_from_lists(tmp_path):
    pytest.importorskip("numpy")
    source = """
        import numpy as np

        def scaled(values: np.ndarray, by: float = 2.0) -> np.ndarray:
            return values * by

        def largest(values: np.ndarray):
            return values.max() if values.size else np.float64(-1)

        def double(values: np.ndarray) -> None:
            values *= 2
        """
    found = explored(tmp_path, source)
    assert all(exploration.cases for exploration in found.values())
    sources = {text for item in found.values() for case in item.cases for _, text in case.arguments}
    assert all("ndarray" not in text for text in sources)


EQUALITIES = """
from dataclasses import dataclass, field
from decimal import Decimal
import enum

@dataclass(frozen=True)
class Result:
    key: str
    score: float = field(compare=False, default=0.0)

@dataclass
class Tag:
    name: str

    def __eq__(self, other):
        return True

class Level(enum.Enum):
    LOW = 1
    HIGH = 2

    def __eq__(self, other):
        return True

    __hash__ = None
"""


@pytest.mark.parametrize(
    ("body", "subject", "broken"),
    [
        pytest.param("return Result('k', n * 2.5)", "result.score", "Result('k', n * 7.0)", id="field-left-out"),
        pytest.param("return [Result('k', n * 2.5)]", "item.score for", "[Result('k', n * 7.0)]", id="in-a-list"),
        pytest.param("return Tag('a' * n)", "result.name", "Tag('b' * n)", id="always-equal"),
        pytest.param("return Level.LOW if n else Level.HIGH", "result", "Level(1 + bool(n))", id="member-always-equal"),
    ],
)
def test_what_equality_does_not_see_is_asserted_beside_it(tmp_path, body, subject, broken):
    exploration = explored(tmp_path, f"{EQUALITIES}\n\ndef f(n: int):\n    {body}\n")["f"]
    assert exploration.mutants_killed == exploration.mutants_total > 0
    assert any(subject in check.subject for case in exploration.cases for check in case.checks)
    names: dict[str, object] = {"pytest": pytest}
    exec(EQUALITIES, names)
    assert any(not holds(case, {**names, "f": lambda n: eval(broken, {**names, "n": n})}) for case in exploration.cases)


def holds(case, names):
    """Whether the assertions of a case hold with the names given."""
    arguments = {name: eval(source, names) for name, source in case.arguments}
    scope = {**names, **arguments, "result": eval(case.call, names, arguments)}
    found = [(eval(check.subject, scope), check.operator, eval(check.expected, scope)) for check in case.checks]
    return all(left is right if operator == "is" else left == right for left, operator, right in found)


@pytest.mark.parametrize(
    ("body", "most"),
    [
        pytest.param("return Decimal('1.0') if n > 3 else Decimal('1.00')", 1, id="decimals-of-one-value"),
        pytest.param("return -0.0 if n > 5 else 0.0", 3, id="zeros"),
        pytest.param("return True if n > 5 else 1", 2, id="truth-and-one"),
    ],
)
def test_a_mutant_that_no_assertion_sees_is_not_killed(tmp_path, body, most):
    exploration = explored(tmp_path, f"{EQUALITIES}\n\ndef f(n: int):\n    {body}\n")["f"]
    assert exploration.mutants_total - exploration.mutants_killed >= most
    assert not any("-0.0" in check.expected for case in exploration.cases for check in case.checks)


def test_what_comparisons_looked_at_steers_the_next_inputs(tmp_path):
    source = r"""
        import datetime as dt, re

        CODES = {"DE": "Germany", "FR": "France"}
        FORM = re.compile(r"^([a-z]+)-(\d{3})$")

        def country(code):
            if code not in CODES:
                raise ValueError("unknown code")
            return CODES[code].upper()

        def ticket(text: str) -> tuple | None:
            match = FORM.match(text)
            return (match.group(1), int(match.group(2))) if match else None

        def day(text: str) -> int:
            return dt.datetime.strptime(text, "%d/%m/%Y").timetuple().tm_yday

        def order(data: dict) -> float:
            total = data["price"] * data["count"]
            if data.get("vip"):
                total *= 0.5
            return total
        """
    found = explored(tmp_path, source, seconds=40)
    assert {name: (item.lines_run, item.problem) for name, item in found.items()} == {
        name: (item.lines_total, None) for name, item in found.items()
    }
    assert any(case.checks and case.checks[0].expected.startswith('("') for case in found["ticket"].cases)


OBJECTS = """
import contextlib, enum, io, logging
from dataclasses import dataclass, field

log = logging.getLogger("shop")

class Stack:
    def __init__(self):
        self._items = []

    def push(self, item):
        self._items.append(item)

    def __len__(self):
        return len(self._items)

class Temperature:
    def __init__(self, celsius: float):
        self._celsius = celsius

    @property
    def fahrenheit(self) -> float:
        return self._celsius * 9 / 5 + 32

    @fahrenheit.setter
    def fahrenheit(self, value: float):
        self._celsius = (value - 32) * 5 / 9

@dataclass
class Order:
    price: float
    total: float = field(init=False, default=0.0)

    def __post_init__(self):
        self.total = self.price * 3

@contextlib.contextmanager
def opened(n: int, seen: list[int]):
    if n < 0:
        raise ValueError("too small")
    yield n * 2
    seen.append(n)

def say(name: str) -> None:
    print(f"hi {name}")

def check_size(n: int) -> None:
    if n > 3:
        log.error("too big: %d", n)

def emit(text: str, out: io.StringIO) -> None:
    out.write(text + "!")
"""


def subjects_of(exploration: Exploration) -> set[str]:
    return {check.subject for case in exploration.cases for check in case.checks}


def test_effects_that_no_result_shows_are_looked_at(tmp_path):
    found = explored(tmp_path, OBJECTS, seconds=60.0)
    silent = [name for name, item in found.items() if item.mutants_killed < item.mutants_total or not item.cases]
    assert silent == []
    assert subjects_of(found["Stack.push"]) == {"len(stack)"}
    assert subjects_of(found["Order.__post_init__"]) >= {"result.price", "result.total"}
    assert subjects_of(found["say"]) == {"capsys.readouterr().out"}
    assert subjects_of(found["check_size"]) == {"caplog.messages"}
    assert subjects_of(found["emit"]) == {"out.getvalue()"}
    assert subjects_of(found["opened"]) == {"result", "seen"}
    assert all(case.enters for case in found["opened"].cases)


def test_what_is_printed_is_asserted_only_where_it_is_steady_and_needed(tmp_path):
    source = """
        import time

        def timed(n: int) -> int:
            print(getattr(time, "perf_counter")())
            return n + 1

        def chatty(n: int) -> int:
            text = "n" * n
            print(text)
            return len(text)
        """
    found = explored(tmp_path, source, seconds=12.0)
    assert subjects_of(found["timed"]) == {"result"}
    assert "capsys.readouterr().out" in subjects_of(found["chatty"])


def test_the_members_of_an_enum_are_all_there_are(tmp_path):
    source = """
        import enum

        class Colour(enum.Enum):
            RED = 1
            BLUE = 2

            def __init__(self, number):
                self.number = number

            def mixed(self, other: "Colour") -> str:
                return self.name + other.name
        """
    found = explored(tmp_path, source)
    sources = {text for case in found["Colour.mixed"].cases for _, text in case.arguments}
    assert sources <= {"Colour.RED", "Colour.BLUE"}
    assert "Python itself calls" in found["Colour.__init__"].problem


def test_operands_and_receivers_are_made_as_their_class_is(tmp_path):
    source = """
        import io

        class Vector:
            def __init__(self, x: int, y: int):
                self.x = x
                self.y = y

            def __add__(self, other):
                return Vector(self.x + other.x, self.y + other.y)

            def __eq__(self, other):
                return isinstance(other, Vector) and self.x == other.x and self.y == other.y

            def __neg__(self):
                return Vector(-self.x, -self.y)

        class Name(str):
            def shout(self) -> str:
                return self.upper() + "!"

        class Fault(Exception):
            def size(self) -> int:
                return len(str(self)) + 1

        def count(stream: io.BytesIO) -> int:
            return len(stream.read()) + 1
        """
    found = explored(tmp_path, source, seconds=20.0)
    assert [name for name, item in found.items() if item.mutants_killed < item.mutants_total or not item.cases] == []
    assert {case.call for case in found["Vector.__neg__"].cases} == {"-vector"}


def test_a_case_that_no_reader_would_check_is_not_kept(tmp_path):
    source = "def bits(n: int) -> list[int]:\n    return [place for place in range(64) if n >> place & 1]\n"
    exploration = the_only(explored(tmp_path, source))
    assert exploration.cases
    assert max(len(check.expected) for case in exploration.cases for check in case.checks) <= 88


def test_reasons_name_nothing_of_the_run_itself(tmp_path):
    source = """
        import os, pathlib, tempfile

        class Repo:
            def __init__(self, path: pathlib.Path):
                self.path = path

            def save(self, text: str) -> None:
                (self.path if text else pathlib.Path(".")).write_text(text)

        def here(text: str):
            pathlib.Path(".").write_text(text)

        def aside(text: str):
            pathlib.Path(__file__).with_name("x.txt").write_text(text)

        def configure(value: str):
            os.environ["APP_MODE"] = value

        def folder():
            return tempfile.gettempdir()
        """
    found = explored(tmp_path, source, seconds=20.0)
    reasons = {name: f"{item.refused or ''}{item.problem or ''}" for name, item in found.items()}
    assert not any(str(tmp_path) in reason for reason in reasons.values())
    assert reasons["here"] == "it writes files"
    assert reasons["folder"] == "it writes files"
    assert reasons["configure"] == "it changes the environment variable APP_MODE"
    assert "x.txt" in reasons["aside"]


def test_attributes_that_no_source_can_name_are_left_out(tmp_path):
    source = """
        class Bag:
            def __init__(self, n: int):
                self.size = n + 1
                self.__dict__.update({"0": n, "two words": n})

        def fill(n: int) -> Bag:
            return Bag(n)
        """
    cases = explored(tmp_path, source)["fill"].cases
    assert {check.subject for case in cases for check in case.checks} == {"result", "result.size"}


def test_a_class_derived_from_a_built_in_one_is_compared_with_its_plain_value(tmp_path):
    source = """
        import contextlib

        class Name(str):
            pass

        class Row(list):
            pass

        def name(n: int) -> Name:
            return Name("ab" * n)

        def row(n: int) -> Row:
            return Row([n] * 3)

        @contextlib.contextmanager
        def noting(errors: list[str]):
            yield errors
            errors.append("done")
        """
    found = explored(tmp_path, source, seconds=20.0)
    assert subjects_of(found["name"]) == subjects_of(found["row"]) == {"result"}
    entered = {(check.subject, check.operator) for case in found["noting"].cases for check in case.checks}
    assert entered == {("result", "is"), ("errors", "==")}


def test_what_is_looked_into_gets_as_large_as_the_code_takes_it_for(tmp_path):
    exploration = the_only(
        explored(
            tmp_path,
            """
            def is_free(board):
                for row in range(6):
                    for column in range(5):
                        if board[row][column] > 9:
                            return False
                return True
            """,
        )
    )
    assert {"True", "False"} <= outcomes(exploration)


def test_calls_that_take_all_the_time_do_not_keep_the_others_from_being_compared(tmp_path):
    """Larger numbers than about thirty do not end here, and most of the time goes into waiting for them."""
    exploration = the_only(
        explored(
            tmp_path,
            """
            def fib(n: int):
                if n == 0:
                    return 0
                if n == 1:
                    return 1
                return fib(n - 1) + fib(n - 2)
            """,
            seconds=4,
        )
    )
    assert exploration.cases


def arguments_of(case):
    return dict(case.arguments)


def test_texts_that_a_helper_takes_apart_differ_in_one_part(tmp_path):
    exploration = explored(
        tmp_path,
        """
        def numbers(text):
            return [int(part) for part in text.split(".")]

        def is_same(one, other):
            left, right = numbers(one), numbers(other)
            while right and right[-1] == 0:
                right.pop()
            return left == right
        """,
    )["is_same"]
    pairs = [
        sorted((given["one"].strip('"'), given["other"].strip('"'))) for given in map(arguments_of, exploration.cases)
    ]
    assert any(one != other and other.startswith(f"{one}.") for one, other in pairs)
    assert exploration.survivors == ()
    assert exploration.mutants_total > 10


def test_what_is_taken_apart_gets_its_parts(tmp_path):
    exploration = the_only(
        explored(
            tmp_path,
            """
            def neighbours(grid, place):
                row, column = place
                found = []
                for step in [(0, 1), (1, 0)]:
                    r, c = row + step[0], column + step[1]
                    if r < len(grid) and c < len(grid[r]):
                        found.append(grid[r][c])
                return found
            """,
        )
    )
    assert exploration.lines_run == exploration.lines_total
    assert exploration.mutants_killed >= 0.9 * exploration.mutants_total


def test_what_one_case_changes_others_say_is_as_it_was(tmp_path):
    found = explored(
        tmp_path,
        """
        class Account:
            def __init__(self, balance=0):
                self.balance = balance

            def transfer(self, other, amount):
                if amount > self.balance:
                    return False
                self.balance -= amount
                other.balance += amount
                return True
        """,
    )
    cases = [case for case in found["Account.transfer"].cases if not case.raises]
    said = [{check.subject for check in case.checks} for case in cases]
    assert len(cases) > 1
    assert all({"result", "account.balance", "other.balance"} <= each for each in said)


def test_an_argument_that_must_not_be_changed_is_looked_at(tmp_path):
    exploration = the_only(
        explored(
            tmp_path,
            """
            def with_default(options, name):
                found = dict(options)
                found.setdefault(name, 1)
                return found
            """,
        )
    )
    assert "assert options ==" in written(exploration)


def test_arguments_are_of_the_kind_that_their_names_promise(tmp_path):
    exploration = the_only(
        explored(
            tmp_path,
            """
            def is_palindrome(text):
                letters = [char.lower() for char in text if char.isalpha()]
                return letters == letters[::-1]
            """,
        )
    )
    given = [source for case in exploration.cases for _, source in case.arguments]
    assert given
    assert all(source.startswith('"') for source in given)


def test_a_name_that_promises_the_wrong_kind_is_not_believed(tmp_path):
    exploration = the_only(
        explored(
            tmp_path,
            """
            def total(text):
                result = 0
                for number in text:
                    if number > 10:
                        result += number
                return result
            """,
        )
    )
    assert exploration.lines_run == exploration.lines_total
    assert exploration.mutants_killed >= 0.8 * exploration.mutants_total


def test_what_is_annotated_is_tried_with_nothing_else(tmp_path):
    source = """
        import ipaddress

        def version(text: str):
            return ipaddress.ip_address(text).version
    """
    version = the_only(explored(tmp_path, source))
    assert version.cases
    assert all(text.startswith('"') for case in version.cases for _, text in case.arguments)


def test_what_is_never_looked_at_is_of_the_kind_that_stands_there_in_other_cases(tmp_path):
    exploration = the_only(
        explored(
            tmp_path,
            """
            def kind_of(a, b, c):
                if a <= 0 or b <= 0 or c <= 0:
                    return "none"
                if a + b <= c or b + c <= a or a + c <= b:
                    return "none"
                if a == b == c:
                    return "equilateral"
                if a == b or b == c or a == c:
                    return "isosceles"
                return "scalene"
            """,
        )
    )
    assert exploration.mutants_killed >= 0.8 * exploration.mutants_total
    returning = [case for case in exploration.cases if not case.raises]
    assert all(type(ast.literal_eval(source)) in (int, float) for case in returning for _, source in case.arguments)

"""What a search leaves is told, and calls that are proposed for it are judged as all others are."""

import ast
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
from exploring import explored, the_only

from pytestgen_hook.engines import search
from pytestgen_hook.engines.model import is_open, joined, known_calls, shown_calls
from pytestgen_hook.functions import functions_in
from pytestgen_hook.types.changes import Function, Kind
from pytestgen_hook.types.generated import Case, Compared, Exploration, Promise

PYTHON = Path(sys.executable)

SOURCE = """
from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Any, Callable, Literal, Optional

if TYPE_CHECKING:
    import datetime as dt


class Colour(Enum):
    RED = 1
    BLUE = 2


@dataclass
class Line:
    sku: str
    price: float = 0.0


class Order:
    def __init__(self, number: int, lines: list[Line], *, due: Optional[date] = None):
        self.number, self.lines, self.due = number, lines, due

    def total(self, tax: float = 0.0):
        return sum(line.price for line in self.lines) * (1 + tax)


def spelled(text: str) -> str | None:
    return str(ipaddress.ip_network(text)) or None


def network(text: str):
    address = ipaddress.ip_address(text)
    if address.is_loopback:
        return "loopback"
    if address.is_multicast:
        return "multicast"
    return "other"


def unlocked(text):
    if len(text) != 4321:
        raise ValueError(text)
    return text


def day_of(moment: dt.date | dt.datetime, other):
    import datetime as dt

    return moment.day if isinstance(moment, dt.date) else other


def painted(
    colour: Colour,
    how: Literal["dry", "wet"],
    sizes: dict[str, tuple[int, int]],
    *names,
    by: Callable = len,
    on: Any = 1,
    **more: int,
):
    return [colour.name, how, sizes, [by(name) for name in names], more.get("depth", 0)]


class Queue:
    def __init__(self, size=2):
        self.size, self.items, self.is_open = size, [], True

    def put(self, item, *, twice=False):
        self.items.extend([item, item] if twice else [item])

    def take(self):
        if not self.is_open:
            raise LookupError("closed")
        return self.items.pop() if len(self.items) > self.size else None

    def __lt__(self, other):
        return keeps(other)


def keeps(field):
    def test(row):
        if field not in row:
            return "missing"
        return row[field]

    test.field = field
    return test


"""


class Bench:
    """One runtime for all questions about one module."""

    def __init__(self, folder: Path) -> None:
        tree = folder / "tree"
        tree.mkdir()
        (tree / "subject.py").write_text(textwrap.dedent(SOURCE))
        self.functions = {one.qualname: one for one in functions_in("subject.py", (tree / "subject.py").read_bytes())}
        self._runtime = search.runtime(search.Bench(PYTHON, tree, [""], folder), "test")

    def ask(self, name, **more):
        """Return what the runtime answers, and that as an exploration."""
        task = search.Task(self.functions[name], "subject")
        done, runtime = search.ask(self._runtime, 0, task, 2.0, 30.0, hypothesis=False, more=more)
        assert runtime is not None
        return done.answer, done.exploration

    def close(self):
        self._runtime.close()


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    made = Bench(tmp_path_factory.mktemp("proposed"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def searched(bench):
    """A search that began with a call that reaches neither of two lines, and was held to it."""
    return bench.ask("network", proposed=['network(text="10.0.0.1")'])[1]


def shown(exploration):
    return {
        "arcs": [list(arc) for case in exploration.cases for arc in case.arcs],
        "kills": [kill for case in exploration.cases for kill in case.kills],
    }


def test_lines_ways_and_mutants_that_are_left_are_told(bench, searched):
    source = SOURCE.splitlines()
    assert [source[line - 1].strip() for line in searched.left["lines"]] == ['return "loopback"', 'return "multicast"']
    assert {(source[line - 1].strip(), outcome) for line, outcome in searched.left["branches"]} == {
        ("if address.is_loopback:", True),
        ("if address.is_multicast:", True),
    }
    changed = {after for _, _, _, before, after in searched.left["mutants"] if before == 'return "loopback"'}
    assert 'return "XXoopback"' in changed


def test_proposed_calls_add_what_was_left_and_nothing_else(bench, searched):
    answer, second = bench.ask(
        "network",
        proposed=['network(text="10.9.9.9")', 'network(text="127.0.0.1")', 'network(text="224.0.0.1")'],
        had=shown(searched),
    )
    assert answer["fitting"] == 3
    both = joined(searched, second, 40, 1.0)
    outcomes = [case.checks[0].expected for case in both.cases if case.checks]
    assert sorted(outcomes) == ['"loopback"', '"multicast"', '"other"']
    assert both.lines_run == both.lines_total
    assert both.mutants_killed == both.mutants_total
    assert (both.engine, both.tokens) == ("model", 40)
    assert not is_open(both)


def test_the_one_of_many_proposals_that_adds_something_is_found(bench, searched):
    others = [f'network(text="10.9.{number // 8}.{number % 8}")' for number in range(80)]
    others[60] = 'network(text="224.0.0.1")'
    _, second = bench.ask("network", proposed=others, had=shown(searched))
    assert [check.expected for case in second.cases for check in case.checks] == ['"multicast"']


def test_proposals_that_add_nothing_leave_all_as_it_was(bench, searched):
    _, second = bench.ask("network", proposed=['network(text="10.2.3.4")'], had=shown(searched))
    kept = joined(searched, second, 12, 1.0)
    assert kept.cases == searched.cases
    assert (kept.engine, kept.tokens, kept.mutants_killed) == ("search", 12, searched.mutants_killed)


@pytest.mark.parametrize(
    "call",
    [
        pytest.param("network(", id="no Python"),
        pytest.param("network()", id="an argument is missing"),
        pytest.param('network(text="a", loose=True)', id="an argument too many"),
        pytest.param("network(text=unknown)", id="a name that nobody knows"),
        pytest.param('"127.0.0.1"', id="no call"),
    ],
)
def test_what_is_no_call_of_the_function_is_left_out(bench, call):
    answer, _ = bench.ask("network", proposed=[call, 'network(text="127.0.0.1")'])
    assert answer["fitting"] == 1


@pytest.mark.parametrize(
    ("call", "fitting"),
    [
        ('Order(number=1, lines=[Line(sku="a", price=2.0), Line(sku="b", price=3.0)]).total(tax=0.5)', 1),
        ("Order(number=1, lines=[Line(**parts)]).total(tax=0.5)", 0),
        ("total(tax=0.5)", 0),
    ],
)
def test_methods_are_called_on_the_object_that_is_proposed(bench, call, fitting):
    assert bench.ask("Order.total", proposed=[call])[0]["fitting"] == fitting


def results(exploration):
    """What the cases expect, as source: of the results, or the exceptions."""
    return {
        case.raises.name if case.raises else case.checks[0].expected
        for case in exploration.cases
        if case.checks or case.raises
    }


def test_an_attribute_of_the_result_is_observed(bench):
    answer, exploration = bench.ask("keeps", proposed=['keeps("size").field'])
    assert answer["fitting"] == 1
    assert any(case.call.endswith(").field") and case.checks[0].operator == "==" for case in exploration.cases)


def test_what_a_result_does_not_have_makes_no_test(bench):
    answer, exploration = bench.ask("network", proposed=['network(text="127.0.0.1").colour'])
    assert answer["fitting"] == 1
    assert "AttributeError" not in results(exploration)


def test_the_form_tells_what_may_be_written_around_a_call(bench):
    form = bench.ask("Queue.take")[1].left
    form = form["form"]
    assert form["methods"] == ["put", "take"]
    assert {"size", "items", "is_open"} <= set(form["attributes"])
    assert {"Order", "Line", "keeps"} <= set(form["names"])
    assert not form["tail"]
    assert bench.ask("keeps")[1].left["form"]["tail"]


def test_nothing_is_done_with_a_result_that_is_known_to_be_plain_before_there_is_one(bench):
    assert bench.ask("unlocked")[1].left["form"]["tail"]
    assert not bench.ask("spelled")[1].left["form"]["tail"]


def test_the_form_of_calls_is_told_from_the_real_signature(bench):
    form = bench.ask("painted")[1].left["form"]
    assert {known["name"]: known["type"] for known in form["parameters"]} == {
        "colour": ["one", ["Colour.RED", "Colour.BLUE"]],
        "how": ["one", ['"dry"', '"wet"']],
        "sizes": ["dict", ["str"], ["tuple", [["int"], ["int"]]]],
        "names": ["list", ["any"]],
        "by": ["callable"],
        "on": ["any"],
        "depth": ["int"],
        "name": ["int"],
        "value": ["int"],
    }
    form = bench.ask("Order.total")[1].left["form"]
    assert form["receiver"] == ["new", "Order"]
    assert form["classes"]["Order"]["parameters"][2] == {
        "name": "due",
        "required": False,
        "type": ["union", [["new", "date"], ["none"]]],
    }
    assert set(form["classes"]) >= {"Order", "Line", "date"}


def test_calls_that_are_there_are_shown_as_the_model_is_to_write_them(bench):
    exploration = bench.ask("Order.total")[1]
    assert exploration.cases
    for text in known_calls(exploration):
        call = ast.parse(text, mode="eval").body
        assert ast.unparse(call.func).startswith("Order(")
        assert ast.unparse(call.func).endswith(".total")


def test_calls_that_raise_are_not_shown(tmp_path):
    source = """
        def root(number: int) -> int:
            if number < 0:
                raise ValueError(number)
            return number // 2
    """
    exploration = the_only(explored(tmp_path, source))
    raising = [case for case in exploration.cases if case.raises]
    assert raising
    assert len(shown_calls(exploration)) == len(exploration.cases) - len(raising) > 0
    assert set(shown_calls(exploration)) < set(known_calls(exploration))


def test_types_that_are_imported_only_for_annotations_are_known(bench):
    form = bench.ask("day_of", proposed=["day_of(moment=datetime.date(2024, 2, 29), other=1)"])[1].left["form"]
    assert form is None  # told once, by the search
    form = bench.ask("day_of")[1].left["form"]
    assert form["parameters"][0]["type"] == ["union", [["new", "date"], ["new", "datetime.datetime"]]]
    assert set(form["anywhere"]) >= {"date"}


def test_a_contradiction_that_the_search_found_outlasts_what_the_model_adds():
    promise = Promise("annotation", "-> int", 1, "int")
    function = Function("a.py", "f", Kind.FUNCTION, 1, 1, 2, (2,))
    searched = Exploration(function, "a", promises=(Compared(promise, 3, 1, "f(0)", "None"),))
    second = Exploration(function, "a", cases=(Case((), "f(1)"),), promises=(Compared(promise, 2),))
    for other in (second, replace(second, cases=())):
        assert joined(searched, other, 12, 1.0).promises == (Compared(promise, 5, 1, "f(0)", "None"),)

"""Objects in a state, nodes that hold nodes, graphs: through the engine's real processes."""

import ast

import pytest
from exploring import explored, the_only

from pytestgen_hook.types.generated import line_of

STACK = """
class Stack:
    def __init__(self, limit=3):
        self._items = []
        self._limit = limit

    def push(self, item):
        if len(self._items) >= self._limit:
            raise OverflowError("stack is full")
        self._items.append(item)

    def pop(self):
        if not self._items:
            raise IndexError("pop from empty stack")
        return self._items.pop()
"""


def test_an_object_is_brought_into_the_state_that_shows_something(tmp_path):
    found = explored(tmp_path, STACK, seconds=25.0)
    pop = found["Stack.pop"]
    taken = [case for case in pop.cases if case.raises is None]
    assert all(case.prepare and case.prepare[0].startswith("stack.push(") for case in taken)
    assert pop.mutants_killed == pop.mutants_total
    full = [case for case in found["Stack.push"].cases if case.raises]
    assert {case.raises.message for case in full} == {"stack is full"}


def test_what_a_call_changed_is_asked_of_other_methods(tmp_path):
    push = explored(tmp_path, STACK, seconds=25.0)["Stack.push"]
    assert any(check.subject == "stack.pop()" for case in push.cases for check in case.checks)


def test_what_else_changed_is_asked_of_an_object_with_a_changed_attribute(tmp_path):
    source = """
    class Counter:
        def __init__(self):
            self.total = 0
            self._counts = {}

        def add(self, key):
            self.total += 1
            self._counts[key] = self._counts.get(key, 0) + 1

        def items(self):
            return list(self._counts.items())
    """
    add = explored(tmp_path, source, seconds=25.0)["Counter.add"]
    assert add.mutants_killed == add.mutants_total
    assert any(check.subject == "counter.items()" for case in add.cases for check in case.checks)


def test_a_dict_of_the_project_shows_what_is_in_it(tmp_path):
    source = """
    class Box(dict):
        def __init__(self):
            super().__init__()
            self._order = []

        def clear(self):
            super().clear()
            self._order = []
    """
    clear = explored(tmp_path, source, seconds=25.0)["Box.clear"]
    assert any(check.subject == "dict(box)" for case in clear.cases for check in case.checks)


def test_an_object_that_hides_what_it_holds_is_told_by_how_it_is_written(tmp_path):
    source = """
    class Label:
        __slots__ = ("_text",)

        def __init__(self, text):
            self._text = text

        def __repr__(self):
            return f"<Label {self._text}>"

    class Address:
        def __init__(self, text):
            self._text = text

        def __repr__(self):
            return f"<Address {self._text} at {id(self):#x}>"

    def labelled(text):
        return Label(text + "!")

    def addressed(text):
        return Address(text + "!")
    """
    found = explored(tmp_path, source, seconds=25.0)
    assert any(check.subject == "repr(result)" for case in found["labelled"].cases for check in case.checks)
    assert not any(check.subject == "repr(result)" for case in found["addressed"].cases for check in case.checks)


def test_a_zone_is_asked_for_its_offset(tmp_path):
    source = """
    import datetime

    class Fixed(datetime.tzinfo):
        def __init__(self, hours):
            self._offset = datetime.timedelta(hours=hours)

        def utcoffset(self, dt):
            return self._offset

    def zone(sign, hours=3):
        sign = (sign == "-" and -1) or 1
        return Fixed(sign * hours)
    """
    zone = explored(tmp_path, source, seconds=25.0)["zone"]
    assert any(check.subject == "result.utcoffset(None)" for case in zone.cases for check in case.checks)
    assert any(dict(case.arguments)["sign"] == '"-"' for case in zone.cases)


def test_nodes_are_asserted_link_by_link(tmp_path):
    source = """
    class Node:
        def __init__(self, value, next=None):
            self.value = value
            self.next = next

    def turned(head):
        before = None
        while head:
            head.next, before, head = before, head, head.next
        return before
    """
    cases = explored(tmp_path, source, seconds=25.0)["turned"].cases
    subjects = {check.subject for case in cases for check in case.checks}
    assert {"result.value", "result.next.value"} <= subjects


def test_a_node_that_is_looked_for_is_in_the_graph(tmp_path):
    source = """
    def reachable(start, goal):
        seen, waiting = [], [start]
        while waiting:
            node = waiting.pop()
            if node is goal:
                return True
            if node not in seen:
                seen.append(node)
                waiting.extend(node.neighbors)
        return False
    """
    exploration = the_only(explored(tmp_path, source, seconds=25.0))
    goals = {dict(case.arguments)["goal"] for case in exploration.cases}
    assert any(goal.startswith("start") for goal in goals)
    assert exploration.lines_run == exploration.lines_total


def test_graphs_have_edges_between_their_nodes(tmp_path):
    source = """
    def order(links):
        done = []
        def visit(node):
            if node not in done:
                for other in links[node]:
                    visit(other)
                done.append(node)
        for node in links:
            visit(node)
        return done
    """
    exploration = the_only(explored(tmp_path, source, seconds=25.0))
    assert exploration.mutants_killed == exploration.mutants_total


def test_hashes_are_compared_and_not_written_down(tmp_path):
    source = """
    class Point:
        def __init__(self, x: int, y: int):
            self.x, self.y = x, y
        def __eq__(self, other):
            return (self.x, self.y) == (other.x, other.y)
        def __hash__(self):
            return hash((self.x, self.y))
    """
    cases = explored(tmp_path, source, seconds=25.0)["Point.__hash__"].cases
    assert {case.call for case in cases} == {"hash(point) == hash(other)"}


def test_what_a_private_method_needs_is_prepared_by_another(tmp_path):
    source = """
    class Reader:
        def read(self, text: str):
            self._start(text)
            return self._word()

        def _start(self, text: str):
            self._text, self._at = text, 0

        def _word(self):
            begin = self._at
            while self._at < len(self._text) and self._text[self._at] != " ":
                self._at += 1
            return self._text[begin : self._at]
    """
    word = explored(tmp_path, source, seconds=25.0)["Reader._word"]
    assert word.lines_run == word.lines_total
    assert word.mutants_killed == word.mutants_total


def test_calls_with_kinds_that_never_give_a_result_are_no_tests(tmp_path):
    source = "def first(text):\n    if text.isdigit():\n        return text[0]\n    return text.upper()[0]\n"
    cases = the_only(explored(tmp_path, source, seconds=25.0)).cases
    assert all(dict(case.arguments)["text"].startswith('"') for case in cases)


@pytest.mark.parametrize(
    ("source", "patch", "told"),
    [
        pytest.param(
            "NAMES = []\n\ndef f(name: str):\n    NAMES.append(name)\n    return name.upper()\n",
            'monkeypatch.setattr("subject.NAMES", [])',
            "subject.NAMES",
            id="list",
        ),
        pytest.param(
            "COUNT = 7\n\ndef f(step: int):\n    global COUNT\n    COUNT += step\n",
            'monkeypatch.setattr("subject.COUNT", 7)',
            "subject.COUNT",
            id="global",
        ),
        pytest.param(
            "class Conf:\n    level = 0\n\ndef f(level: int):\n    Conf.level = level + 100\n",
            'monkeypatch.setattr("subject.Conf.level", 0)',
            "subject.Conf.level",
            id="class",
        ),
    ],
)
def test_what_a_call_changes_of_its_module_is_set_for_the_time_of_the_test(tmp_path, source, patch, told):
    exploration = the_only(explored(tmp_path, source, seconds=25.0))
    assert {line_of(*case.arguments[0]) for case in exploration.cases} == {patch}
    assert told in {check.subject for case in exploration.cases for check in case.checks}
    assert exploration.mutants_killed == exploration.mutants_total


def test_a_cache_of_the_module_keeps_no_one_from_testing(tmp_path):
    source = """
    CACHE = {}

    def sorted_letters(text: str) -> str:
        if text not in CACHE:
            CACHE[text] = "".join(sorted(text))
        return CACHE[text]
    """
    exploration = the_only(explored(tmp_path, source, seconds=25.0))
    assert exploration.lines_run == exploration.lines_total
    first = {line_of(*case.arguments[0]) for case in exploration.cases}
    assert first == {'monkeypatch.setattr("subject.CACHE", {})'}


def test_what_cannot_be_written_cannot_be_set_for_a_test(tmp_path):
    source = "class Conf:\n    debug = 0\n\nCONF = Conf()\n\ndef f(n: int):\n    CONF.debug = n\n    return n + 1\n"
    exploration = the_only(explored(tmp_path, source, seconds=25.0))
    assert exploration.cases == ()
    assert "subject.CONF" in exploration.problem


def test_an_abstract_class_is_filled_in_by_the_test(tmp_path):
    source = """
    from abc import ABC, abstractmethod

    class AbstractShape(ABC):
        @abstractmethod
        def area(self) -> float: ...

        @property
        @abstractmethod
        def sides(self) -> int: ...

        @abstractmethod
        async def scaled(self, by, *, origin=None): ...

        def describe(self):
            return f"large, {self.sides} sides" if self.area() > 100 else "small"
    """
    exploration = explored(tmp_path, source, seconds=25.0)["AbstractShape.describe"]
    assert exploration.mutants_killed == exploration.mutants_total
    (definition,) = exploration.cases[0].define
    assert definition.startswith("class MinimalShape(AbstractShape):\n    def area(self):\n        return ")
    assert "    async def scaled(self, by, *, origin=None):\n" in definition
    assert "    @property\n    def sides(self):\n" in definition


def test_the_constructor_of_an_abstract_class_is_left_to_others(tmp_path):
    source = """
    import abc

    class Shape(abc.ABC):
        def __init__(self, name):
            self.name = name

        @abc.abstractmethod
        def area(self): ...
    """
    assert "abstract" in explored(tmp_path, source, seconds=25.0)["Shape.__init__"].problem


def test_methods_are_called_on_derived_classes_too(tmp_path):
    source = """
    class Base:
        def __init__(self):
            self.items = []

        def _put(self, item):
            pass

        def add(self, item):
            self._put(item)
            return len(self.items)

    class Kept(Base):
        def _put(self, item):
            self.items.append(item)
    """
    cases = explored(tmp_path, source, seconds=25.0)["Base.add"].cases
    assert any(dict(case.arguments)["base"] == "Kept()" for case in cases)


def test_what_isinstance_asks_for_is_given(tmp_path):
    source = """
    from datetime import timedelta

    class Span:
        def __init__(self, days):
            self.days = days

    def hours(value):
        if isinstance(value, Span):
            return value.days * 24
        if isinstance(value, timedelta):
            return value.total_seconds() / 3600
        return None
    """
    exploration = explored(tmp_path, source, seconds=25.0)["hours"]
    assert exploration.lines_run == exploration.lines_total


def test_a_date_is_known_by_the_parts_that_are_read(tmp_path):
    exploration = the_only(
        explored(tmp_path, "def f(it):\n    return it.year * 100 + it.month + it.day\n", seconds=25.0)
    )
    assert exploration.mutants_killed == exploration.mutants_total


def test_an_encoding_is_the_name_of_one(tmp_path):
    source = "def size(text, encoding):\n    return len(text.encode(encoding))\n"
    exploration = the_only(explored(tmp_path, source, seconds=25.0))
    assert any(case.raises is None for case in exploration.cases)


def test_an_object_is_asked_for_what_it_was_given(tmp_path):
    source = """
    class Store:
        def __init__(self):
            self._kept = {}

        def put(self, key, value):
            self._kept[key] = value

        def get(self, key):
            if key not in self._kept:
                return "nothing"
            return self._kept[key]
    """
    get = explored(tmp_path, source, seconds=25.0)["Store.get"]
    assert get.lines_run == get.lines_total
    assert any(case.prepare for case in get.cases if case.raises is None)


def test_of_inputs_that_show_the_same_steps_the_one_that_shows_more_of_what_is_called_is_taken(tmp_path):
    source = """
    def smaller_first(pair):
        if pair[0] > pair[1]:
            return pair[1], pair[0]
        return pair

    def ordered(items: list[int]):
        done = list(items)
        for end in range(len(done) - 1, 0, -1):
            for at in range(end):
                done[at], done[at + 1] = smaller_first((done[at], done[at + 1]))
        return done
    """
    cases = explored(tmp_path, source, seconds=25.0)["ordered"].cases
    given = [ast.literal_eval(text) for case in cases for name, text in case.arguments if name == "items"]
    assert any(items != sorted(items) for items in given)


@pytest.mark.parametrize("asked", ["type(other) is type(self)", "isinstance(other, self.__class__)"])
def test_what_may_be_of_the_own_class_is_tried_as_one(tmp_path, asked):
    source = f"""
    class Pile:
        def __init__(self, size=0):
            self.size = size

        def take(self, other):
            if {asked}:
                self.size += other.size
            else:
                self.size += len(other)
    """
    take = explored(tmp_path, source, seconds=20.0)["Pile.take"]
    assert take.lines_run == take.lines_total
    assert take.mutants_killed == take.mutants_total

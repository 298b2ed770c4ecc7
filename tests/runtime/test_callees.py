"""What a function calls is looked up without running anything, and tells what its own parameters are taken for."""

import ast
import random
import sys
import textwrap
import types

import domains
import pytest
import usage
from callees import Callees

HELPERS = """
import functools

def of_text(value):
    return value.strip()

def of_numbers(first, *, values):
    return first.append(sum(value + 1 for value in values))

@functools.lru_cache
def cached(value):
    return value.strip()

def wrapped(function):
    @functools.wraps(function)
    def inner(*arguments):
        return function(*arguments)
    return inner

@wrapped
def decorated(value):
    return value.strip()

def again(value):
    return again(value) or value.strip()

def endless(value):
    return value.strip()
endless.__wrapped__ = endless

class Proxy:
    def __getattr__(self, name):
        raise SystemError("it was asked for " + name)
    def __call__(self, value):
        return value
proxy = Proxy()

class Holder:
    def __init__(self, value):
        self.value = value.strip()
    def of(self, value):
        return value.strip()
    @classmethod
    def made(cls, value):
        return value.strip()
    @staticmethod
    def plain(value):
        return value.strip()

class Heir(Holder):
    pass

def over_proxy(value):
    return value
over_proxy.__wrapped__ = proxy

def making():
    def inside(value):
        return value.strip()
    return inside
inside = making()
making = proxy

class Getting:
    def __get__(self, instance, owner):
        raise SystemError("it was bound")

class Odd:
    made = classmethod(Getting())

def misplaced(value):
    return value.strip()
misplaced.__module__ = []

def of_long(value):
    value.strip()
    return LONG
""".replace("LONG", " + ".join(f"value[{place}]" for place in range(400)))


@pytest.fixture
def kinds_of(tmp_path, monkeypatch):
    """Return a function that gives the kinds that a parameter of the last function in a source is taken for, most first."""

    def kinds(source, name="given", owner=None):
        text = HELPERS + textwrap.dedent(source)
        (tmp_path / "subject.py").write_text(text)
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, "subject", raising=False)
        module = __import__("subject")
        node = ast.parse(text).body[-1]
        raw = vars(module)[node.name]
        if isinstance(node, ast.ClassDef):
            node = node.body[-1]
            raw = vars(raw)[node.name]
        found = usage.usages(node, Callees(node, raw, module, str(tmp_path)))[name]
        domains.from_usage(found, domains.Constants()).draw(random.Random(0))
        return found.ranked()

    return kinds


@pytest.mark.parametrize(
    "call",
    [
        "of_text(given)",
        "of_text(value=given)",
        "cached(given)",
        "decorated(given)",
        "again(given)",
        "Holder(given)",
        "Heir(given)",
        "Holder.made(given)",
        "Holder.plain(given)",
        "of_text(given or '')",
        "Holder.of(None, given)",
        "inside(given)",
    ],
)
def test_a_parameter_is_taken_for_what_it_is_handed_on_as(kinds_of, call):
    assert kinds_of(f"def subject(given):\n    return {call}\n")[0] == "str"


@pytest.mark.parametrize(
    "call",
    [
        "endless(given)",
        "proxy(given)",
        "len(given)",
        "unknown(given)",
        "given()",
        "of_text(*given)",
        "of_text()",
        "over_proxy(given)",
        "Odd.made(given)",
        "misplaced(given)",
        "of_long(given)",
        "Holder.of(given)",
    ],
)
def test_what_cannot_be_looked_up_tells_nothing(kinds_of, call):
    assert "str" not in kinds_of(f"def subject(given):\n    return {call}\n")[:1]


def test_parts_are_handed_on_with_what_holds_them(kinds_of):
    assert kinds_of("def subject(given):\n    return of_numbers([], values=given)\n")[0] == "list"


def test_a_method_hands_on_to_others_of_its_class(kinds_of):
    source = """
    class Own(Holder):
        def subject(self, given):
            return self.of(given)
    """
    assert kinds_of(source)[0] == "str"


def test_what_another_class_takes_begins_with_the_object(kinds_of):
    source = """
    class Base:
        def __init__(self, label, rows):
            self.label = label.strip()
            rows.append(1)
    class Own(Base):
        def subject(self, first, second):
            Base.__init__(self, first, second)
    """
    assert kinds_of(source, "first")[0] == "str"
    assert kinds_of(source, "second")[0] == "list"


@pytest.mark.parametrize(
    "source",
    [
        "def subject(of_text, given):\n    return of_text(given)\n",
        "def subject(given):\n    of_text = len\n    return of_text(given)\n",
    ],
)
def test_a_name_of_the_function_itself_hides_that_of_its_module(kinds_of, source):
    assert kinds_of(source) == []


@pytest.mark.parametrize(
    ("head", "kinds"),
    [
        pytest.param("@staticmethod\n        def subject(one, given)", ["int", "str"], id="static"),
        pytest.param("def subject(one, /, given)", ["list", "int", "str"], id="positional-only"),
    ],
)
def test_an_operator_is_that_of_the_object_of_a_method(kinds_of, head, kinds):
    source = f"""
    class Own:
        def __add__(self, other):
            return other.append(1)
        {head}:
            return one + given
    """
    assert kinds_of(source) == kinds


@pytest.mark.parametrize("many", [30, 300])
def test_what_is_calculated_of_many_is_read_once(kinds_of, many):
    assert kinds_of(f"def subject(given):\n    return {' + '.join(['given'] * many)}\n")[:1] in (["int"], ["str"])


def test_what_is_done_with_it_at_once_says_more(kinds_of):
    assert kinds_of("def subject(given):\n    of_text(given)\n    return given.append(1)\n")[0] == "list"


@pytest.mark.parametrize("annotation", ["tuple", "tuple_of_two", "arity_of", "list[tuple]", "'unknown'"])
def test_an_annotation_may_have_any_name(kinds_of, annotation):
    source = f"tuple_of_two = arity_of = int\ndef other(value: {annotation}):\n    return value\n"
    assert isinstance(kinds_of(source + "def subject(given):\n    return other(given)\n"), list)


def test_a_function_without_text_tells_nothing():
    made = types.FunctionType(compile("def f(a): return a", "<made>", "exec").co_consts[0], {}, "f")
    node = ast.parse("def subject(given):\n    return f(given)\n").body[0]
    module = types.ModuleType("subject")
    module.f = made
    assert not usage.usages(node, Callees(node, made, module, "/"))["given"].ranked()

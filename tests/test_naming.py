"""Names of tests and rows: what is true of these cases and of no others, the same in every run."""

from __future__ import annotations

import ast
import sys
from dataclasses import replace

import pytest

from pytestgen_hook.naming import Facts, Untold, row_ids, test_names, untold
from pytestgen_hook.types.changes import Function, Kind
from pytestgen_hook.types.generated import Case, Check, Raises

test_names.__test__ = False


def traced(source, call, names):
    """Return what a call gives and the steps from line to line that the function takes."""
    arcs, previous = set(), []

    def step(frame, event, _):
        if frame.f_code.co_name != "f":
            return None
        before = previous[-1] if previous else -frame.f_code.co_firstlineno
        if event == "line":
            arcs.add((before, frame.f_lineno))
            previous.append(frame.f_lineno)
        elif event == "return" and previous:
            arcs.add((before, 0))
        return step

    sys.settrace(step)
    try:
        return eval(call, names), frozenset(arcs)
    except Exception as error:
        return error, frozenset(arcs)
    finally:
        sys.settrace(None)


def facts_of(source, *calls, kind=Kind.FUNCTION, qualname="f"):
    """Return the facts about calls ``f(…)`` that are made and watched; arguments by name."""
    names = {}
    exec(compile(source, "f.py", "exec"), names)
    cases = []
    for call in calls:
        given, arcs = traced(source, call, names)
        expression = ast.parse(call, mode="eval").body
        raised = isinstance(given, Exception)
        cases.append(
            Case(
                tuple((item.arg, ast.unparse(item.value)) for item in expression.keywords),
                "f(" + ", ".join(f"{item.arg}={item.arg}" for item in expression.keywords) + ")",
                checks=() if raised else (Check("result", "==", repr(given)),),
                raises=Raises(type(given).__name__, str(given) if type(given) is ValueError else None)
                if raised
                else None,
                arcs=arcs,
            )
        )
    line = next(node.lineno for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef))
    return Facts(Function("f.py", qualname, kind, line, line, 99, ()), cases, source)


def ids(source, *calls):
    return row_ids(facts_of(source, *calls), range(len(calls)))


def names(source, *groups, longest=79, taken=()):
    """Return the names of tests; each group is a list of calls."""
    calls = [call for group in groups for call in group]
    at = iter(range(len(calls)))
    places = [[next(at) for _ in group] for group in groups]
    return test_names(facts_of(source, *calls), places, set(taken), longest=longest)


SIZE = """
def f(text, limit=3):
    if not text:
        return "nothing"
    if text.startswith("-"):
        text = text[1:]
    if len(text) > limit:
        return "too long"
    return text
"""


def test_rows_are_called_after_the_branch_that_only_they_take():
    calls = ["f(text='')", "f(text='-a')", "f(text='abcd')", "f(text='abc')"]
    assert ids(SIZE, *calls)[:2] == ["empty_text", "text_starting_with_dash"]


def test_a_condition_on_what_the_body_has_changed_is_not_said_of_the_argument():
    source = "def f(n):\n    n = abs(n)\n    if n > 2:\n        return 1\n    return 2\n"
    assert ids(source, "f(n=-5)", "f(n=1)") == ["negative_n", "gives_2"]


def test_a_condition_in_a_loop_holds_of_the_row_that_ever_meets_it():
    source = (
        "def f(items):\n    seen = []\n    for item in items:\n        if item in seen:\n            return item\n"
        "        seen.append(item)\n    return -1\n"
    )
    assert ids(source, "f(items=[1, 2])", "f(items=[1, 2, 1])", "f(items=[])")[1:] == ["item_in_seen", "empty_items"]


def test_a_conversion_that_fails_is_said():
    source = (
        "def f(value):\n    try:\n        n = int(value)\n    except ValueError:\n        return value\n    return n\n"
    )
    assert ids(source, "f(value='x')", "f(value='12')")[0] == "non_int_as_value"


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        (["f(n=0)", "f(n=-3)", "f(n=None)", "f(n=7)"], ["zero_n", "negative_n", "none_as_n", "gives_7"]),
        (["f(n=' ')", "f(n='\u00e9')", "f(n=[])"], ["blank_n", "non_ascii_n", "empty_n"]),
        (["f(n=4)", "f(n='4')", "f(n='four')"], ["int_as_n", "numeric_text_as_n", "non_numeric_n"]),
        (["f(n=11)", "f(n=12)"], ["gives_11", "gives_12"]),
    ],
    ids=lambda value: "",
)
def test_without_branches_rows_are_called_after_what_stands_out(calls, expected):
    assert ids("def f(n):\n    return n\n", *calls) == expected


def test_rows_are_called_after_what_they_give_where_the_arguments_say_nothing():
    source = "def f(n):\n    return {2: None, 3: 'two words', 4: 'a.b', 5: 'a.c'}[n]\n"
    assert ids(source, *(f"f(n={n})" for n in (2, 3, 4, 5))) == ["returns_none", "gives_two_words", "n_4", "n_5"]


def test_ids_are_unique_short_and_ascii():
    long = repr("a very long text " * 5)
    found = ids(
        "def f(n, other):\n    return 1\n",
        *(f"f(n={n}, other={long})" for n in ("'\u00e9a'", "'\u00e9b'", "'+'", "'->'", "'=>'")),
    )
    assert len(set(found)) == len(found)
    assert all(identifier.isascii() and len(identifier) <= 48 and identifier for identifier in found)


def test_tests_say_when_a_function_rejects_its_arguments():
    source = 'def f(n):\n    if n < 0:\n        raise ValueError("n must not be negative")\n    return 10 // n\n'
    assert names(source, ["f(n=-1)"], ["f(n=0)"], ["f(n=5)", "f(n=2)"]) == [
        "test_f_rejects_negative_n",
        "test_f_raises_zero_division_error_for_zero_n",
        "test_f",
    ]


def test_a_message_says_it_where_no_condition_does():
    source = (
        'def f(n):\n    if g(n) + 1 > 2:\n        raise ValueError("no such key")\n    return n\ndef g(n): return n\n'
    )
    assert names(source, ["f(n=7)"], ["f(n=1)"])[0] == "test_f_raises_value_error_no_such_key"


@pytest.mark.parametrize("message", ["<class 'int'>", "n = 3 is bad", "bad", "a message of far too many words to say"])
def test_a_message_of_marks_numbers_or_many_words_is_no_name(message):
    case = Case((("n", "7"),), "f(n)", raises=Raises("KeyError", message))
    facts = Facts(Function("f.py", "f", Kind.FUNCTION, 1, 1, 2, ()), [case], "")
    assert test_names(facts, [[0]], set(), longest=79) == ["test_f_raises_key_error"]


def test_tests_say_what_is_returned():
    source = "def f(n, default=None):\n    return default if n else True\n"
    assert names(source, ["f(n=3)"], ["f(n=4, default=6)"], ["f(n=0)"])[0:3:2] == [
        "test_f_returns_none",
        "test_f_returns_true_for_zero_n",
    ]
    assert names("def f(text):\n    return text\n", ["f(text='abc')"]) == ["test_f_returns_text_unchanged"]


def test_a_number_that_comes_out_by_accident_is_not_called_unchanged():
    assert names("def f(n, m):\n    return n\n", ["f(n=3, m=4)"]) == ["test_f"]


def test_the_ordinary_is_not_said_of_the_only_test_of_a_function():
    source = "def f(n):\n    if n > 3:\n        return 1\n    return 2\n"
    assert names(source, ["f(n=3)", "f(n=7)"]) == ["test_f"]


def test_tests_are_told_apart_by_the_options_that_they_give():
    source = "def f(n, step=1):\n    return n * step\n"
    assert names(source, ["f(n=3)", "f(n=4)"], ["f(n=3, step=2)"])[1] == "test_f_with_step"


def test_names_are_unique_and_no_longer_than_asked():
    source = "def f(a_parameter_with_quite_a_name):\n    return [a_parameter_with_quite_a_name]\n"
    calls = [[f"f(a_parameter_with_quite_a_name={value})"] for value in ("''", "None", "0", "-1", "' '", "8", "9")]
    found = names(source, *calls, longest=24, taken={"test_f"})
    assert len(set(found)) == len(found)
    assert all(len(name) <= 24 and name.isidentifier() for name in found)
    assert "test_f" not in found


def test_a_source_that_cannot_be_read_leaves_what_the_values_say():
    case = Case((("n", "-7"),), "f(n)", checks=(Check("result", "==", "1"),))
    for source in ("", "def f(:", "def g():\n    pass\n"):
        facts = Facts(Function("f.py", "f", Kind.FUNCTION, 1, 1, 2, ()), [case], source)
        assert test_names(facts, [[0]], set(), longest=79) == ["test_f_for_negative_n"]


def test_a_method_is_told_apart_by_what_its_object_was_made_with():
    source = "class Span:\n    def is_null(self):\n        return self.begin >= self.end\n"
    cases = [
        Case((("span", f"Span(begin={begin}, end={end})"),), "span.is_null()", checks=(Check("result", "is", "True"),))
        for begin, end in ((5, 5), (5, 2), (3, 9))
    ]
    facts = Facts(Function("f.py", "Span.is_null", Kind.METHOD, 2, 2, 3, ()), cases, source)
    assert row_ids(facts, range(3)) == ["begin_equal_to_end", "begin_above_end", "begin_below_end"]


def test_a_default_is_not_said_as_if_it_had_been_given():
    source = "def f(n, step=1):\n    if step > 3:\n        return n * step\n    return n\n"
    facts = facts_of(source, "f(n=3)", "f(n=3, step=2)", "f(n=4, step=7)")
    assert set(facts.of_case[0]) >= {"without_step"}
    assert not any("step_" in text for text in facts.of_case[0])
    assert "step_above_3" in facts.of_case[2]


def test_what_the_constructor_was_given_is_not_said_of_an_argument_of_that_name():
    case = Case((("box", "Box(size=None)"), ("size", "3")), "box.grow(size)", checks=(Check("result", "==", "4"),))
    facts = Facts(Function("f.py", "Box.grow", Kind.METHOD, 1, 1, 2, ()), [case], "")
    assert "none_as_size" not in facts.of_case[0]


def test_the_state_that_an_object_was_brought_into_is_said():
    def popped(*prepare):
        return Case((("stack", "Stack()"),), "stack.pop()", prepare=prepare, checks=(Check("result", "==", "7"),))

    cases = [
        popped("stack.push(7)", "monkeypatch.setattr(a, 'b', 1)"),
        popped("stack.push(7)", "stack.swap()", "stack.push(1)"),
        popped(),
    ]
    facts = Facts(Function("f.py", "Stack.pop", Kind.METHOD, 1, 1, 2, ()), cases, "")
    assert test_names(facts, [[0], [1], [2]], set(), longest=79) == [
        "test_stack_pop_after_push",
        "test_stack_pop_after_push_and_swap",
        "test_stack_pop",
    ]


# -- names that a model chose ----------------------------------------------------------------------------------------

LETTERS = """
def f(text):
    return text.swapcase()
"""


def chosen(facts, *words):
    """Return the facts, as they are of the same cases with what a model calls them."""
    cases = [replace(case, words=text) for case, text in zip(facts.cases, words, strict=True)]
    return Facts(facts.function, cases, LETTERS)


def test_a_row_that_would_go_by_its_values_goes_by_what_a_model_calls_it():
    facts = facts_of(LETTERS, 'f(text="a-b")', 'f(text="a b")', 'f(text="")')
    assert row_ids(facts, range(3)) == ["text_a_b", "text_a_b_2", "empty_text"]
    named = chosen(facts, "dashes_in_text", "spaces_in_text", "no_letters_in_text")
    assert row_ids(named, range(3)) == ["dashes_in_text", "spaces_in_text", "empty_text"]
    assert row_ids(chosen(facts, "", "spaces_in_text", ""), range(3)) == ["text_a_b", "spaces_in_text", "empty_text"]


def test_a_test_that_would_go_by_a_number_goes_by_what_a_model_calls_it():
    facts = facts_of(LETTERS, 'f(text="a-b")', 'f(text="a b")', 'f(text="a.b")')
    plain = ["test_f", "test_f_with_text", "test_f_2"]
    assert test_names(facts, [[0], [1], [2]], set(), longest=79) == plain
    named = chosen(facts, "dashes_in_text", "spaces_in_text", "dots_in_text")
    assert test_names(named, [[0], [1], [2]], set(), longest=79) == [*plain[:2], "test_f_for_dots_in_text"]
    assert test_names(named, [[0], [1], [2]], set(), longest=20) == plain


def test_the_cases_without_a_telling_name_are_known_with_those_they_must_be_told_from():
    facts = facts_of(LETTERS, 'f(text="1-2")', 'f(text="a.b")', 'f(text="ab")', 'f(text="a b")')
    assert untold(facts, [[0, 1, 2, 3]]) == [Untold(1, (0, 2, 3)), Untold(3, (0, 1, 2))]
    assert untold(facts, [[0], [1], [2], [3]]) == [Untold(3, (0, 1, 2))]


def test_a_row_is_told_by_a_keyword_of_what_it_is_given():
    source = "from datetime import datetime, timedelta, timezone\n\ndef f(dt):\n    return dt.utcoffset()\n"
    zones = "timezone.utc", "timezone(timedelta(hours=2))"
    calls = [f"f(dt=datetime(2024, 1, 31, 12, 30, tzinfo={zone}))" for zone in zones]
    assert ids(source, *calls) == ["tzinfo_timezone_utc", "tzinfo_timezone_timedelta_hours_2"]


def test_of_a_call_that_goes_through_a_caller_only_what_that_is_given_is_said():
    source = "def f(text='x', deep=False):\n    if deep:\n        return 1\n    return len(text)\n"
    facts = facts_of(source, "f(text='')", "f(text='ab')")
    cases = [replace(case, call="parsed(text=text)", through="parsed") for case in facts.cases]
    facts = Facts(facts.function, cases, source)
    assert test_names(facts, [[0], [1]], set(), longest=79) == [
        "test_f_through_parsed_returns_zero_for_empty_text",
        "test_f_through_parsed",
    ]
    assert row_ids(facts, [0, 1])[0] == "empty_text"
    assert all("deep" not in text for of_case in facts.of_case for text in of_case)

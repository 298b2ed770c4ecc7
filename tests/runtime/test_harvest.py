"""Calls that people wrote down are found in docstrings and prose, and bound to the signature."""

import ast
import inspect

import harvest
import pytest


def sources(calls):
    return [", ".join(ast.unparse(argument) for argument in call.args) for call in calls]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(">>> f([1, 2], 'a')\n", ["[1, 2], 'a'"], id="doctest"),
        pytest.param("f(5) == 10 and f(6) ➞ 12", ["5", "6"], id="prose"),
        pytest.param("f('it(s')", ["'it(s'"], id="bracket-in-string"),
        pytest.param("f(...) does it", [], id="ellipsis"),
        pytest.param("the function f (x", [], id="unclosed"),
        pytest.param("self(1) off(2)", [], id="other-names"),
        pytest.param("f(g(1), [\n 2])", ["g(1), [2]"], id="over-lines"),
    ],
)
def test_calls_in_text(text, expected):
    assert sources(harvest.calls_in_text(text, "f")) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param("data = [1]\nf(data)", ["[1]"], id="bound-before"),
        pytest.param("data = [1]\nif x:\n    f(data, 2)", ["[1], 2"], id="bound-around"),
        pytest.param("a, b = g(1)\nc = b.d\nf(c)", ["g(1)[1].d"], id="taken-apart"),
        pytest.param("data = 1\nfor data in g():\n    f(data)", ["data"], id="bound-by-a-loop"),
        pytest.param("data = 1\ndef g(data):\n    f(data)", ["data"], id="a-parameter"),
        pytest.param("data = 1\ndata += 1\nf(data)", ["data"], id="changed"),
        pytest.param("def g():\n    data = 1\nf(data)", ["data"], id="of-another-function"),
        pytest.param("def test():\n    data = 1\n    data = f(data)\n    f(data)", ["1", "f(1)"], id="bound-again"),
        pytest.param("from a import b\nf(b)", ["b"], id="imported"),
    ],
)
def test_variables_are_put_into_calls_in_code(code, expected):
    assert sources(harvest.calls_in_code(ast.parse(code), "f")) == expected


def test_assignments_in_prose_become_one_example_each():
    text = "If n = 3 and x = [1, 2] it is 4. For n = 5 and x = [] it is 0."
    found = harvest.assignments_in_text(text, ["n", "x"])
    assert [{key: ast.unparse(node) for key, node in example.items()} for example in found] == [
        {"n": "3", "x": "[1, 2]"},
        {"n": "5", "x": "[]"},
    ]


def bound(call, function):
    node = ast.parse(call, mode="eval").body
    found = harvest.bind(node, list(inspect.signature(function).parameters.values()), lambda name: None)
    return found and {key: tree.source() for key, tree in found.items()}


def test_calls_are_bound_as_python_binds_them():
    def function(a, b=2, *rest, c=3):
        pass

    assert bound("f(1, c=9)", function) == {"a": "1", "c": "9"}
    assert bound("f(1, 2, 3, 4)", function) == {"a": "1", "b": "2", "rest": "(3, 4)"}
    assert bound("f(1, on=True, by='x')", lambda a, **more: None) == {"a": "1", "more": '{"on": True, "by": "x"}'}


@pytest.mark.parametrize("call", ["f()", "f(1, d=2)", "f(unknown)", "f(*xs)", "f(1, **xs)"])
def test_calls_that_do_not_fit_are_left_out(call):
    assert bound(call, lambda a: None) is None


def test_what_is_too_large_to_be_put_in_costs_nothing():
    long = " + ".join(f"l{number}" for number in range(400))
    chain = "a" + ".strip()" * 300
    deep = "".join(f"{'    ' * depth}if a == {depth}:\n" for depth in range(60)) + "    " * 60 + "parse(7)\n"
    text = f"X = {long}\nY = {chain}\nparse({long})\nparse(X)\n{deep}\nZ = 3\nparse(Z)\n"
    found = [ast.unparse(call) for call in harvest.calls_in_code(ast.parse(text), "parse")]
    assert found == ["parse(X)", "parse(7)", "parse(3)"]

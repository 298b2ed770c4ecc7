"""What a function takes from around it, and how that is set for the time of a call."""

import ast
import os
import random
import types

import pytest
import state
import surroundings
from domains import Constants
from values import Layout, Plain, Text

MODULE = types.ModuleType("app")
exec("import os, random, time\nfrom random import choice\nfrom os import environ, getenv\nNAME = 'A'", vars(MODULE))


def asked(expression):
    found = surroundings.found_in([ast.parse(expression)], MODULE, Constants([0.25]))
    return {name: domain for name, domain, _ in found}


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        pytest.param("os.environ['A']", ["variable A"], id="subscript"),
        pytest.param("environ.get(NAME, 1)", ["variable A"], id="name-of-a-constant"),
        pytest.param("getenv('A') or 'B' in os.environ", ["variable B", "variable A"], id="getenv-and-in"),
        pytest.param("os.environ[x] + {}.get('A')", [], id="unknown"),
        pytest.param("time.time() + time.sleep(1)", ["app.time.time"], id="clock"),
        pytest.param("choice([1]) + random.random()", ["app.choice", "app.random.random"], id="chance"),
        pytest.param("random.Random(1).random()", [], id="seeded"),
    ],
)
def test_what_is_asked_for(expression, names):
    assert sorted(asked(expression)) == sorted(names)


def test_chance_gives_what_it_may_give():
    rng = random.Random(0)
    drawn = {asked("random.random()")["app.random.random"].draw(rng).value.source() for _ in range(60)}
    assert "lambda: 0.25" in drawn
    assert all(0 <= eval(source)() < 1 for source in drawn)


def test_what_is_set_stands_before_the_values():
    layout = Layout(())
    layout.add(None, surroundings.Variable("A", Plain("x")))
    layout.add(None, surroundings.Variable("B", None))
    layout.add(None, surroundings.Answer("app.choice", "{}", Text("min")))
    assert layout.lines == [
        ['monkeypatch.setenv("A", {})', '"x"'],
        ["monkeypatch.delenv({}, raising=False)", '"B"'],
        ['monkeypatch.setattr("app.choice", {})', "min"],
    ]
    assert surroundings.variables_of({"arguments": layout.lines}) == {"A", "B"}


def test_variables_are_given_back(monkeypatch):
    monkeypatch.setenv("PTG_A", "before")
    monkeypatch.delenv("PTG_B", raising=False)
    patches = state.Patches()
    patches.setenv("PTG_A", "1")
    patches.setenv("PTG_A", "2")
    patches.setenv("PTG_B", "3")
    patches.delenv("PTG_C", raising=False)
    assert (os.environ["PTG_A"], os.environ["PTG_B"]) == ("2", "3")
    patches.undo()
    assert os.environ["PTG_A"] == "before"
    assert "PTG_B" not in os.environ

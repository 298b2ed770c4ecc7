"""Every reason that a function can end with has something that a person can do, or is left to be tested by hand."""

import ast
import re
from pathlib import Path

import pytest

from pytestgen_hook.advice import advice

RUNTIME = Path(__file__).parent.parent / "pytestgen_hook" / "runtime"


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("every call ended in AttributeError: nothing tried for cart has the attribute add", "annotate its parameters"),
        ("every call ended in NameError: name 'json' is not defined", "define or import json"),
        ("no way to construct Utc was found", "parameters of the constructor"),
        ("Shape is abstract (area), and no class in reach implements it", "implements Shape"),
        ("a call did not end within 1 s", "quick"),
        ("the time for it ran out (1.4 s) before its tests were proved", "--budget"),
        ("no call of it can tell a broken body from the right one", "something to observe"),
        ("it uses HASH, which cannot be imported by name", "give HASH a name"),
        ("Signer objects have no form in source text", "__eq__"),
        ("it depends on the clock, on chance or on the process", "parameter"),
        ("it changes inflection.PLURALS, which other tests would see", "monkeypatch"),
        ("importing benchmark raises ModuleNotFoundError: No module named 'ascii_table.x'", "install ascii_table.x"),
        ("importing a raises KeyError: 'HOME'", "while it is imported"),
        ("its tests did not hold when repeated: assert 1 == 2", "conftest.py"),
        ("no test could be named for pytest to collect it: python_functions in tox.ini is a*b*", "python_functions"),
    ],
)  # fmt: skip
def test_a_reason_says_what_can_be_done(reason, told):
    assert told in (advice(reason) or "")


def test_what_was_refused_is_to_be_taken_from_outside():
    assert "monkeypatch" in (advice("delete /srv/data", was_refused=True) or "")


def test_a_reason_that_nobody_foresaw_is_left_to_people():
    assert advice("something new") is None


def text_of(node):
    """Return a text as it is written, with a word for what is filled in; "" for what is none."""
    match node:
        case ast.Constant(str(text)):
            return re.sub(r"\{[^}]*\}|%d", "Thing", text)
        case ast.JoinedStr(parts):
            return "".join(text_of(part) if isinstance(part, ast.Constant) else "Thing" for part in parts)
        case ast.BinOp(text, ast.Mod(), _) | ast.Call(ast.Attribute(text, "format")):
            return text_of(text)
    return ""


def reasons():
    """Return the reasons that stand in the runtime."""
    return sorted(
        {
            text
            for path in RUNTIME.glob("*.py")
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if node.func.id in ("CannotWrite", "CannotCall", "DependsOnPlace") and node.args
            if (text := text_of(node.args[0]))
        }
    )


BY_HAND = {
    "it is not there after the import",
    "Python itself calls Thing",
    "its source could not be found again after the import",
    "its signature cannot be read",
}


@pytest.mark.parametrize("reason", reasons())
def test_the_reasons_of_the_runtime_have_an_advice_or_are_known_to_have_none(reason):
    assert advice(reason) is not None or reason in BY_HAND

"""Grammars of calls: what the real model writes under one, at any temperature, is a call that Python reads."""

import ast

import pytest

from pytestgen_hook.model.grammar import END, MOST_STEPS, calls_grammar, closing

ANY = ["any"]


def form(*parameters, receiver=None, owner=None, classes=None, anywhere=()):
    """The form of calls of a function ``f`` with parameters (name, is required, type)."""
    return {
        "name": "f",
        "owner": owner,
        "receiver": receiver,
        "parameters": [{"name": name, "required": required, "type": kind} for name, required, kind in parameters],
        "classes": classes or {},
        "anywhere": list(anywhere),
    }


ORDER = {
    "Order": {
        "parameters": [
            {"name": "number", "required": True, "type": ["int"]},
            {"name": "parent", "required": False, "type": ["new", "Order"]},
        ]
    },
    "datetime.date": {
        "parameters": [{"name": name, "required": True, "type": ["int"]} for name in ("year", "month", "day")]
    },
}
FORMS = {
    "anything": form(("a", True, ANY), ("b", False, ANY), classes=ORDER, anywhere=ORDER),
    "nothing but defaults": form(("a", False, ["str"]), ("b", False, ["bytes"]), ("c", False, ["float"])),
    "types": form(
        ("a", True, ["list", ["dict", ["str"], ["union", [["int"], ["none"]]]]]),
        ("b", True, ["tuple", [["int"], ["str"]]]),
        ("c", True, ["set", ["one", ["Colour.RED", '"a\\n\\"b"']]]),
        ("d", False, ["tuples", ["float"]]),
        ("e", False, ["callable"]),
    ),
    "states": {
        **form(("a", True, ANY), receiver=["new", "Order"], classes=ORDER),
        **{
            "methods": ["add"],
            "attributes": ["size"],
            "words": ["size", "name"],
            "names": ["re.compile", "Order"],
            "tail": True,
        },
    },
    "method": form(("a", True, ["new", "datetime.date"]), receiver=["new", "Order"], classes=ORDER),
}


@pytest.fixture(scope="module")
def model(model_file, tmp_path_factory):
    pytest.importorskip("llama_cpp")
    from pytestgen_hook.model.local import LocalModel

    with LocalModel(model_file, n_ctx=1024, threads=1, states=tmp_path_factory.mktemp("states")) as made:
        yield made


@pytest.mark.parametrize("name", FORMS)
def test_whatever_is_written_is_a_call_that_fits(model, name):
    from pytestgen_hook.model.local import Sampling

    known = FORMS[name]
    found = model.complete_all(
        "```python\n",
        2,
        grammar=calls_grammar(known, 3),
        max_tokens=160,
        sampling=Sampling(temperature=1.2),
        on_text=lambda _, text: "\n" not in text,  # a line of each is enough
    )
    fits(known, [line for one in found for line in one.text.split("\n")[:-1] if line != END])


@pytest.mark.parametrize("most", [1, 12])
@pytest.mark.parametrize("name", FORMS)
def test_a_line_that_is_cut_is_closed(model, name, most):
    from pytestgen_hook.model.local import Sampling

    found = model.complete_all(
        "```python\n",
        2,
        grammar=calls_grammar(FORMS[name], 3),
        closing=closing(FORMS[name]),
        max_tokens=most,
        sampling=Sampling(temperature=1.2),
    )
    for one in found:
        *lines, rest = one.text.split("\n")
        assert rest in ("", END)
        fits(FORMS[name], lines)


def fits(known, lines):
    """Every line is a call of the form's function that binds, and there is one."""
    assert lines
    by_name = {parameter["name"]: parameter for parameter in known["parameters"]}
    for line in lines:
        *before, last = ast.parse(line).body
        assert len(before) in range(1 + 1 + MOST_STEPS)
        call = last.value
        while not (isinstance(call, ast.Call) and ast.unparse(call.func).endswith((".f", "f"))):
            assert known.get("tail")
            call = call.func if isinstance(call, ast.Call) else call.value
        assert call.args == []
        given = [argument.arg for argument in call.keywords]
        assert len(given) == len(set(given))
        assert {key for key, one in by_name.items() if one["required"]} <= set(given) <= set(by_name)
        if known["receiver"]:
            made = before[0].value if before else call.func.value
            made = made.value if isinstance(made, ast.Attribute) else made
            assert isinstance(made, ast.Call)
            assert made.func.id == "Order"


def test_equal_parts_share_a_rule_and_a_class_may_hold_its_own():
    text = calls_grammar(FORMS["anything"], 6)
    bodies = [line.partition(" ::= ")[2] for line in text.splitlines() if line.startswith("r")]
    assert len(bodies) == len(set(bodies))
    assert '"Order("' in text
    assert text.startswith('root ::= (line "\\n"){1,6}')

"""A mutant is shown as the lines that it changes, as a person would have changed them."""

import textwrap

import mutants
import pytest
import shown


def changes(source):
    """Map what each mutant of ``f`` changes, in words, to the lines that show it."""
    text = textwrap.dedent(source).encode()
    names = {}
    exec(compile(text, "subject.py", "exec"), names)
    made = mutants.make_mutants(text, "subject.py", names["f"].__code__.co_firstlineno, names["f"])
    view = shown.Text(text)
    return {mutant.label: view.shown(mutant.place) for mutant in made}


@pytest.mark.parametrize(
    ("line", "label", "after"),
    [
        pytest.param("return a < b", "< became <=", "return a <= b", id="operator"),
        pytest.param("return a is not b", "is not became is", "return a is b", id="operator-of-two-words"),
        pytest.param("return 'one'", "the text 'one' was changed", "return 'XXne'", id="text"),
        pytest.param("return ''", "the text '' was changed", "return 'XX'", id="no-text"),
        pytest.param("return b'one'", "the bytes b'one' were changed", "return b'XXne'", id="bytes"),
        pytest.param(r"return '\n.'", r"the text '\n.' was changed", "return 'XX.'", id="escape"),
        pytest.param("return 'é' + a", "the text 'é' was changed", "return 'XX' + a", id="more-than-ascii"),
        pytest.param("return -5", "5 became 6", "return -6", id="inside-what-can-be-dropped"),
        pytest.param("return -5", "- was dropped", "return 5", id="dropped"),
        pytest.param("return not a < b", "< became <=", "return not a <= b", id="inside-not"),
        pytest.param("return a and (b or 1)", "or became and", "return a and (b and 1)", id="inside-logic"),
        pytest.param("return a and (b or 1)", "1 became 2", "return a and (b or 2)", id="inside-logic-twice"),
        pytest.param("return a and b", "the first part was dropped", "return b", id="part"),
        pytest.param("return 1 if 'a' else 2", "the condition became True", "return 1 if True else 2", id="condition"),
        pytest.param("while a: b()", "the condition was negated", "while not a: b()", id="loop"),
        pytest.param("a = (b,\n         1)", "1 became 2", "         2)", id="line-of-several"),
    ],
)
def test_a_change_is_shown_where_it_is(line, label, after):
    found = changes(f"def f(a, b):\n    {line}\n")
    first, before, changed = found[label]
    assert changed == [after if after.startswith("         ") else f"    {after}"]
    assert first == 2 + line.count("\n")
    assert before == [f"    {line}".split("\n")[-1]]


def test_a_default_is_shown_in_the_head():
    found = changes("def f(a, *, b='x'):\n    return a\n")
    assert found["default: the text 'x' was changed"] == (1, ["def f(a, *, b='x'):"], ["def f(a, *, b='XX'):"])

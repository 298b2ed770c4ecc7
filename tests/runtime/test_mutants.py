"""Mutants differ from the original in one place, and are applied to the function that runs."""

import textwrap

import mutants
import pytest


def load(source):
    names = {}
    source = textwrap.dedent(source)
    exec(compile(source, "subject.py", "exec"), names)
    return source, names


def labels(source, function="f"):
    text, names = load(source)
    raw = names[function]
    made = mutants.make_mutants(text.encode(), "subject.py", raw.__code__.co_firstlineno, raw)
    return [mutant.label for mutant in made]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("return a + b", ["the result became None", "+ became -"], id="arithmetic"),
        pytest.param(
            "return a < b",
            [
                "the result became None",
                "the result became True",
                "the result became False",
                "< became <=",
                "< became >=",
            ],
            id="comparison-and-its-boundary",
        ),
        pytest.param("return a and b", ["the result became None", "and became or"], id="logic"),
        pytest.param("a.append(b)", ["the statement was dropped"], id="statement"),
        pytest.param("raise ValueError(a)", ["the statement was dropped"], id="raise"),
        pytest.param("return None", [], id="nothing-to-change"),
        pytest.param('"""Only words."""\n    return a', ["the result became None"], id="docstring-untouched"),
        pytest.param(
            "return 'x' if a else 'y'",
            [
                "the result became None",
                "the condition was negated",
                "the text 'x' was changed",
                "the text 'y' was changed",
            ],
            id="conditional-expression",
        ),
    ],
)
def test_operators(body, expected):
    assert sorted(labels(f"def f(a, b):\n    {body}\n")) == sorted(expected)


def test_chained_comparisons_are_each_changed():
    made = labels("def f(a, b, c):\n    return a < b < c\n")
    assert made.count("< became <=") == 2


def behaviour_of_mutants(source, *arguments):
    found = set()
    text, names = load(source)
    count = len(mutants.make_mutants(text.encode(), "subject.py", names["f"].__code__.co_firstlineno, names["f"]))
    for index in range(count):
        text, names = load(source)
        function = names["f"]
        mutants.make_mutants(text.encode(), "subject.py", function.__code__.co_firstlineno, function)[index].apply(
            function
        )
        found.add(function(*arguments))
    return found


def test_applied_mutants_behave_as_changed():
    assert behaviour_of_mutants("def f(a):\n    return a * 2\n", 5) == {None, 7, 15, 5}


def test_defaults_are_changed_on_the_function_since_they_are_evaluated_once():
    assert behaviour_of_mutants("def f(a=3):\n    return a\n") == {None, 4, 2}


def test_keyword_only_defaults_are_changed():
    assert behaviour_of_mutants("def f(*, a=True):\n    return a\n") == {None, False}


def test_methods_using_super_keep_their_class_cell():
    source = """
    class Base:
        def f(self): return 1
    class Child(Base):
        def f(self): return super().f() + 1
    def f(): return Child().f()
    """
    text, names = load(source)
    raw = names["Child"].f
    made = mutants.make_mutants(text.encode(), "subject.py", raw.__code__.co_firstlineno, raw)
    made[[mutant.label for mutant in made].index("+ became -")].apply(raw)
    assert names["f"]() == 0


def test_large_functions_get_a_bounded_even_sample():
    source = "def f(a):\n" + "".join(f"    a += {number}\n" for number in range(500)) + "    return a\n"
    text, names = load(source)
    made = mutants.make_mutants(text.encode(), "subject.py", 1, names["f"])
    assert len(made) == mutants.MOST
    assert made[-1].line > 400


def test_of_huge_literals_some_elements_are_changed():
    numbers = ", ".join(map(str, range(1000, 101_000)))
    made = labels(f"def f(n):\n    table = [{numbers}]\n    return table[n] + 1\n")
    assert mutants.LEAST <= len(made) <= 20
    assert len({label.split()[0] for label in made}) > 3

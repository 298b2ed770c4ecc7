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


def test_a_call_of_super_can_be_dropped():
    source, names = load("class Box(dict):\n    def clear(self):\n        super().clear()\n")
    clear = names["Box"].clear
    made = mutants.make_mutants(source.encode(), "subject.py", clear.__code__.co_firstlineno, clear)
    assert [mutant.label for mutant in made] == ["the statement was dropped"]
    made[0].apply(clear)
    box = names["Box"](a=1)
    assert box.clear() is None
    assert box == {"a": 1}


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
        pytest.param(
            "return a and b",
            ["the result became None", "the second part was dropped", "the first part was dropped", "and became or"],
            id="logic",
        ),
        pytest.param("a.append(b)", ["the statement was dropped"], id="statement"),
        pytest.param("raise ValueError(a)", ["the statement was dropped"], id="raise"),
        pytest.param("return None", [], id="nothing-to-change"),
        pytest.param('"""Only words."""\n    return a', ["the result became None"], id="docstring-untouched"),
        pytest.param(
            "return 'x' if a else 'y'",
            [
                "the result became None",
                "the condition became True",
                "the condition became False",
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


def slips(source):
    text, names = load(source)
    raw = names["f"]
    made = mutants.make_mutants(text.encode(), "subject.py", raw.__code__.co_firstlineno, raw, with_slips=True)
    return [mutant for mutant in made if mutant.is_slip]


@pytest.mark.parametrize(
    ("body", "arguments", "label", "gives"),
    [
        pytest.param("return min(a, b)", (1, 2), "min became max", 2, id="twin"),
        pytest.param("return divmod(a, b)", (7, 2), "the arguments were swapped", (0, 2), id="arguments"),
        pytest.param("return list(range(a, b))", (1, 3), "the range ended one later", [1, 2, 3], id="range"),
        pytest.param("return a[:b]", ([1, 2, 3], 2), "the slice ended at the end", [1, 2, 3], id="slice"),
        pytest.param("return a[b]", ([1, 2, 3], 1), "the index became - 1", 1, id="index"),
        pytest.param("return a - b", (1, 3), "the operands were swapped", 2, id="operands"),
        pytest.param("return 'none' if a is None else b", (0, 5), "is None became not", "none", id="none"),
        pytest.param("return [n for n in a if n > b]", ([1, 2, 3], 1), "the loop left out the last", [2], id="loop"),
        pytest.param(
            "for n in a:\n        b += n\n    return b",
            ([1, 2], 5),
            "the assignment forgot what was there",
            2,
            id="sum",
        ),
        pytest.param(
            "c = list(a)\n    c.append(b)\n    return len(a)", ([1], 2), "list() was dropped", 2, id="aliasing"
        ),
        pytest.param("return [a, b]", (1, 2), "a became b", [2, 2], id="name"),
        pytest.param(
            "if a > 1:\n        b += 1\n    elif b > 5:\n        b = 0\n    return b",
            (2, 5),
            "elif became if",
            0,
            id="elif",
        ),
        pytest.param("c = abs(a)\n    return [c, b]", (-1, 2), "c became a", [-1, 2], id="what_it_was_made_of"),
        pytest.param(
            "for n in a:\n        if n > 1 and n != b:\n            return True\n    return False",
            ([2, 3], 2),
            "the first decided",
            False,
            id="first_candidate",
        ),
        pytest.param(
            "c = 0\n    for n in a:\n        c = n + c * b\n    return c", ([1, 2], 3), "c began again", 0, id="anew"
        ),
        pytest.param(
            "def c(): return a\n    def d(): return b\n    return [c(), d()]",
            (1, 2),
            "d became c",
            [1, 1],
            id="sibling",
        ),
        pytest.param(
            "return divmod(a, b) + divmod(b, 2)",
            (7, 3),
            "argument 2 was taken from another call",
            (3, 1, 1, 1),
            id="argument_of_another_call",
        ),
        pytest.param(
            "if a:\n        b += 1\n    else:\n        b = 0\n    return b", (0, 5), "else was dropped", 5, id="else"
        ),
        pytest.param("return a + len(b)", (1, "xyz"), "the second operand became 1", 2, id="operand"),
        pytest.param("for n in b:\n        a += n\n    return a", (0, [5, 6]), "it was counted as one", 2, id="count"),
        pytest.param("while a < b:\n        a += 2\n    return a", (1, 6), "while became if", 3, id="once"),
        pytest.param(
            "for n in b:\n        a += n\n    return a",
            (0, [5, 6]),
            "the loop ended after its first pass",
            5,
            id="pass",
        ),
        pytest.param(
            "if a.pop() > b:\n        a = a + [b]\n    return a", ([9], 2), "it returned there", None, id="early"
        ),
        pytest.param(
            "if not a.append(b):\n        return 1\n    return a", ([], 2), "the answer was ignored", [2], id="ignored"
        ),
        pytest.param("return len(a) + b", ([4], 2), "len() was one less", 2, id="length"),
        pytest.param("return a.strip() + b", (" x", "y"), "strip() was dropped", " xy", id="tidying"),
        pytest.param("return sorted(a, reverse=b)", ([1, 2], True), "reverse was left out", [1, 2], id="keyword"),
        pytest.param("return sorted(a, **b)", ([1, 2], {"reverse": True}), "**b was left out", [1, 2], id="options"),
        pytest.param("return a[:b]", ([1, 2, 3], 1), "the slice ended one later", [1, 2], id="slice_one_later"),
        pytest.param(
            "c = ''\n    for x in a:\n        for y in b:\n            c += x + y\n    return c",
            ("ab", "yz"),
            "the loops changed places",
            "aybyazbz",
            id="interchange",
        ),
    ],
)
def test_slips_are_mistakes_that_people_make(body, arguments, label, gives):
    (mutant, *_) = [found for found in slips(f"def f(a, b):\n    {body}\n") if found.label == label]
    _, names = load(f"def f(a, b):\n    {body}\n")
    mutant.apply(names["f"])
    assert names["f"](*arguments) == gives


@pytest.mark.parametrize(
    ("table", "read", "label", "gives"),
    [
        pytest.param("T = [3, 1, 2]", "return sum(T)", "entry 1 was missing", 3, id="list"),
        pytest.param("T = (3, 1)", "return sum(T)", "entry 2 was missing", 3, id="tuple"),
        pytest.param("T = {'a': 1, 'b': 2}", "return sum(T.values())", "the entry 'a' was missing", 2, id="dict"),
        pytest.param("T = {'a', 'b'}", "return sorted(T)", "the member 'b' was missing", ["a"], id="set"),
    ],
)
def test_a_table_may_lack_an_entry(table, read, label, gives):
    source = f"{table}\ndef f():\n    {read}\n"
    (mutant,) = [found for found in slips(source) if found.label == label]
    _, names = load(source)
    mutant.apply(names["f"])
    assert names["f"]() == gives


def test_a_table_of_the_class_may_lack_an_entry():
    source = "class C:\n    UNITS = {'k': 3, 'm': 6}\n    def f(self):\n        return len(self.UNITS)\n"
    text, names = load(source)
    raw = names["C"].f
    made = mutants.make_mutants(text.encode(), "subject.py", raw.__code__.co_firstlineno, raw, with_slips=True)
    (mutant,) = [found for found in made if found.label == "the entry 'm' was missing"]
    mutant.apply(raw)
    assert names["C"]().f() == 1


@pytest.mark.parametrize("table", ["T = list(range(17))", "T = [1]", "T = 'ab'"])
def test_what_is_no_short_table_is_left_alone(table):
    assert not [found for found in slips(f"{table}\ndef f():\n    return list(T)\n") if "missing" in found.label]


def test_a_loop_over_what_the_outer_one_gives_stays_inside():
    source = "def f(a, b):\n    for x in a:\n        for y in x:\n            b += y\n    return b\n"
    assert "the loops changed places" not in [found.label for found in slips(source)]


def test_slips_that_are_mutants_already_are_not_made_twice():
    made = [
        mutant.code.co_code for mutant in slips("def f(a, b):\n    if not a:\n        return b\n    return a + b\n")
    ]
    assert len(made) == len(set(made))


def test_without_asking_there_are_no_slips():
    assert "the operands were swapped" not in labels("def f(a, b):\n    return a - b\n")

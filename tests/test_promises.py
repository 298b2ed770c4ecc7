"""What is taken from docstrings and signatures, and what is not, because it does not surely say it."""

import textwrap

import pytest

from pytestgen_hook.functions import functions_in
from pytestgen_hook.promises import documented


def read(source):
    """Return what is said of the only function of a source."""
    text = textwrap.dedent(source).encode()
    (function,) = functions_in("a.py", text)
    return documented(text, [function]).get(function)


def of(signature, docstring):
    """Return the promises of a function but that of its annotation."""
    body = textwrap.indent(f'"""{docstring}"""\n', "    ")
    said = read(f"def f({signature}):\n{body}    return work()\n")
    return [promise for promise in said.promises if promise.source != "annotation"] if said else []


def only(signature, docstring):
    (promise,) = of(signature, docstring)
    return promise


@pytest.mark.parametrize(
    ("signature", "clause", "when"),
    [
        ("n", "n is negative", "the.number(n) < 0"),
        ("n", "`n` is not positive.", "the.number(n) <= 0"),
        ("n, m", "n is zero or negative", "the.number(n) <= 0"),
        ("n, m", "``n`` is less than ``m``", "n < m"),
        ("n, m", "n is negative or m is 0", "(the.number(n) < 0) or (the.number(m) == 0)"),
        ("n, m", "n is negative and m is empty", "(the.number(n) < 0) and (the.is_empty(m))"),
        ("n, m", "n is not between 1 and m", "not (1 <= the.number(n) <= m)"),
        ("month, m", "month is not in the range 1..12", "not (1 <= the.number(month) <= 12)"),
        ("key, table", "key is not in table", "not the.holds(table, key)"),
        ("items", "the list is empty", "the.is_empty(items)"),
        ("items", "there are no items", "the.is_empty(items)"),
        ("items", "there are fewer than three items", "the.length(items) < 3"),
        ("text, width", "the text is longer than the width", "the.length(text) > width"),
        ("one, two", "one and two have different lengths", "the.length(one) != the.length(two)"),
        ("n", "nobody is there (n is less than 1)", "the.number(n) < 1"),
        ("name, m", "name is not a string", "not the.is_a(name, (str, bytes))"),
        ("text, m", "text is empty or cannot be parsed", "the.is_empty(text)"),
    ],
)
def test_a_condition_of_an_exception_is_read(signature, clause, when):
    promise = only(signature, f"Do it.\n\nRaises:\n    ValueError: If {clause}\n")
    assert (promise.when, promise.raises, promise.line) == (when, "ValueError", 5)


@pytest.mark.parametrize(
    "clause",
    [
        "n is negative, unless m is given",
        "n is negative and strict",
        "the n-th item is negative",
        "m[n] is negative",
        "n is not in a or b",
        "either is wrong",
        "n should be negative",
        "n is usually negative",
        "the sum of n is negative",
        "neither n nor m is positive",
        "n is negative by default",
        "a value is empty",
    ],
)
def test_a_condition_that_is_not_understood_whole_gives_no_promise(clause):
    assert of("n, m", f"Do it.\n\nRaises:\n    ValueError: If {clause}\n") == []


@pytest.mark.parametrize(
    "docstring",
    [
        "Do it.\n\nRaises:\n    ValueError: If n is negative.\n",
        "Do it.\n\nRaises\n------\nValueError\n    If `n` is negative.\n",
        "Do it.\n\n:param n: a number\n:raises ValueError: if ``n`` is negative\n",
        "Do it.\n\nRaises ValueError if n is negative.",
        "Do it. A ValueError is raised when n is negative.",
    ],
    ids=["google", "numpy", "sphinx", "prose", "passive"],
)
def test_exceptions_are_read_in_every_style(docstring):
    promise = only("n, m", docstring)
    assert (promise.when, promise.raises) == ("the.number(n) < 0", "ValueError")


@pytest.mark.parametrize(
    ("sentence", "then"),
    [
        ("Return the divisors of n, sorted in ascending order.", "the.ordered(result, False)"),
        ("Return all names in descending order.", "the.ordered(result, True)"),
        ("Return the items without duplicates.", "the.distinct(result)"),
        ("Return a list of unique names.", "the.distinct(result)"),
        ("Return a non-negative number.", "the.at_least(result, 0)"),
        ("Return a number between 0 and 1.", "the.within(result, 0, 1)"),
        ("Share of the total, a float in the range [0, 1].", "the.within(result, 0, 1)"),
        ("Return a string of the same length as text.", "the.length(result) == the.length(text)"),
        ("Return at most n items.", "the.length(result) <= n"),
        ("Return the name in lower case.", "the.is_lower(result)"),
        ("Never returns None.", "result is not None"),
        ("The result is never None.", "result is not None"),
        ("Return a new list.", "the.fresh(result, after)"),
        ("Return None if n is negative.", "the.equal(result, None)"),
        ("Return the mean, or 0.0 if n is zero.", "the.equal(result, 0.0)"),
        ("If n is negative, the result is an empty list.", "the.empty(result)"),
        ("Returns an empty list for an empty text.", "the.empty(result)"),
        ("The text is not modified.", "the.same(after.text, text)"),
        ("Does not modify text.", "the.same(after.text, text)"),
    ],
)
def test_a_sentence_about_the_result_or_an_argument_is_read(sentence, then):
    found = [promise.then for promise in of("n, text", sentence)]
    assert found == [then]


@pytest.mark.parametrize(
    "sentence",
    [
        "Return the items sorted by key.",
        "Return the items, which must be sorted.",
        "Return the sorted items of each group in a dict.",
        "Return the number of items between 0 and 1.",
        "Return True if the items are in ascending order.",
        "Return numbers between 0 and 1 unchanged.",
        "Return the words that are at most n characters long.",
        "Split the text into lines of at most n characters.",
        "Return the number of unique items.",
        "Return a non-empty list.",
        "Return the items without consecutive duplicates.",
        "Return usually a non-negative number.",
        "Return None if the item was not found.",
        "Return the number of lowercase letters in text.",
        "Convert to lower case if n is set.",
        "The text may be modified.",
        "Items between 0 and 1 are not modified.",
        "Return something like a new list.",
        "Return a list that is like items at the odd places, while its values at the others are those of items, but sorted.",
        "Return the items such that only every third is sorted.",
    ],
)
def test_a_sentence_that_says_something_else_gives_no_promise(sentence):
    assert of("n, text", sentence) == []


@pytest.mark.parametrize(
    "docstring",
    [
        "Do it.\n\nRaises:\n    ValueError: If " + "n is negative or " * 2000,
        "Return " + "a number between 0 and 1, " * 2000,
        "Return " + "in " * 5000 + "ascending order",
        ":raises ValueError: " * 5000,
        "Returns:\n" * 5000,
        ">>> f(1)\n" * 5000,
        "`" * 15_000,
        "f(" * 5000 + ")" * 5000 + " -> 1",
        "(" * 9000 + " -> 1",
    ],
    ids=["conditions", "bounds", "words", "fields", "headers", "examples", "quotes", "calls", "brackets"],
)
def test_a_docstring_made_to_take_long_is_read_in_no_time(docstring):
    assert isinstance(of("n, m", docstring), list)


def test_a_parameter_that_changes_the_meaning_is_left_alone():
    promise = only("items, first=None", "Return the items in ascending order.")
    assert promise.unless == ("first",)
    promise = only("n, strict=False, size=3", "Do it.\n\nRaises:\n    ValueError: If n is negative.\n")
    assert promise.unless == ("strict",)


def test_examples_are_numbered_among_all_that_run():
    said = read('''
        def double(n):
            """Twice.

            >>> two = 2
            >>> double(two)
            4
            >>> print("unrelated")
            unrelated
            """
            return 2 * n
    ''')
    assert [(promise.call, promise.expected, promise.line) for promise in said.promises] == [("double(two)", "4", 6)]
    assert said.numbers == (None, 0, None)


@pytest.mark.parametrize(
    ("line", "call"),
    [
        ("``double(2)  # 4``", "double(2)"),
        ("double(2) -> 4", "double(2)"),
        ("double(2) == 4", "double(2)"),
        ("2 -> 4", "double(2)"),
        ("double(number) -> 4", None),
        ("double(2) -> a number", None),
        ("double(2) -> [4, ...]", None),
    ],
)
def test_an_example_without_prompt_is_read_where_both_sides_are_literal(line, call):
    said = read(f'def double(n):\n    """{line}"""\n    return 2 * n\n')
    assert [promise.call for promise in said.promises] == [call] if call else said is None


def test_types_of_docstrings_are_read():
    said = read('''
        def f(a, b, c=None):
            """Do it.

            Args:
                a (list of int): numbers
                b (str or None): a name
                c (SomeThing): not known here

            Returns:
                dict: what came of it
            """
            return work()
    ''')
    assert said.types == {"a": "List[int]", "b": "Union[str, None]", "return": "dict"}
    assert [promise.text for promise in said.promises] == ["returns dict"]


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("def f() -> list[int]:\n    return work()\n", ["-> list[int]"]),
        ("def f() -> Iterator[int]:\n    yield 1\n", None),
        ("def f() -> Any:\n    return work()\n", None),
        ("@contextmanager\ndef f() -> int:\n    return work()\n", None),
        ("def f():\n    return work()\n", None),
    ],
)
def test_the_annotation_of_the_result_is_a_promise(source, texts):
    said = read(source)
    assert (said and [promise.text for promise in said.promises]) == texts

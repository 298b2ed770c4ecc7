"""What is said of a case is true of it, and of no other that it is to be told from."""

from dataclasses import replace

import pytest

from pytestgen_hook.claims import menu
from pytestgen_hook.naming import Facts
from pytestgen_hook.types.generated import Check
from tests.test_naming import facts_of

TEXT = """
def f(text, width=3):
    if len(text) <= width:
        return text
    return text[:width]
"""
NUMBERS = """
def f(n, m=1):
    if n % 4 == 0 or n % 2 == 1:
        return n * m
    return None if n > m else [n] * m
"""
ITEMS = """
def f(items):
    return sorted(items)[len(items) // 2]
"""


def told(source, call, *others):
    """Return the names that the first call may have beside the others."""
    return menu(facts_of(source, call, *others), 0, range(1, len(others) + 1))


@pytest.mark.parametrize(
    ("source", "call", "other", "wanted"),
    [
        (TEXT, 'f(text="4-5")', 'f(text="4 5")', "dashes_in_text"),
        (TEXT, 'f(text="ab ")', 'f(text=" ab")', "trailing_space_in_text"),
        (TEXT, 'f(text="ab")', 'f(text="a2")', "only_letters_in_text"),
        (TEXT, 'f(text="ab")', 'f(text="a2")', "no_digits_in_text"),
        (TEXT, 'f(text="aBc")', 'f(text="Abc")', "mixed_case_text"),
        (TEXT, 'f(text="-12")', 'f(text="12")', "negative_text"),
        (TEXT, 'f(text="a b c")', 'f(text="a b")', "three_words_in_text"),
        (TEXT, 'f(text="abcd")', 'f(text="abc")', "text_longer_than_width"),
        (TEXT, 'f(text="é")', 'f(text="e")', "non_ascii_text"),
        (TEXT, 'f(text="abc", width=3)', 'f(text="abcd", width=3)', "text_as_long_as_width"),
        (TEXT, 'f(text="abcd", width=9)', 'f(text="efgh", width=2)', "returns_text_unchanged"),
        (TEXT, 'f(text="a", width=0)', 'f(text="a", width=2)', "returns_empty_text"),
        (NUMBERS, "f(n=8, m=2)", "f(n=6, m=2)", "n_divisible_by_4"),
        (NUMBERS, "f(n=7, m=2)", "f(n=8, m=2)", "odd_n"),
        (NUMBERS, "f(n=2, m=3)", "f(n=6, m=3)", "n_below_m"),
        (NUMBERS, "f(n=6, m=3)", "f(n=2, m=3)", "returns_none"),
        (NUMBERS, "f(n=6)", "f(n=6, m=3)", "default_m"),
        (ITEMS, "f(items=[1, 2, 3])", "f(items=[1, 3, 2])", "ascending_items"),
        (ITEMS, "f(items=[2, 2, 2])", "f(items=[2, 2, 3])", "equal_items_in_items"),
        (ITEMS, "f(items=[1, 2, 2])", "f(items=[1, 2, 3])", "duplicates_in_items"),
        (ITEMS, "f(items=[1, 2])", "f(items=[1, 2, 3])", "even_number_of_items"),
        (ITEMS, "f(items=[1, -2])", "f(items=[1, 2])", "negative_item_in_items"),
        (ITEMS, "f(items=[])", "f(items=[1])", "raises_index_error"),
    ],
)
def test_what_holds_of_one_and_not_of_the_other_is_offered(source, call, other, wanted):
    assert wanted in told(source, call, other)
    assert wanted not in told(source, other, call)


def test_what_holds_of_both_is_not_offered():
    assert "only_letters_in_text" not in told(TEXT, 'f(text="ab")', 'f(text="cd")')


def test_a_weaker_claim_does_not_tell_from_what_a_stronger_one_is_made_of():
    assert "letters_in_text" not in told(TEXT, 'f(text="a b")', 'f(text="a")')
    assert "no_digits_in_text" not in told(TEXT, 'f(text="a b")', 'f(text="")')
    assert "duplicates_in_items" not in told(ITEMS, "f(items=[1, 1, 2])", "f(items=[1, 1])")
    assert "even_number_of_items" not in told(ITEMS, "f(items=[1, 2])", "f(items=[])")


def test_two_claims_tell_what_neither_tells_alone():
    names = told(ITEMS, "f(items=[1, 1, 2])", "f(items=[1, 1])", "f(items=[1, 2, 3])")
    assert names[0] == "three_items_and_duplicates_in_items"
    assert all("_and_" in name for name in names)


def test_two_claims_are_not_needed_where_one_tells():
    assert told(ITEMS, "f(items=[3, 1, 2])", "f(items=[1, 2, 3])", "f(items=[2, 4, 6])") == ["unsorted_items"]


def test_nothing_is_said_of_an_argument_that_another_case_does_not_give_as_a_literal():
    names = told(ITEMS, "f(items=[2, 1])", "f(items=range(3))")
    assert not any("items" in name for name in names)


def test_a_number_that_comes_out_by_accident_is_not_said_to_be_unchanged():
    names = told(NUMBERS, "f(n=12, m=1)", "f(n=12, m=2)")
    assert not any("unchanged" in name for name in names)


def test_numbers_that_the_function_does_not_compare_are_not_compared():
    source = "def f(n, m):\n    return [n] * m\n"
    assert not any("below" in name for name in told(source, "f(n=1, m=2)", "f(n=3, m=2)"))


def test_an_argument_called_result_is_no_result():
    facts = facts_of("def f(result):\n    return [result]\n", "f(result=None)", "f(result=1)")
    cases = [replace(case, checks=(Check("result", "isinstance", "list"),)) for case in facts.cases]
    assert menu(Facts(facts.function, cases, ""), 0, [1]) == ["none_as_result"]


def test_names_are_few_and_short():
    names = told(TEXT, 'f(text="A-b_c.9 \\"x\\" [é] + 0?!")', 'f(text="x")')
    assert 10 < len(names) <= 24
    assert max(map(len, names)) <= 48
    assert all(name.isidentifier() for name in names)


@pytest.mark.parametrize(
    ("source", "call", "other", "wrong"),
    [
        (TEXT, 'f(text="ab…")', 'f(text="a-b")', "no_punctuation_in_text"),
        (NUMBERS, "f(n=1e999, m=2)", "f(n=3.0, m=2)", "fractional_n"),
        (NUMBERS, "f(n=True, m=2)", "f(n=2, m=2)", "odd_n"),
    ],
)
def test_what_does_not_hold_is_not_offered(source, call, other, wrong):
    assert wrong not in told(source, call, other)

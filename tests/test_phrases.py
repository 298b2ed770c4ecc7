"""Conditions are said in a few words, and only in such as are true of the values."""

import ast

import pytest

from pytestgen_hook.phrases import Inputs, Unknown, noun, of_value, phrases, said, snake, value_of


def best(condition, is_true=True, **values):
    omitted = frozenset(name for name, value in values.items() if value is ...)
    given = {name: None if value is ... else value for name, value in values.items()}
    found = phrases(ast.parse(condition, mode="eval").body, is_true, Inputs(given, omitted, owner="cart"))
    return next((text for text, _ in found), None)


@pytest.mark.parametrize(
    ("condition", "when_true", "when_false"),
    [
        ("n < 0", "negative_n", "non_negative_n"),
        ("n > 0", "positive_n", "non_positive_n"),
        ("n == 0", "zero_n", "n_other_than_0"),
        ("0 >= n", "non_positive_n", "positive_n"),
        ("n < 10", "n_below_10", "n_at_least_10"),
        ("n > limit", "n_above_limit", "n_at_most_limit"),
        ("n == -1", "n_equal_to_minus_1", "n_other_than_minus_1"),
        ("n % 2", None, None),
        ("n % 2 == 0", "even_n", "odd_n"),
        ("n % 2 == 1", "odd_n", "even_n"),
        ("n % 400 != 0", "n_not_divisible_by_400", "n_divisible_by_400"),
        ("n % 3 == 2", None, None),
        ("0 <= n <= limit", "n_between_0_and_limit", None),
        ("0 <= rate <= 0.5", "rate_between_0_and_0_5", None),
        ("len(items) == 0", "empty_items", "non_empty_items"),
        ("len(items) < 3", "items_shorter_than_3", "items_of_at_least_3"),
        ("len(a) != len(b)", "unequal_lengths", "equal_lengths"),
        ("key in seen", "key_in_seen", "key_not_in_seen"),
        ("'.' not in text", "text_without_dot", "text_with_dot"),
        ("mode == 'json'", "json_as_mode", "mode_other_than_json"),
        ("unit == Unit.DAYS", "unit_equal_to_days", "unit_other_than_days"),
        ("text.startswith('-')", "text_starting_with_dash", "text_not_starting_with_dash"),
        ("text.isdigit()", "digits_only_text", "text_not_digits_only"),
        ("isinstance(value, str)", "str_as_value", "non_str_as_value"),
        ("isinstance(value, (int, float))", "int_or_float_as_value", None),
        ("callable(key)", "callable_key", "non_callable_key"),
        ("hasattr(value, '__call__')", "callable_value", "non_callable_value"),
        ("hasattr(value, 'read')", "value_with_read", "value_without_read"),
        ("PATTERN_RE.match(text)", "text_matching_pattern", "text_not_matching_pattern"),
        ("self.is_empty()", "empty_cart", "non_empty_cart"),
        ("self.is_empty", "empty_cart", "non_empty_cart"),
        ("self.has_items()", "cart_with_items", "cart_without_items"),
        ("_is_leap(year)", "leap_as_year", "non_leap_as_year"),
        ("match", "with_match", "without_match"),
        ("not self.rows", "without_rows", "with_rows"),
        ("match is None", "without_match", "with_match"),
        ("strict and match", "with_strict_and_match", None),
        ("start or end", None, "without_start_and_end"),
        ("items[0] == 1", "first_item_equal_to_1", "first_item_other_than_1"),
        ("compute(n) > helper(n)", None, None),
        ("a_very_long_name_of_a_parameter < another_very_long_name_of_a_parameter", None, None),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_a_condition_is_said_in_words(condition, when_true, when_false):
    assert (best(condition, True), best(condition, False)) == (when_true, when_false)


@pytest.mark.parametrize(
    ("condition", "is_true", "values", "words"),
    [
        pytest.param("not text", True, {"text": ""}, "empty_text", id="an empty text"),
        pytest.param("not n", True, {"n": 0}, "zero_n", id="zero"),
        pytest.param("not n", True, {"n": None}, "none_as_n", id="none"),
        pytest.param("n is None", True, {"n": None}, "none_as_n", id="none that is given"),
        pytest.param("n is None", True, {"n": ...}, "without_n", id="none by default"),
        pytest.param("key is MISSING", True, {"key": ...}, "without_key", id="a default of the module's own"),
        pytest.param("strict", False, {"strict": False}, "without_strict", id="a switch"),
        pytest.param("n <= 0", True, {"n": -2}, "negative_n", id="below a boundary"),
        pytest.param("n <= 0", True, {"n": 0}, "zero_n", id="on a boundary"),
        pytest.param("not isinstance(n, int)", True, {"n": 1.5}, "float_as_n", id="another type"),
        pytest.param("0 <= n <= 9", False, {"n": -1}, "negative_n", id="the part that fails"),
        pytest.param("0 <= n <= 9", False, {"n": 12}, "n_above_9", id="the other part"),
        pytest.param(
            "text is None or not text.strip()", True, {"text": None}, "none_as_text", id="the part that holds"
        ),
    ],
)
def test_what_is_known_of_the_values_makes_it_plainer(condition, is_true, values, words):
    assert best(condition, is_true, **values) == words


@pytest.mark.parametrize(
    "condition",
    [
        "f(n) > 1",
        "n ** 9 > 1",
        "text * 10**9",
        "'%999999999d' % n",
        "n.bit_length()",
        "n < 'a'",
        "missing",
        "n is other",
    ],
)
def test_a_value_that_does_not_follow_from_literals_is_unknown(condition):
    with pytest.raises(Unknown):
        value_of(ast.parse(condition, mode="eval").body, {"n": 2, "text": "a"})


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("len(text) + 1 >= n and text.startswith('a')", True),
        ("not (n - 1) % 2", False),
        ("n in (1, 2) or missing", True),
        ("isinstance(text, (str, bytes)) and -n < 0 < n // 1", True),
    ],
)
def test_values_follow_from_literals(expression, value):
    assert value_of(ast.parse(expression, mode="eval").body, {"n": 2, "text": "abc"}) == value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, ["zero_x"]), (-2, ["negative_x"]), (-(10**12), ["negative_x", "large_x"]), (None, ["none_as_x"]), (3, []),
        (True, []), ("", ["empty_x"]), (" ", ["blank_x"]), ("\u00e9", ["non_ascii_x"]), ("abc", []), ([], ["empty_x"]),
        ([1], ["one_item_in_x"]), ({"a": 1, "b": 2}, []),
    ],
    ids=repr,
)  # fmt: skip
def test_what_stands_out_in_a_value(value, words):
    assert list(of_value("x", value)) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (-1.5, "minus_1_5"),
        (True, "true"),
        ("P", "p"),
        ("two words", "two_words"),
        ("-", "dash"),
        ("->", None),
        ("\u00e9", None),
    ],
    ids=repr,
)
def test_plain_values_have_words(value, words):
    assert said(value) == words


@pytest.mark.parametrize(
    ("text", "words"), [("HTTPServer", "http_server"), ("toJSON", "to_json"), ("a-b c", "a_b_c"), ("_x_", "x")]
)
def test_names_become_words(text, words):
    assert snake(text) == words


def test_an_expression_without_a_name_has_no_noun():
    assert noun(ast.parse("a.b.c", mode="eval").body) is None
    assert noun(ast.parse("\u00e9t\u00e9", mode="eval").body) is None

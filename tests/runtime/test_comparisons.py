"""What comparisons looked at, and the inputs that follow from it."""

import ast
import random
import textwrap
from types import FunctionType

import comparisons
import pytest
import samples
import steer
from plan import Input
from values import from_value


def probed(source, *arguments):
    """Return what the function did and what its comparisons told."""
    source = textwrap.dedent(source)
    names = {}
    exec(compile(source, "subject.py", "exec"), names)
    function = next(value for value in names.values() if isinstance(value, FunctionType))
    code, places = comparisons.instrumented(source.encode(), "subject.py", function.__code__.co_firstlineno, function)
    recorder = comparisons.Recorder(places)
    names[comparisons.NAME] = recorder
    function.__code__ = code
    try:
        result = function(*arguments)
    except Exception as error:
        result = type(error)
    return result, recorder.told()


def next_values(source, value):
    """Return what the one argument is proposed to be next."""
    _, notes = probed(source, value)
    found = steer.steered(Input({"a": from_value(value)}), notes, random.Random(0), 60)
    return [ast.literal_eval(proposed.arguments["a"].source()) for proposed in found]


@pytest.mark.parametrize(
    ("body", "value", "wanted"),
    [
        pytest.param("return a == 7 * 11", 3, 77, id="equal"),
        pytest.param("return sum(a) == 100", [3, 4], [96, 4], id="sum"),
        pytest.param("return sum(c.isdigit() for c in a) > 3", "a0.b", "a0000.b", id="characters-that-are-counted"),
        pytest.param("return sum(c.isdigit() for c in a) > 3", "a.b", "a7777.b", id="digits-that-are-counted"),
        pytest.param("return sum(n < 9 for n in a) > 3", [10, 5], [10, 5, 5, 5, 5], id="items-that-are-counted"),
        pytest.param("return a == (1, 2)", [5], (1, 2), id="equal-to-a-pair"),
        pytest.param("return a == [1, 2]", 5, [1, 2], id="equal-to-a-list"),
        pytest.param("return a == 5", [1, 2], 5, id="a-list-equal-to-a-number"),
        pytest.param("return 5 < a < LIMIT", 6, 1001, id="boundary-of-a-chain"),
        pytest.param("return a.strip().lower() == 'op' + 'en'", " b ", "open", id="text-after-steps"),
        pytest.param("return len(a) == 13", [5], [5] * 13, id="length-of-list"),
        pytest.param("return len(a) > 4", "ab", "ababa", id="length-of-text"),
        pytest.param("return a in CODES", "x", "FR", id="member"),
        pytest.param("return CODES[a]", "x", "DE", id="key"),
        pytest.param("return a['price'] * 2", {}, {"price": 1}, id="key-that-is-read"),
        pytest.param("return a[1]", 5, [5, 5], id="what-has-no-parts-is-looked-into"),
        pytest.param("return a[4]", [7], [7, 7, 7, 7, 7], id="place-beyond-the-end"),
        pytest.param("return a[2][1]", [[7, 8]], [[7, 8], [0, 0], [0, 0]], id="row-beyond-the-end"),
        pytest.param("x, y = a\n    return x", 3, (3, 3), id="taken-apart"),
        pytest.param("x, y, z = a\n    return x", ["b"], ["b", 1, 1], id="taken-apart-into-more"),
        pytest.param("return [y for x, y in a]", [1, 2], [(1, 1), (2, 2)], id="members-taken-apart"),
        pytest.param("for x in a:\n        return x", 3, [3, 3, 3], id="gone-through"),
        pytest.param("return len(a)", 3, [3, 3, 3], id="counted"),
        pytest.param("return a.items()", ["k"], {"k": 1}, id="asked-for-its-keys"),
        pytest.param("return a.startswith('x' * 3)", "b", "xxxb", id="start"),
        pytest.param("return 'x' * 3 in a", "b", "bxxx", id="piece"),
        pytest.param("return 9 in a", [1], [1, 9], id="member-of-the-argument"),
        pytest.param("return [part == 'stop' for part in a.split(',')]", "go,on", "stop,on", id="part-of-a-text"),
        pytest.param("return datetime.strptime(a, '%d/%m/%Y')", "b", "29/02/2024", id="date"),
        pytest.param("return int(a)", "b", "-3", id="number"),
        pytest.param("return json.loads(a)", "b", '{"a": 1}', id="json"),
    ],
)
def test_an_input_gets_what_it_missed(body, value, wanted):
    names = "import json\nfrom datetime import datetime\nLIMIT = 1000\nCODES = {'DE': 1, 'FR': 2}\n\n"
    found = next_values(f"{names}def f(a):\n    {body}\n", value)
    assert wanted in found


@pytest.mark.parametrize("body", ["return DAY == a", "return DAY - a", "return a + DAY", "return 2 * (a - DAY)"])
def test_what_stands_beside_a_value_of_a_class_becomes_one(body):
    source = f"import datetime\nDAY = datetime.timedelta(days=1)\ndef f(a):\n    {body}"
    _, notes = probed(source, "abc")
    found = steer.steered(Input({"a": from_value("abc")}), notes, random.Random(0), 60)
    assert [proposed.arguments["a"].source() for proposed in found] == ["timedelta(days=1)"]
    assert found[0].arguments["a"].imports() == {("datetime", "timedelta")}


def test_arithmetic_of_plain_values_is_not_told():
    assert probed("def f(a):\n    return a + 1 - a * 2", 5) == (-4, [])


def test_what_fits_is_not_told():
    source = "def f(a):\n    x, y = a\n    for k, v in {x: y}.items():\n        x = sum(a)\n    return x\n"
    assert probed(source, [1, 2]) == (3, [])


def test_each_question_is_answered_for_itself():
    names = {"f": None}
    exec("def f(a):\n    return a == 1\n", names)
    code, places = comparisons.instrumented(b"def f(a):\n    return a == 1\n", "<string>", 1, names["f"])
    names[comparisons.NAME] = recorder = comparisons.Recorder(places)
    names["f"].__code__ = code
    names["f"](5)
    assert recorder.told()
    assert recorder.told() == []


def test_a_text_gets_the_form_of_the_pattern_it_is_matched_with():
    source = "import re\nFORM = re.compile(r'([a-z]+)-([0-9]{3})')\n\ndef f(a):\n    return FORM.fullmatch(a)\n"
    found = next_values(source, "b")
    assert found
    assert all(ast.literal_eval(repr(text)) and len(text.split("-")[1]) == 3 for text in found)


@pytest.mark.parametrize(
    "source",
    [
        "def f(a):\n    return [n for n in range(9) if n != a and 2 <= n < 7 in (True, False)]\n",
        "def f(a):\n    return {str(n): a['k'] if 'k' in {'k': 1} else 0 for n in range(3)}\n",
        "def f(a, *rest, key=len):\n    def inner(b):\n        return b == a\n    return inner(a), key('abc') == 3, rest\n",
        "def f(a):\n    try:\n        return [1, 2][a]\n    except IndexError as error:\n        return str(error)\n",
        "def f(a):\n    yield a == 1\n    yield f'{a == 2}'\n",
        "def f(a):\n    for x, (y, *z) in zip([a, 2], [(a, 3, 4)]):\n        x, y = y, sorted(z)\n    return x, y, len(z)\n",
        "def f(a):\n    b = a, *c = iter([a, a])\n    return list(map(str, c)), [n for n in {a: 1}.items()], b is c\n",
    ],
)
@pytest.mark.parametrize("value", [1, 5])
def test_a_function_does_the_same_when_it_is_asked(source, value):
    names = {}
    exec(source, names)

    def outcome(call):
        try:
            result = call()
            return list(result) if hasattr(result, "__next__") else result
        except Exception as error:
            return type(error)

    expected = outcome(lambda: names["f"](value))
    assert outcome(lambda: probed(source, value)[0]) == expected


@pytest.mark.parametrize(
    "pattern",
    [
        r"\d{4}-\d{2}-\d{2}",
        r"^(?P<n>[a-z]+)=(\w+)(?:;q=([01]\.\d))?$",
        r"(a|b)\1",
        r"[^,]+,\s*\d+",
        r"(?i)^v?(\d+)\.(\d+)",
    ],
)
def test_samples_match_their_pattern(pattern):
    import re

    found = samples.texts_matching(pattern)
    assert found
    assert all(re.search(pattern, text) for text in found)


@pytest.mark.parametrize("pattern", ["(", "(?<!a)b(?=c)", "a{60000}", "[0-9]{4294967290}", "[^\\s\\S]", ""])
def test_patterns_that_no_sample_is_made_for_give_none_or_few(pattern):
    assert len(samples.texts_matching(pattern)) <= 4


def test_digits_that_stand_together_are_a_number_as_texts_have_it():
    texts = samples.texts_matching(r"[0-9]{4}-\d{2}")
    assert texts
    assert all(1 <= int(text[-2:]) <= 28 and 1900 < int(text[:4]) < 2100 for text in texts)


def test_one_constant_at_a_time_is_of_another_kind_where_that_may_be():
    made = Input({"row": from_value({"count": "t"}), "label": from_value("q")})
    found = [
        {name: ast.literal_eval(tree.source()) for name, tree in one.arguments.items()}
        for one in steer.of_other_kinds(made, {"row"})
    ]
    assert {"count": 3} in [one["row"] for one in found]
    assert all(one["label"] == "q" and one["row"] != {"count": "t"} for one in found)

import hashlib

import large
import pytest

NUMBERS = list(range(0, 3000, 3))


def said(value):
    return dict(large.aspects("result", value))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(
            NUMBERS,
            {"len(result)": 1000, "result[:3]": [0, 3, 6], "result[-3:]": [2991, 2994, 2997], "sum(result)": 1498500},
            id="list-of-numbers",
        ),
        pytest.param(
            set(NUMBERS),
            {
                "len(result)": 1000,
                "sorted(result)[:3]": [0, 3, 6],
                "sorted(result)[-3:]": [2991, 2994, 2997],
                "sum(sorted(result))": 1498500,
            },
            id="set",
        ),
        pytest.param(
            "ab" * 500,
            {
                "len(result)": 1000,
                "result[:40]": "ab" * 20,
                "result[-40:]": "ab" * 20,
                "hashlib.sha256(result.encode()).hexdigest()": hashlib.sha256(b"ab" * 500).hexdigest(),
            },
            id="text",
        ),
        pytest.param(1 << 5000, {"result.bit_length()": 5001, "result % 10**9": (1 << 5000) % 10**9}, id="number"),
        pytest.param(object(), {}, id="what-has-no-parts"),
    ],
)
def test_a_large_value_is_told_by_its_size_its_ends_and_a_digest(value, expected):
    assert said(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(["ab", "c"] * 500, id="list-of-texts"),
        pytest.param({f"key{number}": number for number in NUMBERS}, id="dict"),
        pytest.param(b"\x00\x01" * 500, id="bytes"),
        pytest.param(("ab" * 50,) * 40, id="long-members"),
        pytest.param(NUMBERS, id="numbers"),
    ],
)
def test_what_is_said_holds_of_the_value(value):
    scope = {"hashlib": hashlib, "result": value}
    assert all(eval(text, scope) == part for text, part in said(value).items())
    assert len(said(value)) >= 3


def test_a_change_in_the_middle_is_noticed():
    texts = [str(number) for number in NUMBERS]
    changed = [*texts[:500], "other", *texts[501:]]
    assert said(texts) != said(changed)


def test_sets_and_dicts_are_told_alike_in_whatever_order_they_were_made():
    pairs = [(f"key{number}", number) for number in NUMBERS]
    assert said(dict(pairs)) == said(dict(reversed(pairs)))

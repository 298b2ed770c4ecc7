"""Every value that is written must evaluate back to an equal one; what cannot be written must say why."""

import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import math
import pathlib
import re
import uuid
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from literals import CannotWrite, Writer


class Colour(enum.Enum):
    RED = 1


class Flags(enum.Flag):
    A = 1
    B = 2


@dataclasses.dataclass
class Point:
    x: int
    y: float = 0.0


@dataclasses.dataclass(eq=False)
class Incomparable:
    x: int


Pair = collections.namedtuple("Pair", "left right")


def scope_for(writer):
    names = {"pytest": pytest}
    for module, name in writer.imports:
        found = __import__(module, fromlist=["x"])
        names[name or module] = getattr(found, name) if name else found
    return names


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(None, id="none"),
        pytest.param(True, id="truth"),
        pytest.param(-7, id="negative-number"),
        pytest.param(2**80, id="large-number"),
        pytest.param(0.1 + 0.2, id="float-with-rounding-error"),
        pytest.param(math.inf, id="infinity"),
        pytest.param('it\'s "quoted"\n', id="text-with-both-quotes"),
        pytest.param(b"\x00\xff", id="bytes"),
        pytest.param([], id="empty-list"),
        pytest.param((1,), id="tuple-of-one"),
        pytest.param({3, 1, 2}, id="set"),
        pytest.param(set(), id="empty-set"),
        pytest.param(frozenset({"b", "a"}), id="frozenset"),
        pytest.param({"a": [1, {"b": (2.5, None)}]}, id="nested"),
        pytest.param({1.5: "float key"}, id="float-key"),
        pytest.param(collections.OrderedDict(a=1), id="ordered-dict"),
        pytest.param(collections.defaultdict(list, a=[1]), id="defaultdict"),
        pytest.param(collections.Counter("aab"), id="counter"),
        pytest.param(collections.deque([1, 2], maxlen=3), id="deque"),
        pytest.param(bytearray(b"ab"), id="bytearray"),
        pytest.param(range(1, 9, 2), id="range"),
        pytest.param(slice(1, None, 2), id="slice"),
        pytest.param(decimal.Decimal("1.10"), id="decimal"),
        pytest.param(fractions.Fraction(1, 3), id="fraction"),
        pytest.param(uuid.UUID(int=5), id="uuid"),
        pytest.param(datetime.date(2024, 2, 29), id="date"),
        pytest.param(datetime.datetime(2024, 1, 1, 12, 30, tzinfo=datetime.timezone.utc), id="utc-datetime"),
        pytest.param(datetime.datetime(2024, 1, 1, tzinfo=zoneinfo.ZoneInfo("UTC")), id="zoned-datetime"),
        pytest.param(datetime.time(1, 2, 3, 4), id="time"),
        pytest.param(datetime.timedelta(days=-1, seconds=5), id="negative-timedelta"),
        pytest.param(pathlib.Path("a/b.txt"), id="path"),
        pytest.param(re.compile("a+", re.IGNORECASE), id="pattern"),
        pytest.param(Colour.RED, id="enum"),
        pytest.param(Point(1, 2.5), id="dataclass"),
        pytest.param(Point(1), id="dataclass-with-default"),
        pytest.param(Pair(1, "x"), id="named-tuple"),
        pytest.param(1 + 2j, id="complex"),
        pytest.param(int, id="class"),
        pytest.param(len, id="builtin-function"),
    ],
)
def test_written_value_evaluates_to_an_equal_one(value):
    writer = Writer()
    assert value == eval(writer.write(value), scope_for(writer))


json_like = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.binary(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(json_like)
def test_any_nested_value_evaluates_to_an_equal_one(value):
    writer = Writer()
    assert value == eval(writer.write(value), scope_for(writer))


def test_not_a_number_is_compared_as_such():
    writer = Writer()
    assert math.nan == eval(writer.write(math.nan), scope_for(writer))


def test_sets_are_written_in_one_order():
    assert Writer().write({"b", "a", "c"}) == '{"a", "b", "c"}'
    assert Writer().write({10, 9, -1}) == "{-1, 9, 10}"


def self_containing_list():
    found = [1]
    found.append(found)
    return found


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param(object(), "no form in source", id="plain-object"),
        pytest.param(lambda: 1, "inside another function", id="lambda"),
        pytest.param(self_containing_list(), "contains itself", id="cycle"),
        pytest.param(pathlib.Path("/home/someone/x"), "absolute path", id="absolute-path"),
        pytest.param(f"<Foo object at {0x7F0000000000:#x}>", "memory address", id="address-in-text"),
        pytest.param("x" * 5000, "longer", id="long-text"),
        pytest.param(list(range(500)), "more than", id="long-list"),
        pytest.param(decimal.Decimal("nan"), "not a number", id="decimal-nan"),
        pytest.param(Incomparable(1), "compared by value", id="dataclass-without-equality"),
        pytest.param(Flags.A | Flags.B, "without a name", id="unnamed-flags"),
    ],
)
def test_values_that_cannot_be_written_say_why(value, reason):
    with pytest.raises(CannotWrite, match=reason):
        Writer().write(value)


@pytest.mark.parametrize(
    ("left", "right", "alike"),
    [
        pytest.param([1], [True], True, id="number-and-truth-inside"),
        pytest.param([1], [1.0], True, id="whole-float"),
        pytest.param(0.3, 0.1 + 0.2, True, id="within-tolerance"),
        pytest.param(0.3, 0.31, False, id="outside-tolerance"),
        pytest.param({"a": 1, "b": 2}, {"b": 2, "a": 1}, True, id="order-of-keys"),
        pytest.param([1, 2], [2, 1], False, id="order-of-items"),
        pytest.param("a", b"a", False, id="text-and-bytes"),
    ],
)
def test_fingerprints_agree_exactly_where_an_assertion_would_pass(left, right, alike):
    assert (Writer(coarse=True).write(left) == Writer(coarse=True).write(right)) is alike

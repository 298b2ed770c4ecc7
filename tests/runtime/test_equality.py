"""Fields are asserted beside ``==`` only where it does not look at them, or not closely."""

from dataclasses import dataclass, field
from typing import NamedTuple

import pytest
from checks import unseen_by_equality


class Span(NamedTuple):
    begin: int
    end: int

    def __eq__(self, other):
        return isinstance(other, Span) and self.begin == other.begin and self.end == other.end

    __hash__ = None


class Loose(NamedTuple):
    name: str
    note: str

    def __eq__(self, other):
        return isinstance(other, Loose) and self.name.lower() == other.name.lower()

    __hash__ = None


@dataclass
class Point:
    x: int
    label: str = field(default="", compare=False)


@dataclass(eq=False)
class Rounded:
    x: float
    unit: str

    def __eq__(self, other):
        return round(self.x / 10) == round(other.x / 10) and self.unit == other.unit

    __hash__ = None


@pytest.mark.parametrize(
    ("value", "unseen"),
    [
        pytest.param(Span(1, 2), [], id="all seen"),
        pytest.param(Loose("a", "b"), ["name", "note"], id="without case, and not at all"),
        pytest.param(Point(1, "a"), ["label"], id="left out of a dataclass"),
        pytest.param(Rounded(1.0, "m"), ["x"], id="not closely"),
    ],
)
def test_a_field_is_unseen_where_equality_does_not_tell_it_apart(value, unseen):
    assert unseen_by_equality(value) == unseen

"""What a wrong call complained of is said with the name of the argument, where that can be told."""

import complaints
import pytest


class LengthyError(Exception):
    def __str__(self):
        return "a message of far too many words " * 9


def raised_by(code, **values):
    try:
        return eval(code, {}, dict(values))
    except Exception as error:
        return error


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("other.begin", "nothing tried for other has the attribute begin"),
        ("other + limit", "unsupported operand type(s) for +: 'int' and 'str'"),
        ("missing", "name 'missing' is not defined"),
        ("None.begin", "'NoneType' object has no attribute 'begin'"),
    ],
)
def test_the_complaint_names_what_was_missed(code, told):
    values = {"limit": "a", "other": 2}
    assert complaints.complaint(raised_by(code, **values), values) == told


@pytest.mark.parametrize("error", [ValueError(), LengthyError(), TypeError("<Cart at 0x7f00aa>")], ids=repr)
def test_what_says_nothing_to_a_person_is_left_out(error):
    assert complaints.complaint(error, {}) == ""

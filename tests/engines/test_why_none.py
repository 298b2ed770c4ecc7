"""Why there is no test says what was missed, through the engine's real processes."""

import pytest
from exploring import explored, the_only


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        pytest.param(
            "def span(other):\n    return other.begin_of_what_nobody_has - getattr(other, 'x')\n",
            "every call ended in AttributeError: nothing tried for other has the attribute begin_of_what_nobody_has",
            id="attribute of a parameter",
        ),
        pytest.param(
            "def span(other):\n    return missing_name + 1\n",
            "every call ended in NameError: name 'missing_name' is not defined",
            id="name",
        ),
    ],
)
def test_the_reason_says_what_was_missed(tmp_path, source, reason):
    assert the_only(explored(tmp_path, source, seconds=6)).problem == reason

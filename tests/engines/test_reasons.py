"""Why there is no test says what was missed, through the engine's real processes."""

import sys
from pathlib import Path

import pytest

from pytestgen_hook.engines.search import Task, explore
from pytestgen_hook.functions import functions_in


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
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "subject.py").write_text(source)
    (function,) = functions_in("subject.py", source.encode())
    (found,) = explore(
        [Task(function, "subject")],
        python=Path(sys.executable),
        tree=tree,
        roots=[""],
        folder=tmp_path / "work",
        seconds=6,
        done=lambda exploration: None,
    )
    assert found.problem == reason

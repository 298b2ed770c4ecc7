"""Properties, for projects that use Hypothesis: those that hold for all that is drawn, and fail for a broken body."""

import sys

import pytest
from click.testing import CliRunner
from exploring import explored, the_only, written

from pytestgen_hook.cli import check
from pytestgen_hook.engines import search
from pytestgen_hook.types.generated import Exploration

SORT = """
    def insertion_sort(items: list[int]) -> list[int]:
        result = []
        for item in items:
            at = 0
            while at < len(result) and result[at] < item:
                at += 1
            result.insert(at, item)
        return result
"""
ROUND_TRIP = """
    def encode(text: str) -> str:
        return "".join(char + char for char in text)

    def decode(code: str) -> str:
        return code[::2]
"""


DEDUPLICATED = """
    def deduplicated(items: list[int]) -> list[int]:
        found = []
        for item in items:
            if item not in found:
                found.append(item)
        return found
"""


@pytest.fixture(autouse=True)
def _any_time_it_takes(monkeypatch):
    """On a slow machine there would be no time left for properties."""
    monkeypatch.setattr(search, "MOST_SECONDS", 15.0)


def properties(exploration: Exploration) -> set[str]:
    return {case.given for case in exploration.cases if case.given}


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        pytest.param(SORT, "insertion_sort", "sorts", id="order"),
        pytest.param(ROUND_TRIP, "encode", "round_trip", id="round-trip"),
        pytest.param(DEDUPLICATED, "deduplicated", "is_idempotent", id="idempotence"),
        pytest.param(
            "def interleaved(text: str) -> str:\n    return text[1::2] + text[::2]\n",
            "interleaved",
            "keeps_members",
            id="members",
        ),
        pytest.param(
            "def raised(items: list[int]) -> list[int]:\n    return [item + 3 for item in items if item != item + 1]\n",
            "raised",
            "keeps_length",
            id="length",
        ),
    ],
)
def test_properties_that_hold_and_can_fail_are_found(tmp_path, source, name, expected):
    assert expected in properties(explored(tmp_path, source, hypothesis=True)[name])


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("def total(low: int, high: int) -> int:\n    return low + 1000 * high\n", id="nothing-holds"),
        pytest.param(
            """
            def halved(items: list[int]) -> list[int]:
                if not items:
                    raise ValueError("nothing to halve")
                return [item // 2 for item in items]
            """,
            id="not-for-all-that-could-be-drawn",
        ),
    ],
)
def test_other_properties_are_not_written(tmp_path, source):
    found = the_only(explored(tmp_path, source, hypothesis=True))
    assert found.cases
    assert not properties(found)


def test_what_only_holds_for_the_inputs_that_were_seen_is_no_property(tmp_path):
    source = """
        def ordered(items: list[int]) -> list[int]:
            return sorted(items) if len(items) < 13 else items[::-1]
    """
    assert "sorts" not in properties(the_only(explored(tmp_path, source, hypothesis=True)))


def test_a_property_is_drawn_from_strategies_and_the_same_in_every_run(tmp_path):
    text = written(the_only(explored(tmp_path, DEDUPLICATED, hypothesis=True)))
    assert "@settings(derandomize=True, deadline=None)\n@given(items=strategies.lists(strategies.integers()))\n" in text
    assert "def test_deduplicated_is_idempotent(items):\n    result = deduplicated(items)\n" in text
    assert "    assert deduplicated(result) == result\n" in text


@pytest.mark.parametrize(
    ("path", "text", "is_used"),
    [
        pytest.param(
            "tests/test_other.py", "import hypothesis\n\n\ndef test_it():\n    assert hypothesis\n", True, id="imported"
        ),
        pytest.param("requirements-dev.txt", "pytest\nhypothesis>=6\n", True, id="declared"),
        pytest.param("requirements-dev.txt", "pytest\nhypothesis-like>=6\n", False, id="another"),
    ],
)
def test_properties_are_written_where_the_project_uses_hypothesis(repo, path, text, is_used):
    repo.stage(path, text)
    repo.commit()
    repo.stage("order.py", "\n".join(line[4:] for line in DEDUPLICATED.splitlines()[1:]) + "\n")
    result = CliRunner().invoke(check, ["--mode", "write", "--budget", "60", "--python", sys.executable])
    source = (repo.path / "tests" / "test_order.py").read_text()
    assert "deduplicated" in result.output
    assert ("@given(" in source) is is_used
    assert ("from hypothesis import given, settings, strategies\n" in source) is is_used

"""What a model expects of calls by the documentation alone: what it is shown, how it answers, and what is noted of it."""

import ast
import json
import os
import subprocess
import sys

import one_core
import pytest

from pytestgen_hook.model import expected
from pytestgen_hook.model.expected import Call, Expectation
from pytestgen_hook.render import call_and_outcome
from pytestgen_hook.types.generated import Case, Check, Raises
from tests.conftest import Repo

SOURCE = '''
def clamp(value, low=0, high=10):
    """Return the value, or the bound that it is beyond."""
    if value < low:
        return high
    return min(value, high)
'''


def shown(source):
    return expected.documented(ast.parse(source).body[0])


def test_a_function_is_shown_without_its_body():
    assert shown(SOURCE) == (
        'def clamp(value, low=0, high=10):\n    """Return the value, or the bound that it is beyond."""\n    ...'
    )
    assert shown("def clamp(value):\n    return value\n") is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (" == 3", " == 3.0000000001"),
        (" == 3.0", " == 3"),
        (' == "a"', " == 'a'"),
        (" == {'a': 1, 'b': 2}", " == {'b': 2, 'a': 1}"),
        (" raises ValueError", " raises ValueError\n"),
        (" == datetime.date(2024, 1, 1)", " == date(2024, 1, 1)"),
    ],
)
def test_what_says_the_same_is_the_same(one, other):
    assert expected.is_same(other, one) or expected.is_same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (" == 1", " == True"),
        (" == 3", " == 4"),
        (" == None", " raises ValueError"),
        (" == [1, 2]", " == (1, 2)"),
        (" == 1.0", " == 1.1"),
        (" == date(2024, 1, 1)", " == date(2024, 1, 2)"),
    ],
)
def test_what_says_something_else_is_not(one, other):
    assert not expected.is_same(one, other)
    assert not expected.is_same(other, one)


@pytest.mark.parametrize(
    ("call", "observed", "can_be"),
    [
        ("clamp(3)", " == 3", True),
        ("clamp(3)", " raises TypeError", True),
        ("clamp(3)", " == Point(3)", False),
        (f"clamp('{'x' * 300}')", " == 3", False),
        ("clamp(3)", f" == '{'x' * 300}'", False),
    ],
)
def test_only_what_can_be_answered_is_asked_about(call, observed, can_be):
    assert expected.is_sayable(Call(call, observed)) is can_be


@pytest.mark.parametrize(
    ("answer", "share", "margin", "is_telling"),
    [
        (" == 0", 1.0, 4.0, True),
        (" == 0", 1.0, 3.9, False),
        (" == 0", 0.75, 9.0, False),
        (" == 10", 1.0, 9.0, False),
    ],
)
def test_only_a_sure_disagreement_says_something(answer, share, margin, is_telling):
    assert Expectation(Call("clamp(-1)", " == 10"), answer, share, margin).is_telling is is_telling


CALL = {"arguments": (("value", "-1"),), "call": "clamp(value, high=3)"}


@pytest.mark.parametrize(
    ("case", "pair"),
    [
        (Case(**CALL, checks=(Check("result", "==", "3"),)), ("clamp(-1, high=3)", " == 3")),
        (Case(**CALL, checks=(Check("result", "is", "None"),)), ("clamp(-1, high=3)", " == None")),
        (Case(**CALL, raises=Raises("ValueError", "no")), ("clamp(-1, high=3)", " raises ValueError")),
        (Case(**CALL, checks=(Check("result", "isinstance", "int"),)), None),
        (Case(**CALL, checks=(Check("result", "==", "3"), Check("value", "==", "1"))), None),
        (Case(**CALL, checks=(Check("result", "==", "3"),), prepare=("value.append(1)",)), None),
        (Case(**CALL, checks=(Check("result", "==", "3"),), through="main"), None),
    ],
)
def test_a_call_of_plain_values_has_an_outcome(case, pair):
    assert call_and_outcome(case) == pair


# -- with the real small model -----------------------------------------------------------------------------------------

SUMS = '''def add(one: int, other: int) -> int:{comment}
    """Return the sum of two numbers."""
    return one * other


def subtract(one: int, other: int) -> int:
    """Return the first number minus the second."""
    return one - other
'''
DISMISSED = "  # pytestgen: ignore[PTG005] numbers are logarithms here"


class Runs:
    """One cache for all runs."""

    def __init__(self, folder, model_file):
        self.folder, self.model = folder, model_file

    def report(self, name, *, comment="", **variables):
        """Return what a run with the model says of the two functions, and take its tests away."""
        place = self.folder / name
        if not place.exists():
            place.mkdir()
            repo = Repo(place)
            repo.git("init", "--quiet", "--initial-branch=main")
            repo.stage("sums.py", SUMS.format(comment=comment))
        command = [sys.executable, "-m", "pytestgen_hook", "check", "--python", sys.executable, "--engine", "model"]
        command += ["--model", str(self.model), "--mode", "write", "--budget", "900", "--output-format", "json"]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PYTESTGEN_"))}
        environment = {**kept, "PYTESTGEN_CACHE_DIR": str(self.folder / "cache"), "GIT_CONFIG_GLOBAL": os.devnull}
        run = subprocess.run(
            command,
            cwd=place,
            env={**environment, **variables},
            capture_output=True,
            text=True,
            preexec_fn=one_core.BIND,
        )
        assert run.returncode == 1, run.stderr
        for path in place.rglob("test_*.py"):
            path.unlink()
        return json.loads(run.stdout)


def doubts(report):
    return [note for note in report["notes"] if "the model expects" in note]


@pytest.fixture(scope="module")
def runs(tmp_path_factory, model_file):
    return Runs(tmp_path_factory.mktemp("expected"), model_file)


@pytest.fixture(scope="module")
def told(runs):
    return runs.report("sums", PYTESTGEN_GENERATION_NOTES="true")


def test_a_sure_disagreement_is_a_note_and_decides_nothing(told):
    (note,) = doubts(told)
    assert note.startswith("sums.py:1: add: by its docstring alone the model expects `add(")
    assert note.endswith("The model may be wrong: compare the two.")
    assert {target["qualname"]: target["status"] for target in told["targets"]} == {
        "add": "generated",
        "subtract": "generated",
    }


def test_a_second_run_says_the_same(runs, told):
    assert doubts(runs.report("sums", PYTESTGEN_GENERATION_NOTES="true")) == doubts(told)


def test_a_model_that_was_not_measured_is_not_asked_unless_the_settings_say_so(runs, told):
    assert doubts(runs.report("sums")) == []


def test_what_somebody_means_is_not_doubted(runs, told):
    assert doubts(runs.report("meant", comment=DISMISSED, PYTESTGEN_GENERATION_NOTES="true")) == []

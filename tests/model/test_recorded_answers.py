"""The whole command with answers of a model that were recorded: they are kept, so no model is loaded for them."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from pytestgen_hook.cache import Cache, default_folder
from pytestgen_hook.cli import check
from pytestgen_hook.functions import functions_in
from pytestgen_hook.model import store
from pytestgen_hook.model.asking import KIND, Answer, Asking, Manner
from pytestgen_hook.model.target import Target
from pytestgen_hook.model.weigh import Bench
from pytestgen_hook.model.whole_tests import Writer

SOURCE = '''"""Bounds."""


def clamp(value: int, low: int = 0, high: int = 10) -> int:
    """Keep a number between two bounds.

    Raises:
        ValueError: If low is greater than high
    """
    if low > high:
        raise ValueError("bounds in the wrong order")
    return max(low, min(value, high))
'''
FIRST = """
import pytest
import importlib

module = importlib.import_module("module")
clamp = getattr(module, "clamp")
ValueError = getattr(module, "ValueError", Exception)


@pytest.mark.parametrize("value,expected", [(5, 5), (-3, 0), (12, 12), (7, 7)])
def test_clamp(value, expected):
    result = clamp(value)
    assert result == expected


def test_clamp_wrong_order():
    with pytest.raises(ValueError):
        clamp(5, 10, 0)
"""
SECOND = """
from module import clamp

def test_clamp_above():
    assert clamp(12) == 10
"""


@pytest.fixture
def recorded(repo, tmp_path):
    """A repository whose model has answered already; its file is none that could be loaded."""
    model = tmp_path / "recorded.gguf"
    model.write_bytes(b"no model")
    cache = Cache(default_folder())
    asking = Asking(lambda: None, lambda: store.fingerprint(model, cache), Manner(), cache)
    answers = [FIRST, SECOND]

    def answer(prompt, *, prefix, **_):
        text = answers.pop(0)
        cache.put(KIND, asking._key(prefix + prompt), {"text": text, "tokens": 50, "ended": "stop"})
        return Answer(text, 50, "stop")

    tree, folder = tmp_path / "tree", tmp_path / "folder"
    for place in (tree, folder):
        place.mkdir()
    (tree / "bounds.py").write_text(SOURCE)
    (function,) = functions_in("bounds.py", SOURCE.encode())
    Writer(answer).write(
        Target(function, "bounds", SOURCE), Bench(Path(sys.executable), tree, [""], folder), seconds=300
    )
    repo.stage("bounds.py", SOURCE)
    repo.model = model
    return repo


def run(repo, *options):
    command = ["--python", sys.executable, "--mode", "write", "--budget", "300", "--model", str(repo.model)]
    result = CliRunner().invoke(check, [*command, *options], env={"PYTESTGEN_MODEL_PROFILE": "whole-tests"})
    assert result.exit_code in (0, 1), result.output
    return result


def test_of_the_answers_what_earns_its_place_is_written(recorded):
    result = run(recorded, "--engine", "model", "--output-format", "json")
    (target,) = json.loads(result.stdout)["targets"]
    assert target["status"] == "generated", target
    written = (recorded.path / "tests" / "test_bounds.py").read_text()
    assert "    with pytest.raises(ValueError):\n        clamp(5, 10, 0)\n" in written
    assert "clamp(12) == 10\n" in written
    assert target["engine"] == "model", target
    assert target["tokens"] == 100
    assert {"test": "test_clamp", "reason": "assert 10 == 12"} in target["dropped"]
    assert {"test": "test_clamp", "reason": "others show all that it shows"} in target["dropped"]
    assert target["mutants"]["killed"] == target["mutants"]["total"]


def test_in_auto_the_search_comes_first_and_the_model_is_not_needed(repo, tmp_path):
    repo.stage("bounds.py", SOURCE)
    repo.model = tmp_path / "never-loaded.gguf"
    repo.model.write_bytes(b"no model")
    result = run(repo, "--engine", "auto", "--output-format", "json")
    (target,) = json.loads(result.stdout)["targets"]
    assert (target["engine"], target["tokens"], target["dropped"]) == ("search", None, [])

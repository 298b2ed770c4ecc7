"""An adapter is compared with the model without it by what the gates let through, and wins only where that is sure."""

import subprocess
import sys
from dataclasses import asdict

import pytest

from finetuning import adapter, evaluate
from finetuning.__main__ import main
from pytestgen_hook.errors import FatalError
from pytestgen_hook.model.calls import Settings
from pytestgen_hook.model.local import LocalModel
from pytestgen_hook.types.generated import Exploration


def pairs(*gained):
    """Rows in which (base, adapter) show so many lines with ten tokens."""
    return [
        {
            name: {"lines": lines, "mutants": 0, "tokens": 10}
            for name, lines in zip(("base", "adapter"), pair, strict=True)
        }
        for pair in gained
    ]


@pytest.mark.parametrize(
    ("gained", "wins"),
    [
        ([(0, 1)] * 8, True),
        ([(0, 1)] * 4, False),  # as clear a result comes by chance once in eight times
        ([(1, 0)] * 8, False),
        ([(1, 1)] * 50, False),
        ([(0, 1)] * 8 + [(30, 0)], False),  # on more functions, and less in all
        ([], False),
    ],
)
def test_an_adapter_wins_only_surely_and_per_token(gained, wins):
    rows = pairs(*gained)
    verdict = evaluate.verdict(rows, "base", "adapter")
    assert verdict["adapter_wins"] is wins
    told = evaluate.sentence({"functions": len(rows), "verdict": verdict})
    assert told.startswith("The adapter wins" if wins else "The adapter does not win")


def test_how_likely_a_result_is_by_chance():
    assert evaluate.by_chance(0, 0) == 1.0
    assert evaluate.by_chance(5, 5) == 1.0
    assert evaluate.by_chance(6, 0) == evaluate.by_chance(0, 6) == pytest.approx(2 / 64)
    assert evaluate.by_chance(8, 1) == pytest.approx(2 * (1 + 9) / 512)


def test_each_call_is_judged_as_it_stands(tiny_model, opened, gates, size, tmp_path):
    """A model that knows nothing writes calls all the same, since the grammar makes it."""
    import tiny

    adapter.written(tiny.lora()[0], 4, tiny_model, tmp_path / "a.gguf")
    told = gates.open(size, [])
    first = Exploration(size.function, size.module, left={**told.left, "form": told.form})
    question = evaluate.Question(opened, size, first)
    settings = Settings(answers=1, calls=2, tokens=80)
    with (
        LocalModel(tiny_model, n_ctx=8192, threads=1) as base,
        LocalModel(tiny_model, n_ctx=8192, threads=1, adapter=tmp_path / "a.gguf") as adapted,
    ):
        result = evaluate.compared([question], [("base", base), ("adapter", adapted)], settings, lambda _: None)
        again = evaluate.scored(gates, question, base, settings)
    (row,) = result["rows"]
    assert (row["repository"], row["function"], row["lines_left"]) == ("sizes", "sizes.size", 7)
    for name in ("base", "adapter"):
        score = row[name]
        assert score["tokens"] == result[name]["tokens"] > 0
        assert score["proposed"] >= score["accepted"]
        assert bool(score["accepted"]) == bool(score["lines"] + score["mutants"])
        assert score["lines"] <= 7
    assert {**row["base"], "seconds": 0} == {**asdict(again), "seconds": 0}
    assert evaluate.sentence(result).startswith("The adapter does not win")  # one function is too few for that


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["collect", "out.jsonl"], "Name a --repository"),
        (["collect", "out.jsonl", "--repository", "."], "--licence MIT"),
        (["export", "none", "a.gguf", "--model", "none.gguf"], "is not there"),
    ],
)
def test_what_is_missing_is_said(arguments, said, library, monkeypatch):
    monkeypatch.chdir(library)
    with pytest.raises(FatalError, match=said):
        main(arguments, standalone_mode=False)


def test_what_must_be_mended_is_one_line(library):
    command = [sys.executable, "-m", "finetuning", "collect", "out.jsonl"]
    run = subprocess.run(command, cwd=library, capture_output=True, text=True)
    assert run.returncode == 2
    assert run.stderr.startswith("error: there is nothing to read")
    assert len(run.stderr.splitlines()) == 1

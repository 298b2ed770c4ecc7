"""An adapter is compared with the model without it by what the gates let through, and wins only where that is sure."""

import json
import subprocess
import sys

import pytest

from finetuning import evaluate
from finetuning.__main__ import main
from pytestgen_hook.errors import FatalError


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


def test_an_adapter_that_changes_nothing_does_not_win(small_model, tmp_path, library):
    numpy = pytest.importorskip("numpy")
    from finetuning import adapter

    name = "base_model.model.model.layers.0.self_attn.q_proj.lora_{}.weight"
    nothing = {name.format("A"): numpy.ones((2, 896)), name.format("B"): numpy.zeros((896, 2))}
    adapter.written(nothing, 4, small_model, tmp_path / "nothing.gguf")
    command = [sys.executable, "-m", "finetuning", "evaluate", tmp_path / "nothing.gguf", "--model", small_model]
    options = ["--repository", library, "--licence", "MIT", "--seconds", "2", "--out", tmp_path / "result.json"]
    run = subprocess.run([*command, *options], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "The adapter does not win: better on 0 functions, worse on 0" in run.stdout
    result = json.loads((tmp_path / "result.json").read_text())
    for row in result["rows"]:
        same = [{**row[name], "seconds": 0} for name in ("base", "adapter")]
        assert same[0] == same[1]
    assert result["functions"] == len(result["rows"])
    assert result["base"]["tokens"] > 0


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

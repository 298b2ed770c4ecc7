"""Rows are kept as lines of JSON, in the form of Distil Labs, and never about a program of a benchmark."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from finetuning import distil, excluded
from finetuning.rows import check_wording, read, written
from pytestgen_hook.errors import FatalError
from pytestgen_hook.functions import bodies

BENCH = Path(__file__).parents[2] / "ci" / "bench"


def test_rows_are_read_as_they_were_written(rows, tmp_path):
    written(rows, tmp_path / "rows.jsonl")
    assert read([tmp_path / "rows.jsonl"]) == rows


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda line: line[:-5],
        lambda line: "[]",
        lambda line: line.replace('"licence": "MIT"', '"licence": ""'),
        lambda line: line.replace('"answer": [', '"answer": [1, '),
        lambda line: line.replace('"answer"', '"more"'),
    ],
)
def test_a_line_that_is_no_row_is_named(rows, tmp_path, spoilt):
    place = tmp_path / "rows.jsonl"
    written(rows[:1], place)
    place.write_text(place.read_text() + spoilt(place.read_text().strip()) + "\n")
    with pytest.raises(FatalError, match=r"rows\.jsonl:2 is no row"):
        read([place])


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(FatalError, match="finetuning collect"):
        read([tmp_path / "none.jsonl"])


def test_rows_with_an_old_wording_are_refused(rows):
    check_wording(rows)
    with pytest.raises(FatalError, match="finetuning filter"):
        check_wording([replace(rows[0], prompt=0)])


def test_the_programs_of_the_benchmarks_here_are_excluded():
    listed = excluded.listed()
    for folder in ("faults", "faults_unseen", "promises"):
        found = excluded.forms_in(BENCH / folder)
        assert len(found) > 20
        assert found <= listed


def test_a_program_of_a_benchmark_is_refused_whatever_it_is_called(rows):
    program = next(path for path in sorted((BENCH / "faults" / "right").glob("*.py")))
    source = program.read_text()
    name = next(name for name, _ in bodies(source.encode()) if "." not in name)
    copied = source.replace(f"def {name}(", "def other(").replace(f"{name}(", "other(") + "\n\n# a comment\n"
    form = next(form for (called, _), form in bodies(copied.encode()).items() if called == "other")
    with pytest.raises(FatalError, match="program of a benchmark"):
        excluded.check([replace(rows[0], form=form)], excluded.listed())
    with pytest.raises(FatalError, match="no digest"):
        excluded.check([replace(rows[0], form="")], excluded.listed())
    excluded.check(rows, excluded.listed())


def test_programs_of_human_eval_are_read_from_their_file(tmp_path):
    import gzip

    problem = {"prompt": "def f(x):\n    '''Say.'''\n", "canonical_solution": "    return x + 41\n"}
    with gzip.open(tmp_path / "HumanEval.jsonl.gz", "wt") as stream:
        stream.write(json.dumps(problem) + "\n")
    assert excluded.forms_in(tmp_path) == set(bodies(b"def g(x):\n    return x + 41\n").values())
    with pytest.raises(FatalError, match="is not there"):
        excluded.forms_in(tmp_path / "none")


def test_the_form_of_distil_labs(rows, tmp_path):
    distil.written(rows[1:], rows[:1], tmp_path / "data")
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [
        "config.yaml",
        "job_description.json",
        "test.csv",
        "train.csv",
    ]
    with (tmp_path / "data" / "test.csv").open(newline="") as stream:
        (told,) = csv.DictReader(stream)
    assert tuple(told) == ("question", "answer", "context", "reasoning")
    assert told["answer"].splitlines() == list(rows[0].answer)
    assert told["question"].startswith("```python\n")
    assert f"def {rows[0].origin.function}(" in told["question"]
    assert "<|im" not in told["question"]
    assert "MIT" in told["context"]
    assert rows[0].origin.commit[:12] in told["context"]
    assert len(told["reasoning"].splitlines()) == len(rows[0].answer)
    config = yaml.safe_load((tmp_path / "data" / "config.yaml").read_text())
    assert set(config) == {"base", "tuning", "evaluation", "synthgen"}
    job = json.loads((tmp_path / "data" / "job_description.json").read_text())
    assert {"task_description", "input_description"} <= set(job)

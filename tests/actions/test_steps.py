"""Whatever a workflow or job of ours runs is played by a test, or it is said here why not."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

TOP = Path(__file__).parent.parent.parent
GATE = "the gate itself, of which this test is a part"

_ACTION = "test_action.py::test_the_action_installs_itself_makes_tests_and_pushes_them"
_MODEL = "test_action.py::test_a_branch_without_the_model_fetches_it_and_puts_it_into_the_cache"
_COMMENT = "test_action.py::test_mode_comment_comments_once_and_then_changes_its_comment"
_FORK = "test_workflows.py::test_a_pull_request_from_a_fork_is_checked_in_one_workflow_and_commented_in_another"
_NIGHT = "test_workflows.py::test_the_nightly_run_proposes_tests_once"
_SUGGEST = "test_workflows.py::test_suggestions_are_an_artifact_and_do_not_fail"
_MATRIX = "test_workflows.py::test_our_own_matrix_installs_us_and_what_our_tests_need"
_SELF = "test_workflows.py::test_our_own_pull_requests_fail_for_what_is_untested"
_PASSED = "test_workflows.py::test_our_own_last_job_is_green_only_if_all_are"
_GITLAB = "test_gitlab.py::test_the_whole_job_in_a_new_container"
_INSTALL = "Install the project and what its tests need"

# (file, job, name of the step, or its first line where it has none): the test that plays it
PLAYED = {
    ("ci/action.yml", "runs", "Install pytestgen-check into an environment of its own"): _ACTION,
    ("ci/action.yml", "runs", "Find the model"): _MODEL,
    ("ci/action.yml", "runs", "Check the model, and fetch it for a branch"): _MODEL,
    ("ci/action.yml", "runs", "Check"): _ACTION,
    ("ci/action.yml", "runs", "Comment"): _COMMENT,
    ("ci/action.yml", "runs", "Commit"): _ACTION,
    ("ci/action.yml", "runs", "Say whether anything is left to do"): _ACTION,
    ("ci/workflows/pytestgen.yml", "check", _INSTALL): _FORK,
    ("ci/workflows/pytestgen.yml", "check", "Check the functions that this pull request changes"): _FORK,
    ("ci/workflows/pytestgen-comment.yml", "comment", "Comment"): _FORK,
    ("ci/workflows/pytestgen-backfill.yml", "tests", _INSTALL): _NIGHT,
    ("ci/workflows/pytestgen-backfill.yml", "tests", "Write tests"): _NIGHT,
    ("ci/workflows/pytestgen-backfill.yml", "propose", "Propose the tests"): _NIGHT,
    ("ci/workflows/pytestgen-suggest.yml", "suggest", _INSTALL): _SUGGEST,
    ("ci/workflows/pytestgen-suggest.yml", "suggest", "Make the patch"): _SUGGEST,
    ("ci/gitlab.yml", "pytestgen", "python -m pip install pytest -e ."): _GITLAB,
    ("ci/gitlab.yml", "pytestgen", "python -m venv /tmp/pytestgen"): _GITLAB,
    ("ci/gitlab.yml", "pytestgen", '/tmp/pytestgen/bin/python -m pip install "pytestgen-hook==0.1.0"'): _GITLAB,
    ("ci/gitlab.yml", "pytestgen", "/tmp/pytestgen/bin/pytestgen-check"): _GITLAB,
    (".github/workflows/ci.yml", "tests", 'python -m pip install --upgrade "pip>=25.1"'): _MATRIX,
    (".github/workflows/ci.yml", "tests", "python -m pip install --editable . --group test"): _MATRIX,
    (".github/workflows/ci.yml", "self", 'python -m pip install --upgrade "pip>=25.1"'): _SELF,
    (".github/workflows/ci.yml", "self", "python -m pip install --editable . --group test"): _SELF,
    (".github/workflows/ci.yml", "passed", "Every job has passed or was not needed"): _PASSED,
}
NOT_PLAYED = {
    (".github/workflows/ci.yml", "gate", "bash .ci/run"): GATE,
    (".github/workflows/ci.yml", "tests", "python -m pytest"): GATE,
}


def steps() -> Iterator[tuple[str, str, str]]:
    """Every step that runs something, of every file that is a workflow, an action or a job of GitLab's."""
    for path in sorted([*TOP.glob(".github/**/*.yml"), *TOP.glob("ci/*.yml"), *TOP.glob("ci/workflows/*.yml")]):
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
        jobs = loaded.get("jobs") or {name: job for name, job in loaded.items() if isinstance(job, dict)}
        for name, job in jobs.items():
            scripts = [line for part in ("before_script", "script", "after_script") for line in job.get(part) or ()]
            named = [step.get("name") or step["run"] for step in job.get("steps") or () if "run" in step]
            for line in (*named, *scripts):
                yield path.relative_to(TOP).as_posix(), name, line.splitlines()[0].split(" --since")[0]


def test_every_step_is_played_or_said_not_to_be() -> None:
    found = list(steps())
    assert not PLAYED.keys() & NOT_PLAYED.keys()
    assert sorted({*found}) == sorted({**PLAYED, **NOT_PLAYED})
    twice = {step for step in found if found.count(step) > 1}
    assert not twice, "of steps with one name only one may be played"


@pytest.mark.parametrize("test", sorted({*PLAYED.values()}))
def test_the_tests_that_play_them_exist(test: str) -> None:
    file, name = test.split("::")
    tree = ast.parse((Path(__file__).parent / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}

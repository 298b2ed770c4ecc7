"""Suspected bugs on real repositories: when they are looked for, how they are told, and what is never written."""

import json
import sys

import pytest
from click.testing import CliRunner

from pytestgen_hook.cli import check

SOURCE = '''\
def cut(text: str, width: int) -> str:
    """Shorten a text.

    The result is at most ``width`` characters long.

    Raises:
        ValueError: If width is negative.
    """
    if width < 0:
        raise ValueError("negative width")
    return text if len(text) <= width else text[:width] + "..."
'''
RIGHT = SOURCE.replace('text[:width] + "..."', "text[:width]")
TEST = "from a import cut\n\n\ndef test_cut():\n    assert cut('ab', 2) == 'ab'\n"


def run(*options):
    return CliRunner().invoke(check, ["--python", sys.executable, *options])


def target(*options):
    (found,) = json.loads(run("--output-format", "json", *options).stdout)["targets"]
    return found


def test_a_tested_function_is_held_against_its_documentation_if_asked(repo):
    repo.stage("a.py", SOURCE)
    repo.stage("test_a.py", TEST)
    assert run().exit_code == 0
    result = run("--promises")
    assert result.exit_code == 1
    assert "PTG005 cut: suspected bug: cut(" in result.output
    assert 'not at most width long; line 4 says "The result is at most ``width`` characters long."' in result.output
    assert "-> mend the function or what is said of it (pytestgen explain PTG005)" in result.output
    assert "1 changed function: 1 suspect" in result.output
    annotation = run("--promises", "--output-format", "github").output.splitlines()[0]
    assert annotation.startswith("::error file=a.py,line=1,")
    assert "title=PTG005 cut::cut: suspected bug: cut(" in annotation


def test_agreement_is_told_and_is_no_finding(repo):
    repo.stage("a.py", RIGHT)
    repo.stage("test_a.py", TEST)
    found = target("--promises")
    assert (found["status"], found["code"]) == ("tested", None)
    assert {one["source"] for one in found["promises"]} == {"raises", "returns", "annotation"}
    assert all(one["kept"] > 0 and one["contradiction"] is None for one in found["promises"])
    assert run("--promises").exit_code == 0


@pytest.mark.parametrize("mode", ["write", "amend"])
def test_a_suspect_gets_no_tests_that_would_hide_it(repo, mode):
    repo.stage("a.py", SOURCE)
    found = target("--mode", mode)
    assert (found["status"], found["code"]) == ("suspect", "PTG005")
    (contradiction,) = [one["contradiction"] for one in found["promises"] if one["contradiction"]]
    assert contradiction["call"].startswith("cut(")
    assert contradiction["observed"].endswith("...'")
    assert not (repo.path / "tests").exists()
    assert run("--mode", mode).exit_code == 1  # the second attempt says the same


def test_no_test_is_written_for_a_suspect_and_others_of_its_file_get_theirs(repo):
    repo.stage("a.py", SOURCE + "\n\ndef double(number: int) -> int:\n    return number * 2\n")
    assert run("--mode", "write").exit_code == 1
    written = (repo.path / "tests" / "test_a.py").read_text()
    assert "double" in written
    assert "cut" not in written


DISMISSED = SOURCE.replace("-> str:", "-> str:  # pytestgen: ignore[PTG005] the mark may stand out", 1)


def test_a_dismissed_suspicion_is_silenced_and_leaves_what_else_is_to_be_said(repo):
    repo.stage("a.py", DISMISSED)
    repo.stage("test_a.py", TEST)
    assert run("--promises").exit_code == 0
    repo.git("rm", "--cached", "--quiet", "test_a.py")
    found = target("--promises")
    assert (found["status"], found["code"]) == ("untested", "PTG001")


def test_what_is_dismissed_gets_tests_of_the_calls_that_agree(repo):
    repo.stage("a.py", DISMISSED)
    found = target("--mode", "write")
    assert (found["status"], found["code"]) == ("generated", None), found["reason"]
    assert "def test_cut" in (repo.path / "tests" / "test_a.py").read_text()


def test_a_comment_that_dismisses_nothing_is_reported(repo):
    repo.stage("a.py", RIGHT.replace("-> str:", "-> str:  # pytestgen: ignore[PTG005] the mark may stand out", 1))
    repo.stage("test_a.py", TEST)
    assert "silences no PTG005" in run("--promises").output
    assert "silences no PTG005" not in run().output

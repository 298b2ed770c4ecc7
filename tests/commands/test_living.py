"""Living with legacy code, on real repositories: the baseline, comments and settings of paths."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pytestgen_hook import __version__
from pytestgen_hook.cli import check
from pytestgen_hook.functions import bodies

OLD = "def old(x):\n    return x + 1\n"
TILL = "class Till:\n    def add(self, x):\n        return x * 2\n"
BASELINE = ".pytestgen-baseline.json"
IGNORE = "# pytestgen: ignore[PTG001] talks to hardware\n"


def run(*options: str) -> Result:
    return CliRunner().invoke(check, ["--python", sys.executable, *options])


def report(*options: str) -> Any:
    result = run("--output-format", "json", *options)
    assert result.stdout, result.stderr
    return json.loads(result.stdout)


def found(*options: str) -> list[str]:
    """What is open: code and name."""
    data = report(*options)
    targets = [f"{item['code']} {item['qualname']}" for item in data["targets"] if item["code"]]
    return sorted(targets + [f"PTG007 {item['qualname']}" for item in data["unanalysed"]])


def silenced(*options: str) -> list[str]:
    return sorted(f"{item['by']} {item['code']} {item['qualname']}" for item in report(*options)["silenced"])


def entries(repo: Any) -> list[tuple[str, str]]:
    document = json.loads((repo.path / BASELINE).read_text())
    return [(entry["path"], f"{entry['rule']} {entry.get('qualname')}") for entry in document["findings"]]


@pytest.fixture
def legacy(repo: Any) -> Any:
    """A repository with old code in a baseline, all committed."""
    repo.stage("shop.py", OLD + "\n\n" + TILL)
    repo.stage("bad.py", "def broken(:\n")
    repo.commit()
    assert run("--write-baseline").exit_code == 0
    repo.git("add", BASELINE)
    repo.commit()
    return repo


# -- the baseline ------------------------------------------------------------------------------------------------------


def test_a_baseline_holds_what_there_is_and_no_line_numbers(legacy) -> None:
    assert entries(legacy) == [("bad.py", "PTG007 None"), ("shop.py", "PTG001 Till.add"), ("shop.py", "PTG001 old")]
    assert run("--all").exit_code == 0
    assert silenced("--all") == ["baseline PTG001 Till.add", "baseline PTG001 old", "baseline PTG007 None"]
    assert not any("line" in entry for entry in json.loads((legacy.path / BASELINE).read_text())["findings"])
    legacy.stage("shop.py", "import os\n\n\n" + TILL + "\n\n" + OLD)
    assert found("--all") == []


def test_without_a_range_every_function_goes_into_a_baseline_and_with_nothing_new_it_stays(legacy) -> None:
    before = (legacy.path / BASELINE).read_bytes()
    result = run("--write-baseline")
    assert result.exit_code == 0
    assert f"{BASELINE}: 3 findings of this run in it -> git add {BASELINE}\n" in result.stdout
    assert (legacy.path / BASELINE).read_bytes() == before


def test_a_change_of_an_old_function_is_a_finding(legacy) -> None:
    legacy.stage("shop.py", OLD.replace("1", "2") + "\n\n" + TILL)
    assert found() == ["PTG002 old"]
    assert found("--all") == []


def test_a_new_function_is_a_finding_also_under_the_name_of_an_old_one(legacy) -> None:
    legacy.stage("shop.py", TILL + "\n\ndef new():\n    return 1\n")
    legacy.commit()
    assert found("--since", "HEAD~1") == ["PTG001 new"]
    legacy.stage("shop.py", TILL + "\n\ndef old(y):\n    return y * 99\n")
    assert found() == ["PTG001 old"]
    assert found("--all") == []


def test_what_is_written_but_not_staged_silences_nothing_and_that_is_said(repo) -> None:
    repo.stage("shop.py", OLD)
    run("--write-baseline")
    result = run("--all")
    assert result.exit_code == 1
    assert f"note: {BASELINE} is not in what is examined, and silences nothing yet: git add it\n" in result.stdout


@pytest.mark.parametrize("commits", [0, 1, 2], ids=["staged", "committed", "long ago"])
def test_a_renamed_file_keeps_its_entries_though_functions_change(legacy, commits: int) -> None:
    filler = "".join(f"A{number} = {number}\n" for number in range(30))
    legacy.stage("shop.py", filler + OLD + TILL)
    run("--write-baseline")
    legacy.git("add", BASELINE)
    legacy.commit()
    legacy.git("mv", "shop.py", "store.py")
    legacy.stage("store.py", filler + OLD.replace("1", "5") + TILL)
    for number in range(commits):
        legacy.commit()
        legacy.git("mv", f"store{number - 1}.py" if number else "store.py", f"store{number}.py")
    assert found("--all") == []
    run("--write-baseline")
    now = f"store{commits - 1}.py" if commits else "store.py"
    assert (now, "PTG001 old") in entries(legacy)
    assert not any(path == "shop.py" for path, _ in entries(legacy))


def test_moved_and_renamed_functions_keep_their_entries_and_copies_get_none(legacy) -> None:
    legacy.stage("shop.py", TILL.replace("add", "put"))
    legacy.stage("other.py", OLD)
    assert found("--all") == []
    legacy.stage("copy.py", OLD)
    legacy.stage("shop.py", OLD + TILL)
    assert [target["path"] for target in report("--all")["targets"]] == ["copy.py", "other.py"]


def test_what_is_solved_is_said(legacy) -> None:
    legacy.stage("bad.py", "x = 1\n")
    legacy.stage("test_shop.py", "from shop import old\n\n\ndef test_old():\n    assert old(1) == 2\n")
    legacy.stage("shop.py", OLD)
    result = run("--all")
    assert result.exit_code == 0
    told = f"{BASELINE}: stale: 3 entries are solved: bad.py: the file, shop.py: Till.add, shop.py: old"
    assert f"{told} -> pytestgen-check --all --write-baseline\n" in result.stdout
    assert run("--write-baseline").exit_code == 0
    assert entries(legacy) == []


@pytest.mark.parametrize("mode", ["write", "amend"])
def test_a_run_that_may_write_takes_out_what_is_solved(legacy, mode) -> None:
    legacy.stage("test_shop.py", "from shop import old\n\n\ndef test_old():\n    assert old(1) == 2\n")
    legacy.stage("shop.py", OLD.replace("return", "x = 1\n    return", 1))
    assert ("shop.py", "PTG001 old") in entries(legacy)
    result = run("--mode", mode)
    assert f"{BASELINE}: what is solved was taken out of it: git add {BASELINE}" in result.output
    assert ("shop.py", "PTG001 old") not in entries(legacy)
    assert legacy.git("diff", "--cached", "--name-only").split() == ["shop.py", "test_shop.py"]
    assert "stale" not in result.output


def test_a_baseline_with_edits_is_left_as_it_is(legacy) -> None:
    legacy.stage("test_shop.py", "from shop import old\n\n\ndef test_old():\n    assert old(1) == 2\n")
    legacy.stage("shop.py", OLD.replace("return", "x = 1\n    return", 1))
    path = legacy.path / BASELINE
    before = path.read_text().replace("bad.py", "worse.py")
    path.write_text(before)
    assert "solved" in run("--mode", "write").output
    assert path.read_text() == before


def test_a_part_of_the_range_leaves_the_other_entries_alone(legacy) -> None:
    legacy.stage("other.py", "def other():\n    return 1\n")
    assert run("--write-baseline", "--all", "other.py").exit_code == 0
    assert ("other.py", "PTG001 other") in entries(legacy)
    assert len(entries(legacy)) == 4
    (legacy.path / "other.py").write_text("")
    legacy.git("add", "other.py")
    assert run("--write-baseline", "--staged", "shop.py").exit_code == 0
    assert len(entries(legacy)) == 4


def test_what_the_range_adds_to_the_baseline_is_a_finding_in_that_range(legacy) -> None:
    legacy.git("checkout", "-q", "-b", "topic")
    legacy.stage("new.py", "def new():\n    return 1\n")
    assert run("--write-baseline").exit_code == 0
    legacy.git("add", BASELINE)
    assert found() == ["PTG001 new"]
    assert "the change itself adds it to the baseline (--update-baseline takes it)" in run().stdout
    legacy.commit()
    assert found("--since", "main") == ["PTG001 new"]
    assert run("--since", "main").exit_code == 1
    assert run("--since", "main", "--update-baseline").exit_code == 0
    assert run("--all").exit_code == 0
    legacy.commit()
    assert run("--since", "HEAD~1").exit_code == 0


def test_a_change_that_was_taken_stays_so_when_all_is_looked_at(legacy) -> None:
    legacy.stage("shop.py", OLD.replace("1", "2") + TILL)
    assert run("--staged", "--write-baseline", "--update-baseline").exit_code == 0
    assert ("shop.py", "PTG002 old") in entries(legacy)
    legacy.git("add", BASELINE)
    assert (found("--update-baseline"), found("--all")) == ([], [])
    assert run("--write-baseline").exit_code == 0
    assert ("shop.py", "PTG002 old") in entries(legacy)


def test_no_test_is_written_for_what_is_in_the_baseline(legacy) -> None:
    assert run("--all", "--mode", "write").exit_code == 0
    assert legacy.git("status", "--porcelain") == ""


def test_another_file_can_be_named_and_has_to_be_there(legacy) -> None:
    legacy.git("mv", BASELINE, "known.json")
    assert run("--all").exit_code == 1
    legacy.stage("pyproject.toml", '[tool.pytestgen]\nbaseline = "known.json"\n')
    assert run("--all").exit_code == 0
    legacy.git("rm", "-q", "--cached", "known.json")
    result = run("--all")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "baseline = known.json: git has no such file. Run: git add known.json" in result.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<<<<<<< ours\n", "not valid JSON"),
        ("[]", "a baseline has schema_version 1, this has None"),
        ('{"schema_version": 2, "findings": []}', "this has 2"),
        ('{"schema_version": 1, "findings": [{"path": "a.py"}]}', "its findings are not those of a baseline"),
        (
            '{"schema_version": 1, "findings": [{"path": "a.py", "rule": 1}]}',
            "its findings are not those of a baseline",
        ),
        ("[" * 100_000, "not"),
    ],
)
def test_what_is_no_baseline_is_refused(repo, text: str, told: str) -> None:
    repo.stage("a.py", OLD)
    repo.stage(BASELINE, text)
    result = run()
    assert result.exit_code == 2
    assert told in result.stderr
    assert result.stderr.endswith("pytestgen-check --all --write-baseline\n")


# -- comments ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["<<<<<<< ours\n", '{"schema_version": 2, "findings": []}'])
def test_what_is_no_baseline_can_be_written_anew_by_the_command_that_is_named(legacy, text: str) -> None:
    known = entries(legacy)
    legacy.stage(BASELINE, text)
    assert "Write it anew: pytestgen-check --all --write-baseline" in run("--all").stderr
    assert run("--write-baseline", known[0][0]).exit_code == 2  # what is not looked at would be lost
    assert (legacy.path / BASELINE).read_text() == text
    assert run("--all", "--write-baseline").exit_code == 0
    assert entries(legacy) == known


def test_a_comment_silences_its_function_and_its_reason_is_kept(repo) -> None:
    repo.stage("a.py", IGNORE + OLD + TILL)
    data = report()
    assert [item["qualname"] for item in data["targets"]] == ["Till.add"]
    assert data["silenced"] == [
        {
            "path": "a.py",
            "qualname": "old",
            "line": 2,
            "code": "PTG001",
            "reason": "no test file reaches its module",
            "by": "comment",
            "comment": "talks to hardware",
        }
    ]
    assert data["counts"]["silenced"] == 1
    repo.stage("a.py", IGNORE + "\n" + OLD + TILL)
    assert run().exit_code == 0
    assert "nothing left to test; 2 ignored by comments" in run().stdout
    assert "a.py:3: PTG001 old: ignored by a comment: talks to hardware" in run("-v").stdout
    assert run("-q").output == ""


def test_a_comment_of_the_work_tree_that_is_not_staged_does_not_count(repo) -> None:
    repo.stage("a.py", OLD)
    repo.write("a.py", IGNORE + OLD)
    assert found() == ["PTG001 old"]


def test_no_test_is_written_for_what_a_comment_silences(repo) -> None:
    repo.stage("a.py", IGNORE + "def double(x: int) -> int:\n    return 2 * x\n")
    assert run("--mode", "write").exit_code == 0
    assert repo.git("status", "--porcelain") == "A  a.py\n"


def test_an_unknown_rule_in_a_comment_is_an_error_with_a_suggestion(repo) -> None:
    repo.stage("a.py", IGNORE.replace("PTG001", "PTG01") + OLD)
    result = run()
    assert result.exit_code == 2
    assert result.stderr == "error: a.py:1: there is no rule PTG01. Did you mean PTG001?\n"


def test_a_comment_that_silences_nothing_any_more_is_said(repo) -> None:
    repo.stage("a.py", IGNORE + OLD + "f = lambda: 1  # pytestgen: ignore[PTG001] wrong rule\n")
    repo.stage("test_a.py", "from a import old\n\n\ndef test_old():\n    assert old(1) == 2\n")
    stale = [(item["line"], item["reason"]) for item in report()["stale"]]
    assert stale == [(1, "the comment silences no PTG001"), (4, "the comment silences no PTG001")]
    assert "a.py:1: stale: the comment silences no PTG001 -> remove it\n" in run().stdout
    assert "::warning file=a.py,line=1,title=stale::" in run("--output-format", "github").stdout


def test_a_comment_that_this_run_cannot_judge_is_not_said_to_be_stale(repo) -> None:
    repo.stage(
        "a.py",
        "# pytestgen: ignore[PTG001] all of it\n\n"
        + OLD
        + "def g():  # pytestgen: ignore[PTG004] weak\n    return 1\n",
    )
    repo.commit()
    repo.stage("a.py", (repo.path / "a.py").read_text().replace("return 1", "return 2"))
    assert report()["stale"] == []
    repo.stage("a.py", (repo.path / "a.py").read_text() + "def h(:\n")
    assert report()["stale"] == []


# -- writing comments --------------------------------------------------------------------------------------------------


def test_comments_are_written_into_the_sources_once(repo) -> None:
    repo.stage("a.py", OLD + TILL + "f = lambda: 1\n")
    repo.stage("bad.py", "print 'x'\n")
    result = run("--add-ignores", "old code")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == "written: read them, then git add a.py bad.py"
    comment = "# pytestgen: ignore[PTG001] old code\n"
    assert (repo.path / "a.py").read_text() == (
        comment + OLD + TILL.replace("    def", f"    {comment}    def") + comment.replace("1", "7") + "f = lambda: 1\n"
    )
    assert (repo.path / "bad.py").read_text() == "# pytestgen: ignore[PTG007] old code\n\nprint 'x'\n"
    repo.git("add", "-A")
    assert run().exit_code == 0
    assert run("--add-ignores", "old code").exit_code == 0
    assert repo.git("diff", "--name-only") == ""


def test_comments_can_be_looked_at_first(repo) -> None:
    repo.stage("a.py", OLD)
    result = run("--add-ignores", "old code", "--diff")
    assert "+# pytestgen: ignore[PTG001] old code\n" in result.stdout
    assert (repo.path / "a.py").read_text() == OLD


@pytest.mark.parametrize("scope", ["--staged", "--since=HEAD~1"])
def test_no_comment_is_written_into_a_file_that_is_not_as_it_was_examined(repo, scope: str) -> None:
    repo.commit()
    repo.stage("a.py", OLD)
    repo.stage("b.py", OLD)
    if scope != "--staged":
        repo.commit()
        repo.stage("b.py", "\n" + OLD)
    else:
        repo.write("b.py", "\n" + OLD)
    result = run(scope, "--add-ignores", "old code")
    assert result.exit_code == 2
    assert "b.py is not in the work tree as it was examined, so no comment was written" in result.stderr
    assert (repo.path / "a.py").read_text() == OLD


def test_where_no_comment_can_be_written_none_is(repo) -> None:
    repo.stage("a.py", OLD)
    repo.path.joinpath("b.py").write_bytes(b"# coding: nonsense\n" + OLD.encode())
    repo.git("add", "b.py")
    result = run("--add-ignores", "old code")
    assert result.exit_code == 2
    assert "b.py: no comments were written anywhere: it cannot be decoded" in result.stderr
    assert (repo.path / "a.py").read_text() == OLD


@pytest.mark.parametrize(
    "arguments",
    [
        ["--add-ignores", " "],
        ["--add-ignores", "a\nb"],
        ["--add-ignores", "a # b"],
        ["--add-ignores", "x", "--write-baseline"],
        ["--add-ignores", "x", "--mode", "write"],
        ["--write-baseline", "--mode", "amend"],
        ["--write-baseline", "--diff"],
        ["--isolated", "--config", "a.toml"],
    ],
)
def test_what_does_not_go_together_is_refused(repo, arguments: list[str]) -> None:
    repo.stage("a.py", OLD)
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Usage:" in result.stderr
    assert repo.git("status", "--porcelain") == "A  a.py\n"


# -- settings of paths -------------------------------------------------------------------------------------------------

OVERRIDES = """
[tool.pytestgen]
mode = "write"
budget = 600
[[tool.pytestgen.overrides]]
paths = ["legacy", "old_*.py"]
ignore = ["ptg001"]
[[tool.pytestgen.overrides]]
paths = ["slow/*"]
mode = "fail"
"""
DOUBLE = "def double(x: int) -> int:\n    return 2 * x\n"


def test_paths_have_rules_and_modes_of_their_own(repo) -> None:
    repo.stage("pyproject.toml", OVERRIDES)
    for path in ("legacy/a.py", "old_b.py", "slow/c.py", "d.py"):
        repo.stage(path, DOUBLE)
    data = report()
    assert (data["mode"], data["exit_status"]) == ("write", 1)
    found_out = {item["path"]: (item["engine"], item["fix"]) for item in data["targets"]}
    assert found_out.keys() == {"d.py", "slow/c.py"}
    assert found_out["d.py"][0] == "search"
    assert found_out["slow/c.py"] == (None, "pytestgen-check --mode write slow/c.py")
    assert [(item["path"], item["by"]) for item in data["silenced"]] == [
        ("legacy/a.py", "settings"),
        ("old_b.py", "settings"),
    ]
    assert "test_c.py" not in repo.git("status", "--porcelain", "-uall")
    # The command that the line names does it: what is asked for on the spot wins over the file.
    assert 'mode = "fail"' in run("--show-settings").stdout
    assert 'mode = "fail"' not in run("--mode", "write", "--show-settings", "slow/c.py").stdout


def test_a_path_can_have_a_budget_of_its_own(repo) -> None:
    repo.stage("pyproject.toml", OVERRIDES.replace('mode = "fail"', "budget = 0.0001"))
    repo.stage("slow/c.py", DOUBLE)
    repo.stage("d.py", DOUBLE)
    assert {item["path"]: item["untried"] for item in report()["targets"]} == {"d.py": False, "slow/c.py": True}


def test_in_amend_only_the_tests_of_its_own_paths_become_part_of_the_commit(repo) -> None:
    repo.stage("pyproject.toml", OVERRIDES.replace("write", "amend").replace("fail", "write"))
    for path in ("slow/c.py", "d.py"):
        repo.stage(path, DOUBLE.replace("double", f"double_{path[0]}"))
    data = report()
    assert data["staged"] == [f"tests/{name}" for name in ("test_d.py",)]
    assert data["exit_status"] == 1
    status = repo.git("status", "--porcelain", "-uall").splitlines()
    assert "A  tests/test_d.py" in status
    assert sum(line.startswith("?? ") for line in status) == 1


# -- the header of new files -------------------------------------------------------------------------------------------


def test_a_new_file_says_what_wrote_it_if_asked_and_what_a_person_made_of_it_stays(repo) -> None:
    repo.stage("pyproject.toml", "[tool.pytestgen]\nbudget = 600\nheader = true\n")
    repo.stage("shop.py", DOUBLE)
    run("--mode", "write")
    path = repo.path / "tests/test_shop.py"
    first, second, *rest = path.read_text().splitlines()
    assert first == f"# Written by pytestgen-hook {__version__} (search) from observed calls of:"
    digest = bodies(DOUBLE.encode())["double", 1]
    assert second == f"#   shop.py::double {digest}"
    edited = "\n".join([first, second, *rest]).replace("def test_", "def test_by_hand_") + "\n# mine\n"
    path.write_text(edited)
    repo.git("add", "tests")
    repo.stage("shop.py", DOUBLE + "\n\ndef thrice(x: int) -> int:\n    return 3 * x\n")
    run("--mode", "write")
    text = path.read_text()
    kept = [line for line in edited.splitlines() if line]
    assert [line for line in text.splitlines() if line in kept] == kept
    assert "thrice(" in text
    assert text.count("Written by") == 1

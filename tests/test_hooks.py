"""Real commits with the hook: under pre-commit and as a plain script, in each mode."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the plain hook is a shell script")

AREA = """def area(width, height):
    if width < 0 or height < 0:
        raise ValueError("negative side")
    return width * height
"""
PROGRAM = f"{sys.executable} -m pytestgen_hook check"
CONFIGURATION = """\
repos:
  - repo: local
    hooks:
      - id: pytestgen-check
        name: changed functions have tests
        entry: {entry}
        language: system
        types_or: [python]
        pass_filenames: false
        require_serial: true
"""
PLAIN = "#!/bin/sh\nexec {entry}\n"


@pytest.fixture(params=["pre-commit", "plain"])
def hooked(request: pytest.FixtureRequest, repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A repository and a function that gives it the hook with some arguments."""
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    monkeypatch.setenv("PYTESTGEN_PYTHON", sys.executable)

    def install(arguments: str = ""):
        entry = f"{PROGRAM} {arguments}".strip()
        if request.param == "plain":
            hook = repo.write(".git/hooks/pre-commit", PLAIN.format(entry=entry))
            hook.chmod(0o755)
        else:
            repo.stage(".pre-commit-config.yaml", CONFIGURATION.format(entry=entry))
            command = [sys.executable, "-m", "pre_commit", "install"]
            subprocess.run(command, cwd=repo.path, check=True, capture_output=True)
        return repo

    return install


def commit(repo, *arguments: str) -> subprocess.CompletedProcess[str]:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    command = ["git", *identity, "commit", "--message", "change", *arguments]
    return subprocess.run(command, cwd=repo.path, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def committed(repo) -> set[str]:
    """Files of the last commit."""
    return set(repo.git("ls-tree", "-r", "--name-only", "HEAD").split())


def test_an_untested_function_stops_the_commit(hooked) -> None:
    repo = hooked()
    repo.stage("shapes.py", AREA)
    result = commit(repo)
    assert result.returncode == 1
    assert "shapes.py:1: PTG001 area: " in result.stdout + result.stderr
    assert repo.git("status", "--porcelain", "--", "shapes.py", "tests") == "A  shapes.py\n"


def test_a_commit_without_python_goes_through(hooked) -> None:
    repo = hooked()
    repo.stage("a.txt", "text")
    assert commit(repo).returncode == 0


def test_a_tested_function_goes_through(hooked) -> None:
    repo = hooked()
    repo.stage("shapes.py", AREA)
    repo.stage("test_shapes.py", "from shapes import area\n\n\ndef test_area():\n    assert area(2, 3) == 6\n")
    result = commit(repo)
    assert result.returncode == 0, result.stdout + result.stderr


def test_what_is_staged_counts_and_not_the_work_tree(hooked) -> None:
    repo = hooked()
    repo.stage("shapes.py", AREA)
    repo.write("test_shapes.py", "from shapes import area\n\n\ndef test_area():\n    assert area(2, 3) == 6\n")
    assert commit(repo).returncode == 1


def test_mode_write_stops_the_commit_until_the_tests_are_added(hooked) -> None:
    repo = hooked("--mode write")
    repo.stage("shapes.py", AREA)
    result = commit(repo)
    assert result.returncode == 1
    assert "git add tests/test_shapes.py" in result.stdout + result.stderr
    assert repo.git("status", "--porcelain", "--untracked-files=all", "--", "tests") == "?? tests/test_shapes.py\n"
    repo.git("add", "tests/test_shapes.py")
    assert commit(repo).returncode == 0
    assert "tests/test_shapes.py" in committed(repo)


def test_mode_amend_makes_the_tests_part_of_the_commit(hooked) -> None:
    repo = hooked("--mode amend")
    repo.stage("shapes.py", AREA)
    result = commit(repo)
    assert result.returncode == 0, result.stdout + result.stderr
    assert {"shapes.py", "tests/test_shapes.py"} <= committed(repo)
    told = result.stdout + result.stderr
    assert "part of the commit: tests/test_shapes.py" in told or "Passed" in told  # then pre-commit shows nothing of it
    assert repo.git("status", "--porcelain") == ""
    passed = subprocess.run([sys.executable, "-m", "pytest", "-q"], cwd=repo.path, capture_output=True, check=False)
    assert passed.returncode == 0


def test_mode_amend_in_a_partial_commit_only_writes(hooked) -> None:
    repo = hooked("--mode amend")
    repo.git("commit", "--quiet", "--allow-empty", "--no-verify", "--message", "first")
    repo.stage("shapes.py", AREA)
    repo.stage("other.txt", "stays staged")
    result = commit(repo, "--", "shapes.py")
    assert result.returncode == 1
    status = repo.git("status", "--porcelain", "--untracked-files=all", "--", "shapes.py", "other.txt", "tests")
    assert status.splitlines() == ["A  other.txt", "A  shapes.py", "?? tests/test_shapes.py"]


def _merging(repo, mode: str) -> subprocess.CompletedProcess[str]:
    """Merge a branch with an untested function, the hook run by git before it makes the merge commit."""
    repo.git("commit", "--quiet", "--allow-empty", "--no-verify", "--message", "first")
    repo.git("checkout", "--quiet", "-b", "side")
    repo.stage("shapes.py", AREA)
    repo.git("commit", "--quiet", "--no-verify", "--message", "side")
    repo.git("checkout", "--quiet", "main")
    repo.stage("own.txt", "text")
    repo.git("commit", "--quiet", "--no-verify", "--message", "main")
    repo.write(".git/hooks/pre-merge-commit", PLAIN.format(entry=f"{PROGRAM} --mode {mode}")).chmod(0o755)
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    return subprocess.run(
        ["git", *identity, "merge", "--no-edit", "side"], cwd=repo.path, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("mode", ["fail", "amend"])
def test_what_a_merge_brings_from_its_other_parent_is_no_change_of_its_own(repo, monkeypatch, mode: str) -> None:
    monkeypatch.setenv("PYTESTGEN_PYTHON", sys.executable)
    result = _merging(repo, mode)
    assert result.returncode == 0, result.stdout + result.stderr
    assert repo.git("status", "--porcelain") == ""


def test_mode_amend_in_a_sparse_checkout_keeps_the_tests_that_are_not_checked_out(repo, monkeypatch) -> None:
    monkeypatch.setenv("PYTESTGEN_PYTHON", sys.executable)
    old = "from shop.shapes import area\n\n\ndef test_area():\n    assert area(2, 3) == 6\n"
    repo.stage("shop/shapes.py", AREA)
    repo.stage("tests/test_shapes.py", old)
    repo.commit()
    repo.git("sparse-checkout", "set", "shop")
    repo.stage("shop/shapes.py", AREA + "\n\ndef half(number):\n    return number / 2\n")
    repo.write(".git/hooks/pre-commit", PLAIN.format(entry=f"{PROGRAM} --mode amend")).chmod(0o755)
    result = commit(repo)
    assert result.returncode == 0, result.stdout + result.stderr
    assert repo.git("show", "HEAD:tests/test_shapes.py") == old
    assert "half(" in repo.git("show", "HEAD:tests/test_shapes_more.py")


@pytest.mark.parametrize("mode", ["amend", "write"])
def test_edits_that_the_hook_manager_put_aside_are_there_afterwards(hooked, mode: str) -> None:
    repo = hooked(f"--mode {mode}")
    test = "from shapes import area\n\n\ndef test_area():\n    assert area(2, 3) == 6\n"
    repo.stage("shapes.py", AREA)
    repo.stage("tests/test_shapes.py", test)
    repo.git("commit", "--quiet", "--no-verify", "--message", "first")
    repo.stage("shapes.py", AREA + "\n\ndef half(number):\n    return number / 2\n")
    edited = test + "\n\ndef test_mine():\n    assert area(1, 1) == 1\n"
    repo.write("tests/test_shapes.py", edited)
    result = commit(repo)
    assert result.returncode == (0 if mode == "amend" else 1), result.stdout + result.stderr
    assert (repo.path / "tests/test_shapes.py").read_text(encoding="utf-8") == edited
    assert "half(" in (repo.path / "tests/test_shapes_more.py").read_text(encoding="utf-8")

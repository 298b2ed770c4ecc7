"""Real pushes with the hook: what is pushed is examined as it is pushed, whatever is checked out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from pytestgen_hook.cli import check
from pytestgen_hook.git import Repository
from pytestgen_hook.pushing import refs_of_push

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the plain hook is a shell script")

ENTRY = f"{sys.executable} -m pytestgen_hook check"
TOP = Path(__file__).parent.parent
# As people get it, but for what starts it.
HOOK = yaml.safe_load((TOP / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))[0]
CONFIGURATION = yaml.safe_dump(
    {"repos": [{"repo": "local", "hooks": [{**HOOK, "entry": ENTRY, "language": "system"}]}]}, sort_keys=False
)
TEST = "from {name} import {name}\n\n\ndef test_{name}():\n    assert {name}(2) == 4\n"


def function(name: str) -> str:
    return f"def {name}(number):\n    return number * 2\n"


@pytest.fixture
def remote(request: pytest.FixtureRequest, repo, lean: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A repository with a tested function on ``main``, which a remote has, and with the hook."""
    monkeypatch.setenv("PYTESTGEN_PYTHON", lean)
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    monkeypatch.setenv("PREK_HOME", str(tmp_path / "prek"))
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "far.git")], check=True)
    repo.git("remote", "add", "origin", str(tmp_path / "far.git"))
    repo.stage("base.py", function("base"))
    repo.stage("test_base.py", TEST.format(name="base"))
    if request.param == "plain":
        hook = repo.write(".git/hooks/pre-push", f'#!/bin/sh\nexec {ENTRY} --pre-push "$1"\n')
        hook.chmod(0o755)
    else:
        repo.stage(".pre-commit-config.yaml", CONFIGURATION)
        program = [sys.executable, "-m", "pre_commit" if request.param == "pre-commit" else "prek"]
        command = [*program, "install", "--hook-type", "pre-push"]
        subprocess.run(command, cwd=repo.path, check=True, capture_output=True)
    repo.commit()
    repo.git("push", "--quiet", "--no-verify", "origin", "main")
    return repo


# A manager reads the list of refs itself and hands on the first of them.
plainly = pytest.mark.parametrize("remote", ["plain"], indirect=True)
managed = pytest.mark.parametrize("remote", ["plain", "pre-commit", "prek"], indirect=True)


def push(repo, *refs: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", "push", "origin", *refs], cwd=repo.path, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )


def told(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout + done.stderr


def add(repo, name: str, *, tested: bool = False) -> None:
    repo.stage(f"{name}.py", function(name))
    if tested:
        repo.stage(f"test_{name}.py", TEST.format(name=name))
    repo.commit(name)


@managed
def test_a_branch_that_is_not_checked_out_is_examined_as_it_is(remote) -> None:
    remote.git("checkout", "--quiet", "-b", "side")
    add(remote, "side")
    remote.git("checkout", "--quiet", "main")
    remote.write("side.py", "")  # what lies about here is not pushed
    done = push(remote, "side")
    assert done.returncode == 1
    assert "side.py:1: PTG001 side: " in told(done)
    assert "which is not checked out" in told(done)


@plainly
def test_what_is_tested_on_its_own_branch_goes_through(remote) -> None:
    remote.git("checkout", "--quiet", "-b", "side")
    add(remote, "side", tested=True)
    remote.git("checkout", "--quiet", "main")
    assert push(remote, "side").returncode == 0


def go_to_an_empty_remote(repo) -> None:
    repo.git("remote", "set-url", "origin", repo.git("rev-parse", "--show-toplevel").strip() + "/../new.git")
    repo.git("update-ref", "-d", "refs/remotes/origin/main")
    subprocess.run(["git", "init", "--quiet", "--bare", str(repo.path.parent / "new.git")], check=True)


@pytest.mark.parametrize("remote", ["plain", "pre-commit"], indirect=True)
def test_the_first_push_of_a_history_examines_all_of_it(remote) -> None:
    add(remote, "late")
    go_to_an_empty_remote(remote)
    done = push(remote, "main")
    assert done.returncode == 1
    assert "late.py:1: PTG001 late: " in told(done)
    assert "base.py:1:" not in told(done)  # examined, and tested
    assert "2 functions: 1 untested, 1 tested" in told(done)


@plainly
def test_conflicts_in_the_index_are_no_part_of_what_is_pushed(remote) -> None:
    go_to_an_empty_remote(remote)
    remote.write("base.py", function("base") + "# mine\n")
    remote.git("stash", "push", "--quiet")
    remote.stage("base.py", function("base") + "# theirs\n")
    remote.commit()
    with pytest.raises(subprocess.CalledProcessError):
        remote.git("stash", "pop")
    assert remote.git("ls-files", "--unmerged")
    done = push(remote, "main")
    assert done.returncode == 0, told(done)


@plainly
def test_a_force_push_after_a_rebase_asks_nothing_about_what_it_was_rebased_onto(remote) -> None:
    remote.git("checkout", "--quiet", "-b", "side")
    add(remote, "side", tested=True)
    remote.git("push", "--quiet", "--no-verify", "origin", "side")
    remote.git("checkout", "--quiet", "main")
    add(remote, "upstream")
    remote.git("push", "--quiet", "--no-verify", "origin", "main")
    remote.git("checkout", "--quiet", "side")
    remote.git("rebase", "--quiet", "main")
    done = push(remote, "--force", "side")
    assert done.returncode == 0, told(done)


@plainly
def test_deletions_and_what_the_remote_has_go_through(remote) -> None:
    add(remote, "known")
    remote.git("push", "--quiet", "--no-verify", "origin", "main", "main:refs/heads/other")
    assert push(remote, "main:refs/heads/again").returncode == 0
    assert push(remote, "--delete", "other").returncode == 0


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="processes do not tell here what started them")
@plainly
def test_where_git_has_nothing_to_push_nothing_is_examined_whatever_is_checked_out(remote) -> None:
    """Git runs the hook all the same, and tells it nothing: as managers do that keep to themselves what git says."""
    remote.git("checkout", "--quiet", "-b", "side")
    add(remote, "side")
    done = push(remote, "main")
    assert (done.returncode, "Everything up-to-date" in told(done)) == (0, True), told(done)
    assert push(remote, "side").returncode == 1


@pytest.mark.parametrize("kind", ["--annotate", "--no-sign"])
@plainly
def test_a_tag_brings_its_commits(remote, kind: str) -> None:
    remote.git("checkout", "--quiet", "--detach")
    add(remote, "tagged")
    remote.git("tag", kind, "--message", "text", "v1") if kind == "--annotate" else remote.git("tag", "v1")
    remote.git("checkout", "--quiet", "main")
    done = push(remote, "v1")
    assert done.returncode == 1
    assert "tagged.py:1: PTG001 tagged: " in told(done)
    remote.git("tag", "v2", "main:base.py")  # of a file
    assert push(remote, "v2").returncode == 0


@managed
def test_every_ref_of_a_push_is_examined(remote) -> None:
    """Managers tell of the first alone, here one that brings no Python; the command of the push tells of all."""
    remote.git("checkout", "--quiet", "-b", "docs")
    remote.stage("README.md", "text")
    remote.commit()
    for name in ("good", "one", "two"):
        remote.git("checkout", "--quiet", "-b", name, "main")
        add(remote, name, tested=name == "good")
    remote.git("checkout", "--quiet", "main")
    done = push(remote, "docs", "good", "+one:refs/heads/first", "two", ":refs/heads/none")
    assert done.returncode == 1
    assert "one.py:1: PTG001 one: " in told(done)
    assert "two.py:1: PTG001 two: " in told(done)
    assert "3 changed functions: 2 untested, 1 tested" in told(done)


def test_what_a_push_takes_along_is_read_from_its_command(repo) -> None:
    repo.commit()
    for name in ("refs/heads/side", "refs/heads/team/a", "refs/tags/v1", "refs/remotes/origin/side"):
        repo.git("update-ref", name, "HEAD")
    repository = Repository.open(repo.path)

    def taken(*arguments: str) -> list[str]:
        return refs_of_push(arguments, "origin", repository)

    heads = ["refs/heads/main", "refs/heads/side", "refs/heads/team/a"]
    assert taken("origin", "side", "+main:x", ":gone", "^refs/heads/no") == ["side", "main"]
    assert taken("--all") == taken("--branches", "origin") == taken("--al", "-u", "origin") == heads
    assert taken("--tags", "origin", "main") == ["main", "refs/tags/v1"]
    assert taken("origin", "tag", "v1", "HEAD") == ["refs/tags/v1", "HEAD"]
    assert taken("origin", "refs/heads/team/*:refs/heads/*") == ["refs/heads/team/a"]
    assert taken("-o", "side", "--push-option=x", "--repo", "y", "-f", "origin", "main") == ["main"]
    assert taken("origin", "--", "main") == ["main"]
    assert taken("origin", ":") == ["refs/heads/side"]
    assert set(heads) < set(taken("--mirror", "origin"))
    assert taken("--delete", "origin", "side") == taken("-fd", "origin", "side") == []
    assert taken() == taken("origin") == ["HEAD"]
    assert taken("--tags") == ["HEAD", "refs/tags/v1"]
    repo.git("config", "push.default", "matching")
    assert taken() == ["refs/heads/side"]
    repo.git("config", "--add", "remote.origin.push", "main:x")
    repo.git("config", "--add", "remote.origin.push", "refs/heads/team/*:refs/heads/y/*")
    assert taken() == ["main", "refs/heads/team/a"]
    assert taken("origin", "side") == ["side"]


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="processes do not tell here what started them")
@pytest.mark.parametrize("command", ["push far x", "-c a.b=c --no-pager push -u far x", "send far x"])
def test_the_command_of_a_push_is_that_of_a_process_above(repo, tmp_path: Path, command: str) -> None:
    repo.commit()
    repo.git("branch", "x")
    repo.git("config", "alias.send", "push")
    repo.git("init", "--quiet", "--bare", str(tmp_path / "far.git"))
    repo.git("remote", "add", "far", str(tmp_path / "far.git"))
    told = "import os; from pytestgen_hook.pushing import command_of_push; print(command_of_push(os.getppid()))"
    repo.write(".git/hooks/pre-push", f"#!/bin/sh\nsh -c '{sys.executable} -c \"{told}\"; exit 1'\n").chmod(0o755)
    done = subprocess.run(["git", *command.split()], cwd=repo.path, capture_output=True, text=True, check=False)
    expected = ["-u", "far", "x"] if "-u" in command else ["far", "x"]
    assert str(expected) in done.stdout + done.stderr


def test_where_nothing_tells_what_else_is_pushed_that_is_said(repo, monkeypatch: pytest.MonkeyPatch) -> None:
    add(repo, "untested")
    monkeypatch.setenv("PRE_COMMIT_REMOTE_NAME", "origin")
    monkeypatch.setenv("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/main")
    result = CliRunner().invoke(check, ["--python", sys.executable])
    assert result.exit_code == 1
    assert "hand on the first ref of a push: others, if any, were not examined" in result.output


@plainly
def test_what_the_remote_has_below_one_ref_of_a_push_is_not_asked_about_for_another(remote) -> None:
    """A tag of the remote is on none of its branches that are known here; git names its commit as the tag is moved."""
    remote.git("checkout", "--quiet", "--detach")
    add(remote, "tagged")
    remote.git("push", "--quiet", "--no-verify", "origin", "HEAD:refs/tags/v1")
    remote.git("checkout", "--quiet", "-b", "side")
    add(remote, "side", tested=True)
    done = push(remote, "side")
    assert "tagged.py:1: PTG001 tagged: " in told(done)  # nothing tells here that the remote has it
    done = push(remote, "--force", "side", "main:refs/tags/v1")
    assert done.returncode == 0, told(done)


@plainly
def test_a_merge_of_what_the_remote_has_brings_nothing_of_its_own(remote) -> None:
    remote.git("checkout", "--quiet", "-b", "side")
    add(remote, "side", tested=True)
    remote.git("checkout", "--quiet", "main")
    add(remote, "upstream")
    remote.git("push", "--quiet", "--no-verify", "origin", "main")
    remote.git("checkout", "--quiet", "side")
    remote.git("merge", "--quiet", "--no-edit", "main")
    done = push(remote, "side")
    assert done.returncode == 0, told(done)


@plainly
def test_tests_are_written_only_for_what_is_checked_out(remote) -> None:
    hook = remote.path / ".git/hooks/pre-push"
    hook.write_text(f'#!/bin/sh\nexec {ENTRY} --mode write --pre-push "$1"\n')
    remote.git("checkout", "--quiet", "-b", "side")
    add(remote, "side")
    remote.git("checkout", "--quiet", "main")
    assert push(remote, "side").returncode == 1
    assert remote.git("status", "--porcelain") == ""
    remote.git("checkout", "--quiet", "side")
    assert push(remote, "side").returncode == 1
    assert remote.git("status", "--porcelain") == "?? test_side.py\n"


# -- the command without a push ------------------------------------------------------------------------------------------


def test_no_line_at_all_means_the_branch_that_is_checked_out(repo) -> None:
    add(repo, "untested")
    result = CliRunner().invoke(check, ["--python", sys.executable, "--pre-push", "origin"], input="")
    assert result.exit_code == 1
    assert "untested.py:1: PTG001 untested: " in result.output


def test_no_line_at_all_where_nothing_is_committed_stops_no_push_and_is_said(repo) -> None:
    repo.stage("a.py", function("f"))
    repo.commit()
    repo.git("checkout", "--quiet", "--orphan", "new")
    result = CliRunner().invoke(check, ["--python", sys.executable, "--pre-push", "origin"], input="")
    assert result.exit_code == 0, result.output
    assert "HEAD has no commit: nothing was examined" in result.output


def test_what_is_not_from_git_is_refused(repo) -> None:
    add(repo, "untested")
    result = CliRunner().invoke(check, ["--pre-push", "origin"], input="refs/heads/main\n")
    assert result.exit_code == 2
    assert "--pre-push: 'refs/heads/main' is not what git tells its pre-push hook." in result.output


def test_a_range_that_pre_commit_was_told_ends_where_it_says(repo, monkeypatch: pytest.MonkeyPatch) -> None:
    add(repo, "old")
    first = repo.git("rev-parse", "HEAD").strip()
    repo.git("checkout", "--quiet", "-b", "side")
    add(repo, "side")
    repo.git("checkout", "--quiet", "main")
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", first)
    monkeypatch.setenv("PRE_COMMIT_TO_REF", "side")
    result = CliRunner().invoke(check, ["--python", sys.executable])
    assert result.exit_code == 1
    assert "side.py:1: PTG001 side: " in result.output
    monkeypatch.setenv("PRE_COMMIT_TO_REF", "gone")
    result = CliRunner().invoke(check, ["--python", sys.executable])
    assert result.exit_code == 2
    assert "gone is no commit of this clone" in result.output

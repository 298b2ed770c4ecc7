"""Real commits in every state that a repository, its settings and its surroundings can be in."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from pytestgen_hook.cli import check, pytestgen

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the plain hook is a shell script")

ENTRY = f"{sys.executable} -m pytestgen_hook check"
SOURCE = "def double(number: int) -> int:\n    return number * 2\n"
OTHER = "def half(number):\n    return number / 2\n"
TEST = "from a import double\n\n\ndef test_double():\n    assert double(2) == 4\n"
FOUND = "a.py:1: PTG001 double: "


@pytest.fixture(autouse=True)
def project(repo, lean: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The interpreter of the project, and one cache for all: the same function is sought calls of once."""
    monkeypatch.setenv("PYTESTGEN_PYTHON", lean)
    monkeypatch.setenv("PYTESTGEN_CACHE_DIR", str(Path(lean).parent.parent.parent / "cache"))


@pytest.fixture
def hooked(repo, monkeypatch: pytest.MonkeyPatch):
    """A function that gives the repository a plain hook with some arguments, after a first commit."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.org")
    monkeypatch.setenv("GIT_EDITOR", "true")

    def install(arguments: str = "", *, first: bool = True, hook: str = "pre-commit"):
        if first:
            repo.stage("first.txt", "text\n")
            repo.commit()
        repo.write(f".git/hooks/{hook}", f"#!/bin/sh\nexec {ENTRY} {arguments}\n").chmod(0o755)
        return repo

    return install


def ran(repo, *command: str, **more) -> subprocess.CompletedProcess[str]:
    """Run a command without a terminal, in a session of its own: whatever asked a question would hang."""
    options = {"cwd": repo.path, "stdin": subprocess.DEVNULL, "start_new_session": True, "timeout": 120, **more}
    return subprocess.run(command, capture_output=True, text=True, **options)


def told(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout + done.stderr


def status_of(repo) -> list[str]:
    return repo.git("status", "--porcelain", "--untracked-files=all").splitlines()


# -- kinds of commits ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("--amend", "--no-edit"), id="amend"),
        pytest.param(("--allow-empty", "--message", "nothing"), id="empty"),
        pytest.param(("--allow-empty", "--allow-empty-message", "--message", ""), id="without-message"),
    ],
)
def test_a_commit_that_changes_nothing_goes_through(hooked, arguments) -> None:
    repo = hooked()
    repo.stage("a.py", SOURCE)
    repo.git("commit", "--quiet", "--no-verify", "--message", "hurry")
    assert ran(repo, "git", "commit", *arguments).returncode == 0


def test_an_amendment_is_asked_about_what_it_adds(hooked) -> None:
    repo = hooked()
    repo.stage("a.py", SOURCE)
    done = ran(repo, "git", "commit", "--amend", "--no-edit")
    assert done.returncode == 1
    assert FOUND in told(done)


@pytest.mark.parametrize("mode", ["fail", "amend"])
def test_commit_all_takes_what_is_not_staged(hooked, mode: str) -> None:
    repo = hooked(f"--mode {mode}")
    repo.stage("a.py", "x = 1\n")
    repo.git("commit", "--quiet", "--no-verify", "--message", "a")
    repo.write("a.py", SOURCE)
    done = ran(repo, "git", "commit", "--all", "--message", "all")
    if mode == "fail":
        assert done.returncode == 1
        assert FOUND in told(done)
    else:
        assert done.returncode == 0, told(done)
        assert status_of(repo) == []
        assert "test_a.py" in repo.git("show", "--name-only", "HEAD")


def test_a_partial_commit_is_asked_about_its_own_files_only(hooked) -> None:
    repo = hooked()
    repo.stage("a.py", SOURCE)
    repo.stage("b.txt", "text")
    assert ran(repo, "git", "commit", "--message", "b", "--", "b.txt").returncode == 0
    done = ran(repo, "git", "commit", "--message", "a", "--", "a.py")
    assert done.returncode == 1
    assert FOUND in told(done)


def test_functions_that_are_not_staged_are_not_asked_about(hooked) -> None:
    """As after ``git add --patch``: the file has two functions, the index one."""
    repo = hooked()
    repo.stage("a.py", SOURCE)
    repo.stage("test_a.py", TEST)
    repo.write("a.py", f"{SOURCE}\n\n{OTHER}")
    assert ran(repo, "git", "commit", "--message", "part").returncode == 0
    assert status_of(repo) == [" M a.py"]
    repo.write("test_a.py", "")  # and what lies about is no evidence against it
    assert "2 functions" not in told(ran(repo, *ENTRY.split()))


@pytest.mark.parametrize("where", ["unborn", "orphan", "detached", "below"])
def test_a_finding_wherever_head_and_the_working_folder_are(hooked, where: str) -> None:
    repo = hooked(first=where != "unborn")
    if where == "orphan":
        repo.git("checkout", "--quiet", "--orphan", "new")
    if where == "detached":
        repo.git("checkout", "--quiet", "--detach")
    (repo.path / "below").mkdir()
    repo.stage("a.py", SOURCE)
    done = ran(repo, "git", "commit", "--message", "a", cwd=repo.path / ("below" if where == "below" else "."))
    assert done.returncode == 1
    assert "PTG001 double: " in told(done)


def test_a_prefix_that_git_hands_to_an_alias_is_the_folder_of_paths_only(hooked) -> None:
    repo = hooked()
    repo.stage("a.py", SOURCE)
    repo.stage("below/b.txt", "text")
    repo.git("config", "alias.untested", f'!cd "${{GIT_PREFIX:-.}}" && {ENTRY}')
    done = ran(repo, "git", "untested", cwd=repo.path / "below")
    assert done.returncode == 1
    assert "../a.py:1: PTG001 double: " in told(done)


def test_a_bare_repository_is_refused(repo, tmp_path: Path) -> None:
    repo.git("init", "--quiet", "--bare", str(tmp_path / "bare.git"))
    done = ran(repo, *ENTRY.split(), cwd=tmp_path / "bare.git")
    assert done.returncode == 2
    assert "has no work tree" in told(done)
    assert len(told(done).splitlines()) == 1


# -- operations ----------------------------------------------------------------------------------------------------------


def conflicting(repo) -> None:
    """Make a branch ``side`` with an untested function, whose last commit conflicts with ``main``."""
    repo.stage("shared.py", "x = 1\n")
    repo.git("commit", "--quiet", "--no-verify", "--message", "base")
    repo.git("checkout", "--quiet", "-b", "side")
    repo.stage("theirs.py", SOURCE)
    repo.git("commit", "--quiet", "--no-verify", "--message", "theirs")
    repo.stage("shared.py", "x = 2\n")
    repo.git("commit", "--quiet", "--no-verify", "--message", "conflict")
    repo.git("checkout", "--quiet", "main")
    repo.stage("shared.py", "x = 3\n")
    repo.git("commit", "--quiet", "--no-verify", "--message", "main")


def test_a_resolved_merge_is_asked_about_what_differs_from_both_sides(hooked) -> None:
    repo = hooked()
    conflicting(repo)
    assert ran(repo, "git", "merge", "side").returncode == 1
    unresolved = ran(repo, *ENTRY.split())
    assert unresolved.returncode == 1
    assert "shared.py: not analysed: it has unresolved conflicts" in told(unresolved)
    repo.stage("shared.py", f"x = 4\n\n\n{OTHER}")
    done = ran(repo, "git", "commit", "--no-edit")
    assert done.returncode == 1
    assert "shared.py:4: PTG001 half: " in told(done)
    assert "theirs.py" not in told(done)
    repo.stage("shared.py", "x = 4\n")
    assert ran(repo, "git", "commit", "--no-edit").returncode == 0


@pytest.mark.parametrize(
    ("operation", "mode"), [("rebase", "amend"), ("cherry-pick", "write"), ("revert", "amend"), ("bisect", "write")]
)
def test_in_the_middle_of_an_operation_nothing_is_written(hooked, operation: str, mode: str) -> None:
    repo = hooked(f"--mode {mode}")
    conflicting(repo)
    if operation == "bisect":
        repo.git("bisect", "start")
    elif operation == "revert":
        assert ran(repo, "git", "revert", "--no-edit", "HEAD~1").returncode == 1
    else:
        assert ran(repo, "git", operation, "side").returncode == 1
    repo.stage("shared.py", f"x = 4\n\n\n{OTHER}")
    before = status_of(repo)
    done = ran(repo, "git", "commit", "--message", "resolved")
    assert done.returncode == 1
    assert "shared.py:4: PTG001 half: " in told(done)
    assert f"a {operation} is in progress: no tests are written before its end" in told(done)
    assert status_of(repo) == before


def test_a_reworded_commit_of_a_rebase_goes_through(hooked, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = hooked()
    repo.stage("a.py", SOURCE)
    repo.git("commit", "--quiet", "--no-verify", "--message", "hurry")
    monkeypatch.setenv("GIT_SEQUENCE_EDITOR", "sed -i s/^pick/reword/")
    assert ran(repo, "git", "rebase", "--interactive", "HEAD~1").returncode == 0


def test_what_a_merge_of_two_bases_brought_is_known_to_both(repo) -> None:
    """Two branches that merged one another: neither of their bases alone has all that both know."""
    repo.stage("base.txt", "text")
    repo.commit()
    repo.git("checkout", "--quiet", "-b", "side")
    repo.stage("b.py", OTHER)
    repo.commit()
    repo.git("checkout", "--quiet", "main")
    repo.stage("a.py", SOURCE)
    repo.commit()
    repo.git("branch", "old-main")
    repo.git("merge", "--quiet", "--no-edit", "side")
    repo.git("checkout", "--quiet", "side")
    repo.git("merge", "--quiet", "--no-edit", "old-main")
    repo.stage("c.py", "def third(number):\n    return number / 3\n")
    repo.commit()
    result = CliRunner().invoke(check, ["--since", "main", "--output-format", "json"])
    assert [target["path"] for target in json.loads(result.stdout)["targets"]] == ["c.py"]


# -- work trees ----------------------------------------------------------------------------------------------------------

RUNS_GIT = """\
import subprocess

from a import double


def test_double(tmp_path):
    assert double(2) == 4
    (tmp_path / "f").write_text("x")
    for command in (["init"], ["add", "."], ["commit", "-m", "x"]):
        subprocess.run(["git", "-c", "user.name=A", "-c", "user.email=a@b", *command], cwd=tmp_path, check=True)
"""


def test_tests_that_run_git_in_a_linked_work_tree_leave_its_index_alone(hooked, tmp_path: Path) -> None:
    repo = hooked()
    repo.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    (tmp_path / "linked" / "a.py").write_text(SOURCE)
    (tmp_path / "linked" / "test_a.py").write_text(RUNS_GIT)
    repo.git("-C", str(tmp_path / "linked"), "add", ".")
    done = ran(repo, "git", "commit", "--message", "linked", cwd=tmp_path / "linked")
    assert done.returncode == 0, told(done)
    assert repo.git("-C", str(tmp_path / "linked"), "show", "--name-only", "--format=", "HEAD").split() == [
        "a.py",
        "test_a.py",
    ]
    assert status_of(repo) == []


@pytest.mark.parametrize("kind", ["linked", "submodule"])
def test_mode_amend_in_a_work_tree_of_its_own(hooked, tmp_path: Path, kind: str) -> None:
    repo = hooked("--mode amend")
    if kind == "linked":
        inner = tmp_path / "linked"
        repo.git("worktree", "add", "--quiet", str(inner))
    else:
        repo.git("clone", "--quiet", str(repo.path), str(tmp_path / "other"))
        repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(tmp_path / "other"), "inner")
        repo.git("commit", "--quiet", "--no-verify", "--message", "inner")
        inner = repo.path / "inner"
        hook = Path(repo.git("-C", str(inner), "rev-parse", "--git-path", "hooks").strip()) / "pre-commit"
        (inner / hook).parent.mkdir(exist_ok=True)
        shutil.copy(repo.path / ".git/hooks/pre-commit", inner / hook)
    (inner / "a.py").write_text(SOURCE)
    repo.git("-C", str(inner), "add", ".")
    done = ran(repo, "git", "commit", "--message", kind, cwd=inner)
    assert done.returncode == 0, told(done)
    assert "test_a.py" in repo.git("-C", str(inner), "show", "--name-only", "HEAD")
    assert repo.git("-C", str(inner), "status", "--porcelain") == ""
    assert status_of(repo) == ([] if kind == "linked" else [" M inner"])


def test_tests_that_a_sparse_checkout_leaves_out_count_all_the_same(hooked) -> None:
    repo = hooked()
    repo.stage("src/a.py", "def double(number):\n    return number + number\n")
    repo.stage("tests/test_a.py", TEST)
    repo.stage("pyproject.toml", '[tool.pytest.ini_options]\npythonpath = ["src"]\n')
    repo.git("commit", "--quiet", "--no-verify", "--message", "a")
    repo.git("sparse-checkout", "set", "src")
    repo.stage("src/a.py", SOURCE)
    assert not (repo.path / "tests").exists()
    done = ran(repo, "git", "commit", "--message", "change")
    assert done.returncode == 0, told(done)


def test_a_file_that_git_is_told_to_assume_unchanged_counts_as_it_is_staged(hooked) -> None:
    repo = hooked()
    repo.stage("a.py", SOURCE)
    repo.git("update-index", "--assume-unchanged", "a.py")
    repo.write("a.py", "x = 1\n")
    done = ran(repo, "git", "commit", "--message", "a")
    assert done.returncode == 1
    assert FOUND in told(done)


def test_a_pointer_of_lfs_is_said_not_to_be_a_source(hooked) -> None:
    repo = hooked()
    repo.stage("a.py", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n")
    done = ran(repo, "git", "commit", "--message", "a")
    assert done.returncode == 1
    assert "a.py: not analysed: is a Git LFS pointer" in told(done)


def test_a_file_that_is_only_announced_is_no_change(hooked) -> None:
    repo = hooked()
    repo.write("a.py", SOURCE)
    repo.git("add", "--intent-to-add", "a.py")
    repo.stage("b.txt", "text")
    assert ran(repo, "git", "commit", "--message", "b").returncode == 0


def test_an_order_of_files_that_is_gone_changes_nothing(repo) -> None:
    repo.git("config", "diff.orderFile", "gone")
    repo.stage("a.py", SOURCE)
    assert FOUND in told(ran(repo, *ENTRY.split()))


# -- surroundings that are in the way ------------------------------------------------------------------------------------


def test_a_held_lock_leaves_the_tests_written_and_the_index_as_it_was(repo) -> None:
    repo.stage("a.py", SOURCE)
    (repo.path / ".git/index.lock").write_text("")
    before = (repo.path / ".git/index").read_bytes()
    result = CliRunner().invoke(check, ["--mode", "amend"])
    assert result.exit_code == 1
    assert "written but not staged" in result.output
    assert "index.lock" in result.output
    assert (repo.path / ".git/index").read_bytes() == before
    assert (repo.path / ".git/index.lock").read_text() == ""


def mounted_read_only(*folders: Path) -> list[str]:
    """Return the beginning of a command for which the folders cannot be written; root is not stopped by permissions."""
    begin = ["unshare", "--mount", "--map-root-user"] if os.getuid() else ["unshare", "--mount"]
    binds = " && ".join(f"mount --bind '{one}' '{one}' && mount -o remount,ro,bind '{one}'" for one in folders)
    command = [*begin, "sh", "-c", f'{binds} && exec "$@"', "sh"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*command, "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("nothing can be mounted here")
    return command


def test_where_git_cannot_be_written_it_is_said_and_nothing_is(repo) -> None:
    repo.stage("a.py", SOURCE)
    beginning = mounted_read_only(repo.path / ".git")
    checked = ran(repo, *beginning, *ENTRY.split())
    assert checked.returncode == 1
    assert FOUND in told(checked)
    amended = ran(repo, *beginning, *ENTRY.split(), "--mode", "amend")
    assert amended.returncode == 2
    assert len(amended.stderr.splitlines()) == 1
    assert "Make it writable" in amended.stderr
    assert status_of(repo) == ["A  a.py"]


def test_a_home_that_cannot_be_written_changes_nothing(repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTESTGEN_CACHE_DIR")
    home = tmp_path / "home"
    home.mkdir()
    repo.stage("a.py", SOURCE)
    repo.stage("test_a.py", TEST)
    environment = {**os.environ, "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("XDG_CACHE_HOME", None)
    done = ran(repo, *mounted_read_only(home), *ENTRY.split(), env=environment)
    assert done.returncode == 0, told(done)
    assert "1 changed function, tested" in told(done)


@pytest.mark.parametrize(("mode", "status"), [("fail", 1), ("amend", 0)])
def test_without_a_network_all_works(repo, without_network: list[str], mode: str, status: int) -> None:
    repo.stage("a.py", SOURCE)
    done = ran(repo, *without_network, *ENTRY.split(), "--mode", mode)
    assert done.returncode == status, told(done)


def test_without_pytest_tests_cannot_be_written_and_that_is_said(repo, tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", with_pip=False)
    repo.stage("a.py", SOURCE)
    done = ran(repo, *ENTRY.split(), "--python", str(tmp_path / "bare"), "--mode", "write")
    assert done.returncode == 2
    assert "tests cannot be proved" in done.stderr
    assert "-m pip install pytest" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert status_of(repo) == ["A  a.py"]


def test_a_project_with_an_older_pytest_and_another_click(repo, tmp_path: Path) -> None:
    """Its environment has what does not go together with ours, and tests that would notice another click."""
    venv.create(tmp_path / "old", with_pip=False)
    python = tmp_path / "old" / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*install, "pytest==7.4.4", "click==7.1.2"], check=True)
    repo.stage("a.py", f"import click\n\n\ndef version() -> str:\n    return click.__version__\n\n\n{SOURCE}")
    repo.stage("test_a.py", "from a import version\n\n\ndef test_version():\n    assert version() == '7.1.2'\n")
    done = ran(repo, *ENTRY.split(), "--python", str(python), "--mode", "write", "--verbose")
    assert done.returncode == 1, told(done)
    assert "version: tested by test_a.py::test_version" in done.stdout
    assert "double: 1 test in test_a.py" in done.stdout or "double: 2 tests in test_a.py" in done.stdout, done.stdout
    assert ran(repo, "git", "diff", "--stat").stdout.count("test_a.py") == 1
    passed = ran(repo, str(python), "-m", "pytest", "-q")
    assert passed.returncode == 0, told(passed)


def test_git_is_never_told_to_commit_stash_check_out_or_reset(repo, tmp_path: Path, monkeypatch) -> None:
    """All that is asked of git in mode amend is written down by a program of its name that comes first."""
    log, real = tmp_path / "asked", shutil.which("git")
    wrapper = tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\necho "$*" >> "{log}"\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    repo.stage("a.py", SOURCE)
    monkeypatch.setenv("PATH", f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}")
    assert ran(repo, *ENTRY.split(), "--mode", "amend").returncode == 0
    words = [line.split() for line in log.read_text().splitlines()]
    asked = {next(word for word in line if not word.startswith("-") and "=" not in word) for line in words}
    assert "add" in asked
    assert asked <= {
        "version",
        "rev-parse",
        "diff",
        "ls-files",
        "cat-file",
        "checkout-index",
        "status",
        "config",
        "check-ignore",
        "add",
    }


def test_a_clone_without_its_files_is_not_taken_for_an_empty_one(repo, tmp_path: Path) -> None:
    repo.stage("a.py", SOURCE)
    repo.commit()
    repo.git("clone", "--quiet", "--no-checkout", str(repo.path), str(tmp_path / "clone"))
    done = ran(repo, *ENTRY.split(), "--all", cwd=tmp_path / "clone")
    assert done.returncode == 2
    assert "nothing is checked out here" in told(done)
    repo.git("-C", str(tmp_path / "clone"), "checkout", "--quiet")
    assert ran(repo, *ENTRY.split(), "--all", cwd=tmp_path / "clone").returncode == 1


def test_a_repository_of_another_user_is_refused_with_what_mends_it(repo) -> None:
    repo.stage("a.py", SOURCE)
    environment = {**os.environ, "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}
    done = ran(repo, *ENTRY.split(), env=environment)
    assert done.returncode == 2
    assert "git config --global --add safe.directory" in told(done)
    assert len(told(done).splitlines()) == 1


def test_whoever_stops_reading_stops_nothing_else(repo) -> None:
    """A closed pipe: the tests are written all the same, and whole."""
    repo.stage("a.py", SOURCE)
    command = f"{ENTRY} --mode write | true"
    done = ran(repo, "bash", "-c", f"{command}; echo ${{PIPESTATUS[0]}}")
    assert "Traceback" not in told(done)
    assert status_of(repo) == ["A  a.py", "?? tests/test_a.py"]
    assert ran(repo, sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider").returncode == 0


# -- who is told ---------------------------------------------------------------------------------------------------------

SLOW = TEST + "    __import__('time').sleep(1.5)\n"


def test_progress_is_shown_on_the_terminal_that_the_hook_can_open(repo) -> None:
    """As pre-commit runs a hook: its output is kept until the end, but the terminal is there."""
    repo.stage("a.py", SOURCE)
    repo.stage("test_a.py", SLOW)
    environment = {**os.environ, "PRE_COMMIT": "1", "TERM": "xterm"}
    kept = repo.path.parent / "kept"
    process, terminal = os.forkpty()
    if process == 0:
        output = os.open(kept, os.O_WRONLY | os.O_CREAT)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.execvpe(sys.executable, [*ENTRY.split()], environment)
    shown = b""
    while select.select([terminal], [], [], 60)[0]:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
    assert b"running 1 test file" in shown
    assert kept.read_text().startswith("1 changed function, tested")


def test_without_a_terminal_nothing_but_the_report_is_printed(repo) -> None:
    repo.stage("a.py", SOURCE)
    repo.stage("test_a.py", TEST)
    done = ran(repo, *ENTRY.split())
    assert done.returncode == 0
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1


WAITING = (
    TEST
    + """\
    import pathlib, time
    while not pathlib.Path({!r}).exists():
        time.sleep(0.01)
"""
)


def test_in_ci_a_heartbeat_says_where_the_work_is_and_the_report_stays_clean(repo, tmp_path: Path) -> None:
    """The test that is run waits until the line has been seen: however slow the machine is, it comes first."""
    seen = tmp_path / "seen"
    repo.stage("a.py", SOURCE)
    repo.stage("test_a.py", WAITING.format(str(seen)))
    process = subprocess.Popen(
        [*ENTRY.split(), "--output-format", "json"],
        env={**os.environ, "CI": "true", "PYTESTGEN_HEARTBEAT": "0.1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if "running 1 test file" in line:
            seen.touch()
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert seen.exists()
    assert all(re.fullmatch(r"pytestgen: \S.* \(\d+ s\)\n", line) for line in lines), lines
    assert json.loads(out)["targets"][0]["status"] == "tested"


LONG = """\
import a, os, pathlib, time


def test_long():
    begun = pathlib.Path({!r})
    begun.with_suffix(".new").write_text(str(os.getpid()))
    begun.with_suffix(".new").rename(begun)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_hook_that_is_stopped_leaves_nothing_half_done(repo, tmp_path: Path, number: signal.Signals) -> None:
    begun, scratch = tmp_path / "begun", tmp_path / "scratch"
    scratch.mkdir()
    repo.stage("a.py", SOURCE)
    repo.stage("test_b.py", LONG.format(str(begun)))
    before = status_of(repo), (repo.path / ".git/index").read_bytes()
    process = subprocess.Popen(
        [*ENTRY.split(), "--mode", "amend"],
        cwd=repo.path,
        env={**os.environ, "TMPDIR": str(scratch)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    _wait_for(begun.exists)
    process.send_signal(number)
    assert process.wait(timeout=30) == (-number if number == signal.SIGKILL else 128 + number)
    if number != signal.SIGKILL:
        assert not list(scratch.iterdir())
        _wait_for(lambda: not Path(f"/proc/{begun.read_text()}").exists())
    assert (repo.path / ".git/index").read_bytes() == before[1]
    assert status_of(repo) == before[0]
    assert not list((repo.path / ".git").glob("*.lock"))


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# -- after the commit ----------------------------------------------------------------------------------------------------


def test_a_commit_that_others_may_have_is_not_amended(repo, tmp_path: Path) -> None:
    repo.stage("a.py", SOURCE)
    repo.commit()
    repo.git("init", "--quiet", "--bare", str(tmp_path / "far.git"))
    repo.git("remote", "add", "origin", str(tmp_path / "far.git"))
    repo.git("push", "--quiet", "origin", "main")
    _refused(repo, "the last commit is on a remote already")


def test_nothing_that_is_staged_gets_into_an_amended_commit(repo) -> None:
    repo.stage("a.py", SOURCE)
    repo.commit()
    repo.stage("b.txt", "text")
    _refused(repo, "there are staged changes")


def test_in_the_middle_of_a_merge_no_commit_is_amended(hooked) -> None:
    repo = hooked()
    conflicting(repo)
    assert ran(repo, "git", "merge", "side").returncode == 1
    _refused(repo, "a merge is in progress")


def test_in_the_middle_of_a_rebase_no_commit_is_amended(hooked) -> None:
    repo = hooked()
    conflicting(repo)
    assert ran(repo, "git", "rebase", "side").returncode == 1
    _refused(repo, "a rebase is in progress")


def test_a_commit_whose_files_have_edits_is_not_amended(repo) -> None:
    repo.stage("a.py", SOURCE)
    repo.stage("b.py", "x = 1\n")
    repo.commit()
    repo.write("a.py", SOURCE + "\n\nx = 1\n")
    _refused(repo, "a.py has edits that are not in the last commit")


def _refused(repo, reason: str) -> None:
    before = repo.git("rev-parse", "HEAD"), status_of(repo)
    result = CliRunner().invoke(pytestgen, ["amend"])
    assert result.exit_code == 2
    assert reason in result.stderr
    assert (repo.git("rev-parse", "HEAD"), status_of(repo)) == before

"""Real commits and pushes under managers of hooks; tests/test_integrations.py tries the files of the pages for each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="hooks are shell scripts here")

TOP = Path(__file__).parent.parent
ENTRY = f"{sys.executable} -m pytestgen_hook check"
SOURCE = "def double(number: int) -> int:\n    return number * 2\n"
TEST = "from {0} import double\n\n\ndef test_double():\n    assert double(2) == 4\n"
LOCAL = """\
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


def ran(repo, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=repo.path,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def commit(repo, **variables: str) -> subprocess.CompletedProcess[str]:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    return ran(repo, "git", *identity, "commit", "--message", "change", **variables)


def told(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout + done.stderr


@pytest.fixture
def at_home(repo, lean: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A repository and a home in which no manager has been before."""
    monkeypatch.setenv("PYTESTGEN_PYTHON", lean)
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    monkeypatch.setenv("PREK_HOME", str(tmp_path / "prek"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return repo


def prek(repo) -> None:
    repo.stage(".pre-commit-config.yaml", LOCAL.format(entry=ENTRY))
    assert ran(repo, sys.executable, "-m", "prek", "install").returncode == 0


def in_a_folder_of_hooks(repo) -> None:
    hook = repo.write("tools/hooks/pre-commit", f"#!/bin/sh\nexec {ENTRY}\n")
    hook.chmod(0o755)
    repo.git("config", "core.hooksPath", "tools/hooks")


@pytest.mark.parametrize("manager", [prek, in_a_folder_of_hooks])
def test_an_untested_function_stops_the_commit_and_its_test_lets_it_through(at_home, manager) -> None:
    manager(at_home)
    at_home.stage("a.py", SOURCE)
    stopped = commit(at_home)
    assert stopped.returncode == 1, told(stopped)
    assert "a.py:1: PTG001 double: " in told(stopped)
    at_home.stage("test_a.py", TEST.format("a"))
    done = commit(at_home)
    assert done.returncode == 0, told(done)


@pytest.mark.parametrize("program", ["pre_commit", "prek"])
def test_a_manager_takes_the_manifest(at_home, program: str) -> None:
    done = ran(at_home, sys.executable, "-m", program, "validate-manifest", str(TOP / ".pre-commit-hooks.yaml"))
    assert done.returncode == 0, told(done)


def test_a_hook_that_is_skipped_or_passed_over_runs_nothing(at_home) -> None:
    prek(at_home)
    at_home.stage("a.py", SOURCE)
    assert commit(at_home, SKIP="pytestgen-check").returncode == 0
    at_home.stage("b.py", SOURCE.replace("2", "3"))
    assert at_home.git("commit", "--no-verify", "--message", "hurry")


@pytest.mark.parametrize("program", ["pre_commit", "prek"])
def test_all_files_is_no_range_and_in_ci_an_error(at_home, program: str) -> None:
    at_home.stage(".pre-commit-config.yaml", LOCAL.format(entry=ENTRY))
    at_home.stage("a.py", SOURCE)
    at_home.commit()
    command = (sys.executable, "-m", program, "run", "--all-files")
    stopped = ran(at_home, *command, CI="true")
    assert stopped.returncode == 1
    assert "so nothing would be checked. Run `pre-commit run --from-ref origin/main --to-ref HEAD`" in told(stopped)
    assert ran(at_home, *command).returncode == 0
    assert ran(at_home, *command, CI="true", SKIP="pytestgen-check").returncode == 0
    at_home.stage("a.py", SOURCE.replace("2", "3"))
    assert "PTG002 double" in told(ran(at_home, *command, CI="true"))


def test_in_ci_a_commit_that_changes_nothing_goes_through(at_home) -> None:
    """As bots make them, with a hook that always runs."""
    configuration = LOCAL.format(entry=ENTRY).replace("types_or: [python]", "always_run: true")
    at_home.stage(".pre-commit-config.yaml", configuration)
    assert ran(at_home, sys.executable, "-m", "pre_commit", "install").returncode == 0
    at_home.commit()
    done = ran(
        at_home, "git", "-c", "user.name=A", "-c", "user.email=a@b", "commit", "--allow-empty", "-m", "x", CI="true"
    )
    assert done.returncode == 0, told(done)


def test_a_project_in_a_folder_of_the_repository_runs_the_hook_there(at_home) -> None:
    at_home.stage("service/.pre-commit-config.yaml", LOCAL.format(entry=ENTRY))
    at_home.stage(".pre-commit-config.yaml", "repos: []\n")
    at_home.stage("service/a.py", SOURCE)
    assert ran(at_home, sys.executable, "-m", "prek", "install").returncode == 0
    stopped = commit(at_home)
    assert stopped.returncode == 1
    assert "a.py:1: PTG001 double: " in told(stopped)
    at_home.stage("service/test_a.py", TEST.format("a"))
    done = commit(at_home)
    assert done.returncode == 0, told(done)


def test_lefthook_hands_on_what_is_pushed(at_home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the file of its page, which tests/test_integrations.py tries in a commit."""
    page = (TOP / "docs/integrations/lefthook.md").read_text(encoding="utf-8")
    at_home.stage("lefthook.yml", page.split("```yaml\n")[1].split("```")[0])
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert ran(at_home, sys.executable, "-m", "lefthook", "install").returncode == 0
    at_home.commit()
    at_home.git("init", "--quiet", "--bare", str(tmp_path / "far.git"))
    at_home.git("remote", "add", "origin", str(tmp_path / "far.git"))
    at_home.git("push", "--quiet", "--no-verify", "origin", "main")
    at_home.git("checkout", "--quiet", "-b", "side")
    at_home.stage("a.py", SOURCE)
    at_home.git("commit", "--no-verify", "--message", "side")
    at_home.git("checkout", "--quiet", "main")
    done = ran(at_home, "git", "push", "origin", "side")
    assert done.returncode == 1
    assert "a.py:1: PTG001 double: " in told(done)


def test_many_files_start_one_process(at_home, tmp_path: Path) -> None:
    """More names than a command line takes: a manager that hands them over would cut them into several runs."""
    counting = tmp_path / "counting"
    counting.write_text(f'#!/bin/sh\necho run >> "{tmp_path}/runs"\nexec {ENTRY} --quiet\n')
    counting.chmod(0o755)
    at_home.stage(".pre-commit-config.yaml", LOCAL.format(entry=counting))
    at_home.git("commit", "--quiet", "--message", "first")
    assert ran(at_home, sys.executable, "-m", "pre_commit", "install").returncode == 0
    for number in range(1500):
        at_home.write(f"{'long' * 20}{number}.py", "x = 1\n")
    at_home.git("add", ".")
    done = commit(at_home)
    assert done.returncode == 0, told(done)
    assert (tmp_path / "runs").read_text().split() == ["run"]


def test_in_an_environment_of_its_own_it_finds_that_of_the_project(at_home, tmp_path: Path, monkeypatch) -> None:
    """``language: python``: pre-commit builds this program from a clone, with what it needs taken from these tests."""
    site = sysconfig.get_path("purelib")
    hosted = tmp_path / "hosted"
    shutil.copytree(TOP / "pytestgen_hook", hosted / "pytestgen_hook", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        shutil.copy(TOP / name, hosted / name)
    at_home.git("init", "--quiet", str(hosted))
    for command in (["add", "--all"], ["commit", "--quiet", "--message", "all"], ["tag", "v1"]):
        at_home.git("-C", str(hosted), *command)
    monkeypatch.delenv("PYTESTGEN_PYTHON")
    for name, value in (("NO_DEPS", "1"), ("NO_BUILD_ISOLATION", "0"), ("NO_INDEX", "1")):
        monkeypatch.setenv(f"PIP_{name}", value)
    monkeypatch.setenv("PYTHONPATH", site)
    repository = f"  - repo: {hosted}\n    rev: v1\n    hooks:\n      - id: pytestgen-check\n"
    at_home.stage(".pre-commit-config.yaml", f"repos:\n{repository}")
    assert ran(at_home, sys.executable, "-m", "pre_commit", "install", "--install-hooks").returncode == 0
    (made,) = (tmp_path / "pre-commit").glob("*/py_env-*/bin")
    (made / "ruff").symlink_to(Path(sysconfig.get_path("scripts")) / "ruff")
    venv.create(at_home.path / ".venv", symlinks=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(at_home.path / ".venv")}))
    (packages / "tests.pth").write_text(f"{site}\n")
    at_home.stage(".gitignore", ".venv\n")
    at_home.stage("a.py", SOURCE)
    lines = ["import os, sys", "from a import double", "", "", "def test_double():", "    assert double(2) == 4"]
    lines += ["    assert sys.prefix.endswith('.venv')"]
    lines += ["    assert os.environ.get('VIRTUAL_ENV', sys.prefix) == sys.prefix"]
    lines += ["    assert not {'PYTHONHOME', 'PRE_COMMIT', 'GIT_INDEX_FILE'} & set(os.environ)"]
    at_home.stage("test_a.py", "\n".join(lines) + "\n")
    done = commit(at_home)
    assert done.returncode == 0, told(done)
    at_home.stage("a.py", SOURCE.replace("double", "twice").replace("2", "3"))
    assert "a.py:1: PTG001 twice: " in told(commit(at_home))

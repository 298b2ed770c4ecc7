"""What ``pytestgen doctor`` finds, and what it says is missing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from pytestgen_hook.cli import pytestgen
from pytestgen_hook.commands.doctor import Fact, diagnose
from pytestgen_hook.model.extra import LLAMA, missing_extra


def facts(cwd: Path, **overrides: object) -> dict[str, Fact]:
    return {fact.topic: fact for fact in diagnose(cwd, os.environ, None, overrides)}


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with nothing installed, not even pip."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder


def test_a_bare_environment_lacks_pytest_and_is_told_how_to_get_it(repo, bare: Path) -> None:
    found = facts(repo.path, python=str(bare))
    assert not found["interpreter"].problem
    assert str(bare) in found["interpreter"].told
    assert "setting" in found["interpreter"].told
    assert found["pytest"].problem
    assert found["pytest"].remedy.startswith("uv pip install --python ")
    assert found["pytest"].remedy.endswith(" pytest")
    assert not found["coverage"].problem
    assert found["coverage"].remedy.endswith(" coverage")


def test_a_complete_environment_has_versions(repo) -> None:
    found = facts(repo.path, python=sys.executable)
    assert found["pytest"].told == pytest.__version__
    assert not found["pytest"].problem


def test_an_interpreter_that_does_not_run_is_a_problem(repo) -> None:
    found = facts(repo.path, python="missing/python")
    assert found["interpreter"].problem
    assert "missing/python" in found["interpreter"].told
    assert "pytest" not in found


def test_the_sandbox_says_what_it_enforces(repo) -> None:
    found = facts(repo.path, python=sys.executable)
    assert not found["sandbox"].problem
    assert "audit hook" in found["sandbox"].told


def test_settings_that_differ_from_the_defaults_are_shown(repo) -> None:
    assert facts(repo.path)["settings"].told == "the defaults"
    repo.stage("pyproject.toml", '[tool.pytestgen]\nmode = "write"\nexclude = ["docs/*"]\n')
    assert facts(repo.path)["settings"].told == 'mode = "write", exclude = ["docs/*"]'


def test_broken_settings_are_a_problem(repo) -> None:
    repo.stage("pyproject.toml", "[tool.pytestgen]\nbugdet = 1\n")
    found = facts(repo.path)["settings"]
    assert found.problem
    assert "Did you mean budget?" in found.told


def test_outside_a_repository_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert facts(tmp_path)["repository"].problem


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(".pre-commit-config.yaml", id="pre-commit"),
        pytest.param("lefthook.yml", id="lefthook"),
        pytest.param(".git/hooks/pre-commit", id="a plain hook"),
    ],
)
def test_a_hook_that_runs_it_is_found(repo, path: str) -> None:
    assert facts(repo.path)["hook"].remedy == "pytestgen init"
    repo.write(path, "pytestgen-check\n")
    assert facts(repo.path)["hook"].told == f"named in {path}"


def test_a_merge_under_way_is_said(repo) -> None:
    repo.stage("a.txt", "1")
    repo.commit()
    repo.git("switch", "--quiet", "--create", "other")
    repo.stage("a.txt", "2")
    repo.commit()
    repo.git("switch", "--quiet", "main")
    repo.stage("a.txt", "3")
    repo.commit()
    with pytest.raises(subprocess.CalledProcessError):
        repo.git("merge", "other")
    told = [fact for fact in diagnose(repo.path, os.environ, None, {}) if fact.topic == "git"]
    assert [fact.problem for fact in told] == [False, True]
    assert "merge" in told[0].told
    assert "a.txt" in told[1].told


@pytest.mark.usefixtures("repo")
def test_the_command_prints_all_and_fails_on_problems(bare: Path) -> None:
    good = CliRunner().invoke(pytestgen, ["doctor", "--python", sys.executable])
    bad = CliRunner().invoke(pytestgen, ["doctor", "--python", str(bare)])
    assert "ok pytest: " in good.stdout
    assert "!! pytest: " in bad.stdout
    assert "-> uv pip install" in bad.stdout
    assert bad.exit_code == 2


# -- the model ---------------------------------------------------------------------------------------------------------


def test_a_model_that_is_not_here_is_no_problem_and_comes_with_the_command(repo) -> None:
    found = facts(repo.path)["model"]
    assert not found.problem
    assert found.told == "qwen2.5-coder-1.5b is not on this machine"
    assert found.remedy == "pytestgen model pull qwen2.5-coder-1.5b"


def test_the_model_of_the_settings_is_looked_at(repo) -> None:
    repo.stage("pyproject.toml", "[tool.pytestgen]\nmodel = 'qwen2.5-coder-0.5b'\nengine = 'model'\n")
    found = facts(repo.path)["model"]
    assert (found.problem, found.told) == (True, "qwen2.5-coder-0.5b is not on this machine")
    for wrong, told in (("qwen", "there is no model 'qwen'"), ("gone.gguf", "gone.gguf is not there")):
        repo.stage("pyproject.toml", f"[tool.pytestgen]\nmodel = '{wrong}'\n")
        found = facts(repo.path)["model"]
        assert found.problem
        assert told in found.told


def declared(repo, path: Path) -> Fact:
    repo.stage("pyproject.toml", f"[tool.pytestgen.models.'qwen2.5-coder-1.5b']\npath = '{path.as_posix()}'\n")
    return facts(repo.path)["model"]


def test_a_model_that_is_here_fits_or_not(repo, small_model: Path, tmp_path: Path) -> None:
    assert re.search(r" fits: 0\.\d of \d+\.\d GiB of memory, threads: \d+$", declared(repo, small_model).told)
    huge = tmp_path / "huge.gguf"
    with small_model.open("rb") as stream:
        huge.write_bytes(stream.read(1 << 20))
    os.truncate(huge, 1 << 42)
    assert "the model huge.gguf needs 4096." in declared(repo, huge).told


def test_what_runs_models_is_missing_in_the_core_install(repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tmp_path / "m.gguf"
    model.write_bytes(b"GGUF")
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    told = declared(repo, model).told
    assert told.startswith(
        "qwen2.5-coder-1.5b is here; llama-cpp-python is not installed. Install it with: pip install 'py"
    )
    monkeypatch.setenv("PATH", str(tmp_path))
    assert str(missing_extra(LLAMA)).endswith(
        " (there is no C++ compiler to build it with: README says where ready-made wheels are)"
    )
    assert "compiler" not in str(missing_extra("psutil"))

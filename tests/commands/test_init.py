"""What ``pytestgen init`` writes, and what it leaves alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from pytestgen_hook import __version__
from pytestgen_hook.cli import pytestgen

HOOKS = ".pre-commit-config.yaml"
WORKFLOW = ".github/workflows/pytestgen.yml"


def init(*arguments: str) -> Result:
    return CliRunner().invoke(pytestgen, ["init", *arguments])


def hook_ids(path: Path) -> list[str]:
    return [hook["id"] for entry in yaml.safe_load(path.read_text())["repos"] for hook in entry["hooks"]]


def test_an_empty_repository_gets_both_files(repo) -> None:
    result = init()
    assert result.exit_code == 0
    assert "pre-commit install" in result.stdout
    assert hook_ids(repo.path / HOOKS) == ["pytestgen-check", "pytestgen-generate"]
    command = [sys.executable, "-m", "pre_commit", "validate-config", HOOKS]
    subprocess.run(command, cwd=repo.path, check=True, capture_output=True)
    steps = yaml.safe_load((repo.path / WORKFLOW).read_text())["jobs"]["check"]["steps"]
    assert f'"pytestgen-hook=={__version__}"' in steps[3]["run"]
    assert repo.git("diff", "--cached", "--name-only") == ""


def test_twice_is_once(repo) -> None:
    init()
    before = {name: (repo.path / name).read_bytes() for name in (HOOKS, WORKFLOW)}
    result = init()
    assert result.exit_code == 0
    assert result.stdout.count("left as it is") == 2
    assert {name: (repo.path / name).read_bytes() for name in before} == before


@pytest.mark.parametrize("url", ["", "two words", "a'b", 'a"b', "a\nb", "\x1b[31m", "\udcff"])
def test_a_url_that_is_none_is_refused(repo, url: str) -> None:
    result = init("--repo", url)
    assert result.exit_code == 2
    assert "is no URL" in result.stderr
    assert repo.git("status", "--porcelain") == ""


def test_from_a_folder_below_the_top_is_meant(repo, monkeypatch: pytest.MonkeyPatch) -> None:
    (repo.path / "src").mkdir()
    monkeypatch.chdir(repo.path / "src")
    init()
    assert (repo.path / HOOKS).exists()
    assert not (repo.path / "src" / HOOKS).exists()


@pytest.mark.parametrize(
    "existing",
    [
        pytest.param("repos:\n  - repo: meta\n    hooks:\n      - id: identity\n", id="indented"),
        pytest.param("repos:\n- repo: meta\n  hooks:\n  - id: identity # why\n", id="not indented"),
        pytest.param("repos:\n- repo: meta\n  hooks:\n  - id: identity", id="no line end"),
        pytest.param(
            "# top\nfail_fast: true\nrepos: # all\n- repo: meta\n\n  hooks:\n  - id: identity\n\n# ci\nci: {}\n",
            id="a key and comments behind",
        ),
        pytest.param("repos:\r\n- repo: meta\r\n  hooks:\r\n  - id: identity\r\n", id="line ends of Windows"),
    ],
)
def test_an_existing_configuration_keeps_every_line(repo, existing: str) -> None:
    (repo.path / HOOKS).write_bytes(existing.encode())
    assert init().exit_code == 0
    assert hook_ids(repo.path / HOOKS) == ["identity", "pytestgen-check", "pytestgen-generate"]
    after = (repo.path / HOOKS).read_bytes().decode()
    remaining = iter(after.splitlines(keepends=True))
    assert all(
        any(line.rstrip("\r\n") == other.rstrip("\r\n") for other in remaining) for line in existing.splitlines()
    )
    assert ("\r\n" in existing) == ("\r\n" in after)
    assert after.count("\n") == after.count("\r\n") or "\r\n" not in after


@pytest.mark.parametrize(
    "existing",
    [
        pytest.param("repos: []\n", id="repos in one line"),
        pytest.param("repos: [\n", id="broken"),
        pytest.param("fail_fast: true\n", id="no repos"),
        pytest.param("- a list\n", id="not a mapping"),
        pytest.param("repos:\n", id="repos without a value"),
    ],
)
def test_what_cannot_be_edited_safely_is_left_to_the_user(repo, existing: str) -> None:
    repo.write(HOOKS, existing)
    result = init()
    assert result.exit_code == 1
    assert "by hand" in result.stdout
    assert "id: pytestgen-check" in result.stdout
    assert (repo.path / HOOKS).read_text() == existing
    assert (repo.path / WORKFLOW).exists()


def test_an_existing_workflow_is_left_alone(repo) -> None:
    repo.write(WORKFLOW, "mine\n")
    init()
    assert (repo.path / WORKFLOW).read_text() == "mine\n"


@pytest.mark.parametrize(
    ("present", "command"),
    [
        (["uv.lock", "pyproject.toml"], "pipx run uv sync"),
        (["poetry.lock", "pyproject.toml"], "pipx run poetry install"),
        (["requirements.txt"], "python -m pip install pytest -r requirements.txt"),
        (["setup.py"], "python -m pip install pytest -e ."),
        ([], "python -m pip install pytest"),
    ],
)
def test_the_workflow_installs_the_project_as_it_is_installed(repo, present: list[str], command: str) -> None:
    for name in present:
        repo.write(name, "")
    init()
    steps = yaml.safe_load((repo.path / WORKFLOW).read_text())["jobs"]["check"]["steps"]
    assert steps[2]["run"] == command


def test_a_hosted_repository_can_be_named(repo) -> None:
    init("--repo", "https://example.org/pytestgen-hook")
    entry = yaml.safe_load((repo.path / HOOKS).read_text())["repos"][0]
    assert (entry["repo"], entry["rev"]) == ("https://example.org/pytestgen-hook", f"v{__version__}")
    assert f"git+https://example.org/pytestgen-hook@v{__version__}" in (repo.path / WORKFLOW).read_text()


def test_diff_writes_nothing(repo) -> None:
    result = init("--diff")
    assert repo.git("status", "--porcelain") == ""
    subprocess.run(["git", "apply", "-"], input=result.stdout, text=True, check=True)
    assert hook_ids(repo.path / HOOKS) == ["pytestgen-check", "pytestgen-generate"]


def test_outside_a_repository_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    assert init().exit_code == 2
    assert list(tmp_path.iterdir()) == []

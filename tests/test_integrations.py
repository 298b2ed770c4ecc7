"""The pages under ``docs/``: what is to be copied works as it stands, and the tests that they name exist."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from pytestgen_hook.cli import pytestgen

TOP = Path(__file__).parent.parent
PAGES = sorted((TOP / "docs").rglob("*.md"))
INTEGRATIONS = TOP / "docs/integrations"
PROGRAMS = Path(sys.executable).parent
UNTESTED = "def half(number):\n    return number / 2\n"
_BLOCK = re.compile(r"<!-- (file|same|run|init)(?:: (\S+))? -->\n```\w*\n(.*?)```", re.DOTALL)
_TEST = re.compile(r"`((?:tests|ci)/[\w/]+\.py)(?:::(\w+))?`")

posix_only = pytest.mark.skipif(os.name != "posix", reason="hooks are shell scripts")


def blocks(page: str, kind: str) -> list[tuple[str, str]]:
    text = (INTEGRATIONS / page).read_text(encoding="utf-8")
    return [(path, content) for found, path, content in _BLOCK.findall(text) if found == kind]


@pytest.fixture
def stopped(repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A function that copies a page's file, turns the manager on, and sees that an untested function stops the commit."""
    monkeypatch.setenv("PATH", f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "manager"))
    monkeypatch.setenv("PREK_HOME", str(tmp_path / "manager"))
    monkeypatch.setenv("PYTESTGEN_PYTHON", sys.executable)

    def commit() -> subprocess.CompletedProcess[str]:
        command = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "--message", "change"]
        return subprocess.run(
            command, cwd=repo.path, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
        )

    def look(page: str, *command: str) -> None:
        for path, content in blocks(page, "file"):
            file = repo.write(path, content)
            file.chmod(0o755)
            if not path.startswith(".git/"):
                repo.git("add", path)
        if command:
            subprocess.run(command, cwd=repo.path, check=True, capture_output=True)
        repo.stage("notes.txt", "no Python")
        through = commit()
        assert through.returncode == 0, through.stdout + through.stderr
        repo.stage("shop.py", UNTESTED)
        result = commit()
        assert result.returncode != 0
        assert "PTG001 half" in result.stdout + result.stderr

    return look


def program(name: str) -> str:
    found = shutil.which(name, path=f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        pytest.skip(f"{name} is not installed here")
    return found


@posix_only
def test_the_file_for_pre_commit(stopped) -> None:
    stopped("pre-commit.md", sys.executable, "-m", "pre_commit", "install")


@posix_only
def test_the_commands_that_the_page_on_pre_commit_names(stopped, repo, tmp_path: Path) -> None:
    stopped("pre-commit.md", sys.executable, "-m", "pre_commit", "install")
    text = (INTEGRATIONS / "pre-commit.md").read_text(encoding="utf-8")
    everything, of_a_range, by_hand = re.findall(r"`pre-commit (run --(?:all-files|from-ref|hook-stage)[^`]*)`", text)

    def ran(arguments: str, **variables: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "pre_commit", *arguments.split()]
        done = subprocess.run(
            command, cwd=repo.path, env={**os.environ, **variables}, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    status, said = ran(by_hand)
    assert status != 0
    assert (repo.path / "tests/test_shop.py").is_file(), said
    repo.git("update-ref", "refs/remotes/origin/main", "HEAD")
    repo.git("commit", "--quiet", "--no-verify", "--message", "hurry")
    assert ran(everything)[0] == 0
    status, said = ran(everything, CI="true")
    assert (status, "exit code: 2" in said) == (1, True), said
    status, said = ran(of_a_range, CI="true")
    assert (status, "PTG001 half" in said) == (1, True), said


@posix_only
def test_the_file_for_prek(stopped) -> None:
    assert blocks("prek.md", "file") == blocks("pre-commit.md", "file")
    stopped("prek.md", program("prek"), "install")


def test_the_file_with_an_environment_of_its_own_is_what_init_writes(repo) -> None:
    assert CliRunner().invoke(pytestgen, ["init"]).exit_code == 0
    ((path, content),) = blocks("pre-commit.md", "init")
    assert yaml.safe_load((repo.path / path).read_text(encoding="utf-8")) == yaml.safe_load(content)


@posix_only
def test_the_file_for_lefthook(stopped) -> None:
    stopped("lefthook.md", program("lefthook"), "install")


@posix_only
def test_the_file_for_git(stopped) -> None:
    stopped("git-hook.md")


@pytest.mark.parametrize(
    ("page", "commands"),
    [
        ("git-hook.md", []),
        ("lefthook.md", [["lefthook", "install"]]),
        ("pre-commit.md", [["pre-commit", "install"], ["pre-commit", "install", "--hook-type", "pre-push"]]),
        ("prek.md", [["prek", "install"], ["prek", "install", "--hook-type", "pre-push"]]),
    ],
)
@posix_only
def test_the_files_look_at_what_is_pushed(stopped, repo, tmp_path: Path, page: str, commands: list[list[str]]) -> None:
    """A branch that is not checked out, by what the page says is to be copied and called."""
    stopped(page, *([program(commands[0][0]), *commands[0][1:]] if commands else []))
    for name, *arguments in commands[1:]:
        subprocess.run([program(name), *arguments], cwd=repo.path, check=True, capture_output=True)
    push_of_a_branch_is_stopped(repo, tmp_path)


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="processes do not tell here what started them")
def test_a_job_of_lefthook_that_does_not_hear_what_is_pushed_reads_the_command(stopped, repo, tmp_path: Path) -> None:
    stopped("lefthook.md", program("lefthook"), "install")
    settings = repo.path / "lefthook.yml"
    deaf = settings.read_text().replace("      use_stdin: true\n", "")
    assert deaf != settings.read_text()
    settings.write_text(deaf)
    push_of_a_branch_is_stopped(repo, tmp_path)


def push_of_a_branch_is_stopped(repo, tmp_path: Path) -> None:
    """Push the untested function that is staged, from a branch that is not checked out, and what there was before it."""
    repo.git("init", "--quiet", "--bare", str(tmp_path / "far.git"))
    repo.git("remote", "add", "origin", str(tmp_path / "far.git"))
    repo.git("push", "--quiet", "--no-verify", "origin", "HEAD:refs/heads/main")
    repo.git("checkout", "--quiet", "-b", "side")
    repo.git("commit", "--quiet", "--no-verify", "--message", "hurry")
    repo.git("checkout", "--quiet", "-")
    status, said = tried(repo, "push", "origin", "side")
    assert status != 0
    assert "shop.py:1: PTG001 half: " in said
    status, said = tried(repo, "push", "origin", "HEAD:refs/heads/other")
    assert status == 0, said


@posix_only
def test_the_files_for_husky(stopped, repo, tmp_path: Path) -> None:
    npm, node = program("npm"), program("node")
    got = subprocess.run(
        [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(tmp_path / "node"), "husky@9"],
        capture_output=True,
        check=False,
    )
    if got.returncode:
        pytest.skip("the npm registry cannot be reached")
    stopped("husky.md", node, str(tmp_path / "node/node_modules/husky/bin.js"))
    repo.git("commit", "--quiet", "--no-verify", "--message", "hurry")
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "remote")], check=True)
    push = ["git", "push", str(tmp_path / "remote"), "HEAD:refs/heads/main"]
    done = subprocess.run(push, cwd=repo.path, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode != 0
    assert "PTG001 half" in done.stdout + done.stderr


@pytest.fixture
def configured(stopped, repo):
    """All that the page on git's configuration says was run, twice, and an untested function has been stopped."""
    version = tuple(map(int, re.findall(r"\d+", subprocess.check_output(["git", "--version"], text=True))[:2]))
    if version < (2, 54):
        pytest.skip("this git runs no hooks of its configuration")
    script = "".join(script for _, script in blocks("config-hook.md", "run"))
    stopped("config-hook.md", "sh", "-ec", script + script)
    assert repo.git("config", "get", "--all", "hook.pytestgen.event").split() == ["pre-commit", "pre-merge-commit"]
    return repo


def tried(repo, *command: str) -> tuple[int, str]:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    done = subprocess.run(
        ["git", *identity, *command],
        cwd=repo.path,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@posix_only
def test_the_commands_for_hooks_in_the_configuration_of_git(configured) -> None:
    text = (INTEGRATIONS / "config-hook.md").read_text(encoding="utf-8")
    (off, _) = re.findall(r"`(git config set \S+enabled false)`", text)
    subprocess.run(off.split(), cwd=configured.path, check=True)
    assert tried(configured, "commit", "--message", "change")[0] == 0


@posix_only
def test_a_hook_in_the_configuration_of_git_looks_at_merges(configured) -> None:
    """Of a function that both sides have changed, the merge makes one that neither has."""
    lines = ["def total(number):\n", *(f"    number += {step}\n" for step in range(9)), "    return number\n"]

    def commit(*changed: int) -> None:
        text = (line.replace("+=", "-=") if place in changed else line for place, line in enumerate(lines))
        configured.stage("total.py", "".join(text))
        configured.git("commit", "--quiet", "--no-verify", "--message", "change")

    commit()
    configured.git("checkout", "--quiet", "-b", "side")
    commit(1)
    configured.git("checkout", "--quiet", "-")
    commit(9)
    status, said = tried(configured, "merge", "--no-edit", "side")
    assert status != 0
    assert "total.py:1: PTG002 total: " in said


@posix_only
def test_a_hook_in_the_configuration_of_git_looks_at_each_ref_of_a_push(configured, tmp_path: Path) -> None:
    configured.git("init", "--quiet", "--bare", str(tmp_path / "far.git"))
    configured.git("remote", "add", "origin", str(tmp_path / "far.git"))
    assert tried(configured, "push", "origin", "HEAD:refs/heads/main", "HEAD:refs/heads/gone")[0] == 0
    configured.git("checkout", "--quiet", "-b", "side")
    configured.git("commit", "--quiet", "--no-verify", "--message", "hurry")
    configured.git("checkout", "--quiet", "-")
    for remote in ("origin", str(tmp_path / "far.git")):
        status, said = tried(configured, "push", remote, "HEAD:refs/heads/main", "side")
        assert status != 0
        assert "shop.py:1: PTG001 half: " in said
    assert tried(configured, "push", "origin", "--delete", "gone")[0] == 0
    text = (INTEGRATIONS / "config-hook.md").read_text(encoding="utf-8")
    (_, off) = re.findall(r"`(git config set \S+enabled false)`", text)
    subprocess.run(off.split(), cwd=configured.path, check=True)
    assert tried(configured, "push", "origin", "side")[0] == 0


@posix_only
def test_the_commands_for_any_other_ci(repo, tmp_path: Path) -> None:
    repo.commit("first")
    subprocess.run(["git", "clone", "--quiet", "--bare", str(repo.path), str(tmp_path / "remote")], check=True)
    repo.git("remote", "add", "origin", str(tmp_path / "remote"))
    repo.git("checkout", "--quiet", "-b", "feature")
    repo.stage("shop.py", UNTESTED)
    repo.commit()
    ((_, script),) = blocks("plain-ci.md", "run")
    environ = {**os.environ, "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-ec", script], cwd=repo.path, env=environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "PTG001 half" in done.stdout) == (1, True), done.stderr


@pytest.mark.parametrize("is_merged", [False, True])
@posix_only
def test_the_job_for_gitlab(repo, is_merged: bool) -> None:
    """Its script is run by sh as GitLab's runner does, with the variables of a merge request, its result merged or not."""
    repo.commit("first")
    base = repo.git("rev-parse", "HEAD").strip()
    repo.git("checkout", "--quiet", "-b", "feature")
    repo.stage("shop.py", UNTESTED)
    repo.commit()
    target = {"CI_MERGE_REQUEST_TARGET_BRANCH_SHA": ""}
    if is_merged:
        repo.git("checkout", "--quiet", "main")
        repo.stage("theirs.py", UNTESTED.replace("2", "4"))
        repo.commit()
        target = {"CI_MERGE_REQUEST_TARGET_BRANCH_SHA": repo.git("rev-parse", "HEAD").strip()}
        repo.git("merge", "--quiet", "--no-ff", "--no-edit", "feature")
    job = yaml.safe_load((TOP / "ci/gitlab.yml").read_text(encoding="utf-8"))["pytestgen"]
    assert job["variables"]["GIT_DEPTH"] == "0"
    script = "\n".join(job["script"]).replace("/tmp/pytestgen/bin", str(PROGRAMS))
    environ = {**os.environ, "CI": "true", "CI_MERGE_REQUEST_DIFF_BASE_SHA": base, **target}
    done = subprocess.run(
        ["sh", "-ec", script], cwd=repo.path, env=environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "PTG001 half" in done.stdout) == (1, True), done.stderr
    report = job["artifacts"]["reports"]["codequality"]
    assert [one["location"]["path"] for one in json.loads((repo.path / report).read_text())] == ["shop.py"]


@pytest.mark.parametrize("page", ["github.md", "gitlab.md"])
def test_the_files_on_a_page_are_those_that_are_tested(page: str) -> None:
    found = blocks(page, "same")
    assert found
    for path, content in found:
        assert content == (TOP / path).read_text(encoding="utf-8"), path


def test_the_page_has_all_inputs_and_outputs_of_the_action() -> None:
    text = (INTEGRATIONS / "github.md").read_text(encoding="utf-8")
    action = yaml.safe_load((TOP / "ci/action.yml").read_text(encoding="utf-8"))
    for name, one in {**action["inputs"], **action["outputs"]}.items():
        assert f"| `{name}` |" in text
        assert " ".join(one["description"].split()) in text


def test_the_step_with_the_action_fits_into_the_gate() -> None:
    text = (INTEGRATIONS / "github.md").read_text(encoding="utf-8")
    (step,) = yaml.safe_load(re.findall(r"```yaml\n( +- uses: OWNER.*?)```", text, re.DOTALL)[0])
    action = yaml.safe_load((TOP / "ci/action.yml").read_text(encoding="utf-8"))
    assert step["uses"] == "OWNER/pytestgen-hook/ci@COMMIT"
    assert step["with"].keys() <= action["inputs"].keys()
    assert re.search(rf"^\| `{step['with']['mode']}` \|", text, re.MULTILINE)
    gate = yaml.safe_load((TOP / "ci/workflows/pytestgen.yml").read_text(encoding="utf-8"))["jobs"]["check"]["steps"]
    assert [("ci check" in one.get("run", ""), "artifact" in one.get("uses", "")) for one in gate[-2:]] == [
        (True, False),
        (False, True),
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_tests_of_the_threat_model_exist() -> None:
    named = _TEST.findall((TOP / "docs/threat-model.md").read_text(encoding="utf-8"))
    assert len(named) > 20
    for path, name in named:
        tree = ast.parse((TOP / path).read_text(encoding="utf-8"))
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert not name or name in functions, f"{path}::{name}"

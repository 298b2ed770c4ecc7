"""The composite action: all its steps, as the runner runs them, for the events that it may be used with."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import payloads
import pytest
import yaml
from forge import State, serving
from hub_server import Server, Stored
from runner import Job, Runner

pytestmark = pytest.mark.skipif(os.name != "posix", reason="programs for the runner are shell scripts")

TOP = Path(__file__).parent.parent.parent
ACTION = yaml.safe_load((TOP / "ci/action.yml").read_text(encoding="utf-8"))
STEPS = ACTION["runs"]["steps"]
PROGRAM = str(Path(sys.executable).parent / "pytestgen")

TESTED = "def double(number):\n    return 2 * number\n"
TEST = "from shop import double\n\n\ndef test_double():\n    assert double(2) == 4\n"
UNTESTED = (
    TESTED + "\n\ndef half(number: int) -> float:\n    if number < 0:\n        return 0.0\n    return number / 2\n"
)


PROJECT = '[project]\nname = "shop"\nversion = "1"\n[tool.pytest.ini_options]\npythonpath = ["."]\n'


def installed(program: str = PROGRAM) -> dict[str, dict[str, str]]:
    return {"install": {"program": program}}


class Machine:
    """A checkout with a remote, and the runner that has it."""

    def __init__(self, repo: Any, folder: Path, programs: Path, cache: Path) -> None:
        self.repo = repo
        self.remote = folder / "server" / "ada" / "shop"
        self.artifacts = folder / "artifacts"
        self.runner = Runner(
            folder / "temp",
            repo.path,
            [programs],
            {"actions/upload-artifact@": self._upload},
            {"PYTESTGEN_CACHE_DIR": str(cache), "GITHUB_SERVER_URL": (folder / "server").as_uri()},
        )
        for path, text in (("shop.py", TESTED), ("tests/test_shop.py", TEST), ("pyproject.toml", PROJECT)):
            repo.write(path, text)
        repo.git("add", ".")
        repo.commit("first")
        subprocess.run(["git", "init", "--quiet", "--bare", str(self.remote)], check=True)
        repo.git("remote", "add", "origin", str(self.remote))
        repo.git("push", "--quiet", "origin", "main")
        self.base = self.head()

    def head(self) -> str:
        return str(self.repo.git("rev-parse", "HEAD").strip())

    def on_branch(self, source: str = UNTESTED) -> str:
        """Commit a change on a branch, push it, check out what GitHub merges for its pull request, and return the tip."""
        self.repo.git("checkout", "--quiet", "-b", "feature")
        self.repo.stage("shop.py", source)
        self.repo.commit()
        tip = self.head()
        self.repo.git("push", "--quiet", "origin", "feature")
        self.repo.git("checkout", "--quiet", "--detach", "main")
        self.repo.git("merge", "--quiet", "--no-ff", "--no-edit", tip)
        return tip

    def act(
        self,
        event: str,
        payload: dict[str, Any],
        ref: str = "refs/pull/5/merge",
        *,
        program: str = PROGRAM,
        **inputs: str,
    ) -> Job:
        """Run the action, installed already, with inputs (underscores for hyphens)."""
        given = {name: str(one["default"]) for name, one in ACTION["inputs"].items()}
        given |= {"token": "the-token", **{name.replace("_", "-"): value for name, value in inputs.items()}}
        return self.runner.job(
            STEPS[1:], event, payload, ref=ref, sha=self.head(), inputs=given, known=installed(program)
        )

    def outputs(self, job: Job) -> dict[str, str]:
        """The outputs of the action, by their expressions."""
        from runner import filled

        return {name: filled(one["value"], job) for name, one in ACTION["outputs"].items()}

    def _upload(self, options: Any, _context: Any) -> dict[str, str]:
        target = self.artifacts / options["name"]
        target.mkdir(parents=True)
        for path in Path(options["path"]).iterdir():
            (target / path.name).write_bytes(path.read_bytes())
        return {"artifact-id": "1"}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all: what is examined is the same again and again."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def machine(repo, tmp_path: Path, programs: Path, cache: Path) -> Machine:
    return Machine(repo, tmp_path, programs, cache)


@pytest.fixture
def service(machine: Machine):
    with serving() as state:
        machine.runner.environ = {**machine.runner.environ, "GITHUB_API_URL": state.url}
        yield state


# -- the check ---------------------------------------------------------------------------------------------------------


def test_the_action_installs_itself_makes_tests_and_pushes_them(machine: Machine, offline: dict[str, str]) -> None:
    tip = machine.on_branch()
    usual = machine.runner.environ
    machine.runner.environ = {**usual, **offline}
    for name in ("venv", "ensurepip", "pip", "types"):  # no part of it, whatever the project calls its files
        machine.repo.write(f"{name}.py", "raise SystemExit('imported from the checkout')\n")
    installed = machine.runner.job(STEPS[:1], "push", {}, github={"action_path": str(TOP / "ci")})
    program = Path(installed.outputs("install")["program"])
    assert program.is_relative_to(machine.runner.temp), installed.log
    for name in ("venv", "ensurepip", "pip", "types"):
        (machine.repo.path / f"{name}.py").unlink()
    (packages,) = program.parent.parent.glob("lib/python*/site-packages")
    (packages / "outer.pth").write_text(offline["PYTHONPATH"].replace(os.pathsep, "\n") + "\n")
    (program.parent / "ruff").symlink_to(Path(sys.executable).parent / "ruff")  # a dependency that is a program

    machine.runner.environ = usual
    job = machine.act("pull_request", payloads.pull_request(tip), program=str(program), mode="commit")
    assert job.status == "success", job.log
    outputs = machine.outputs(job)
    assert (outputs["exit-code"], outputs["untested-count"], outputs["generated-count"]) == ("0", "0", "1")
    assert (machine.artifacts / "pytestgen" / "tests.patch").read_bytes() == Path(outputs["patch-path"]).read_bytes()
    assert machine.repo.git("status", "--porcelain") == ""
    machine.repo.git("fetch", "--quiet", "origin")
    assert machine.repo.git("rev-parse", "origin/feature^").strip() == tip
    assert machine.repo.git("diff", "--name-only", tip, "origin/feature").split() == ["tests/test_shop.py"]
    assert machine.repo.git("rev-parse", "origin/main").strip() == machine.base


def test_an_untested_function_fails_the_job_in_its_last_step(machine: Machine) -> None:
    tip = machine.on_branch()
    job = machine.act("pull_request", payloads.pull_request(tip))
    assert ("Check", "success") in job.outcomes, job.log
    assert (job.status, job.last_exit) == ("failure", 1)
    outputs = machine.outputs(job)
    assert (outputs["exit-code"], outputs["untested-count"], outputs["generated-count"]) == ("1", "1", "0")
    assert json.loads(Path(outputs["report-path"]).read_text())["targets"][0]["qualname"] == "half"
    (error,) = (command for command in job.commands if command[0] == "error")
    assert error[1].startswith("file=shop.py,line=5,")
    assert not job.ran("Keep the report and the patch")


def test_a_tested_change_is_green_and_has_its_outputs(machine: Machine) -> None:
    machine.repo.git("checkout", "--quiet", "main")
    tip = machine.on_branch(TESTED.replace("2 *", "4 * 0.5 *"))
    job = machine.act("pull_request", payloads.pull_request(tip))
    assert job.status == "success", job.log
    assert machine.outputs(job)["exit-code"] == "0"
    assert machine.outputs(job)["untested-count"] == "0"


def test_exit_zero_reports_only(machine: Machine) -> None:
    tip = machine.on_branch()
    job = machine.act("pull_request", payloads.pull_request(tip), exit_zero="true")
    assert (job.status, machine.outputs(job)["exit-code"], machine.outputs(job)["untested-count"]) == (
        "success",
        "0",
        "1",
    )


def test_a_clone_without_the_target_branch_fails_with_what_to_fetch(machine: Machine) -> None:
    tip = machine.on_branch()
    machine.repo.git("update-ref", "-d", "refs/remotes/origin/main")
    job = machine.act("pull_request", payloads.pull_request(tip), ref="refs/heads/feature")
    assert (job.status, job.last_exit) == ("failure", 2)
    assert machine.outputs(job)["exit-code"] == "2"
    assert machine.outputs(job)["untested-count"] == ""
    assert "git fetch" in job.log


def test_a_clone_of_depth_two_is_enough_for_a_merge_of_a_pull_request(machine: Machine) -> None:
    tip = machine.on_branch()
    machine.repo.git("update-ref", "-d", "refs/remotes/origin/main")
    job = machine.act("pull_request", payloads.pull_request(tip))
    assert machine.outputs(job)["untested-count"] == "1", job.log


def test_inputs_reach_the_check_whatever_they_contain(machine: Machine) -> None:
    tip = machine.on_branch()
    job = machine.act(
        "pull_request", payloads.pull_request(tip), tests_dir="../$(touch pwned)`touch pwned`; touch pwned"
    )
    assert machine.outputs(job)["exit-code"] == "2"
    assert "not inside the repository" in job.log
    assert not (machine.repo.path / "pwned").exists()


def test_a_wrong_mode_is_refused(machine: Machine) -> None:
    tip = machine.on_branch()
    job = machine.act("pull_request", payloads.pull_request(tip), mode="amend")
    assert (job.last_exit, machine.outputs(job)["exit-code"]) == (2, "2")
    assert "fail, comment, patch, commit" in job.log


def test_the_working_directory_is_where_the_check_runs(machine: Machine) -> None:
    tip = machine.on_branch()
    job = machine.act("pull_request", payloads.pull_request(tip), working_directory="tests")
    assert "../shop.py:5: PTG001 half" in job.log


def test_tests_of_the_project_see_no_file_of_the_runner_and_no_token(machine: Machine) -> None:
    spy = "import os, pathlib\npathlib.Path(%r).write_text(repr(sorted(os.environ)))\n"
    seen = machine.runner.temp / "seen"
    machine.repo.stage("tests/conftest.py", spy % str(seen))
    machine.repo.commit()
    tip = machine.on_branch()
    job = machine.act("pull_request", payloads.pull_request(tip), since=machine.base)
    names = seen.read_text()
    assert "'CI'" in names, job.log
    for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY", "INPUT_TOKEN", "INPUT_MODE"):
        assert f"'{name}'" not in names
    assert "the-token" not in names


def test_a_check_that_is_killed_has_its_outputs_all_the_same(machine: Machine) -> None:
    machine.repo.stage("tests/conftest.py", "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n")
    machine.repo.commit()
    tip = machine.on_branch()
    job = machine.act("pull_request", payloads.pull_request(tip), since=machine.base)
    assert (job.status, machine.outputs(job)["exit-code"]) == ("failure", "137")
    assert machine.outputs(job)["report-path"] == ""


# -- patch and commit --------------------------------------------------------------------------------------------------


def test_mode_commit_pushes_nothing_for_a_fork(machine: Machine) -> None:
    tip = machine.on_branch(TESTED.replace("2 *", "4 * 0.5 *"))
    job = machine.act("pull_request", payloads.pull_request(tip, fork=True), mode="commit")
    assert (job.outputs("check")["mode"], job.ran("Commit")) == ("patch", False), job.log
    assert (machine.artifacts / "pytestgen" / "report.json").is_file()
    assert any(name == "notice" and "fork" in text for name, _, text in job.commands)


COUNTS = {"untested": 0, "refused": 0, "suspect": 0, "generated": 1, "tested": 0, "unanalysed": 0}
REPORT = {"schema_version": 1, "exit_status": 1, "counts": COUNTS, "targets": [], "edits": []}
PATCH = """\
diff --git a/{path} b/{path}
new file mode {mode}
--- /dev/null
+++ b/{path}
@@ -0,0 +1 @@
+text
"""


def committing(machine: Machine, tip: str, patch: str, **payload: Any) -> Job:
    """Run the step that commits, for what an earlier job has left."""
    folder = machine.runner.temp / "pytestgen"
    folder.mkdir(parents=True)
    (folder / "report.json").write_text(json.dumps(REPORT))
    (folder / "tests.patch").write_text(patch)
    known = {"check": {"report-path": "x", "mode": "commit", "folder": str(folder), "exit-code": "1"}, **installed()}
    steps = [step for step in STEPS if step["name"] == "Commit"]
    event = payloads.pull_request(tip, **payload)
    return machine.runner.job(steps, "pull_request", event, inputs={"token": "the-token"}, known=known)


NEW_TEST = PATCH.format(path="tests/test_new.py", mode="100644")


def test_nothing_is_pushed_onto_a_branch_that_has_moved_on(machine: Machine) -> None:
    tip = machine.on_branch()
    machine.repo.git("push", "--quiet", "--force", "origin", f"{machine.base}:refs/heads/feature")
    job = committing(machine, tip, NEW_TEST)
    assert job.outputs("commit") == {"exit-code": "1", "pushed": "false"}, job.log
    assert any("has moved on" in text for _, _, text in job.commands)
    machine.repo.git("fetch", "--quiet", "origin")
    assert machine.repo.git("rev-parse", "origin/feature").strip() == machine.base


@pytest.mark.parametrize("branch", ["-f", "--upload-pack=touch pwned", "a;touch pwned"])
def test_a_branch_by_any_name_is_a_branch(machine: Machine, branch: str) -> None:
    tip = machine.on_branch()
    job = committing(machine, tip, NEW_TEST, branch=branch)
    assert job.last_exit == 2
    assert "the-token" not in job.log
    assert not (machine.repo.path / "pwned").exists()


@pytest.mark.parametrize(
    ("path", "mode"),
    [
        pytest.param(".github/workflows/ci.yml", "100644", id="workflow"),
        pytest.param(".github/evil.py", "100644", id="hidden_folder"),
        pytest.param("setup.cfg", "100644", id="settings"),
        pytest.param("tests/test_link.py", "120000", id="link"),
        pytest.param("../outside.py", "100644", id="outside"),
        pytest.param(".git/hooks/pre-push.py", "100644", id="inside_git"),
    ],
)
def test_only_tests_are_pushed_whatever_the_patch_has(machine: Machine, path: str, mode: str) -> None:
    tip = machine.on_branch()
    job = committing(machine, tip, PATCH.format(path=path, mode=mode))
    assert job.outputs("commit").get("pushed") != "true", job.log
    machine.repo.git("fetch", "--quiet", "origin")
    assert machine.repo.git("rev-parse", "origin/feature").strip() == tip


def test_what_tests_did_to_the_clone_does_not_get_at_the_push(machine: Machine) -> None:
    """Hooks, helpers and other addresses that a test has put into the settings of the clone are not asked."""
    tip = machine.on_branch()
    stolen = machine.runner.temp / "stolen"
    for name in ("pre-push", "pre-commit", "post-checkout", "reference-transaction"):
        machine.repo.write(f".git/hooks/{name}", f"#!/bin/sh\nenv > {stolen}\n").chmod(0o755)
    for name in ("core.sshCommand", "core.fsmonitor", "credential.helper"):
        machine.repo.git("config", name, f"!env > {stolen}; false")
    machine.repo.git("config", f"url.{machine.runner.temp}/other/.insteadOf", "file:")
    job = committing(machine, tip, NEW_TEST)
    assert job.outputs("commit") == {"exit-code": "0", "pushed": "true"}, job.log
    assert not stolen.exists()
    assert "the-token" not in job.log
    head = subprocess.run(
        ["git", "--git-dir", str(machine.remote), "log", "-1", "--format=%an %P", "feature"],
        capture_output=True,
        text=True,
    ).stdout
    assert head == f"github-actions[bot] {tip}\n"


# -- the model ---------------------------------------------------------------------------------------------------------

WEIGHTS = b"weights " * 100
DIGEST = hashlib.sha256(WEIGHTS).hexdigest()
DECLARED = f"""
[tool.pytestgen.models.tiny]
repo = "ada/tiny"
file = "tiny.gguf"
size = {len(WEIGHTS)}
sha256 = "{DIGEST}"
"""


def with_model(
    machine: Machine, event: str, payload: dict[str, Any], cached: bytes | None, hub: str | None = None, **inputs: str
) -> tuple[Job, list[tuple[str, bytes]]]:
    """Run the action with a model that the settings declare; return the job, and what it put into the cache.

    ``cached`` is what the cache has under its key, ``hub`` the address of a Hub, without which nothing can be fetched.
    """
    kept: list[tuple[str, bytes]] = []

    def restore(options: Any, _context: Any) -> dict[str, str]:
        assert options["key"] == f"pytestgen-model-{DIGEST}"
        if cached is not None:
            Path(options["path"]).parent.mkdir(parents=True)
            Path(options["path"]).write_bytes(cached)
        return {"cache-hit": str(cached is not None).lower()}

    def save(options: Any, _context: Any) -> dict[str, str]:
        kept.append((options["key"], Path(options["path"]).read_bytes()))
        return {}

    machine.runner.uses = {**machine.runner.uses, "actions/cache/restore@": restore, "actions/cache/save@": save}
    reach = {"HF_HUB_OFFLINE": "1"} if hub is None else {"HF_ENDPOINT": hub, "no_proxy": "*"}
    own = {
        "PYTESTGEN_CACHE_DIR": str(machine.runner.temp / "own"),
        "HF_HOME": str(machine.runner.temp / "hub"),
        **reach,
    }
    machine.runner.environ = {**machine.runner.environ, **own}
    machine.repo.stage("pyproject.toml", PROJECT + DECLARED)
    machine.repo.commit()
    job = machine.act(event, payload, model="tiny", since=machine.base, **inputs)
    return job, kept


def test_a_model_comes_from_the_cache_if_its_bytes_are_right(machine: Machine) -> None:
    tip = machine.on_branch(TESTED.replace("2 *", "4 * 0.5 *"))
    job, kept = with_model(machine, "pull_request", payloads.pull_request(tip, fork=True), WEIGHTS, mode="patch")
    assert kept == []
    fetched = {name: text for name, text in job.outputs("fetch").items() if name in ("ready", "fetched")}
    assert fetched == {"ready": "true", "fetched": "false"}, job.log
    assert (job.outputs("check")["mode"], job.status) == ("patch", "success"), job.log


@pytest.mark.parametrize("cached", [None, b"poison! " * 100], ids=["missing", "poisoned"])
def test_a_pull_request_without_the_model_is_checked_only(machine: Machine, cached: bytes | None) -> None:
    tip = machine.on_branch(TESTED.replace("2 *", "4 * 0.5 *"))
    job, kept = with_model(machine, "pull_request", payloads.pull_request(tip, fork=True), cached, mode="patch")
    assert kept == []
    assert job.outputs("fetch")["ready"] == "false", job.log
    assert not Path(job.outputs("model")["path"]).exists()
    assert (job.outputs("check")["mode"], job.status) == ("fail", "success"), job.log


def test_a_branch_without_the_model_fetches_it_and_puts_it_into_the_cache(machine: Machine) -> None:
    pytest.importorskip("huggingface_hub")
    server = Server()
    server.fresh().add("ada/tiny", "tiny.gguf", Stored(WEIGHTS))
    try:
        push = payloads.push(machine.base, machine.base)
        job, kept = with_model(machine, "push", push, None, hub=server.address, mode="patch")
    finally:
        server.close()
    assert kept == [(f"pytestgen-model-{DIGEST}", WEIGHTS)], job.log
    assert (job.outputs("fetch")["fetched"], job.status) == ("true", "success"), job.log


def test_a_branch_that_cannot_fetch_the_model_fails(machine: Machine) -> None:
    """That tells a branch from a pull request."""
    pytest.importorskip("huggingface_hub")
    job, kept = with_model(machine, "push", payloads.push(machine.base, machine.base), None, mode="patch")
    assert (job.status, job.last_exit, kept) == ("failure", 2, [])
    assert "HF_HUB_OFFLINE forbids to fetch it" in job.log


# -- the comment -------------------------------------------------------------------------------------------------------


def test_mode_comment_comments_once_and_then_changes_its_comment(machine: Machine, service: State) -> None:
    tip = machine.on_branch()
    job = machine.act("pull_request", payloads.pull_request(tip), mode="comment")
    assert (job.status, job.last_exit) == ("failure", 1)
    (comment,) = service.comments
    assert comment["on"] == "/repos/ada/shop/issues/5/comments"
    assert "`half`" in comment["body"], job.log
    assert {token for _, _, token in service.requests} == {"Bearer the-token"}
    (machine.artifacts / "pytestgen" / "report.json").unlink()
    (machine.artifacts / "pytestgen").rmdir()
    machine.act("pull_request", payloads.pull_request(tip), mode="comment", since="HEAD")
    (comment,) = service.comments
    assert "nothing is left to do" in comment["body"]


def test_a_token_that_may_not_comment_is_no_error(machine: Machine, service: State) -> None:
    service.is_forbidden = True
    tip = machine.on_branch()
    job = machine.act("pull_request", payloads.pull_request(tip, fork=True), mode="comment", exit_zero="true")
    assert job.status == "success", job.log
    assert any("may not comment" in text for _, _, text in job.commands)
    assert (machine.artifacts / "pytestgen" / "report.json").is_file()


# -- other events ------------------------------------------------------------------------------------------------------


def test_a_push_is_checked_from_what_it_was_before(machine: Machine) -> None:
    tip = machine.on_branch()
    job = machine.act("push", payloads.push(machine.base, tip), ref="refs/heads/feature")
    assert machine.outputs(job)["untested-count"] == "1", job.log


def test_a_forced_push_is_checked_from_where_it_left_the_default_branch(machine: Machine) -> None:
    tip = machine.on_branch()
    job = machine.act("push", payloads.push("1" * 40, tip, forced=True), ref="refs/heads/feature")
    assert machine.outputs(job)["untested-count"] == "1", job.log


def test_a_merge_group_is_checked_from_its_base(machine: Machine) -> None:
    machine.on_branch()
    job = machine.act("merge_group", payloads.merge_group(machine.base, machine.head()), ref="refs/heads/queue/main")
    assert machine.outputs(job)["untested-count"] == "1", job.log


def test_a_deleted_branch_leaves_nothing_to_check(machine: Machine) -> None:
    job = machine.act("push", payloads.push(machine.base, payloads.NULL, deleted=True), ref="refs/heads/feature")
    assert (job.status, machine.outputs(job)["exit-code"], machine.outputs(job)["untested-count"]) == (
        "success",
        "0",
        "0",
    )


def test_a_job_with_secrets_is_refused(machine: Machine) -> None:
    job = machine.act("pull_request_target", payloads.pull_request(machine.base, fork=True))
    assert (job.last_exit, machine.outputs(job)["exit-code"]) == (2, "2")
    assert "on: pull_request" in job.log

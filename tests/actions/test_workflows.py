"""The workflows to copy: every step that runs something is run, for an event that starts it; of our own, what decides."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import payloads
import pytest
import yaml
from forge import State, serving
from runner import Job, Runner

pytestmark = pytest.mark.skipif(os.name != "posix", reason="programs for the runner are shell scripts")

TOP = Path(__file__).parent.parent.parent
UNTESTED = "def half(number: int) -> float:\n    if number < 0:\n        return 0.0\n    return number / 2\n"
PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "shop"
version = "1"

[tool.hatch.build.targets.wheel]
only-include = ["shop.py"]
"""


def steps_of(workflow: str, job: str, folder: str = "ci/workflows") -> list[dict[str, Any]]:
    loaded = yaml.safe_load((TOP / folder / workflow).read_text(encoding="utf-8"))
    return list(loaded["jobs"][job]["steps"])


class Hosted:
    """A repository at a service, with an untested function on a branch and on main, and a runner for its workflows."""

    def __init__(self, repo: Any, folder: Path, programs: Path, service: State, environ: dict[str, str]) -> None:
        self.repo = repo
        self.service = service
        self.artifact = folder / "artifact"
        remote = folder / "server" / "ada" / "shop"
        repo.stage("pyproject.toml", PROJECT)
        repo.commit("first")
        subprocess.run(["git", "init", "--quiet", "--bare", str(remote)], check=True)
        repo.git("remote", "add", "origin", str(remote))
        repo.git("push", "--quiet", "origin", "main")
        repo.stage("shop.py", UNTESTED)
        repo.commit("second")
        self.tip = repo.git("rev-parse", "HEAD").strip()
        uses = {
            "actions/checkout@": lambda options, context: {},
            "actions/setup-python@": lambda options, context: {},
            "actions/upload-artifact@": self._upload,
            "actions/download-artifact@": self._download,
        }
        servers = {"GITHUB_SERVER_URL": (folder / "server").as_uri(), "GITHUB_API_URL": service.url}
        cache = {"PYTESTGEN_CACHE_DIR": str(folder / "cache")}
        self.runner = Runner(folder / "temp", repo.path, [programs], uses, {**servers, **cache, **environ})

    def run(self, steps: list[dict[str, Any]], event: str, payload: Any, **rest: Any) -> Job:
        return self.runner.job(steps, event, payload, sha=self.tip, **rest)

    def _upload(self, options: Any, _context: Any) -> dict[str, str]:
        shutil.copytree(options["path"], self.artifact / options["name"])
        return {}

    def _download(self, options: Any, _context: Any) -> dict[str, str]:
        shutil.copytree(self.artifact / options["name"], options["path"], dirs_exist_ok=True)
        return {"download-path": options["path"]}


@pytest.fixture
def hosted(repo, tmp_path: Path, programs: Path, offline: dict[str, str]):
    with serving() as service:
        yield Hosted(repo, tmp_path, programs, service, offline)


def test_a_pull_request_from_a_fork_is_checked_in_one_workflow_and_commented_in_another(hosted: Hosted) -> None:
    payload = payloads.pull_request(hosted.tip, fork=True)
    job = hosted.run(steps_of("pytestgen.yml", "check"), "pull_request", payload, ref="refs/pull/5/merge")
    assert (job.status, job.outputs("check")["untested-count"]) == ("failure", "1"), job.log
    assert (hosted.artifact / "pytestgen" / "report.json").is_file()
    assert hosted.service.requests == []

    hosted.service.pulls = [{"number": 5, "owner": "eve", "head": {"ref": "feature", "sha": hosted.tip}}]
    shutil.rmtree(hosted.runner.temp)
    steps = steps_of("pytestgen-comment.yml", "comment")
    job = hosted.run(steps, "workflow_run", payloads.workflow_run(hosted.tip))
    assert job.status == "success", job.log
    (comment,) = hosted.service.comments
    assert "`half`" in comment["body"]


def test_a_merge_queue_is_checked_from_the_commit_that_it_builds_on(hosted: Hosted) -> None:
    """Each group is held against the one before it: of what that brought nothing is asked again."""
    events = yaml.safe_load((TOP / "ci/workflows/pytestgen.yml").read_text(encoding="utf-8"))[True]
    assert "merge_group" in events

    def queued(path: str, text: str) -> Job:
        base = hosted.repo.git("rev-parse", "HEAD").strip()
        hosted.repo.git("checkout", "--quiet", "-B", "feature")
        hosted.repo.stage(path, text)
        hosted.repo.commit("feature")
        hosted.repo.git("checkout", "--quiet", "--detach", base)
        hosted.repo.git("merge", "--quiet", "--no-ff", "--no-edit", "feature")
        hosted.tip = hosted.repo.git("rev-parse", "HEAD").strip()
        payload = payloads.merge_group(base, hosted.tip)
        shutil.rmtree(hosted.artifact, ignore_errors=True)
        steps = steps_of("pytestgen.yml", "check")
        return hosted.run(steps, "merge_group", payload, ref=payload["merge_group"]["head_ref"])

    job = queued("shop.py", f"{UNTESTED}\n\n{UNTESTED.replace('half', 'again')}")
    assert (job.status, job.outputs("check")["untested-count"]) == ("failure", "1"), job.log
    (error,) = (command for command in job.commands if command[0] == "error")
    assert "again" in error[2]
    assert (hosted.artifact / "pytestgen" / "report.json").is_file()
    job = queued("notes.py", "TEXT = 'no function'\n")
    assert (job.status, job.outputs("check")["untested-count"]) == ("success", "0"), job.log


def test_a_run_without_a_report_is_not_commented(hosted: Hosted) -> None:
    job = hosted.run(steps_of("pytestgen-comment.yml", "comment"), "workflow_run", payloads.workflow_run(hosted.tip))
    assert (job.status, job.ran("Comment")) == ("success", False)


def test_the_comment_is_made_for_pull_requests_only() -> None:
    workflow = yaml.safe_load((TOP / "ci/workflows/pytestgen-comment.yml").read_text(encoding="utf-8"))
    from runner import evaluated

    condition = workflow["jobs"]["comment"]["if"]
    for event, expected in (("pull_request", True), ("push", False)):
        payload = payloads.workflow_run("a" * 40, event=event)
        assert evaluated(condition, Job({"github": {"event": payload}})) is expected
    checked = yaml.safe_load((TOP / "ci/workflows/pytestgen.yml").read_text(encoding="utf-8"))["name"]
    assert workflow[True]["workflow_run"]["workflows"] == [checked]


def test_the_nightly_run_proposes_tests_once(hosted: Hosted) -> None:
    hosted.repo.git("push", "--quiet", "origin", "main")
    job = hosted.run(steps_of("pytestgen-backfill.yml", "tests"), "schedule", {"schedule": "17 3 * * *"})
    assert job.status == "success", job.log
    assert job.outputs("check")["generated-count"] == "1", job.log
    assert hosted.service.requests == []
    hosted.repo.git("apply", "--check", str(hosted.artifact / "pytestgen" / "tests.patch"))
    shutil.rmtree(hosted.runner.temp)

    steps = steps_of("pytestgen-backfill.yml", "propose")
    for _ in range(2):
        job = hosted.run(steps, "schedule", {"schedule": "17 3 * * *"})
        assert job.status == "success", job.log
    (pull,) = hosted.service.pulls
    assert (pull["given"]["head"], pull["given"]["base"]) == ("pytestgen/backfill-42", "main")
    assert "`half`" in pull["given"]["body"]
    hosted.repo.git("fetch", "--quiet", "origin")
    assert "half" in hosted.repo.git("show", "origin/pytestgen/backfill-42:tests/test_shop.py")
    assert hosted.repo.git("rev-parse", "origin/main").strip() == hosted.tip


def test_a_night_without_new_tests_proposes_none() -> None:
    workflow = yaml.safe_load((TOP / "ci/workflows/pytestgen-backfill.yml").read_text(encoding="utf-8"))
    from runner import evaluated

    condition = workflow["jobs"]["propose"]["if"]
    for patch, expected in (("/x/tests.patch", True), ("", False)):
        assert evaluated(condition, Job({"needs": {"tests": {"outputs": {"patch": patch}}}})) is expected


def test_suggestions_are_an_artifact_and_do_not_fail(hosted: Hosted) -> None:
    steps = steps_of("pytestgen-suggest.yml", "suggest")
    job = hosted.run(steps, "workflow_dispatch", {"inputs": {}}, inputs={"since": "HEAD"})
    assert job.status == "success", job.log
    assert job.outputs("check")["mode"] == "patch"
    assert json.loads((hosted.artifact / "pytestgen" / "report.json").read_text())["range"] == "since HEAD"


OURS = yaml.safe_load((TOP / ".github/workflows/ci.yml").read_text(encoding="utf-8"))["jobs"]
PARTS_OF_PIP = ("pip", "pytestgen", "_editable_impl_pytestgen")


@pytest.fixture
def ours(repo, container: Any, tmp_path: Path) -> Runner:
    """A clone of our own repository, a branch with an untested function merged, and a runner that can install us.

    What our tests need, pandas and all, its ``python`` has already; pip and we ourselves are not there.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=TOP,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("these sources are no repository")
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (TOP / name).is_file():
            (repo.path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(TOP / name, repo.path / name)
    repo.git("add", "--all")
    repo.commit("first")
    repo.git("update-ref", "refs/remotes/origin/main", "HEAD")
    repo.git("checkout", "--quiet", "-b", "feature")
    repo.stage("pytestgen_hook/newest.py", UNTESTED)
    repo.commit("feature")
    repo.git("checkout", "--quiet", "--detach", "main")
    repo.git("merge", "--quiet", "--no-ff", "--no-edit", "feature")
    there = tmp_path / "there"
    there.mkdir()
    for place in [Path(place) for place in sys.path if place.endswith("site-packages")]:
        for path in place.iterdir():
            if path.suffix != ".pth" and not path.name.startswith(PARTS_OF_PIP) and not (there / path.name).exists():
                (there / path.name).symlink_to(path)
    (packages,) = container.folder.glob("python/lib/python*/site-packages")
    (packages / "there.pth").write_text(f"{there}\n")
    uses = {"actions/checkout@": lambda options, context: {}, "actions/setup-python@": lambda options, context: {}}
    return Runner(tmp_path / "temp", repo.path, [container.bin], uses, container.environ)


def test_our_own_matrix_installs_us_and_what_our_tests_need(ours: Runner) -> None:
    steps = OURS["tests"]["steps"]
    assert steps[-1]["run"] == "python -m pytest"
    job = ours.job([*steps[:-1], {"run": "python -m pytest --version; pytestgen --help"}], "push", {})
    assert job.status == "success", job.log
    assert "Usage: pytestgen" in job.log
    shown = subprocess.run(
        [ours.path[0] / "python", "-m", "pip", "list", "--editable", "--format=freeze"], capture_output=True, text=True
    ).stdout
    assert shown.startswith("pytestgen-hook=="), shown


def test_our_own_pull_requests_fail_for_what_is_untested(ours: Runner, repo) -> None:
    payload = payloads.pull_request(repo.git("rev-parse", "feature").strip())
    action = yaml.safe_load((repo.path / "ci/action.yml").read_text(encoding="utf-8"))
    played: list[Job] = []

    def act(options: Any, _context: Any) -> dict[str, str]:
        given = {name: str(one["default"]) for name, one in action["inputs"].items()} | {**options}
        inner = Runner(ours.temp / "action", ours.workspace, ours.path, {}, ours.environ)
        github = {"action_path": str(repo.path / "ci")}
        steps = action["runs"]["steps"]
        played.append(inner.job(steps, "pull_request", payload, ref="refs/pull/5/merge", inputs=given, github=github))
        return {}

    ours.uses = {**ours.uses, "./ci": act}
    ours.environ = {**ours.environ, **OURS["self"]["env"]}
    job = ours.job(OURS["self"]["steps"], "pull_request", payload, ref="refs/pull/5/merge")
    assert job.status == "success", job.log  # of the steps before the action
    (inner,) = played
    assert inner.status == "failure", inner.log
    assert inner.outputs("check")["untested-count"] == "1", inner.log
    assert "pytestgen_hook/newest.py" in inner.log


@pytest.mark.parametrize(
    ("failed", "status"), [("success", "success"), ("failure", "failure"), ("cancelled", "failure")]
)
def test_our_own_last_job_is_green_only_if_all_are(hosted: Hosted, failed: str, status: str) -> None:
    steps = steps_of("ci.yml", "passed", ".github/workflows")
    needs = {"gate": {"result": "success"}, "tests": {"result": failed}, "self": {"result": "skipped"}}
    assert hosted.run(steps, "push", payloads.push("a" * 40, "b" * 40), needs=needs).status == status

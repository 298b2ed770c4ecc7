"""The job for GitLab, all of it, as GitLab's runner runs it: one shell in a new container with a clone."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the job is a shell script")

TOP = Path(__file__).parent.parent.parent
JOB = yaml.safe_load((TOP / "ci/gitlab.yml").read_text(encoding="utf-8"))["pytestgen"]
PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "shop"
version = "1"

[tool.hatch.build.targets.wheel]
packages = ["src/shop"]
"""
HALF = "def half(number):\n    return number / 2\n"
DOUBLE = "def double(number):\n    return number * 2\n"
TEST = "from shop import double\n\n\ndef test_double():\n    assert double(2) == 4\n"


def test_the_whole_job_in_a_new_container(repo, container: Any) -> None:
    """What the merge request changes is told, what the target branch has got since it left is not."""
    repo.stage("pyproject.toml", PROJECT)
    repo.stage("src/shop/__init__.py", "")
    repo.commit("first")
    left = repo.git("rev-parse", "HEAD").strip()
    repo.git("checkout", "--quiet", "-b", "feature")
    repo.stage("src/shop/__init__.py", f"{HALF}\n\n{DOUBLE}")
    repo.stage("tests/test_shop.py", TEST)
    repo.commit("feature")
    repo.git("checkout", "--quiet", "main")
    repo.stage("src/shop/theirs.py", HALF)
    repo.commit("theirs")
    target = repo.git("rev-parse", "HEAD").strip()
    repo.git("checkout", "--quiet", "--detach")
    repo.git("merge", "--quiet", "--no-ff", "--no-edit", "feature")
    merged = repo.git("rev-parse", "HEAD").strip()
    repo.git("update-ref", "refs/merge-requests/5/merge", merged)
    repo.git("checkout", "--quiet", "main")

    clone = container.folder / "builds" / "ada" / "shop"
    depth = ["--depth", JOB["variables"]["GIT_DEPTH"]] if JOB["variables"]["GIT_DEPTH"] != "0" else []
    subprocess.run(["git", "init", "--quiet", str(clone)], check=True)
    fetch = ["fetch", "--quiet", *depth, f"file://{repo.path}", f"+{merged}:refs/pipelines/9"]
    subprocess.run(["git", "-C", str(clone), *fetch], check=True)
    subprocess.run(["git", "-C", str(clone), "checkout", "--quiet", "--detach", merged], check=True)
    script = "\n".join([*JOB["before_script"], *JOB["script"]]).replace("/tmp/", f"{container.folder}/")
    told = {
        "GITLAB_CI": "true",
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_COMMIT_SHA": merged,
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": left,
        "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": target,
        "CI_PROJECT_DIR": str(clone),
    }
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=clone,
        env={**container.environ, **JOB["variables"], **told},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "PTG001 half" in done.stdout) == (1, True), done.stdout + done.stderr
    assert "2 changed functions: 1 untested, 1 tested" in done.stdout
    report = json.loads((clone / JOB["artifacts"]["reports"]["codequality"]).read_text())
    assert [one["location"]["path"] for one in report] == ["src/shop/__init__.py"]

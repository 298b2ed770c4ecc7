"""What GitHub tells a job: the parts of its event payloads that matter here."""

from __future__ import annotations

from typing import Any

NULL = "0" * 40
REPOSITORY = {"full_name": "ada/shop", "default_branch": "main"}


def pull_request(head: str, *, branch: str = "feature", fork: bool = False, base: str = NULL) -> dict[str, Any]:
    source = {"full_name": "eve/shop"} if fork else {"full_name": "ada/shop"}
    return {
        "action": "synchronize",
        "number": 5,
        "repository": REPOSITORY,
        "pull_request": {
            "number": 5,
            "head": {"ref": branch, "sha": head, "repo": source},
            "base": {"ref": "main", "sha": base, "repo": {"full_name": "ada/shop"}},
        },
    }


def push(before: str, after: str, *, forced: bool = False, deleted: bool = False) -> dict[str, Any]:
    return {
        "before": before,
        "after": after,
        "forced": forced,
        "created": before == NULL,
        "deleted": deleted,
        "repository": REPOSITORY,
    }


def merge_group(base: str, head: str) -> dict[str, Any]:
    group = {
        "head_sha": head,
        "head_ref": f"refs/heads/gh-readonly-queue/main/pr-5-{base}",
        "base_sha": base,
        "base_ref": "refs/heads/main",
        "head_commit": {"id": head, "message": "Merge pull request #5 from ada/feature", "author": {"name": "Ada"}},
    }
    return {"action": "checks_requested", "merge_group": group, "repository": REPOSITORY, "sender": {"login": "ada"}}


def workflow_run(
    head: str, *, event: str = "pull_request", owner: str = "eve", branch: str = "feature"
) -> dict[str, Any]:
    run = {
        "id": 99,
        "event": event,
        "head_sha": head,
        "head_branch": branch,
        "head_repository": {"full_name": f"{owner}/shop", "owner": {"login": owner}},
    }
    return {"action": "completed", "workflow_run": run, "repository": REPOSITORY}

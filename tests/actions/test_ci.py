"""Ranges of events, comments and pull requests: what ``pytestgen ci`` decides, without the steps around it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import payloads
import pytest
from click.testing import CliRunner, Result
from forge import State, serving

from pytestgen_hook.cli import pytestgen
from pytestgen_hook.commands.ci import Event, range_of, read_report
from pytestgen_hook.commands.comment import MARKER, render_comment
from pytestgen_hook.errors import FatalError

TIP, BASE, OLD = "a" * 40, "b" * 40, "c" * 40
PULL = payloads.pull_request(TIP, base=BASE)

# -- the range ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "ref", "payload", "there", "expected"),
    [
        pytest.param(
            "pull_request", "refs/pull/5/merge", PULL, {"origin/main"}, "--since origin/main", id="pull_request"
        ),
        pytest.param("pull_request", "refs/pull/5/merge", PULL, {"HEAD^1"}, "--since HEAD^1", id="depth_two"),
        pytest.param("pull_request", "refs/heads/x", PULL, {"HEAD^1"}, "--since origin/main", id="head_checked_out"),
        pytest.param("pull_request", "refs/pull/5/merge", PULL, set(), "--since origin/main", id="depth_one"),
        pytest.param(
            "merge_group", "refs/heads/q", payloads.merge_group(BASE, TIP), {BASE}, f"--since {BASE}", id="merge_queue"
        ),
        pytest.param("push", "refs/heads/main", payloads.push(OLD, TIP), {OLD}, f"--since {OLD}", id="push"),
        pytest.param("push", "refs/heads/main", payloads.push(OLD, TIP), set(), f"--since {OLD}", id="shallow_push"),
        pytest.param(
            "push", "refs/heads/x", payloads.push(OLD, TIP, forced=True), {OLD}, f"--since {OLD}", id="forced_push"
        ),
        pytest.param(
            "push", "refs/heads/x", payloads.push(OLD, TIP, forced=True), set(), "--since origin/main", id="forced_away"
        ),
        pytest.param("push", "refs/heads/main", payloads.push(OLD, TIP, forced=True), set(), "--all", id="main_forced"),
        pytest.param("push", "refs/heads/x", payloads.push(payloads.NULL, TIP), set(), "--since origin/main", id="new"),
        pytest.param("push", "refs/heads/main", payloads.push(payloads.NULL, TIP), set(), "--all", id="first_push"),
        pytest.param("push", "refs/tags/v1", payloads.push(payloads.NULL, TIP), set(), "--since origin/main", id="tag"),
        pytest.param("push", "refs/heads/x", payloads.push(OLD, payloads.NULL, deleted=True), set(), "", id="deleted"),
        pytest.param("schedule", "refs/heads/main", {"schedule": "0 3 * * *"}, set(), "--all", id="schedule"),
        pytest.param("workflow_dispatch", "refs/heads/main", {"inputs": {}}, set(), "--all", id="by_hand"),
    ],
)
def test_an_event_means_a_range(event: str, ref: str, payload: Any, there: set[str], expected: str) -> None:
    options, _ = range_of(Event(event, payload, ref), there.__contains__)
    assert " ".join(options) == expected


@pytest.mark.parametrize("event", ["pull_request_target", "workflow_run"])
def test_an_event_with_secrets_is_refused(event: str) -> None:
    with pytest.raises(FatalError, match="on: pull_request"):
        range_of(Event(event, PULL), {"origin/main"}.__contains__)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        pytest.param(PULL, False, id="own_branch"),
        pytest.param(payloads.pull_request(TIP, fork=True), True, id="fork"),
        pytest.param(payloads.push(OLD, TIP), False, id="push"),
    ],
)
def test_a_fork_is_told_by_its_repository(payload: Any, expected: bool) -> None:
    assert Event("pull_request", payload).is_from_fork is expected


def test_a_fork_that_was_deleted_is_a_fork() -> None:
    payload = payloads.pull_request(TIP)
    payload["pull_request"]["head"]["repo"] = None
    assert Event("pull_request", payload).is_from_fork


def test_outside_of_actions_there_is_one_line(repo) -> None:
    result = CliRunner().invoke(pytestgen, ["ci", "check"], env={"GITHUB_EVENT_PATH": None, "GITHUB_EVENT_NAME": None})
    assert result.exit_code == 2
    assert "pytestgen-check" in result.output


# -- the comment -------------------------------------------------------------------------------------------------------


def a_report(*reasons: str, qualname: str = "half", path: str = "shop.py", status: str = "untested") -> dict[str, Any]:
    targets = [
        {"path": path, "qualname": qualname, "line": 5, "reason": reason, "status": status, "code": "PTG001"}
        for reason in reasons
    ]
    counts = {"untested": len(targets), "refused": 0, "suspect": 0, "generated": 0, "tested": 0, "unanalysed": 0}
    return {"schema_version": 1, "exit_status": 1, "counts": counts, "targets": targets, "edits": []}


def written(folder: Path, report: Any) -> str:
    path = folder / "report.json"
    path.write_text(report if isinstance(report, str) else json.dumps(report))
    return str(path)


@pytest.fixture
def service():
    with serving() as state:
        yield state


def commented(service: State, folder: Path, payload: Any, report: Any, event: str = "workflow_run") -> Result:
    (folder / "event.json").write_text(json.dumps(payload))
    environment = {
        "GITHUB_EVENT_NAME": event,
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "GITHUB_REPOSITORY": "ada/shop",
        "GITHUB_API_URL": service.url,
        "INPUT_TOKEN": "the-token",
    }
    return CliRunner().invoke(pytestgen, ["ci", "comment", written(folder, report)], env=environment)


def a_pull(number: int, sha: str, owner: str = "eve", branch: str = "feature") -> dict[str, Any]:
    return {"number": number, "owner": owner, "head": {"ref": branch, "sha": sha}}


def test_the_second_workflow_asks_for_the_pull_request_of_the_commit(service: State, tmp_path: Path) -> None:
    """The number is not taken from the artifact: that comes from a job which ran the code of the pull request."""
    service.pulls = [a_pull(8, OLD), a_pull(9, TIP), a_pull(10, TIP, owner="mallory")]
    report = {**a_report("no test file reaches its module"), "number": 1, "pull_request": 1}
    assert commented(service, tmp_path, payloads.workflow_run(TIP), report).exit_code == 0
    (comment,) = service.comments
    assert comment["on"] == "/repos/ada/shop/issues/9/comments"
    assert "actions/runs/99" not in comment["body"]  # there is no patch to offer


def test_a_pull_request_that_has_moved_on_gets_no_comment(service: State, tmp_path: Path) -> None:
    service.pulls = [a_pull(8, OLD)]
    assert commented(service, tmp_path, payloads.workflow_run(TIP), a_report("x")).exit_code == 0
    assert service.comments == []


def test_a_fork_that_has_been_deleted_gets_no_comment(service: State, tmp_path: Path) -> None:
    service.pulls = [a_pull(9, TIP)]
    payload = payloads.workflow_run(TIP)
    payload["workflow_run"]["head_repository"] = None
    result = commented(service, tmp_path, payload, a_report("x"))
    assert result.exit_code == 0, result.output
    assert service.comments == []


def test_a_run_that_was_not_for_a_pull_request_is_refused(service: State, tmp_path: Path) -> None:
    result = commented(service, tmp_path, payloads.workflow_run(TIP, event="push"), a_report("x"))
    assert result.exit_code == 2
    assert service.comments == []


def test_only_a_comment_of_our_own_is_changed(service: State, tmp_path: Path) -> None:
    service.pulls = [a_pull(9, TIP)]
    service.comments = [
        {"id": number, "user": {"type": "User"}, "body": f"{MARKER} not ours"} for number in range(1, 102)
    ] + [
        {"id": 102, "user": {"type": "Bot"}, "body": f"{MARKER}\nold"},
        {"id": 103, "user": {"type": "Bot"}, "body": "x"},
    ]
    service.comments.insert(0, {"id": 104, "user": None, "body": None})  # whose author is gone
    assert commented(service, tmp_path, payloads.workflow_run(TIP), a_report("x")).exit_code == 0
    assert [comment["id"] for comment in service.comments if "`half`" in (comment["body"] or "")] == [102]
    assert len(service.comments) == 104


def test_nobody_is_told_that_there_is_nothing_to_do(service: State, tmp_path: Path) -> None:
    service.pulls = [a_pull(9, TIP)]
    assert commented(service, tmp_path, payloads.workflow_run(TIP), {**a_report(), "exit_status": 0}).exit_code == 0
    assert service.comments == []


@pytest.mark.parametrize(
    "report",
    [
        pytest.param("", id="empty"),
        pytest.param("[" * 100_000, id="deep"),
        pytest.param("[1, 2]", id="list"),
        pytest.param('{"schema_version": 1}', id="no_counts"),
        pytest.param(json.dumps({**a_report("x"), "schema_version": 2}), id="other_version"),
        pytest.param(json.dumps({**a_report("x"), "counts": {"untested": "1"}}), id="count_is_text"),
        pytest.param(json.dumps({**a_report("x"), "targets": [{"path": ["x"]}]}), id="path_is_list"),
        pytest.param(json.dumps({**a_report("x"), "targets": 7}), id="targets_is_number"),
        pytest.param('{"a": "' + "x" * (21 << 20) + '"}', id="too_large"),
    ],
)
def test_a_report_that_is_none_gets_one_line(service: State, tmp_path: Path, report: str) -> None:
    result = commented(service, tmp_path, payloads.workflow_run(TIP), report)
    assert result.exit_code == 2
    assert len(result.output.splitlines()) == 1
    assert service.requests == []


HOSTILE = [
    "@ada look [here](https://evil.example) <img src=https://evil.example/x> ![x](https://evil.example)",
    "a | b | c\n| new | row |",
    "`code` ``` fence ```` and ``",
    "<!-- pytestgen --> <script>alert(1)</script>",
    "\x1b[31mred\x1b[0m \u202egnitirw\u202c \x07",
    "::add-mask::x",
    "x" * 100_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_untrusted_text_is_inert_in_a_comment(text: str) -> None:
    from markdown_it import MarkdownIt

    body = render_comment(a_report(text, qualname=text, path=f"{text}.py"), "https://example.org/run")
    parsed = MarkdownIt("commonmark").enable("table").parse(body.removeprefix(MARKER))
    inline = [child for token in parsed for child in token.children or ()]
    kinds = {token.type for token in [*parsed, *inline]}
    assert kinds.isdisjoint({"html_block", "html_inline", "link_open", "image", "fence"}), body
    assert sum(token.type == "tr_open" for token in parsed) == 2
    plain = "".join(child.content for child in inline if child.type == "text")
    assert "@ada" not in plain
    assert "evil" not in plain
    assert body.isprintable() or set(body) - {"\n"} <= {character for character in body if character.isprintable()}


@pytest.mark.parametrize("letter", ["x", "|", "`"])
def test_a_comment_stays_below_what_github_takes(letter: str) -> None:
    long = {"qualname": letter * 1000, "path": letter * 4000}
    report = a_report(*[letter * 1000] * 5000, **long)
    report["targets"] += a_report(*[""] * 5000, status="generated", **long)["targets"]
    body = render_comment(report, "https://example.org/run")
    assert 40_000 < len(body) < 65_000
    for table in body.split("Tests were made for:"):
        rows = [line for line in table.splitlines() if line.startswith("| `")]
        assert 0 < len(rows) <= 50
        assert all(row.endswith("` |") for row in rows)
        assert f"\n| … and {5000 - len(rows)} more | | |\n" in table


def test_a_report_of_the_check_is_read(repo) -> None:
    repo.stage("a.py", "def double(number):\n    return 2 * number\n")
    CliRunner().invoke(pytestgen, ["check", "--output-format", "json", "--output-file", "../report.json"])
    report = read_report(repo.path.parent / "report.json")
    assert [target["qualname"] for target in report["targets"]] == ["double"]
    assert "| `double` | `a.py:1` |" in render_comment(report, "https://example.org/run")

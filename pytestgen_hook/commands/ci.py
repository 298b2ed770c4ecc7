"""The steps of the GitHub action: which range an event means, the check and its outputs, the comment, the commit.

Everything that decides something is here and not in the shell of ``ci/action.yml``; inputs come as ``INPUT_*`` variables.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pytestgen_hook.errors import FatalError
from pytestgen_hook.terminal import escaped

if TYPE_CHECKING:
    from pytestgen_hook.commands.options import Progress
    from pytestgen_hook.forge import GitHub, Push

MODES = ("fail", "comment", "patch", "commit")
REPORT, PATCH = "report.json", "tests.patch"
BACKFILL = "pytestgen/backfill-"
_AUTHOR = ("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")
_MOST_BYTES = 20 << 20  # of a report or a patch that another job has left
_VALUED = ("engine", "budget", "config", "python", "tests-dir")
# Their jobs have the rights and secrets of the repository, and the check runs the code of a pull request.
_PRIVILEGED = ("pull_request_target", "workflow_run")


@dataclass(frozen=True, slots=True)
class Event:
    """What set a job going: the name of the event, its payload, and the ref that it is about."""

    name: str
    payload: Mapping[str, Any]
    ref: str = ""

    @staticmethod
    def read(environ: Mapping[str, str]) -> Event:
        """Read the event as the runner hands it over; FatalError where this is no job of GitHub Actions."""
        path = environ.get("GITHUB_EVENT_PATH", "")
        try:
            payload = json.loads(Path(path).read_bytes()) if path else None
        except (OSError, ValueError) as error:
            raise FatalError(f"GITHUB_EVENT_PATH {path}: {error}. Run this in a job of GitHub Actions.") from None
        if not isinstance(payload, dict):
            raise FatalError("there is no event here. Run this in a job of GitHub Actions, or `pytestgen-check`.")
        return Event(environ.get("GITHUB_EVENT_NAME", ""), payload, environ.get("GITHUB_REF", ""))

    @property
    def pull_request(self) -> Mapping[str, Any] | None:
        """The pull request that the event is about, if it is about one."""
        found = self.payload.get("pull_request")
        return found if isinstance(found, dict) else None

    @property
    def is_from_fork(self) -> bool:
        """Whether the change comes from another repository, where its token may write nothing here."""
        if self.pull_request is None:
            return False
        source = (self.pull_request["head"].get("repo") or {}).get("full_name")
        return bool(source != self.pull_request["base"]["repo"]["full_name"])


# -- the range ---------------------------------------------------------------------------------------------------------


def range_of(event: Event, has: Callable[[str], bool]) -> tuple[tuple[str, ...], str]:
    """Return the options that name the range of an event, none if it leaves nothing to check, and a remark for the log.

    ``has`` says whether the clone has a commit. What is missing from it is asked for all the same where it is the right
    thing to compare with: the check then says what to fetch, where finding nothing would be a wrong green.
    """
    if event.name in _PRIVILEGED:
        raise FatalError(
            f"{event.name} gives a job the secrets of this repository, and the check runs the code of the pull request. "
            "Use `on: pull_request`."
        )
    if event.pull_request is not None:
        base = event.pull_request["base"]
        candidates = [f"origin/{base['ref']}"]
        if event.ref.endswith("/merge"):  # what is checked out then is a merge into the target branch
            candidates.append("HEAD^1")
        return ("--since", next((ref for ref in candidates if has(ref)), candidates[0])), ""
    if event.name == "merge_group":
        return ("--since", event.payload["merge_group"]["base_sha"]), ""
    if event.name == "push":
        return _pushed(event, has)
    return ("--all",), ""


def _pushed(event: Event, has: Callable[[str], bool]) -> tuple[tuple[str, ...], str]:
    payload = event.payload
    if payload.get("deleted"):
        return (), "the ref was deleted: nothing to check"
    before = str(payload.get("before") or "")
    is_known = bool(before.strip("0"))
    if is_known and (has(before) or not payload.get("forced")):
        return ("--since", before), ""
    branch = payload["repository"]["default_branch"]
    if event.ref != f"refs/heads/{branch}":
        return ("--since", f"origin/{branch}"), ""
    why = "what it was before the forced push is gone" if is_known else "this is its first push"
    return ("--all",), f"{branch}: {why}, so every function is checked"


# -- the check ---------------------------------------------------------------------------------------------------------


def check(environ: Mapping[str, str], cwd: Path, say: Callable[[str], None]) -> int:
    """Run the check that the inputs and the event ask for, set the outputs of the step, and return the check's status.

    The check is a process of its own: whatever becomes of it, the outputs are set. Its report and the patch with the tests
    lie in a folder below RUNNER_TEMP, to be kept as an artifact.
    """
    from pytestgen_hook.git import Repository

    event = Event.read(environ)
    mode = _mode(environ.get("INPUT_MODE") or "fail", event, say)
    model = environ.get("INPUT_MODEL", "")
    if model and environ.get("MODEL_READY") != "true" and mode in ("patch", "commit"):
        say(_notice(f"the model {model} is not here, and a pull request fetches none: this is a check only"))
        mode = "fail"
    folder = Path(environ["RUNNER_TEMP"]) / "pytestgen"
    folder.mkdir(parents=True, exist_ok=True)
    report, patch = folder / REPORT, folder / PATCH
    for path in (report, patch):
        path.unlink(missing_ok=True)
    options = _asked_for(environ)
    if not options:
        options, remark = range_of(event, Repository.open(cwd).has)
        if remark:
            say(_notice(remark))
    status = 0
    if options:
        making = ("--mode", "write", "--diff") if mode in ("patch", "commit") else ("--mode", "fail")
        forms = ("--output-format", "json", "--output-file", str(report), "--output-format", "github")
        command = [
            sys.executable,
            "-I",
            "-m",
            "pytestgen_hook",
            "check",
            *options,
            *making,
            *_settings(environ),
            *forms,
        ]
        inherited = {name: value for name, value in environ.items() if not name.startswith("INPUT_")}
        inherited |= {"PYTESTGEN_MODEL": model} if model else {}
        done = subprocess.run(command, cwd=cwd, env=inherited, check=False)
        status = done.returncode if done.returncode >= 0 else 128 - done.returncode
    outputs = {"exit-code": str(status), "mode": mode, "folder": str(folder)}
    if status <= 1 and report.is_file():  # what came to no verdict has counted nothing
        found = read_report(report)
        counts = found["counts"]
        outputs["report-path"] = str(report)
        outputs["untested-count"] = str(left_over(counts))
        outputs["generated-count"] = str(counts["generated"])
        if found["edits"]:
            text = "".join(edit["diff"] for edit in found["edits"])
            patch.write_bytes(text.encode("utf-8", "surrogateescape"))
            outputs["patch-path"] = str(patch)
    elif not options:
        outputs |= {"untested-count": "0", "generated-count": "0"}
    set_outputs(environ, outputs)
    return status


def _mode(mode: str, event: Event, say: Callable[[str], None]) -> str:
    """Return the mode as far as the event allows it; a fork's pull request never gets a commit of ours."""
    if mode not in MODES:
        raise FatalError(f"mode: {mode!r} is not one of {', '.join(MODES)}. Choose one.")
    if mode == "commit" and event.is_from_fork:
        say(_notice("the pull request comes from a fork: its tests are offered as a patch, nothing is pushed"))
        return "patch"
    if mode == "commit" and event.pull_request is None and not event.ref.startswith("refs/heads/"):
        say(_notice(f"{event.ref} is no branch: the tests are offered as a patch, nothing is pushed"))
        return "patch"
    if mode == "comment" and event.pull_request is None:
        say(_notice(f"{event.name} has no pull request to comment on"))
        return "fail"
    return mode


def _asked_for(environ: Mapping[str, str]) -> tuple[str, ...]:
    if environ.get("INPUT_ALL") == "true":
        return ("--all",)
    since = environ.get("INPUT_SINCE", "")
    return ("--since", since) if since else ()


def _settings(environ: Mapping[str, str]) -> list[str]:
    given = {name: environ.get(f"INPUT_{name.upper().replace('-', '_')}", "") for name in _VALUED}
    options = [f"--{name}={value}" for name, value in given.items() if value]
    return [*options, "--exit-zero"] if environ.get("INPUT_EXIT_ZERO") == "true" else options


def left_over(counts: Mapping[str, int]) -> int:
    """Return how many functions are without tests, those included whose tests are refused."""
    return counts["untested"] + counts["refused"] + counts["suspect"]


def read_report(path: Path) -> dict[str, Any]:
    """Return a report that another process has written, perhaps a hostile one; FatalError if it is none of ours."""
    text = _read_bounded(path)
    try:
        report = json.loads(text)
        counts = report["counts"]
        is_ours = report["schema_version"] == 1 and all(type(number) is int for number in counts.values())
        fields = ("path", "qualname", "reason", "status")
        is_ours &= all(isinstance(target[field], str) for target in report["targets"] for field in fields)
        is_ours &= all(type(target["line"]) is int and "code" in target for target in report["targets"])
        is_ours &= type(report["exit_status"]) is int
        is_ours &= all(isinstance(edit["diff"], str) for edit in report["edits"])
        left_over(counts), counts["generated"]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        is_ours = False
    if not is_ours:
        raise FatalError(f"{path} is no report of this version. Look at the job that wrote it.")
    return dict(report)


def _read_bounded(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise FatalError(f"{path}: {error.strerror}. Look at the job that should have written it.") from None
    if len(data) > _MOST_BYTES:
        raise FatalError(f"{path} is larger than {_MOST_BYTES >> 20} MiB. Look at the job that wrote it.")
    return data


# -- the model ---------------------------------------------------------------------------------------------------------


def model(environ: Mapping[str, str], cwd: Path, progress: Progress, say: Callable[[str], None]) -> int:
    """Say where the model of the inputs lies and by which key it is cached, and see that it is there; return 0.

    The first time, before the cache is looked at, nothing is there. The second time (MODEL_RESTORED is set) what has come
    from the cache is compared with its SHA-256 and removed if it is wrong; what is missing is fetched, but never for a pull
    request, whose runs only take from the cache what runs of the default branch have put there.
    """
    from pytestgen_hook.commands.model import declared
    from pytestgen_hook.model import store

    config = environ.get("INPUT_CONFIG", "")
    wanted = store.resolve(environ["INPUT_MODEL"], declared(cwd, Path(config) if config else None, environ))
    digest = wanted.sha256
    if digest is None:
        raise FatalError(f"the model {wanted.name} has no SHA-256 to be cached by. Declare it with one.")
    outputs = {"key": f"pytestgen-model-{digest}", "path": str(store.place_of(wanted))}
    if "MODEL_RESTORED" in environ:
        is_here = store.located(wanted) is not None and store.verify(wanted)
        if not is_here and not wanted.path:
            store.remove(wanted)
        is_fetched = False
        if not is_here and Event.read(environ).pull_request is None:
            store.pull(wanted, progress)
            is_here = is_fetched = True
        if not is_here:
            say(_notice(f"the model {wanted.name} is in no cache that this pull request may read"))
        outputs |= {"ready": str(is_here).lower(), "fetched": str(is_fetched).lower()}
    set_outputs(environ, outputs)
    return 0


# -- the comment -------------------------------------------------------------------------------------------------------


def comment(environ: Mapping[str, str], report: Path, say: Callable[[str], None]) -> int:
    """Write what a report says into the one comment of ours on its pull request, or make it; return the exit status.

    In a ``workflow_run`` job the report comes from a job that ran the code of the pull request: it is data, checked and
    rendered here, and which pull request it belongs to is asked of GitHub. A token that may not comment is no error.
    """
    from pytestgen_hook.commands.comment import MARKER, render_comment
    from pytestgen_hook.forge import ForbiddenError, GitHub

    event, hub = Event.read(environ), GitHub.of(environ)
    found = read_report(report)
    text = render_comment(found, _run_url(event, environ))
    try:
        number = _number(event, hub)
        if number is None:
            say(_notice("no open pull request is at this commit any more: nothing to comment on"))
            return 0
        # By anyone else a comment with our marker is not ours: it stays as it is.
        ours = (
            one
            for one in hub.get_all(f"/issues/{number}/comments")
            if (one["user"] or {}).get("type") == "Bot" and (one["body"] or "").startswith(MARKER)
        )
        first = next(ours, None)
        if first is not None:
            hub.ask("PATCH", f"/issues/comments/{int(first['id'])}", {"body": text})
        elif found["exit_status"] != 0:  # who has nothing to do is not told so
            hub.ask("POST", f"/issues/{number}/comments", {"body": text})
    except ForbiddenError:
        say(_notice("the token may not comment (a pull request from a fork?); the report is in the artifact"))
    return 0


def _number(event: Event, hub: GitHub) -> int | None:
    """Return the number of the pull request, that of a ``workflow_run`` by the commit that it ran for."""
    if event.pull_request is not None:
        return int(event.pull_request["number"])
    run = event.payload.get("workflow_run")
    if not isinstance(run, dict) or run.get("event") != "pull_request":
        raise FatalError(f"{event.name} is about no pull request. Use `on: pull_request` or `on: workflow_run`.")
    source = run["head_repository"]
    if source is None:  # the fork has been deleted since
        return None
    head = quote(f"{source['owner']['login']}:{run['head_branch']}", safe="")
    pulls = hub.get_all(f"/pulls?state=open&head={head}")
    return next((int(pull["number"]) for pull in pulls if pull["head"]["sha"] == run["head_sha"]), None)


def _run_url(event: Event, environ: Mapping[str, str]) -> str:
    server, repository = environ.get("GITHUB_SERVER_URL", "https://github.com"), environ.get("GITHUB_REPOSITORY", "")
    run = event.payload.get("workflow_run")
    identifier = run["id"] if isinstance(run, dict) else environ.get("GITHUB_RUN_ID", "")
    return f"{server}/{repository}/actions/runs/{identifier}"


# -- the commit --------------------------------------------------------------------------------------------------------


def commit(environ: Mapping[str, str], folder: Path, say: Callable[[str], None]) -> int:
    """Push the tests that a check has made as a commit on the branch that it checked; return the exit status.

    That is 0 where nothing is left without tests then. What cannot be pushed any more stays in the patch.
    """
    from pytestgen_hook.forge import Push

    event = Event.read(environ)
    if event.is_from_fork:
        raise FatalError("the pull request comes from a fork, and nothing is pushed to forks. Use mode patch.")
    if event.pull_request is not None:
        branch, base = str(event.pull_request["head"]["ref"]), str(event.pull_request["head"]["sha"])
    else:
        branch, base = _branch(event), environ.get("GITHUB_SHA", "")
    counts = read_report(folder / REPORT)["counts"]
    push = Push(_url(environ), branch, base, branch, "Tests for the functions that nothing ran", _AUTHOR)
    is_pushed = _push(push, folder / PATCH, environ, say)
    status = int(not is_pushed or bool(left_over(counts)) or bool(counts["unanalysed"]))
    status = 0 if environ.get("INPUT_EXIT_ZERO") == "true" else status
    set_outputs(environ, {"exit-code": str(status), "pushed": str(is_pushed).lower()})
    return status


def pull_request(environ: Mapping[str, str], folder: Path, say: Callable[[str], None]) -> int:
    """Push the tests that a check has made as a branch of their own and open a pull request; return the exit status.

    While an earlier one of these is open nothing is done: nobody reads two.
    """
    from pytestgen_hook.commands.comment import render_comment
    from pytestgen_hook.forge import ForbiddenError, GitHub, Push

    event, hub = Event.read(environ), GitHub.of(environ)
    if not (folder / PATCH).is_file():
        say(_notice("there are no new tests"))
        return 0
    text = render_comment(read_report(folder / REPORT), _run_url(event, environ))
    branch = _branch(event)
    target = f"{BACKFILL}{environ.get('GITHUB_RUN_ID', '')}"
    try:
        for pull in hub.get_all("/pulls?state=open"):
            if pull["head"]["ref"].startswith(BACKFILL):
                say(_notice(f"pull request {int(pull['number'])} with tests is still open: merge or close it first"))
                return 0
        title = "Tests for functions that nothing ran"
        if _push(
            Push(_url(environ), branch, environ["GITHUB_SHA"], target, title, _AUTHOR), folder / PATCH, environ, say
        ):
            hub.ask("POST", "/pulls", {"title": title, "head": target, "base": branch, "body": text})
            return 0
    except ForbiddenError as error:
        raise FatalError(
            f"{error}: the token may not. Give the job `contents: write` and `pull-requests: write`, and allow GitHub "
            "Actions to create pull requests in the settings of the repository."
        ) from None
    return 1


def _push(push: Push, patch: Path, environ: Mapping[str, str], say: Callable[[str], None]) -> bool:
    from pytestgen_hook.forge import ForbiddenError, GitHub, push_patch

    if not patch.is_file():
        say(_notice("there are no new tests"))
        return True
    try:
        why = push_patch(push, _read_bounded(patch), GitHub.of(environ).token)
    except ForbiddenError:
        why = f"the token may not push to {push.target}: give the job `contents: write`"
    if why:
        say(_notice(f"nothing was pushed: {why}; the tests are in {PATCH}"))
    return why is None


def _branch(event: Event) -> str:
    if not event.ref.startswith("refs/heads/"):
        raise FatalError(f"{event.ref or event.name} is no branch to push to. Run this for a branch.")
    return event.ref.removeprefix("refs/heads/")


def _url(environ: Mapping[str, str]) -> str:
    return f"{environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{environ.get('GITHUB_REPOSITORY', '')}"


# -- what the runner reads ---------------------------------------------------------------------------------------------


def set_outputs(environ: Mapping[str, str], outputs: Mapping[str, str]) -> None:
    """Set outputs of the step; no value can set another."""
    file = environ.get("GITHUB_OUTPUT")
    if not file:
        return
    with Path(file).open("a", encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
        for name, value in outputs.items():
            mark = secrets.token_hex(16)
            stream.write(f"{name}<<{mark}\n{value}\n{mark}\n")


def _notice(text: str) -> str:
    return f"::notice title=pytestgen::{escaped(text).replace('%', '%25')}"

"""The one door to the service that hosts a repository: its API for pull requests and comments, and pushing a commit to it.

Only steps of CI that were given a token come here; no hook and no check does.
"""

from __future__ import annotations

import base64
import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytestgen_hook import sandbox
from pytestgen_hook.errors import FatalError
from pytestgen_hook.scratch import scratch_folder

_SECONDS = 30.0
_GIT_SECONDS = 600.0
_PER_PAGE = 100
_MOST_PAGES = 50
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


class ForbiddenError(Exception):
    """The token may not do that: a pull request from a fork, or a job without the permission."""


@dataclass(frozen=True, slots=True)
class GitHub:
    """The API of GitHub for one repository (``owner/name``), with the rights of a token."""

    api: str
    repository: str
    token: str = field(repr=False)

    @staticmethod
    def of(environ: Mapping[str, str]) -> GitHub:
        """Return the one that the runner names; FatalError where there is none or no token."""
        repository, token = environ.get("GITHUB_REPOSITORY", ""), environ.get("INPUT_TOKEN", "")
        if not _REPOSITORY.fullmatch(repository):
            raise FatalError(f"GITHUB_REPOSITORY is {repository!r}. Run this in a job of GitHub Actions.")
        if not token:
            raise FatalError("INPUT_TOKEN is empty. Give it the token of the job: ${{ github.token }}.")
        return GitHub(environ.get("GITHUB_API_URL", "https://api.github.com"), repository, token)

    def get_all(self, path: str) -> Iterator[Any]:
        """Yield the items of a list, page by page."""
        for page in range(1, _MOST_PAGES + 1):
            joint = "&" if "?" in path else "?"
            found = self.ask("GET", f"{path}{joint}per_page={_PER_PAGE}&page={page}")
            yield from found
            if len(found) < _PER_PAGE:
                return

    def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Send a request about the repository (``path`` begins with ``/``) and return the answer.

        Raises ForbiddenError where the token has not the right, FatalError for all else that goes wrong.
        """
        request = urllib.request.Request(
            f"{self.api}/repos/{self.repository}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "User-Agent": "pytestgen-hook",
                "X-GitHub-Api-Version": "2022-11-28",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 403:
                raise ForbiddenError(f"{method} {path}") from None
            raise FatalError(f"{method} {path}: {self.api} answered {error.code} {error.reason}. Try again.") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise FatalError(f"{method} {path}: no answer from {self.api}: {reason}. Try again.") from None


@dataclass(frozen=True, slots=True)
class Push:
    """A commit that is to be made of a patch: on ``base``, the tip of the branch ``source``, pushed as ``target``."""

    url: str
    source: str
    base: str
    target: str
    message: str
    author: tuple[str, str]


def push_patch(push: Push, patch: bytes, token: str) -> str | None:
    """Commit a patch and push it; return None, or in words why that is not possible any more.

    All happens in a new repository with nobody's settings: the one that the tests of the project ran in may have been
    changed by them, and neither its hooks nor its settings may see the token. Nothing is forced. Raises ForbiddenError
    where the token may not push, FatalError for what git cannot do.
    """
    with scratch_folder() as place:
        git = _Git(place, push, token)
        git("init", "--quiet", "--template=", ".")
        git("fetch", "--quiet", "--depth=1", "--no-tags", push.url, f"refs/heads/{push.source}")
        tip = git("rev-parse", "FETCH_HEAD").output.strip()
        if tip != push.base:
            return f"{push.source} has moved on since this run began"
        git("checkout", "--quiet", "--detach", tip)
        if git("apply", "--index", "-", given=patch, may_fail=True).returncode:
            return "the patch does not fit the branch any more"
        _refuse_other_than_python(git("diff", "--cached", "--raw", "-z", "--no-renames", "HEAD").output)
        name, address = push.author
        identity = ("-c", f"user.name={name}", "-c", f"user.email={address}")
        git(*identity, "commit", "--quiet", "--no-verify", "--message", push.message)
        done = git("push", "--quiet", "--no-verify", push.url, f"HEAD:refs/heads/{push.target}", may_fail=True)
        if done.returncode == 0:
            return None
        if re.search(r"\b403\b|denied|not permitted|protected branch", done.errors, re.IGNORECASE):
            raise ForbiddenError(f"push to {push.target}")
        if "non-fast-forward" in done.errors or "fetch first" in done.errors or "cannot lock ref" in done.errors:
            return f"{push.target} has moved on since this run began"
        raise _failed("push", done.errors)


class _Git:
    """Git in one folder, with the token for one remote and without settings, hooks or questions."""

    def __init__(self, folder: Path, push: Push, token: str) -> None:
        self._folder = folder
        basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        settings = {
            "core.hooksPath": os.devnull,
            "core.symlinks": "false",
            f"http.{push.url}.extraheader": f"Authorization: basic {basic}",
        }
        self._environment = sandbox.clean_environment(folder, keep=("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY"))
        self._environment |= {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_COUNT": str(len(settings)),
        }
        for number, (name, value) in enumerate(settings.items()):
            self._environment |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}

    def __call__(self, *arguments: str, given: bytes | None = None, may_fail: bool = False) -> sandbox.Completed:
        done = sandbox.run(
            ["git", *arguments], cwd=self._folder, env=self._environment, timeout=_GIT_SECONDS, input=given
        )
        if done.returncode and not may_fail:
            raise _failed(next(word for word in arguments if word != "-c" and "=" not in word), done.errors)
        return done


def _refuse_other_than_python(raw: str) -> None:
    """Raise FatalError for a patch that changes what no test is: it may come from a job that ran anyone's code."""
    fields = raw.split("\0")
    for head, path in zip(fields[::2], fields[1::2], strict=False):
        is_plain = head.split(" ")[1] in ("100644", "100755")
        if not is_plain or not path.endswith(".py") or any(part.startswith(".") for part in path.split("/")):
            raise FatalError(f"the patch changes {path}, and only tests are committed. Look at the job that made it.")


def _failed(command: str, errors: str) -> FatalError:
    said = " ".join(errors.split()) or "it gave no reason"
    return FatalError(f"git {command} failed: {said} Look at the permissions of the job.")

"""The one door to git: what changed, the contents of the index and of commits, and staging; the work tree is never read for code."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pytestgen_hook.errors import FatalError
from pytestgen_hook.types import Change

if TYPE_CHECKING:
    from git import Git

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_EMPTY_TREE_SHA256 = "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"
_REGULAR = ("100644", "100755")
# Whatever the user has configured, these commands answer in the one form that is parsed here.
_DIFF = ("--no-ext-diff", "--no-textconv", "--no-color", "--raw", "--no-abbrev", "-z", "-M", "--ignore-submodules=all")
_OPERATIONS = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisect",
}


@dataclass(frozen=True, slots=True)
class Revision:
    """What is examined: the index (empty name) or a commit (its id)."""

    name: str = ""


INDEX = Revision()


@dataclass(frozen=True, slots=True)
class Changes:
    """The Python files that a range added or altered, and the old contents of those it deleted."""

    changes: tuple[Change, ...]
    gone: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class _Entry:
    """One record of ``git diff --raw``."""

    status: str
    mode: str
    before_mode: str
    before_id: str
    id: str
    path: str
    before_path: str


def _is_python(path: str) -> bool:
    return path.endswith(".py")


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


@dataclass(frozen=True)
class Repository:
    """A git repository with a work tree; ``git_dir`` is that of this work tree (linked ones have their own)."""

    root: Path
    git_dir: Path
    _git: Git = field(repr=False, compare=False)

    @staticmethod
    def open(folder: Path) -> Repository:
        """Return the repository around ``folder``; FatalError where there is none that can be used."""
        os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
        from git import Git, GitCommandError, GitCommandNotFound

        git = Git(str(folder))
        try:
            # In a hook git exports GIT_DIR and GIT_INDEX_FILE, relative to the top: these calls honour them.
            answer = git.rev_parse("--show-toplevel", "--absolute-git-dir", strip_newline_in_stdout=False)
        except GitCommandNotFound:
            raise FatalError("git was not found on PATH; install git.") from None
        except GitCommandError as error:
            raise FatalError(_why_not_open(folder, str(error.stderr))) from None
        root, git_dir = answer.rstrip("\n").split("\n")[:2]
        # Commands run at the top, as hooks do: a relative GIT_INDEX_FILE would miss from a sub-directory.
        return Repository(Path(root), Path(git_dir), Git(root))

    # -- running -------------------------------------------------------------------------------------------------

    def _run(self, *arguments: str, env: Mapping[str, str] | None = None, check: bool = True) -> bytes:
        command = ["git", *arguments]
        try:
            output: bytes = self._git.execute(
                command, stdout_as_string=False, strip_newline_in_stdout=False, env=env, with_exceptions=check
            )
        except Exception as error:
            from git import GitCommandError

            if not isinstance(error, GitCommandError):
                raise
            raise FatalError(f"git {arguments[0]} failed: {_last_line(str(error.stderr))}") from None
        return output

    def _text(self, *arguments: str, check: bool = True) -> str:
        return _decode(self._run(*arguments, check=check)).rstrip("\n")

    # -- what changed --------------------------------------------------------------------------------------------

    def head(self) -> str | None:
        """Return the commit id of HEAD, or None before the first commit."""
        return self._text("rev-parse", "--verify", "--quiet", "HEAD^{commit}", check=False) or None

    def staged_changes(self) -> Changes:
        """Return what the index adds or alters against HEAD (against nothing before the first commit)."""
        # `diff --cached` knows by itself about an unborn HEAD, and is one process instead of two.
        return self._changes(self._run("diff", "--cached", *_DIFF))

    def changes_since(self, ref: str) -> tuple[Revision, Changes]:
        """Return HEAD and what it adds or alters since the merge base with ``ref``.

        FatalError, with the fetch that mends it, for a missing ref, a shallow clone that hides the merge base, and
        histories that have none.
        """
        head = self.head()
        if head is None:
            raise FatalError(f"--since {ref}: there is no commit yet.")
        base = self._merge_base(ref, head)
        return Revision(head), self._changes(self._run("diff", *_DIFF, base, head))

    def changes_of_head(self) -> Changes:
        """Return what the last commit added or altered against its first parent."""
        head = self.head()
        if head is None:
            raise FatalError("there is no commit to amend.")
        parent = self._text("rev-parse", "--verify", "--quiet", "HEAD^1^{commit}", check=False) or self._empty_tree()
        return self._changes(self._run("diff", *_DIFF, parent, head))

    def all_changes(self, revision: Revision) -> Changes:
        """Return every Python file of the revision as if it were new."""
        entries = {path: blob for path, blob in self.entries(revision).items() if _is_python(path)}
        blobs = self.blobs(entries.values())
        return Changes(tuple(Change(path, blobs[blob]) for path, blob in entries.items()))

    def _merge_base(self, ref: str, head: str) -> str:
        commit = self._text("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", check=False)
        shallow = self._text("rev-parse", "--is-shallow-repository") == "true"
        if not commit:
            remote, _, branch = ref.partition("/")
            fetch = f"git fetch {remote} {branch}:refs/remotes/{ref}" if branch else f"git fetch origin {ref}"
            raise FatalError(f"--since {ref}: there is no such commit here. Run `{fetch}` first.")
        base = self._text("merge-base", commit, head, check=False)
        if base:
            return base.split("\n")[0]
        if shallow:
            raise FatalError(
                f"--since {ref}: this clone is shallow and does not reach the point where HEAD left {ref}. "
                "Run `git fetch --unshallow` first (in GitHub Actions: `fetch-depth: 0` for actions/checkout)."
            )
        raise FatalError(f"--since {ref}: HEAD and {ref} have no commit in common. Name a ref that HEAD descends from.")

    def _empty_tree(self) -> str:
        return _EMPTY_TREE_SHA256 if len(self.head() or "") == 64 else EMPTY_TREE

    def _changes(self, raw: bytes) -> Changes:
        entries = [entry for entry in _entries(raw) if _is_python(entry.path) or _is_python(entry.before_path)]
        taken = [entry for entry in entries if entry.status != "D" and entry.mode in _REGULAR and _is_python(entry.path)]
        gone = [entry for entry in entries if entry.status == "D" and entry.before_mode in _REGULAR]
        ids = {entry.id for entry in taken} | {entry.before_id for entry in entries if entry.before_mode in _REGULAR}
        blobs = self.blobs(identifier for identifier in ids if identifier.strip("0"))
        changes = [
            Change(
                entry.path,
                blobs[entry.id],
                entry.before_path,
                blobs.get(entry.before_id) if entry.before_mode in _REGULAR else None,
            )
            for entry in taken
            if entry.id in blobs  # an intent-to-add entry has no contents yet
        ]
        return Changes(tuple(changes), tuple(blobs[entry.before_id] for entry in gone if entry.before_id in blobs))

    # -- contents ------------------------------------------------------------------------------------------------

    def entries(self, revision: Revision) -> dict[str, str]:
        """Return {path: blob id} of the regular files of the revision."""
        found = {}
        if revision == INDEX:
            for record in self._run("ls-files", "-s", "-z").split(b"\0"):
                if record:
                    meta, _, path = record.partition(b"\t")
                    mode, blob, stage = meta.decode().split(" ")
                    if mode in _REGULAR and stage == "0":
                        found[_decode(path)] = blob
            return found
        for record in self._run("ls-tree", "-r", "-z", "--full-tree", revision.name).split(b"\0"):
            if record:
                meta, _, path = record.partition(b"\t")
                mode, kind, blob = meta.decode().split(" ")
                if kind == "blob" and mode in _REGULAR:
                    found[_decode(path)] = blob
        return found

    def blobs(self, ids: Iterable[str]) -> dict[str, bytes]:
        """Return {id: contents} of the blobs, read by one process; ids that do not exist are left out."""
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        process = self._git.execute(["git", "cat-file", "--batch"], istream=subprocess.PIPE, as_process=True)
        output, _ = process.communicate(("\n".join(wanted) + "\n").encode())
        return dict(_batch(output))

    def export(self, revision: Revision, folder: Path) -> None:
        """Write all files of the revision below ``folder``, without touching the user's index or work tree."""
        if revision == INDEX:
            # With the user's own index only read: checkout-index without -u leaves it alone.
            self._run("checkout-index", "--all", "--force", "--quiet", f"--prefix={folder}{os.sep}")
            return
        with tempfile.TemporaryDirectory(prefix="pytestgen-index-") as place:
            environment = {"GIT_INDEX_FILE": str(Path(place) / "index")}
            self._run("read-tree", revision.name, env=environment)
            self._run("checkout-index", "--all", "--force", "--quiet", f"--prefix={folder}{os.sep}", env=environment)

    def ignored_files(self) -> list[str]:
        """Return ignored files and folders (these end in ``/``) of the work tree."""
        raw = self._run("ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z")
        return [_decode(path) for path in raw.split(b"\0") if path]

    def is_ignored(self, path: str) -> bool:
        """Whether git would ignore an untracked file at ``path``."""
        return bool(self._run("check-ignore", "--", path, check=False))

    # -- the work tree -------------------------------------------------------------------------------------------

    def dirty(self, paths: Iterable[str]) -> set[str]:
        """Return those of the paths whose file in the work tree differs from the index, or is there untracked."""
        wanted = sorted(set(paths))
        if not wanted:
            return set()
        literal = [f":(top,literal){path}" for path in wanted]
        raw = self._run("status", "--porcelain=v1", "-z", "--untracked-files=all", "--ignored=matching", "--no-renames", "--", *literal)
        return {_decode(record[3:]) for record in raw.split(b"\0") if record and record[1:2] != b" "}

    def stage(self, paths: Sequence[str]) -> None:
        """Put exactly these files into the index."""
        if paths:
            self._run("add", "--", *[f":(top,literal){path}" for path in paths])

    def is_partial_commit(self) -> bool:
        """Whether git runs ``git commit PATHS``: what is staged then is missing from the index that remains."""
        return Path(os.environ.get("GIT_INDEX_FILE", "")).name.startswith("next-index-")

    def operation(self) -> str | None:
        """Return the operation that is under way (``"merge"``, ``"rebase"`` …), if any."""
        return next((name for mark, name in _OPERATIONS.items() if (self.git_dir / mark).exists()), None)

    def unmerged_paths(self) -> list[str]:
        """Return the paths with unresolved conflicts."""
        raw = self._run("ls-files", "--unmerged", "-z")
        return sorted({_decode(record.partition(b"\t")[2]) for record in raw.split(b"\0") if record})

    # -- after a commit ------------------------------------------------------------------------------------------

    def is_published(self, commit: str) -> bool:
        """Whether a remote-tracking branch contains the commit."""
        return bool(self._text("branch", "--remotes", "--contains", commit, "--format=%(refname)"))

    def has_staged_changes(self) -> bool:
        """Whether the index differs from HEAD."""
        return bool(self._run("diff", "--cached", "--no-ext-diff", "--name-only", "-z"))

    def amend(self, paths: Sequence[str]) -> None:
        """Put the files into the last commit, its message and author kept; never to be called in a pre-commit hook."""
        self.stage(paths)
        self._run("commit", "--amend", "--no-edit", "--no-verify", "--quiet")


def child_environment() -> dict[str, str]:
    """Return the environment without what git exports to hooks, for processes that may run git elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def _entries(raw: bytes) -> Iterator[_Entry]:
    fields = iter(raw.split(b"\0"))
    for head in fields:
        if not head.startswith(b":"):
            continue
        before_mode, mode, before_id, identifier, status = head[1:].decode().split(" ")
        before_path = _decode(next(fields))
        path = _decode(next(fields)) if status[0] in "RC" else before_path
        yield _Entry(status[0], mode, before_mode, before_id, identifier, path, before_path)


def _batch(output: bytes) -> Iterator[tuple[str, bytes]]:
    position = 0
    while position < len(output):
        end = output.index(b"\n", position)
        parts = output[position:end].decode().split(" ")
        position = end + 1
        if len(parts) == 3:
            size = int(parts[2])
            yield parts[0], output[position : position + size]
            position += size + 1


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("stderr:").strip(" '") if lines else "no message"


def _why_not_open(folder: Path, message: str) -> str:
    if "safe.directory" in message or "dubious ownership" in message:
        return f"git refuses {folder}: it belongs to another user. Run `git config --global --add safe.directory {folder}`."
    if "must be run in a work tree" in message:
        return f"{folder} is in a bare repository, which has no files to test. Run this in a clone with a work tree."
    return f"{folder} is not in a git repository. Run this inside one, or run `git init` first."

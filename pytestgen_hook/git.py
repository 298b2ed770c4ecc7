"""The one door to git: what changed, the contents of the index and of commits, what is dirty, and staging."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pytestgen_hook.errors import FatalError
from pytestgen_hook.types.changes import Change

_REGULAR = ("100644", "100755")
_EMPTY_TREES = {  # by the length of an object id: SHA-1, SHA-256
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
_EMPTY_BLOBS = (
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
)
# Whatever the user has configured, the answer comes in the one form that is parsed here.
_DIFF = (
    *("diff", "--raw", "-z", "--no-abbrev", "--no-color", "--no-ext-diff", "--no-textconv"),
    *("--find-renames", "--ignore-submodules=all", "--ita-invisible-in-index", f"-O{os.devnull}"),
)
_PYTHON = ("--", "*.py")  # not sorted out afterwards: git would first look for renames among a thousand images
# The pathspec variables change what "*.py" and ":(literal)" mean; optional locks are those that refresh the index.
_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "0",
    "GIT_GLOB_PATHSPECS": "0",
    "GIT_NOGLOB_PATHSPECS": "0",
    "GIT_ICASE_PATHSPECS": "0",
    "LANGUAGE": "C",
    "LC_ALL": "C",
}
_OPERATIONS = {  # a rebase or `git am` that has stopped leaves the marks of others as well
    "rebase-merge": "rebase",
    "rebase-apply/applying": "am",
    "rebase-apply": "rebase",
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisect",
}
# A commit can be written with any names in it; git checks none of these out, and neither may we write to them.
_STRANGE = re.compile(rb"[\t\0/](?:\.{0,2}|\.git)[/\0]", re.IGNORECASE)
_MERGING = "GITHEAD_"
_LOCATE = ("rev-parse", "--show-toplevel", "--is-inside-work-tree", "--absolute-git-dir")
_PATHS_A_CALL = 500
_SHALLOW_IN_CI = "(in GitHub Actions: `fetch-depth: 0` for actions/checkout)"


@dataclass(frozen=True, slots=True)
class Revision:
    """What is examined: the index (empty name) or a commit (its id)."""

    name: str = ""


INDEX = Revision()


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository: ``root`` is the top of its work tree, ``git_dir`` its folder (a linked work tree has its own).

    All paths given and returned are relative to ``root``. Every call raises FatalError where git itself fails.
    """

    root: Path
    git_dir: Path
    _environment: Mapping[str, str] = field(repr=False, compare=False, default_factory=dict)

    @staticmethod
    def open(folder: Path) -> Repository:
        """Return the repository around ``folder``; FatalError where there is none that can be used."""
        root, git_dir = _locate(folder)
        environment = dict(_ENVIRONMENT)
        if "GIT_DIR" in os.environ or not os.path.lexists(root / ".git"):
            # Commands run at the top: from there a relative GIT_DIR or `core.worktree` could lead elsewhere.
            environment |= {"GIT_DIR": str(git_dir), "GIT_WORK_TREE": str(root)}
        return Repository(root, git_dir, environment)

    # -- what changed --------------------------------------------------------------------------------------------

    def staged_changes(self) -> list[Change]:
        """Return what the index adds or alters against HEAD (against nothing before the first commit).

        While a merge is under way, files that equal those of another parent are left out.
        """
        # `diff --cached` knows by itself about an unborn HEAD, and is one process instead of two.
        raw = self._run(*_DIFF, "--cached", *_PYTHON)
        if not raw:
            return []
        parents = self._merge_heads()
        return self._changes(raw, [self._run(*_DIFF, "--cached", parent, *_PYTHON) for parent in parents])

    def changes_since(self, ref: str, until: str = "HEAD", others: Sequence[str] = ()) -> tuple[Revision, list[Change]]:
        """Return the commit ``until`` and what it adds or alters since its merge base with ``ref`` and ``others``.

        Where there are several merge bases, files that equal those of one of them are left out. FatalError, with the
        fetch that mends it, for a missing ref, a shallow clone that hides the merge base, and histories that have none.
        """
        tip = self.commit(until)
        if tip is None:
            if until != "HEAD":
                raise FatalError(f"{until} is no commit of this clone. Run `git branch --all` to see what there is.")
            raise FatalError(f"--since {ref}: there is no commit yet. Run `git commit` first.")
        return Revision(tip), self._between(self._merge_bases([ref, *others], tip), tip)

    def leaves_remote_at(self, commit: str, remote: str, known: Iterable[str] = ()) -> list[str] | None:
        """Return the commits at which ``commit`` leaves what a remote has, so that it has all before them.

        ``known`` are commits that refs of the remote are at; others are those of its remote-tracking branches: so what a
        branch was rebased onto is no change of its own. None where the remote has ``commit`` itself; empty where it has
        nothing of its history.
        """
        there = [one for one in known if self.has(one)]
        listed = self._text("rev-list", "--boundary", commit, "--not", *there, f"--remotes={remote}").splitlines()
        if not listed:
            return None
        bases = [line[1:] for line in listed if line.startswith("-")]
        return self._text("merge-base", "--independent", *bases).splitlines() if len(bases) > 1 else bases

    def _between(self, bases: Sequence[str], commit: str) -> list[Change]:
        first, *others = [self._run(*_DIFF, base, commit, *_PYTHON) for base in bases]
        return self._changes(first, others)

    def changes_of_head(self) -> list[Change]:
        """Return what the last commit added or altered against its first parent, or nothing if it has none."""
        head = self.head()
        if head is None:
            raise FatalError("there is no commit yet. Run `git commit` first.")
        lines = self._text("cat-file", "commit", head).partition("\n\n")[0].splitlines()
        parents = [line.removeprefix("parent ") for line in lines if line.startswith("parent ")] or [_empty_tree(head)]
        if not all(self._has(parent) for parent in parents):
            raise FatalError(
                "this shallow clone ends at HEAD, so what it changed is unknown. Run `git fetch --deepen=1`."
            )
        return self._between(parents, head)

    def all_changes(self, revision: Revision) -> list[Change]:
        """Return every Python file of the revision as if it were new; FatalError where no revision was ever checked out."""
        entries = {path: blob for path, blob in self.entries(revision).items() if path.endswith(".py")}
        if revision == INDEX and not entries and self.head() and not self._has_index():
            raise FatalError("nothing is checked out here, so there is no index to look at. Run `git checkout` first.")
        blobs = self.blobs(entries.values())
        return [Change(path, _contents(blobs, blob, path)) for path, blob in entries.items()]

    def _has_index(self) -> bool:
        return (self.root / self._text("rev-parse", "--git-path", "index").rstrip("\n")).exists()

    def base_of(self, scope: str, ref: str, until: str = "HEAD") -> Revision | None:
        """Return the commit that a range begins with: ``scope`` is staged, since (``ref``) or head; None if there is none."""
        if scope == "since":
            return Revision(self._merge_bases([ref], self.commit(until) or "")[0])
        begins = {"staged": "HEAD", "head": "HEAD^"}.get(scope)
        commit = self.commit(begins) if begins else None
        return None if commit is None else Revision(commit)

    def renamed_since(self, path: str, at: Revision, revision: Revision) -> dict[str, str]:
        """Return {path in ``revision``: path before} of the Python files renamed since ``at`` last changed ``path``.

        Commit by commit: a file that grew in between would not be recognised from one end to the other.
        """
        status, output, _ = self._ask("log", "-1", "--format=%H", at.name or "HEAD", "--", *_literal([path]))
        commit = output.decode().strip()
        if status or not commit:
            return {}
        renames = ("log", "--reverse", "--format=", *_DIFF[1:], "--diff-filter=R")
        raw = self._run(*renames, f"{commit}..{revision.name or 'HEAD'}", *_PYTHON)
        if revision == INDEX:
            raw += self._run(*_DIFF, "--cached", "--diff-filter=R", *_PYTHON)
        then: dict[str, str] = {}
        for entry in _entries(raw):
            then[entry.path] = then.pop(entry.before_path, entry.before_path)
        return then

    def _merge_bases(self, refs: Sequence[str], head: str) -> list[str]:
        """Return the merge bases of ``head`` and a merge of all the refs."""
        commits = [self._known(ref) for ref in refs]
        ref = refs[0]
        status, output, errors = self._ask("merge-base", "--all", head, *commits)
        if status == 0:
            return output.decode().split()
        if status != 1:
            raise _failed(["merge-base"], errors)
        if self._is_shallow():
            raise FatalError(
                f"--since {ref}: this clone is shallow and does not reach the commit where HEAD left {ref}. "
                f"Run `git fetch --unshallow` first {_SHALLOW_IN_CI}."
            )
        raise FatalError(
            f"--since {ref}: HEAD and {ref} have no commit in common, so there is nothing to compare with. "
            "Name a ref that HEAD descends from, as in `--since origin/main`."
        )

    def _missing(self, ref: str) -> str:
        """The message for a ref that names no commit here."""
        remotes = self._text("remote").splitlines()
        unshallow = "--unshallow " if self._is_shallow() else ""
        place = f" {_SHALLOW_IN_CI}" if unshallow else ""
        remote, _, branch = ref.removeprefix("refs/remotes/").partition("/")
        if not ref.strip("0"):
            advice = (
                "It is the null id that git gives for a new branch: name the branch this one left, as in `origin/main`"
            )
        elif not remotes:
            advice = "Run `git branch --all` to see what there is"
        elif remote in remotes and branch:
            fetch = f"+refs/heads/{branch}:refs/remotes/{remote}/{branch}"
            advice = f"Run `git fetch {unshallow}{remote} {shlex.quote(fetch)}` first{place}"
        elif re.search(r"[~^@:]", ref):
            advice = f"Run `git fetch {unshallow}{remotes[0]}` first{place}"
        else:
            source = "origin" if "origin" in remotes else remotes[0]
            here = ref if re.fullmatch(r"[0-9a-f]{7,64}", ref) else f"{ref}:{ref}"
            advice = f"Run `git fetch {unshallow}{source} {shlex.quote(here)}` first{place}"
        return f"--since {ref}: no such commit in this clone. {advice}."

    def has(self, ref: str) -> bool:
        """Whether the clone has the commit that ``ref`` names."""
        return self.commit(ref) is not None

    def _known(self, ref: str) -> str:
        commit = self.commit(ref)
        if commit is None:
            raise FatalError(self._missing(ref))
        return commit

    def kind(self, name: str) -> str | None:
        """Return what an object is (``"commit"``, ``"tag"``, ``"tree"``, ``"blob"``), or None where there is none."""
        status, output, _ = self._ask("cat-file", "-t", name)
        return output.decode().strip() if status == 0 else None

    def commit(self, ref: str) -> str | None:
        """Return the id of the commit that a name stands for, or None where it stands for none."""
        if ref.startswith("-"):  # an option, to git
            return None
        status, output, _ = self._ask("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        return output.decode().strip() if status == 0 else None

    def _has(self, identifier: str) -> bool:
        return identifier in _EMPTY_TREES.values() or self._ask("cat-file", "-e", identifier)[0] == 0

    def _is_shallow(self) -> bool:
        return self._text("rev-parse", "--is-shallow-repository") == "true"

    def _merge_heads(self) -> list[str]:
        """Return the commits being merged into HEAD."""
        try:
            return (self.git_dir / "MERGE_HEAD").read_text("ascii").split()
        except FileNotFoundError:
            # A merge without conflicts runs its hook before it leaves that mark, but names the commits to its children.
            if os.environ.get("GIT_REFLOG_ACTION", "").startswith(("merge ", "pull")):
                return [name.removeprefix(_MERGING) for name in sorted(os.environ) if name.startswith(_MERGING)]
            return []

    def _changes(self, raw: bytes, against_others: Sequence[bytes] = ()) -> list[Change]:
        """Read the contents for a raw diff; ``against_others`` are those against the other parents of a merge."""
        entries = [entry for entry in _entries(raw) if entry.path.endswith(".py")]
        merged = [{entry.path: entry for entry in _entries(other)} for other in against_others]
        taken = [entry for entry in entries if entry.is_file and all(entry.path in other for other in merged)]
        if not taken:
            return []
        gone = [entry for entry in entries if entry.status == "D" and entry.was_file]
        others = {entry.path: [other[entry.path] for other in merged] for entry in taken}
        earlier = [*taken, *gone, *[other for several in others.values() for other in several]]
        blobs = self.blobs([entry.id for entry in taken] + [entry.before_id for entry in earlier if entry.was_file])
        deleted = tuple(_contents(blobs, entry.before_id, entry.path) for entry in gone)
        return [
            Change(
                entry.path,
                _contents(blobs, entry.id, entry.path),
                entry.before_path if entry.was_file else None,
                _contents(blobs, entry.before_id, entry.before_path) if entry.was_file else None,
                merged=tuple(
                    _contents(blobs, other.before_id, entry.path) for other in others[entry.path] if other.was_file
                ),
                deleted=deleted,
            )
            for entry in sorted(taken, key=lambda entry: entry.path)
        ]

    # -- contents ------------------------------------------------------------------------------------------------

    def entries(self, revision: Revision) -> dict[str, str]:
        """Return {path: blob id} of the regular files of the revision, in the order of their paths."""
        if revision != INDEX:
            records = _records(self._run("ls-tree", "-r", "-z", "--full-tree", revision.name))
            return {path: blob for (mode, _, blob), path in records if mode in _REGULAR}
        records = _records(self._run("ls-files", "--stage", "-z"))
        found = {path: blob for (mode, blob, stage), path in records if mode in _REGULAR and stage == "0"}
        if any(blob in found.values() for blob in _EMPTY_BLOBS):
            for path in self._intended():
                found.pop(path, None)
        return found

    def blobs(self, ids: Iterable[str]) -> dict[str, bytes]:
        """Return {id: contents} of the blobs, read by one process; ids that do not exist are left out."""
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        answer = self._ask("cat-file", "--batch", "--buffer", given="\n".join([*wanted, ""]))
        if answer.status:
            raise _failed(["cat-file"], answer.errors)
        return dict(_batch(answer.output))

    def read(self, revision: Revision, path: str) -> bytes | None:
        """Return the contents of one file of the revision, or None if there is none."""
        # Directly, as the settings are read in this way before all else.
        answer = _execute_directly(["cat-file", "blob", f"{revision.name}:{path}"], self.root, self._environment)
        return answer.output if answer.status == 0 else None

    def export(self, revision: Revision, folder: Path) -> None:
        """Write all files of the revision below ``folder`` as git would check them out, the user's own untouched.

        Submodules come as empty folders. Files that a sparse checkout leaves out of the work tree are there, but in a
        partial clone, where git would have to fetch them one by one.
        """
        if revision == INDEX:
            self._check_out(folder, {}, whole=self._is_sparse() and not self._is_partial_clone())
            for path in self._intended():
                (folder / path).unlink(missing_ok=True)
            return
        from tempfile import TemporaryDirectory

        with TemporaryDirectory(prefix=f"pytestgen-{os.getpid()}-index-") as place:
            own_index = {"GIT_INDEX_FILE": str(Path(place) / "index")}
            self._run("read-tree", revision.name, environment=own_index)
            self._check_out(folder, own_index)

    def ignored_files(self) -> list[str]:
        """Return ignored files and folders (these end in ``/``) of the work tree."""
        return _paths(self._run("ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z"))

    def ignored(self, paths: Iterable[str]) -> set[str]:
        """Return those of the paths at which git would refuse to add a new file."""
        # "./" because of names that begin with a colon.
        answer = self._ask("check-ignore", "-z", "--stdin", given="".join(f"./{path}\0" for path in paths))
        if answer.status > 1:
            raise _failed(["check-ignore"], answer.errors)
        return {path.removeprefix("./") for path in _paths(answer.output)}

    def is_ignored(self, path: str) -> bool:
        """Whether git would refuse to add a new file at ``path``."""
        return path in self.ignored([path])

    def _check_out(self, folder: Path, environment: Mapping[str, str], *, whole: bool = False) -> None:
        # Without --index the stat information in the index stays as it is: the user's index is only read.
        left_out = ("--ignore-skip-worktree-bits",) if whole else ()
        command = ("checkout-index", "--all", "--quiet", *left_out, f"--prefix={folder.resolve()}/")
        answer = self._ask(*command, environment=environment)
        without_filters = self._without_filters() if answer.status else []
        if without_filters:
            # One that is not installed or has no key here (LFS, git-crypt): what is stored has to do.
            answer = self._ask(*without_filters, *command, "--force", environment=environment)
        if answer.status:
            raise _failed(command, answer.errors)

    def _without_filters(self) -> list[str]:
        """Return the options that switch off all configured filters."""
        _, names, _ = self._ask(
            "config", "--name-only", "-z", "--get-regexp", r"^filter\..*\.(smudge|process|required)$"
        )
        values = {"required": "false"}
        return [part for name in _paths(names) for part in ("-c", f"{name}={values.get(name.rpartition('.')[2], '')}")]

    def _intended(self) -> set[str]:
        """The paths that are only announced to the index (``git add --intent-to-add``) and have no contents there."""
        added = (*_DIFF, "--no-renames", "--cached", "--diff-filter=A")
        empty = {
            entry.path for entry in _entries(self._run(*added, "--ita-visible-in-index")) if entry.id in _EMPTY_BLOBS
        }
        return empty - {entry.path for entry in _entries(self._run(*added))} if empty else empty

    # -- the work tree -------------------------------------------------------------------------------------------

    def dirty(self, paths: Iterable[str]) -> set[str]:
        """Return those of the paths whose file in the work tree is not, or may not be, as in the index, or is untracked."""
        found: set[str] = set()
        for some in _portions(sorted(set(paths))):
            options = ("--porcelain=v1", "-z", "--untracked-files=all", "--ignored=matching", "--no-renames")
            raw = self._run("status", *options, "--ignore-submodules=all", "--", *_literal(some))
            found |= {_decode(record[3:]) for record in raw.split(b"\0") if record and record[1:2] != b" "}
            # Of files marked assume-unchanged or skip-worktree, status says nothing.
            tags = self._run("ls-files", "-v", "-z", "--", *_literal(some)).split(b"\0")
            unseen = [_decode(record[2:]) for record in tags if record[:1].islower() or record[:1] == b"S"]
            # One of those that is missing was left out by a sparse checkout: its contents are in the index all the same.
            found |= set(unseen)
        return found

    def unstaged(self) -> list[str]:
        """Return the files of the work tree that are untracked, only announced to the index, or edited but not staged."""
        options = ("--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--ignore-submodules=all")
        records = self._run("status", *options).split(b"\0")
        return [_decode(record[3:]) for record in records if record[1:2] not in (b"", b" ", b"D")]

    def tracks(self, place: Path) -> bool:
        """Whether a file of the work tree, given by its absolute path, or what it links to is in the index."""
        root = self.root.resolve()
        places = (Path(os.path.normpath(place)), place.resolve(), place.parent.resolve() / place.name)
        inner = {found.relative_to(root).as_posix() for found in places if found.is_relative_to(root)}
        return bool(inner) and bool(self._ask("ls-files", "-z", "--", *_literal(sorted(inner))).output)

    def inner(self, place: str | Path) -> str | None:
        """Return the path below the top of what a path names or links to; None for none and for what lies elsewhere."""
        if not str(place):
            return None
        root = os.path.realpath(self.root)
        found = os.path.realpath(Path(root, place))
        return Path(found).relative_to(root).as_posix() if Path(found).is_relative_to(root) else None

    def paths_of_patch(self, patch: Path) -> set[str]:
        """Return the paths that a patch file changes; none if git cannot read it."""
        answer = self._ask("apply", "--numstat", "-z", str(patch))
        records = answer.output.split(b"\0") if answer.status == 0 else []
        return {_decode(record.split(b"\t", 2)[2]) for record in records if record.count(b"\t") >= 2}

    def stage(self, paths: Sequence[str]) -> None:
        """Put exactly these files into the index, all or none; FatalError where git refuses one, as if ignored."""
        ignored = sorted(self.ignored(paths))
        if ignored:
            raise FatalError(
                f"{ignored[0]} is ignored by git and cannot be staged. Change .gitignore, or use `--tests-dir`."
            )
        if paths:
            # A sparse checkout may leave the folder of the tests out; the commit needs them all the same.
            sparse = ["--sparse"] if self._is_sparse() else []
            self._give("-c", "add.ignoreErrors=false", "add", *sparse, paths=paths)

    def _is_sparse(self) -> bool:
        return self._ask("config", "--bool", "core.sparseCheckout").output.strip() == b"true"

    def _is_partial_clone(self) -> bool:
        return self._ask("config", "--get-regexp", r"^(extensions\.partialclone|remote\..*\.promisor)$").status == 0

    def is_partial_commit(self) -> bool:
        """Whether git runs ``git commit PATHS``: what is staged then is missing from the index that remains."""
        return Path(os.environ.get("GIT_INDEX_FILE", "")).name.startswith("next-index-")

    def operation(self) -> str | None:
        """Return the operation that is under way (``"merge"``, ``"rebase"``, ``"cherry-pick"`` …), if any."""
        marked = next((name for mark, name in _OPERATIONS.items() if (self.git_dir / mark).exists()), None)
        return marked or ("merge" if self._merge_heads() else None)

    def unmerged_paths(self) -> list[str]:
        """Return the paths with unresolved conflicts."""
        return sorted({path for _, path in _records(self._run("ls-files", "--unmerged", "-z"))})

    # -- after a commit ------------------------------------------------------------------------------------------

    def head(self) -> str | None:
        """Return the commit id of HEAD, or None before the first commit."""
        return self.commit("HEAD")

    def refs(self) -> list[str]:
        """Return the full names of all branches, tags and other refs."""
        return self._text("for-each-ref", "--format=%(refname)").splitlines()

    def settings(self, name: str) -> list[str]:
        """Return the values that git's configuration gives a setting, the one that holds last."""
        return self._ask("config", "--get-all", name).output.decode("utf-8", "replace").splitlines()

    def is_published(self, commit: str) -> bool:
        """Whether a remote-tracking branch contains the commit."""
        return bool(self._run("for-each-ref", "--count=1", f"--contains={commit}", "refs/remotes"))

    def has_staged_changes(self) -> bool:
        """Whether the index differs from HEAD, in files of any kind."""
        return bool(self._run(*_DIFF, "--cached"))

    def amend(self, paths: Sequence[str]) -> None:
        """Put these files, and nothing else that is staged, into the last commit; its message and author stay.

        FatalError inside a git hook, where it would rewrite the commit before the one being made.
        """
        if "GIT_INDEX_FILE" in os.environ:
            raise FatalError(
                "a commit cannot be amended from inside a git hook. Run `pytestgen amend` after the commit."
            )
        if paths:
            self.stage(paths)
            self._give("commit", "--amend", "--no-edit", "--no-verify", "--quiet", "--only", paths=paths)

    # -- running git ---------------------------------------------------------------------------------------------

    def _ask(self, *arguments: str, environment: Mapping[str, str] | None = None, given: str | None = None) -> _Answer:
        return _execute_directly(arguments, self.root, {**self._environment, **(environment or {})}, given=given)

    def _run(self, *arguments: str, environment: Mapping[str, str] | None = None) -> bytes:
        answer = self._ask(*arguments, environment=environment)
        if answer.status:
            raise _failed(arguments, answer.errors)
        return answer.output

    def _give(self, *arguments: str, paths: Iterable[str]) -> None:
        """Run a command that changes something on any number of paths at once."""
        given = "".join(f"{path}\0" for path in _literal(paths))
        command = (*arguments, "--pathspec-from-file=-", "--pathspec-file-nul")
        answer = _execute(command, self.root, self._environment, given)
        if answer.status:
            raise _failed(arguments, answer.errors)

    def _text(self, *arguments: str) -> str:
        return _decode(self._run(*arguments)).rstrip("\n")


# -- starting git ------------------------------------------------------------------------------------------------


class _Answer(NamedTuple):
    """What a git process left behind: its exit status, output and messages."""

    status: int
    output: bytes
    errors: str


def _execute(arguments: Sequence[str], folder: Path, environment: Mapping[str, str], given: str) -> _Answer:
    """Run a git command that changes something to its end, with ``given`` on its standard input."""
    from git import Git

    command = ["git", *arguments]
    process = Git(str(folder)).execute(command, istream=subprocess.PIPE, as_process=True, env=dict(environment))
    output, errors = process.communicate(os.fsencode(given))
    return _Answer(process.returncode, output, _decode(errors))


def _execute_directly(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    *,
    without: Sequence[str] = (),
    given: str | None = None,
) -> _Answer:
    """Ask git something without GitPython, whose import takes longer than all the answers together."""
    inherited = {name: value for name, value in os.environ.items() if name not in without}
    try:
        process = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env={**inherited, **environment},
            stdin=subprocess.DEVNULL if given is None else None,
            input=None if given is None else os.fsencode(given),
            capture_output=True,
            check=False,
        )
    except OSError as error:
        if not folder.is_dir():
            raise FatalError(f"{folder} is not a folder. Run this inside a git repository.") from None
        if isinstance(error, FileNotFoundError):
            raise FatalError("git was not found on PATH. Install git, or add its folder to PATH.") from None
        raise FatalError(f"git cannot be started in {folder}: {error.strerror}. Check its permissions.") from None
    return _Answer(process.returncode, process.stdout, _decode(process.stderr))


def _locate(folder: Path) -> tuple[Path, Path]:
    """Return the top of the work tree around ``folder`` and its git directory."""
    if "GIT_DIR" in os.environ and "GIT_WORK_TREE" not in os.environ:
        # Git exports GIT_DIR to the hooks of linked work trees, and then takes any current folder for the top.
        answer = _execute_directly(_LOCATE, folder, _ENVIRONMENT, without=["GIT_DIR"])
        if answer.status == 0:
            root, git_dir = _located(answer.output)
            if _is_same(root / os.environ["GIT_DIR"], git_dir):
                return root, git_dir
    answer = _execute_directly(_LOCATE, folder, _ENVIRONMENT)
    if answer.status:
        raise FatalError(_why_not_open(folder, answer.errors))
    return _located(answer.output)


def _located(output: bytes) -> tuple[Path, Path]:
    # The answer to "--is-inside-work-tree" stands between two names that may have line breaks.
    root, git_dir = re.split(rb"\n(?:true|false)\n", output.removesuffix(b"\n"), maxsplit=1)
    return Path(os.fsdecode(root)), Path(os.fsdecode(git_dir))


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


# -- reading what git says ---------------------------------------------------------------------------------------


class _Entry(NamedTuple):
    """One record of ``git diff --raw``."""

    before_mode: str
    mode: str
    before_id: str
    id: str
    status: str
    before_path: str
    path: str

    @property
    def is_file(self) -> bool:
        return self.mode in _REGULAR

    @property
    def was_file(self) -> bool:
        return self.before_mode in _REGULAR


def _entries(raw: bytes) -> Iterator[_Entry]:
    """Read ``:modes ids status NUL path NUL``, where a rename has two paths."""
    _refuse_strange(raw)
    fields = iter(raw.split(b"\0"))
    for head in fields:
        if head.startswith(b":"):
            before_mode, mode, before_id, identifier, status = head[1:].decode().split(" ")
            before_path = _decode(next(fields))
            path = _decode(next(fields)) if status[0] in "RC" else before_path
            yield _Entry(before_mode, mode, before_id, identifier, status[0], before_path, path)


def _refuse_strange(raw: bytes) -> None:
    """Raise FatalError for a path that leads out of the work tree, or into git's own folder."""
    found = _STRANGE.search(raw)
    if found:
        end = raw.index(b"\0", found.end() - 1)
        path = _decode(raw[max(raw.rfind(b"\t", 0, end), raw.rfind(b"\0", 0, end)) + 1 : end])
        raise FatalError(
            f"the commit has a file {path!r}, which is outside of any work tree. Do not use it; `git fsck` says what else."
        )


def _records(raw: bytes) -> Iterator[tuple[list[str], str]]:
    """Read ``three words TAB path NUL``, the form of ls-files and ls-tree."""
    _refuse_strange(raw)
    for record in raw.split(b"\0"):
        if record:
            words, _, path = record.partition(b"\t")
            yield words.decode().split(" "), _decode(path)


def _batch(output: bytes) -> Iterator[tuple[str, bytes]]:
    """Read ``id type size LF contents LF``, the form of cat-file; a missing object has no size."""
    position = 0
    while position < len(output):
        end = output.index(b"\n", position)
        words = output[position:end].decode().split(" ")
        position = end + 1
        if len(words) == 3:
            size = int(words[2])
            yield words[0], output[position : position + size]
            position += size + 1


def _paths(raw: bytes) -> list[str]:
    return [_decode(path) for path in raw.split(b"\0") if path]


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _contents(blobs: Mapping[str, bytes], identifier: str, path: str) -> bytes:
    try:
        return blobs[identifier]
    except KeyError:
        advice = "Run `git fsck`, or `git fetch` in a partial clone."
        raise FatalError(f"git has no contents for {path!r} (object {identifier}). {advice}") from None


def _empty_tree(commit: str) -> str:
    return _EMPTY_TREES[len(commit)]


def _literal(paths: Iterable[str]) -> list[str]:
    return [f":(literal){path}" for path in paths]


def _portions(paths: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut into pieces that fit on a command line."""
    return (paths[start : start + _PATHS_A_CALL] for start in range(0, len(paths), _PATHS_A_CALL))


# -- saying what is wrong ----------------------------------------------------------------------------------------


def _failed(arguments: Sequence[str], errors: str) -> FatalError:
    command = next(argument for argument in arguments if argument != "-c" and "=" not in argument)
    return FatalError(f"git {command} failed: {_message(errors)} Run `git status` to see what is wrong.")


def _message(errors: str) -> str:
    """Git's own words on one line, its hints left out."""
    lines = [
        line.strip() for line in errors.splitlines() if line.strip() and not line.startswith(("hint:", "warning:"))
    ]
    text = " ".join(lines[:4]) or "it gave no reason"
    return text if text.endswith(".") else f"{text}."


def _why_not_open(folder: Path, errors: str) -> str:
    if "dubious ownership" in errors or "unsafe repository" in errors:
        owned = re.search(r"(?:repository at|unsafe repository \()\s*'([^\n]*)'", errors)
        place = shlex.quote(owned[1] if owned else str(folder))
        return (
            f"git refuses {folder}: it belongs to another user. Run `git config --global --add safe.directory {place}`."
        )
    if "must be run in a work tree" in errors:
        return f"{folder} has no work tree: it is a bare repository or inside .git. Run this in a clone with files."
    if "not a git repository" not in errors:
        return f"git cannot read the repository around {folder}: {_message(errors)} Run `git status` there to see it."
    if "GIT_DIR" in os.environ:
        return f"GIT_DIR is set to {os.environ['GIT_DIR']!r}, which is no git repository. Unset GIT_DIR."
    return f"{folder} is not in a git repository. Run this inside one, or run `git init` first."

"""Random histories of real git repositories, with the hook in each mode: nothing hurt, no crash, no wrong green.

    python ci/bench/histories.py --work DIR [--sequences 2000] [--seed 1] [--processes 2]

A sequence is a repository and a dozen steps in it: functions and tests that come, change, move and go; parts that are staged;
commits of every kind, merges, rebases, cherry-picks, reverts, stashes, linked work trees, pushes. Git runs its hooks; they
hand over to this process, which runs the check in exactly their environment. What it says is held against a plain
re-computation: both trees parsed and compared function by function, the tests run under coverage.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import hashlib
import json
import os
import random
import select
import shutil
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import coverage
import pytest

import pytestgen_hook
from pytestgen_hook.commands.check import check
from pytestgen_hook.commands.options import CheckOptions
from pytestgen_hook.commands.pushed import check_pushed, told_by_git
from pytestgen_hook.progress import Silent
from pytestgen_hook.report.verdict import exit_status
from pytestgen_hook.types.report import Report, Status

MODES = ("fail", "write", "amend")
MODULES = ("alpha.py", "beta.py", "shop/gamma.py", "shop/deep/delta.py")
NAMES = ("area", "count", "scale", "shift")
BODIES = (
    "    return number * {n}\n",
    "    if number > {n}:\n        return number - {n}\n    return number + 1\n",
    "    total = {n}\n    for step in range(number):\n        total += step\n    return total\n",
    "    return number // ({n} + 1)\n",
)
HOOK = """#!/bin/sh
{ printf '%s\\0' "$0" "$1" "$PWD"; env -0; printf 'STDIN='; [ -t 0 ] || cat; printf '\\0END\\0'; } > "$HISTORY_PIPES/ask"
read -r status < "$HISTORY_PIPES/answer"
exit "$status"
"""
_END = b"\0END\0"


# -- the plain re-computation --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Written:
    """A function as it stands in a tree: where, what it does (its dumped syntax), and the lines of its body."""

    path: str
    name: str
    does: str
    lines: frozenset[int]


Tree = Mapping[str, bytes]


def is_test(path: str) -> bool:
    """Whether the generator writes only tests there."""
    return Path(path).name.startswith("test_")


def functions(tree: Tree) -> list[Written]:
    """Return the functions of the product code of a tree; none of a file that is no Python."""
    found = []
    for path, source in tree.items():
        if not path.endswith(".py") or is_test(path):
            continue
        try:
            module = ast.parse(source)
        except SyntaxError:
            continue
        for node in module.body:
            if isinstance(node, ast.FunctionDef):
                name, node.name, node.returns = node.name, "", None
                for argument in node.args.args:
                    argument.annotation = None
                if isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant):
                    node.body = node.body[1:]
                lines = frozenset(
                    item.lineno for part in node.body for item in ast.walk(part) if hasattr(item, "lineno")
                )
                found.append(Written(path, name, ast.dump(node), lines))
    return found


def must_be_told(after: Tree, parents: Sequence[Tree]) -> list[Written]:
    """Return functions that are new or altered whatever one takes for a move or a copy: no parent has what they do."""
    known = {one.does for parent in parents for one in functions(parent)}
    return [one for one in functions(after) if one.does not in known]


def may_be_told(after: Tree, parents: Sequence[Tree]) -> set[tuple[str, str]]:
    """Return all that no parent has in that place: the only functions that a finding may name."""
    known = {(one.path, one.name, one.does) for parent in parents for one in functions(parent)}
    return {(one.path, one.name) for one in functions(after) if (one.path, one.name, one.does) not in known}


class Lines:
    """Which lines of a tree passing tests run, by running them all under coverage; trees that were seen are known."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._known: dict[frozenset[tuple[str, bytes]], set[tuple[str, int]]] = {}

    def of(self, tree: Tree) -> set[tuple[str, int]]:
        """Return (path, line) of what passing tests of the tree run."""
        key = frozenset(tree.items())
        if key not in self._known:
            self._known[key] = self._run(tree)
        return self._known[key]

    def _run(self, tree: Tree) -> set[tuple[str, int]]:
        folder = self._work / "plain"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for path, source in tree.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(source)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                os.close(reader)
                with os.fdopen(writer, "w") as stream:
                    json.dump(_covered(folder), stream)
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as stream:
            text = stream.read()
        os.waitpid(child, 0)
        return {(path, line) for path, line in json.loads(text)}


class _Watching:
    """A plugin of pytest that gives coverage a context for each test and keeps the names of those that pass."""

    def __init__(self, watched: coverage.Coverage) -> None:
        self.watched = watched
        self.passed: set[str] = set()

    def pytest_runtest_setup(self, item: object) -> None:
        self.watched.switch_context(item.nodeid)

    def pytest_runtest_logreport(self, report: object) -> None:
        if report.when == "call" and report.passed:
            self.passed.add(report.nodeid)


def _covered(folder: Path) -> list[tuple[str, int]]:
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    os.chdir(folder)
    for name in [name for name in os.environ if name.startswith(("GIT_", "PYTEST"))]:
        del os.environ[name]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    watched = coverage.Coverage(data_file=None, include=[f"{folder}/*"], config_file=False)
    watched.start()
    plugin = _Watching(watched)
    options = ["--continue-on-collection-errors", "--import-mode=importlib"]
    pytest.main(["-q", "-p", "no:cacheprovider", *options, str(folder)], [plugin])
    watched.stop()
    data = watched.get_data()
    return [
        (str(Path(file).relative_to(folder)), line)
        for file in data.measured_files()
        for line, contexts in data.contexts_by_lineno(file).items()
        if plugin.passed.intersection(contexts)
    ]


# -- a repository that things happen to ----------------------------------------------------------------------------------


class Broken(Exception):  # noqa: N818
    """What must never be has happened."""


@dataclass
class History:
    """One sequence of steps; ``told`` counts what happened in it."""

    top: Path
    rng: random.Random
    mode: str
    lines: Lines
    environment: dict[str, str]
    told: Counter[str] = field(default_factory=Counter)
    log: list[str] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    folder: Path = field(init=False)

    def __post_init__(self) -> None:
        self.folder = self.top / "repository"
        self.folder.mkdir(parents=True)
        self.pipes = self.top / "pipes"
        self.pipes.mkdir()
        for name in ("ask", "answer"):
            os.mkfifo(self.pipes / name)
        self.asked = os.open(self.pipes / "ask", os.O_RDWR | os.O_NONBLOCK)
        self.environment = {**self.environment, "HISTORY_PIPES": str(self.pipes)}
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("init", "--quiet", "--bare", str(self.top / "far.git"))
        self.git("remote", "add", "origin", str(self.top / "far.git"))
        for name in ("pre-commit", "pre-merge-commit", "pre-push"):
            hook = self.folder / ".git" / "hooks" / name
            hook.parent.mkdir(exist_ok=True)
            hook.write_text(HOOK)
            hook.chmod(0o755)

    # -- git, with the hook answered from here ---------------------------------------------------------------------------

    def git(self, *arguments: str, given: bytes | None = None) -> bytes:
        """Run git in the present work tree, answering its hooks; return its output, whatever its exit status."""
        return self.status_of(*arguments, given=given)[1]

    def status_of(self, *arguments: str, given: bytes | None = None) -> tuple[int, bytes]:
        """Run git and return its exit status too."""
        self.log.append(f"git {' '.join(arguments)}")
        with (self.top / "output").open("w+b") as output, (self.top / "input").open("w+b") as source:
            source.write(given or b"")
            source.seek(0)
            process = subprocess.Popen(
                ["git", *arguments],
                cwd=self.folder,
                env=self.environment,
                stdin=source,
                stdout=output,
                stderr=subprocess.DEVNULL,
            )
            question = b""
            if arguments[0] in ("commit", "merge", "cherry-pick", "revert", "rebase", "push"):
                while process.poll() is None:
                    if select.select([self.asked], [], [], 0.02)[0]:
                        question += os.read(self.asked, 1 << 16)
                        if question.endswith(_END):
                            (self.pipes / "answer").write_text(f"{self._answer(question)}\n")
                            question = b""
            status = process.wait()
            output.seek(0)
            return status, output.read()

    def _answer(self, question: bytes) -> int:
        hook, remote, folder, *rest = question.removesuffix(_END).split(b"\0")
        variables = dict(item.decode("utf-8", "surrogateescape").split("=", 1) for item in rest)
        given = variables.pop("STDIN")
        self.told[f"hook {Path(hook.decode()).name}"] += 1
        with _surroundings(variables, Path(os.fsdecode(folder))):
            if hook.endswith(b"pre-push"):
                return self._pushed(remote.decode(), given)
            return self._checked()

    # -- one run of the hook, and what must hold of it -------------------------------------------------------------------

    def _checked(self) -> int:
        before = self.state()
        report = self._report(CheckOptions(overrides=(("mode", self.mode), ("budget", 20.0))))
        after = self.state()
        self._nothing_hurt(before, after, report)
        self._said_all(report, [(self.index(), self._parents())])
        self.reports.append(report)
        return self._status(report)

    def _pushed(self, remote: str, given: str) -> int:
        before = self.state()
        options = CheckOptions(overrides=(("mode", "fail"),))
        report = self._run(lambda: check_pushed(remote, told_by_git(given), options, Path.cwd(), Silent()))
        if self.state() != before:
            raise Broken("a push changed something")
        self.told["checks of a push"] += 1
        self.told["functions examined of a push"] += self._said_all(report, self._brought(remote, given))
        return self._status(report)

    def since(self, base: str) -> None:
        """Check the commits since one, in mode fail."""
        before = self.state()
        report = self._report(CheckOptions(scope="since", since=base, overrides=(("mode", "fail"),)))
        if self.state() != before:
            raise Broken("--since changed something")
        bases = self.git("merge-base", "--all", base, "HEAD").decode().split()
        self._said_all(report, [(self.tree("HEAD"), [self.tree(one) for one in bases])])

    def commit(self, *arguments: str, named: str = "") -> None:
        """Commit, and see that files, and entries of the index that are not in the commit, are as they were.

        ``named`` is the file or folder that the commit was told to take from the work tree.
        """
        with _surroundings(self.environment, self.folder):
            before, old = self.state(), self.entries("HEAD")
        self.reports.clear()
        status, _ = self.status_of("commit", *arguments)
        with _surroundings(self.environment, self.folder):
            after, new = self.state(), self.entries("HEAD")
        # Of HEAD, too: what is gone from index and files is part of a commit that names the folder it was in.
        taken = [path for path in {**old, **before.index, **after.index, **before.files} if _is_below(path, named)]
        written = {edit.path for report in self.reports for edit in report.edits}
        staged = {path for report in self.reports for path in report.staged}
        is_part = bool(named) and not {"-a", "-i"} & set(arguments)
        files = _differing(before.files, after.files)
        if not files <= written:
            raise Broken(f"a commit changed files: {files - written}")
        entries = _differing(before.index, after.index)
        if named and status and entries:
            raise Broken(f"a commit that was stopped changed the index: {entries}")
        if not entries <= {*taken, *staged}:
            raise Broken(f"a commit changed entries that are not in it: {entries - {*taken, *staged}}")
        wrong = {path for path in entries - staged if after.index.get(path) != before.blobs.get(path)}
        if wrong:
            raise Broken(f"a commit took what was in no file: {wrong}")
        if status == 0 and is_part and not _differing(old, new) <= set(taken):
            raise Broken(f"a partial commit took others along: {_differing(old, new) - set(taken)}")
        if is_part:
            self.told["partial commits, made" if status == 0 else "partial commits, stopped"] += 1

    def _report(self, options: CheckOptions) -> Report:
        return self._run(lambda: check(options, Path.cwd(), Silent()))

    def _run(self, job: object) -> Report:
        try:
            return job()
        except BaseException as error:  # noqa: BLE001
            raise Broken(f"a crash: {''.join(traceback.format_exception(error))}") from None

    def _status(self, report: Report) -> int:
        status = exit_status(report)
        self.told[f"status {status} in mode {self.mode}"] += 1
        return status

    def _said_all(self, report: Report, changes: Sequence[tuple[Tree, Sequence[Tree]]]) -> int:
        """No wrong green: what nothing runs is told, and what is told is so; return how many functions are.

        ``changes`` are trees, each with those that it is compared with: one, or those of the refs of a push.
        """
        named: dict[tuple[str, str], set[Status]] = {}
        for finding in report.findings:
            named.setdefault((finding.function.path, finding.function.qualname), set()).add(finding.status)
        unread = {item.path for item in report.unanalysed}
        for path in unread:
            sources = [now[path] for now, _ in changes if path in now]  # a file with conflicts is in none
            if sources and all(map(_is_python, sources)):
                raise Broken(f"can be read, but was not: {path}")
        musts = [{(one.path, one.name) for one in must_be_told(now, parents)} for now, parents in changes]
        mays = [may_be_told(now, parents) for now, parents in changes]
        missing = [one for must in musts for one in must - named.keys() if one[0] not in unread]
        if missing:
            raise Broken(f"not examined: {missing[0]}")
        surplus = named.keys() - set().union(*mays)
        if surplus:
            raise Broken(f"no change, but examined: {surplus}")
        self.told["functions examined"] += len(named)
        green = {Status.TESTED, *([Status.GENERATED] if report.staged else ())}
        is_open = any(not statuses <= green for statuses in named.values())
        for (now, _), must, may in zip(changes, musts, mays, strict=True):
            # What only moved in one ref of a push may be told of another ref alone.
            sure = {one for one in named.keys() & may if one in must or sum(one in other for other in mays) == 1}
            run = self.lines.of(now) if sure else set()
            for one in functions(now):
                if (one.path, one.name) in sure:
                    self._is_so(
                        one, any((one.path, line) in run for line in one.lines), named[one.path, one.name], green
                    )
        if not (unread or report.edits) and (exit_status(report) != 0) is not is_open:
            raise Broken(f"exit status {exit_status(report)}, but {'some' if is_open else 'no'} function is open")
        return len(named)

    def _is_so(self, one: Written, is_run: bool, statuses: set[Status], green: set[Status]) -> None:
        """What is told of a function is so; of the refs of a push different things may be told."""
        if statuses <= green and not is_run:
            raise Broken(f"wrong green: {one.path} {one.name}")
        if statuses == {Status.UNTESTED} and is_run:
            raise Broken(f"wrong red: {one.path} {one.name}")
        for status in statuses:
            self.told[f"function {status.value}"] += 1

    def _brought(self, remote: str, given: str) -> list[tuple[Tree, list[Tree]]]:
        """Return what each ref of a push names, and what is there where it leaves all that the remote has.

        Where git says nothing, having nothing to push, HEAD stands for it: the hook cannot see here what was asked for.
        """
        head = self._look("rev-parse", "--verify", "--quiet", "HEAD").decode().strip()
        lines = given.splitlines() or [f"HEAD {head} HEAD {NOTHING}"]
        pushed = [line.split(" ") for line in lines]
        refs = self._look("for-each-ref", "--format=%(objectname)", f"refs/remotes/{remote}/").decode().split()
        known = {commit for commit in (*refs, *(line[3] for line in pushed)) if commit.strip("0")}
        tips = [
            self._look("rev-parse", f"{line[1]}^{{commit}}").decode().strip() for line in pushed if line[1].strip("0")
        ]
        listed = self._look("rev-list", "--parents", "--ignore-missing", *tips, *known, "--").decode().splitlines()
        parents = {commit: above for commit, *above in map(str.split, listed)}
        there = _with_ancestors(known, parents)
        found = []
        for tip in dict.fromkeys(tips):
            new = _with_ancestors([tip], parents) - there
            bases = {parent for commit in new for parent in parents[commit]} & there
            last = [one for one in bases if all(one not in _with_ancestors(parents[other], parents) for other in bases)]
            if new:
                found.append((self.tree(tip), [self.tree(one) for one in last]))
        return found

    def _nothing_hurt(self, before: State, after: State, report: Report) -> None:
        written = {edit.path for edit in report.edits}
        is_part = Path(os.environ.get("GIT_INDEX_FILE", "")).name.startswith("next-index-")
        if self.mode == "fail" and before != after:
            raise Broken("mode fail changed something")
        if before.refs != after.refs:
            raise Broken("a ref moved")
        if (self.mode != "amend" or is_part) and before.index_bytes != after.index_bytes:
            raise Broken("the index changed")
        if before.remaining != after.remaining:
            raise Broken("the index changed that remains after the commit")
        entries = _differing(before.index, after.index)
        if not entries <= set(report.staged):
            raise Broken(f"staged besides the tests: {entries - set(report.staged)}")
        files = _differing(before.files, after.files)
        if not files <= written:
            raise Broken(f"files changed besides the tests: {files - written}")
        for path in files:
            if not is_test(path) and Path(path).name != "__init__.py":
                raise Broken(f"{path} is no test file and was written")
            lines = iter(after.files[path].splitlines())
            if not all(line in lines for line in before.files.get(path, b"").splitlines()):
                raise Broken(f"{path} lost a line")
            if before.files.get(path) is not None and before.index.get(path) != before.blobs.get(path):
                raise Broken(f"{path} had edits that were not staged, or was not git's, and was written")

    # -- looking at it ---------------------------------------------------------------------------------------------------

    def state(self) -> State:
        """Return all that a mode may or may not change."""
        files = {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file() and ".git" not in path.relative_to(self.folder).parts and path.name != ".git"
        }
        index = Path(os.environ.get("GIT_INDEX_FILE") or self._path("index"))
        listed = self._look("ls-files", "--stage", "-z").split(b"\0")
        entries = {line.split(b"\t")[1].decode(): line.split(b"\t")[0].decode() for line in listed if line}
        hashes = self._look("hash-object", "--no-filters", "--stdin-paths", given="\n".join(files).encode()).decode()
        blobs = {path: f"100644 {blob} 0" for path, blob in zip(files, hashes.split(), strict=True)}
        content = (self.folder / index).read_bytes() if (self.folder / index).exists() else b""
        own = Path(self._path("index"))
        remaining = own.read_bytes() if own.exists() and own.resolve() != (self.folder / index).resolve() else b""
        refs = self._look("for-each-ref") + self._look("rev-parse", "HEAD")
        return State(content, remaining, entries, files, blobs, refs)

    def index(self) -> dict[str, bytes]:
        """Return what is staged, as the hook sees it, without what is only announced."""
        listed = self._look("diff-index", "--cached", "--ita-invisible-in-index", "--no-renames", "-z", EMPTY)
        return self._contents(listed)

    def tree(self, name: str) -> dict[str, bytes]:
        """Return the files of a commit."""
        return self._contents(self._look("diff-tree", "-r", "-z", "--no-renames", EMPTY, f"{name}^{{tree}}"))

    def entries(self, name: str) -> dict[str, str]:
        """Return the entries of a commit by their paths, none where there is no such commit."""
        listed = self._look("ls-tree", "-r", "-z", name).decode().split("\0")
        return {path: head for head, path in (line.split("\t") for line in listed if line)}

    def _contents(self, raw: bytes) -> dict[str, bytes]:
        fields = raw.split(b"\0")
        entries = {
            path.decode(): head.split()[3].decode() for head, path in zip(fields[::2], fields[1::2], strict=False)
        }
        found = {}
        for path, blob in entries.items():
            if blob.strip("0"):
                found[path] = self._look("cat-file", "blob", blob)
        return found

    def _parents(self) -> list[dict[str, bytes]]:
        """Return what is staged is compared with: HEAD, and the commits that are being merged."""
        heads = ["HEAD"] if self._look("rev-parse", "--verify", "--quiet", "HEAD") else []
        mark = Path(self._path("MERGE_HEAD"))
        if mark.exists():
            heads += mark.read_text().split()
        elif os.environ.get("GIT_REFLOG_ACTION", "").startswith("merge"):
            heads += [name.removeprefix("GITHEAD_") for name in os.environ if name.startswith("GITHEAD_")]
        return [self.tree(head) for head in heads]

    def _path(self, name: str) -> str:
        """Return where git keeps something for the work tree, whatever the hook was told of its index."""
        where = {name: value for name, value in os.environ.items() if name != "GIT_INDEX_FILE"}
        command = ["git", "rev-parse", "--path-format=absolute", "--git-path", name]
        return subprocess.run(command, cwd=self.folder, env=where, capture_output=True, text=True).stdout.strip()

    def _look(self, *arguments: str, given: bytes = b"") -> bytes:
        environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
        return subprocess.run(
            ["git", *arguments], cwd=self.folder, env=environment, input=given, capture_output=True
        ).stdout


EMPTY = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
NOTHING = "0" * 40


@dataclass(frozen=True)
class State:
    """The index as bytes and as entries, the files of the work tree with the entries they would be, and the refs.

    ``remaining`` is the index of the work tree, where git has made another for the commit.
    """

    index_bytes: bytes
    remaining: bytes
    index: dict[str, str]
    files: dict[str, bytes]
    blobs: dict[str, str]
    refs: bytes


def _differing(before: Mapping[str, object], after: Mapping[str, object]) -> set[str]:
    return {path for path in {**before, **after} if before.get(path) != after.get(path)}


def _is_below(path: str, named: str) -> bool:
    return bool(named) and (named == "." or path == named or path.startswith(f"{named}/"))


def _is_python(source: bytes) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def _with_ancestors(commits: Iterable[str], parents: Mapping[str, Sequence[str]]) -> set[str]:
    found: set[str] = set()
    pending = [commit for commit in commits if commit in parents]
    while pending:
        commit = pending.pop()
        if commit not in found:
            found.add(commit)
            pending += parents[commit]
    return found


@contextlib.contextmanager
def _surroundings(variables: Mapping[str, str], folder: Path) -> Iterator[None]:
    """Be where a hook is, with its environment."""
    kept, place = dict(os.environ), Path.cwd()
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(place)
        os.environ.clear()
        os.environ.update(kept)


# -- steps ---------------------------------------------------------------------------------------------------------------


def function(rng: random.Random, name: str) -> str:
    """Return a function; there are few of them, so that what was measured once is known."""
    head = rng.choice(
        ("def {name}(number):\n", "def {name}(number: int) -> int:\n", 'def {name}(number):\n    """Text."""\n')
    )
    return head.format(name=name) + rng.choice(BODIES).format(n=rng.randint(1, 3))


def test_of(rng: random.Random, path: str, name: str) -> str:
    """Return a test of a function that passes, fails, or only imports."""
    module = path.removesuffix(".py").replace("/", ".")
    body = rng.choice(
        (f"assert {name}(3) is not None", f"assert {name}(4) is not None", f"assert {name}(3) is None", "pass")
    )
    return f"def test_{name}():\n    from {module} import {name}\n\n    {body}\n"


def parts(source: str) -> list[str]:
    """Cut a file of the generator into its functions."""
    return [part.strip("\n") + "\n" for part in source.split("\n\n\n") if part.strip()]


class Steps:
    """What can happen; each step does something to the history, and any of them may be refused by git."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.rng = history.rng
        self.git = history.git

    def any(self) -> None:
        """Take one step."""
        names = [name for name in vars(Steps) if name.startswith("step_")]
        often, seldom = ("step_edit", "step_commit", "step_stage"), ("test", "drift", "part", "push")
        weights = [8 if name in often else 3 if any(one in name for one in seldom) else 1 for name in names]
        name = self.rng.choices(names, weights)[0]
        self.history.log.append(f"# {name.removeprefix('step_')}")
        getattr(self, name)()
        self.history.told[name.removeprefix("step_")] += 1

    # -- files -------------------------------------------------------------------------------------------------------

    def _files(self) -> list[str]:
        return [path for path in (*MODULES, "omega.py") if (self.history.folder / path).is_file()]

    def _read(self, path: str) -> list[str]:
        file = self.history.folder / path
        return parts(file.read_text()) if file.is_file() else []

    def _write(self, path: str, functions: Iterable[str]) -> None:
        file = self.history.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n\n".join(functions))
        self.history.log.append(f"# wrote {path}: {list(functions)}")

    def step_edit(self) -> None:
        """A function is added or altered, perhaps with its test."""
        for _ in range(self.rng.randint(1, 2)):
            self._edit(self.rng.choice(MODULES))

    def _edit(self, path: str) -> None:
        have = self._read(path)
        if have and self.rng.random() < 0.5:
            place = self.rng.randrange(len(have))
            name = have[place].split("(")[0].removeprefix("def ")
            have[place] = function(self.rng, name) if name in NAMES else have[place]
        else:
            name = self.rng.choice(NAMES)
            have = [part for part in have if not part.startswith(f"def {name}(")] + [function(self.rng, name)]
        self.rng.shuffle(have)
        self._write(path, have)
        if self.rng.random() < 0.5:
            self._test(path, name)

    def step_test(self) -> None:
        """A test is written."""
        path = self.rng.choice(self._files() or list(MODULES))
        names = [part.split("(")[0].removeprefix("def ") for part in self._read(path)] or list(NAMES)
        self._test(path, self.rng.choice(names))

    def _test(self, path: str, name: str) -> None:
        place = f"tests/test_{Path(path).stem}.py"
        others = [part for part in self._read(place) if not part.startswith(f"def test_{name}(")]
        if all(part.startswith("def ") for part in others):  # else the tool has written there
            self._write(place, [*others, test_of(self.rng, path, name)])

    def step_staged_test(self) -> None:
        """A test is written and staged."""
        self.step_test()
        self.git("add", "tests")

    def step_comment(self) -> None:
        """Nothing but layout changes."""
        path = self.rng.choice(MODULES)
        self._write(path, [part.replace("number)", "number,)", 1) for part in self._read(path)])

    def step_move_function(self) -> None:
        """A function goes to another file."""
        source, target = self.rng.sample(MODULES, 2)
        have = self._read(source)
        if have:
            moved = have.pop(self.rng.randrange(len(have)))
            head = moved.split("(")[0] + "("
            self._write(source, have)
            self._write(target, [*[part for part in self._read(target) if not part.startswith(head)], moved])

    def step_move_file(self) -> None:
        """A file is renamed."""
        if self._files():
            self.git("mv", "-f", self.rng.choice(self._files()), self.rng.choice((*MODULES, "omega.py")))

    def step_delete(self) -> None:
        """A file is deleted, staged or not."""
        if self._files():
            path = self.rng.choice(self._files())
            self.git("rm", "-f", path) if self.rng.random() < 0.5 else (self.history.folder / path).unlink()

    def step_break(self) -> None:
        """A file, tracked or stray, is no Python for a while."""
        self._write(self.rng.choice(("alpha.py", "stray.py", "tests/test_stray.py")), ["def broken(:\n"])

    def step_mend(self) -> None:
        """What is broken is taken back."""
        for path in ("alpha.py", "stray.py", "tests/test_stray.py"):
            if any("broken" in part for part in self._read(path)):
                (self.history.folder / path).unlink()

    # -- the index ---------------------------------------------------------------------------------------------------

    def step_stage(self) -> None:
        """All is staged, or one file."""
        self.git("add", *(["--all"] if self.rng.random() < 0.6 else ["--", self.rng.choice([*self._files(), "."])]))

    def step_stage_part(self) -> None:
        """Of the functions of a file only some are staged, as by ``git add --patch``."""
        path = self.rng.choice(MODULES)
        some = [part for part in self._read(path) if self.rng.random() < 0.5]
        blob = self.git("hash-object", "-w", "--stdin", given="\n\n".join(some).encode()).decode().strip()
        self.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")

    def step_drift(self) -> None:
        """What is staged stays, and the work tree goes on: with tests of all that is there, or of nothing."""
        self.git("add", "--all")
        if self.rng.random() < 0.5:
            for path in self._files():
                for part in self._read(path):
                    self._test(path, part.split("(")[0].removeprefix("def "))
        else:
            for file in (self.history.folder / "tests").glob("test_*.py"):
                file.write_text("")
        if self.rng.random() < 0.5:
            self.git("commit", "--message", "drift")

    def step_announce(self) -> None:
        """New files are only announced to the index."""
        self.git("add", "--intent-to-add", ".")

    def step_unstage(self) -> None:
        """Something is taken out of the index again."""
        self.git("reset", "--quiet", "--", self.rng.choice([*self._files(), "."]))

    def step_assume(self) -> None:
        """Git is told not to look at a file, or to look again."""
        path = self.rng.choice([*self._files(), "tests/test_alpha.py"])
        self.git("update-index", self.rng.choice(("--assume-unchanged", "--no-assume-unchanged")), path)

    # -- commits -----------------------------------------------------------------------------------------------------

    def step_commit(self) -> None:
        """What is staged is committed; or all, or as an amendment."""
        if self.rng.random() < 0.6:
            self.git("add", "--all")
        more = self.rng.choice((["-a"], [], [], [], ["--amend"], ["--allow-empty"]))
        self.history.commit("--message", "change", *more, named="." if more == ["-a"] else "")

    def step_commit_part(self) -> None:
        """A file or folder is committed as it is in the work tree, without what else is staged or with it."""
        self._edit(self.rng.choice(MODULES))
        if self.rng.random() < 0.6:
            self.git("add", "--all")
        named = self.rng.choice([*self._files(), "tests", "tests", "."])
        self.history.commit("--message", "part", *self.rng.choice(([], ["-o"], ["-i"])), "--", named, named=named)

    def step_force(self) -> None:
        """Somebody is in a hurry."""
        self.git("commit", "--no-verify", "--message", "hurry")

    def step_undo(self) -> None:
        """The last commit is taken back, its changes stay staged."""
        self.git("reset", "--soft", "HEAD~1")

    # -- other operations --------------------------------------------------------------------------------------------

    def _settled(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--no-verify", "--message", "settled")

    def _resolved(self, operation: str) -> None:
        """End what has stopped at a conflict: by taking one side, or the lines of both; or not at all."""
        if self.rng.random() < 0.2:
            self.git(operation, "--abort")
            return
        for line in self.git("diff", "--name-only", "--diff-filter=U").decode().split():
            if self.git("checkout", self.rng.choice(("--ours", "--theirs")), "--", line) is not None:
                self.git("add", "--", line)
        self.git("add", "--all")
        if self.rng.random() < 0.3:
            self.step_edit()
            self.git("add", "--all")
        if self.git("commit", "--message", operation) is not None and operation == "rebase":
            self.git("rebase", "--continue")
        if (self.history.folder / ".git").is_dir() and (self.history.folder / ".git/rebase-merge").exists():
            self.git("rebase", "--abort")

    def step_branch(self) -> None:
        """Another branch, new or known, perhaps with a history of its own, or none."""
        self._settled()
        kind = self.rng.random()
        name = self.rng.choice(("main", "side", "other"))
        if kind < 0.1:
            self.git("checkout", "--orphan", f"orphan{self.rng.randrange(1000)}")
        elif kind < 0.2:
            self.git("checkout", "--detach")
        elif self.history.status_of("checkout", name)[0]:
            self.git("checkout", "-b", name)

    def step_merge(self) -> None:
        """A branch is merged."""
        self._settled()
        how = self.rng.choice((["--no-ff"], ["--no-ff", "--no-commit"], ["--squash"], []))
        if self.history.status_of("merge", *how, "--no-edit", self.rng.choice(("main", "side", "other")))[0]:
            self._resolved("merge")
        elif self.rng.random() < 0.8:
            self.git("commit", "--no-edit", "--message", "merged")

    def step_rebase(self) -> None:
        """The branch is put onto another."""
        self._settled()
        if self.history.status_of("rebase", self.rng.choice(("main", "side", "other")))[0]:
            self._resolved("rebase")

    def step_pick(self) -> None:
        """A commit is repeated or taken back here."""
        self._settled()
        operation = self.rng.choice(("cherry-pick", "revert"))
        commit = self.rng.choice(("main", "side", "other", "HEAD~1"))
        if self.history.status_of(operation, "--no-edit" if operation == "revert" else "--allow-empty", commit)[0]:
            self._resolved(operation)

    def step_stash(self) -> None:
        """Changes are put aside and come back, perhaps elsewhere."""
        self.git("stash", "push", *self.rng.choice(([], ["--keep-index"], ["--include-untracked"])))
        if self.rng.random() < 0.5:
            self.step_edit()
        self.git("stash", "pop", *self.rng.choice(([], ["--index"])))

    def step_bisect(self) -> None:
        """A bisection begins or ends."""
        self.git("bisect", self.rng.choice(("start", "reset")))

    def step_work_tree(self) -> None:
        """From now on it happens in a linked work tree, or in the main one again."""
        linked, main = self.history.top / "linked", self.history.top / "repository"
        if self.history.folder == linked:
            self.history.folder = main
            return
        if not linked.exists():
            self.git("worktree", "add", "--detach", str(linked))
        if linked.exists():
            self.history.folder = linked

    def step_push(self) -> None:
        """Something is pushed, by force perhaps, or several refs at once, or a ref of the remote is deleted."""
        names = ["main", "side", "other", "HEAD:refs/heads/detached", "main:refs/tags/v1"]
        # Git refuses a push as a whole if one of its refs is none.
        there = [name for name in names if not self.history.status_of("rev-parse", "--verify", name.split(":")[0])[0]]
        if not self.history.status_of("rev-parse", "--verify", "refs/remotes/origin/side")[0]:
            there.append(":refs/heads/side")
        some = self.rng.sample(there, min(len(there), self.rng.choice((1, 1, 2, 3))))
        if some and not {"side", ":refs/heads/side"} <= set(some):
            self.git("push", *self.rng.choice(([], ["--force"], ["--no-verify"])), "origin", *some)

    def step_since(self) -> None:
        """What the branch brought is checked as CI does."""
        ref = self.rng.choice(("main", "side", "HEAD~1", "HEAD~2"))
        if not self.history.status_of("merge-base", ref, "HEAD")[0]:
            with _surroundings(self.history.environment, self.history.folder):
                self.history.since(ref)


# -- many of them --------------------------------------------------------------------------------------------------------


def surroundings(work: Path, python: str) -> dict[str, str]:
    """Return an environment in which git has the settings of nobody, and the check a cache and interpreter."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT", "PYTESTGEN_"))
    }
    who = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in
           (("NAME", "Ada"), ("EMAIL", "ada@example.org"), ("DATE", "2030-01-01T00:00:00Z"))}  # fmt: skip
    return {
        **kept, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_EDITOR": "true",
        "PYTESTGEN_PYTHON": python, "PYTESTGEN_CACHE_DIR": str(work / "cache"), "COVERAGE_CORE": "ctrace",
    }  # fmt: skip


def run(
    work: Path, seed: int, steps: int, lines: Lines, mode: str | None = None, python: str = sys.executable
) -> tuple[Counter[str], str]:
    """Run one sequence below ``work``; return what happened in it and, if something must not have, an account of that."""
    rng = random.Random(seed)
    chosen = mode or rng.choices(MODES, (8, 1, 1))[0]
    top = work / "sequence"
    shutil.rmtree(top, ignore_errors=True)
    history = History(top, rng, chosen, lines, surroundings(work, python))
    happening = Steps(history)
    (history.folder / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n')
    if rng.random() < 0.8:
        happening.step_edit()
        history.git("add", "--all")
        history.git("commit", "--no-verify", "--message", "first")
    try:
        for _ in range(steps):
            happening.any()
    except Broken as broken:
        return history.told, f"seed {seed}, mode {chosen}: {broken}\n" + "\n".join(history.log)
    finally:
        os.close(history.asked)
    return history.told, ""


def version() -> str:
    """Return a digest of the product's sources: what one version was seen to do says nothing of another."""
    digest = hashlib.sha256()
    for file in sorted(Path(pytestgen_hook.__file__).parent.rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _some(work: Path, seeds: Sequence[int], steps: int, until: float, kept: Path) -> None:
    work.mkdir(parents=True, exist_ok=True)
    os.environ["COVERAGE_CORE"] = "ctrace"
    lines = Lines(work)
    for seed in seeds:
        if time.time() > until:
            break
        started = time.perf_counter()
        counted, account = run(work, seed, steps, lines)
        seconds = time.perf_counter() - started
        if account:
            (work.parent / f"broken-{seed}.txt").write_text(account)
        with kept.open("a") as stream:
            stream.write(json.dumps({"seed": seed, "counted": counted, "broken": account, "seconds": seconds}) + "\n")


def _done(kept: Path, seeds: Sequence[int]) -> dict[int, dict[str, object]]:
    rows = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    return {row["seed"]: row for row in rows if row["seed"] in seeds}


def main() -> None:
    """Run the benchmark: what an interrupted run of the same version did in the same folder is not done again."""
    from common import environment, save

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--sequences", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=14)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=600.0, help="begin no other sequence after that")
    options = parser.parse_args()
    if Path(sys.prefix) != options.work.resolve() / "venv":
        options.work.mkdir(parents=True, exist_ok=True)
        python = str(environment(options.work.resolve()))
        os.execv(python, [python, *sys.argv])
    until = time.time() + 60 * options.minutes
    seeds = range(options.seed, options.seed + options.sequences)
    kept = options.work.resolve() / f"sequences-{version()}-{options.steps}.jsonl"
    done = _done(kept, seeds)
    left = [seed for seed in seeds if seed not in done]
    with ProcessPoolExecutor(options.processes) as pool:
        jobs = [
            pool.submit(
                _some,
                options.work.resolve() / f"worker{number}",
                left[number :: options.processes],
                options.steps,
                until,
                kept,
            )
            for number in range(options.processes)
        ]
        for job in jobs:
            job.result()
    rows = _done(kept, seeds).values()
    broken = [row["broken"] for row in rows if row["broken"]]
    told = sum((Counter(row["counted"]) for row in rows), Counter[str]())
    save(
        "histories",
        {
            "seed": options.seed,
            "steps_each": options.steps,
            "sequences": len(rows),
            "broken": len(broken),
            "first": [account.splitlines()[0] for account in broken[:5]],
            "counted": dict(sorted(told.items())),
            "seconds_of_processes": round(sum(row["seconds"] for row in rows)),
        },
    )
    raise SystemExit(bool(broken) or len(rows) < options.sequences)


if __name__ == "__main__":
    main()

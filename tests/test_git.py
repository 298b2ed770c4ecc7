"""Real git in temporary folders: every state that a commit, a clone or a configuration can be in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytestgen_hook.errors import FatalError
from pytestgen_hook.git import INDEX, Repository, Revision

ODD_NAMES = [
    "with space.py",
    'quo"te.py',
    "new\nline.py",
    "tab\t.py",
    "naïve.py",
    "*.py",
    ":(top)x.py",
    "-n.py",
    "back\\s.py",
]


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the settings of whoever runs the tests, nor the variables of a hook that they may run in."""
    for name in os.environ:
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def git(folder: Path, *arguments: str, **variables: str) -> str:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "protocol.file.allow=always")
    environment = {**os.environ, **variables}
    command = ["git", *identity, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True, encoding="utf-8")
    return done.stdout.rstrip("\n")


def write(folder: Path, **files: str) -> None:
    """Write ``name="text"`` as ``name.py``."""
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)


def commit(folder: Path, message: str = "change", **files: str) -> str:
    write(folder, **files)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository without a commit."""
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    return folder


def state(folder: Path) -> tuple[bytes, str]:
    """The bytes of the index and all that status says, for comparing before and after."""
    index = Path(git(folder, "rev-parse", "--path-format=absolute", "--git-path", "index")).read_bytes()
    return index, git(folder, "--no-optional-locks", "status", "--porcelain", "--ignored")


def staged(folder: Path) -> dict[str, tuple[str | None, str]]:
    changes = Repository.open(folder).staged_changes()
    return {
        change.path: (None if change.before is None else change.before.decode(), change.after.decode())
        for change in changes
    }


# -- opening -------------------------------------------------------------------------------------------------------


def test_open_finds_the_top_from_a_sub_directory(repo: Path) -> None:
    (repo / "a" / "b").mkdir(parents=True)
    opened = Repository.open(repo / "a" / "b")
    assert opened.root == repo.resolve()
    assert opened.git_dir == repo.resolve() / ".git"


def test_open_in_a_folder_with_a_line_break_in_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "two\nlines"
    folder.mkdir()
    git(folder, "init", "--quiet")
    write(folder, a="x = 1\n")
    git(folder, "add", "a.py")
    assert Repository.open(folder).root == folder.resolve()
    assert staged(folder) == {"a.py": (None, "x = 1\n")}


def test_open_outside_a_repository(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match=r"is not in a git repository.*git init"):
        Repository.open(tmp_path)


def test_open_a_bare_repository(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--bare")
    with pytest.raises(FatalError, match="has no work tree"):
        Repository.open(tmp_path)


def test_open_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match="nowhere is not a folder"):
        Repository.open(tmp_path / "nowhere")


def test_open_without_git_on_the_path(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repo))
    with pytest.raises(FatalError, match="git was not found on PATH"):
        Repository.open(repo)


def test_open_a_repository_with_broken_configuration(repo: Path) -> None:
    (repo / ".git" / "config").write_text("[core\n")
    with pytest.raises(FatalError, match="bad config line 1"):
        Repository.open(repo)


def test_open_with_a_git_dir_that_is_none(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(repo / "elsewhere"))
    with pytest.raises(FatalError, match="Unset GIT_DIR"):
        Repository.open(repo)


def test_open_a_repository_of_another_user_names_the_command(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(FatalError, match=rf"safe\.directory {repo}`\."):
        Repository.open(repo)


def test_questions_do_not_import_gitpython(repo: Path) -> None:
    (repo / "notes.txt").write_text("hello")
    (repo / "a.py").write_text("x = 1\n")
    git(repo, "add", "notes.txt", "a.py")
    script = (
        "import sys, pathlib; from pytestgen_hook.git import INDEX, Repository\n"
        "repository = Repository.open(pathlib.Path('.'))\n"
        "assert [change.path for change in repository.staged_changes()] == ['a.py']\n"
        "assert repository.read(INDEX, 'notes.txt') == b'hello' and len(repository.entries(INDEX)) == 2\n"
        "assert repository.dirty(['a.py']) == set() and repository.ignored(['b.py']) == set()\n"
        "assert 'git' not in sys.modules and 'tempfile' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], cwd=repo, check=True)


# -- what is staged ------------------------------------------------------------------------------------------------


def test_first_commit_compares_with_nothing(repo: Path) -> None:
    write(repo, a="x = 1\n")
    git(repo, "add", "a.py")
    assert Repository.open(repo).head() is None
    assert staged(repo) == {"a.py": (None, "x = 1\n")}


def test_contents_come_from_the_index_not_from_the_work_tree(repo: Path) -> None:
    commit(repo, a="x = 1\n")
    write(repo, a="x = 2\n")
    git(repo, "add", "a.py")
    write(repo, a="x = 3\n", stray="y = 1\n")
    assert staged(repo) == {"a.py": ("x = 1\n", "x = 2\n")}


def test_nothing_staged(repo: Path) -> None:
    commit(repo, a="x = 1\n")
    write(repo, a="x = 2\n")
    assert staged(repo) == {}


def test_only_python_files_are_changes_and_only_those_that_stay(repo: Path) -> None:
    commit(repo, gone="x = 1\n")
    git(repo, "rm", "--quiet", "gone.py")
    (repo / "notes.txt").write_text("hello")
    (repo / "stub.pyi").write_text("x: int")
    git(repo, "add", "--all")
    assert staged(repo) == {}


def test_sources_of_deleted_files_come_along(repo: Path) -> None:
    commit(repo, old="def f(): return 1\n", other="x = 1\n")
    git(repo, "rm", "--quiet", "old.py")
    write(repo, other="x = 2\n")
    git(repo, "add", "--all")
    (change,) = Repository.open(repo).staged_changes()
    assert (change.path, change.deleted) == ("other.py", (b"def f(): return 1\n",))


def test_rename_with_an_edit_keeps_what_was_before(repo: Path) -> None:
    text = "".join(f"x{number} = {number}\n" for number in range(20))
    commit(repo, old=text)
    git(repo, "mv", "old.py", "new.py")
    write(repo, new=text + "y = 1\n")
    git(repo, "add", "new.py")
    (change,) = Repository.open(repo).staged_changes()
    assert (change.path, change.before_path, change.before) == ("new.py", "old.py", text.encode())


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names(repo: Path, tmp_path: Path, name: str) -> None:
    (repo / name).write_text("x = 1\n")
    (repo / "decoy.py").write_text("x = 1\n")
    repository = Repository.open(repo)
    assert repository.dirty([name]) == {name}
    repository.stage([name])
    assert staged(repo) == {name: (None, "x = 1\n")}
    assert repository.dirty([name]) == set()
    assert list(repository.entries(INDEX)) == [name]
    assert repository.read(INDEX, name) == b"x = 1\n"
    assert repository.ignored([name]) == set()
    repository.export(INDEX, tmp_path / "copy")
    assert [path.name for path in (tmp_path / "copy").iterdir()] == [name]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_no_utf8(repo: Path) -> None:
    (repo / os.fsdecode(b"caf\xe9.py")).write_text("x = 1\n")
    repository = Repository.open(repo)
    repository.stage(["caf\udce9.py"])
    assert staged(repo) == {"caf\udce9.py": (None, "x = 1\n")}
    assert repository.read(INDEX, "caf\udce9.py") == b"x = 1\n"
    write(repo, **{"caf\udce9": "x = 2\n"})
    assert repository.dirty(["caf\udce9.py"]) == {"caf\udce9.py"}


def test_links_and_submodules_are_no_changes(repo: Path, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    git(inner, "init", "--quiet")
    commit(inner, a="x = 1\n")
    commit(repo, a="x = 1\n", plain="x = 1\n")
    (repo / "link.py").symlink_to("a.py")
    git(repo, "submodule", "--quiet", "add", str(inner), "sub.py")
    (repo / "plain.py").unlink()
    (repo / "plain.py").symlink_to("a.py")
    git(repo, "add", "--all")
    assert staged(repo) == {}
    assert list(Repository.open(repo).entries(INDEX)) == [".gitmodules", "a.py"]


def test_a_link_that_becomes_a_file_is_new(repo: Path) -> None:
    (repo / "b.py").symlink_to("a.py")
    commit(repo, a="x = 1\n")
    (repo / "b.py").unlink()
    write(repo, b="y = 1\n")
    git(repo, "add", "--all")
    assert staged(repo) == {"b.py": (None, "y = 1\n")}


def test_an_intent_to_add_is_not_staged(repo: Path, tmp_path: Path) -> None:
    commit(repo, a="x = 1\n", empty="")
    write(repo, later="y = 1\n")
    git(repo, "add", "--intent-to-add", "later.py")
    repository = Repository.open(repo)
    before = state(repo)
    assert repository.staged_changes() == []
    assert list(repository.entries(INDEX)) == ["a.py", "empty.py"]
    assert repository.dirty(["later.py", "a.py"]) == {"later.py"}
    repository.export(INDEX, tmp_path / "copy")
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == ["a.py", "empty.py"]
    assert state(repo) == before


def test_detached_head(repo: Path) -> None:
    first = commit(repo, a="x = 1\n")
    git(repo, "checkout", "--quiet", "--detach")
    write(repo, a="x = 2\n")
    git(repo, "add", "a.py")
    assert staged(repo) == {"a.py": ("x = 1\n", "x = 2\n")}
    assert Repository.open(repo).head() == first


def test_orphan_branch_compares_with_nothing(repo: Path) -> None:
    commit(repo, a="x = 1\n")
    git(repo, "checkout", "--quiet", "--orphan", "fresh")
    assert staged(repo) == {"a.py": (None, "x = 1\n")}


def test_paths_are_relative_to_the_top_when_run_below(repo: Path) -> None:
    (repo / "pkg").mkdir()
    write(repo / "pkg", a="x = 1\n")
    git(repo, "add", "--all")
    repository = Repository.open(repo / "pkg")
    assert [change.path for change in repository.staged_changes()] == ["pkg/a.py"]
    write(repo / "pkg", a="x = 2\n")
    assert repository.dirty(["pkg/a.py"]) == {"pkg/a.py"}


def test_a_mode_change_has_equal_contents(repo: Path) -> None:
    commit(repo, a="x = 1\n")
    git(repo, "update-index", "--chmod=+x", "a.py")
    assert staged(repo) == {"a.py": ("x = 1\n", "x = 1\n")}


SETTINGS = {
    "diff.external": "false",
    "diff.noprefix": "true",
    "diff.mnemonicPrefix": "true",
    "diff.renames": "false",
    "diff.orderFile": "order",
    "diff.relative": "true",
    "diff.submodule": "log",
    "diff.ignoreSubmodules": "none",
    "color.ui": "always",
    "color.diff": "always",
    "core.quotePath": "true",
    "core.autocrlf": "true",
    "core.pager": "false",
    "status.showUntrackedFiles": "no",
    "status.relativePaths": "true",
    "status.short": "true",
    "status.branch": "true",
    "status.renames": "copies",
    "column.ui": "always",
    "core.fsmonitor": "false",
    "add.ignoreErrors": "true",
    "grep.patternType": "perl",
    "core.untrackedCache": "true",
    "log.showSignature": "true",
}


@pytest.mark.parametrize("variables", [{}, {"GIT_LITERAL_PATHSPECS": "1"}, {"GIT_GLOB_PATHSPECS": "1"}], ids=str)
def test_settings_of_the_user_change_nothing(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    text = "".join(f"x{number} = {number}\n" for number in range(20))
    (repo / "pkg").mkdir()
    base = commit(repo, old=text, **{"pkg/a": "x = 1\n"})
    for name, value in SETTINGS.items():
        git(repo, "config", name, value)
    (repo / "order").write_text("z*\n")
    for name, value in {**variables, "GIT_EXTERNAL_DIFF": "false", "GIT_TRACE": "1"}.items():
        monkeypatch.setenv(name, value)
    (repo / "old.py").rename(repo / "new.py")
    write(repo / "pkg", a="x = 2\n")
    git(repo, "add", "old.py", "new.py", "pkg/a.py")
    write(repo, stray="y = 1\n")
    repository = Repository.open(repo / "pkg")
    expected = {"new.py": (text, text), "pkg/a.py": ("x = 1\n", "x = 2\n")}
    assert staged(repo / "pkg") == expected
    assert repository.dirty(["new.py", "pkg/a.py", "stray.py"]) == {"stray.py"}
    repository.export(INDEX, tmp_path / "copy")
    assert (tmp_path / "copy" / "pkg" / "a.py").read_bytes() == b"x = 2\r\n"  # as autocrlf would check it out
    git(repo, "commit", "--quiet", "--message", "second")
    revision, changes = repository.changes_since(base)
    assert {change.path: (change.before or b"", change.after) for change in changes} == {
        path: (before.encode(), after.encode()) for path, (before, after) in expected.items()
    }
    assert repository.entries(revision) == repository.entries(INDEX)


def test_a_merge_under_way_leaves_out_what_equals_another_parent(repo: Path) -> None:
    commit(repo, ours="x = 1\n", theirs="x = 1\n", both="a = 1\n\n\n\n\nb = 1\n")
    git(repo, "checkout", "--quiet", "-b", "topic")
    commit(repo, theirs="x = 2\n", new="y = 1\n", both="a = 2\n\n\n\n\nb = 1\n")
    git(repo, "checkout", "--quiet", "main")
    commit(repo, ours="x = 2\n", both="a = 1\n\n\n\n\nb = 2\n")
    git(repo, "merge", "--quiet", "--no-commit", "topic")
    repository = Repository.open(repo)
    assert repository.operation() == "merge"
    (change,) = repository.staged_changes()
    assert (change.path, change.before, change.merged, change.after) == (
        "both.py",
        b"a = 1\n\n\n\n\nb = 2\n",
        (b"a = 2\n\n\n\n\nb = 1\n",),
        b"a = 2\n\n\n\n\nb = 2\n",
    )
    git(repo, "commit", "--quiet", "--no-edit")
    assert [(change.path, change.merged) for change in repository.changes_of_head()] == [("both.py", change.merged)]


def test_a_conflict_is_named_and_its_file_is_no_change(repo: Path, tmp_path: Path) -> None:
    commit(repo, a="x = 1\n", b="x = 1\n")
    git(repo, "checkout", "--quiet", "-b", "topic")
    commit(repo, a="x = 2\n")
    git(repo, "checkout", "--quiet", "main")
    commit(repo, a="x = 3\n")
    with pytest.raises(subprocess.CalledProcessError):
        git(repo, "merge", "--quiet", "topic")
    repository = Repository.open(repo)
    assert repository.unmerged_paths() == ["a.py"]
    assert repository.staged_changes() == []
    assert list(repository.entries(INDEX)) == ["b.py"]
    assert repository.dirty(["a.py", "b.py"]) == {"a.py"}
    repository.export(INDEX, tmp_path / "copy")
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["b.py"]


def test_contents_that_are_missing_are_an_error(repo: Path) -> None:
    write(repo, a="x = 1\n")
    git(repo, "add", "a.py")
    blob = git(repo, "rev-parse", ":a.py")
    (repo / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(FatalError, match=r"no contents for 'a\.py'.*git fsck"):
        Repository.open(repo).staged_changes()


def test_a_broken_index_is_an_error(repo: Path) -> None:
    commit(repo, a="x = 1\n")
    (repo / ".git" / "index").write_bytes(b"DIRC nonsense")
    with pytest.raises(FatalError, match=r"git diff failed: .*git status"):
        Repository.open(repo).staged_changes()


def test_a_repository_with_sha256(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--object-format=sha256")
    commit(tmp_path, a="x = 1\n")
    repository = Repository.open(tmp_path)
    assert [change.path for change in repository.changes_of_head()] == ["a.py"]
    assert [change.after for change in repository.all_changes(INDEX)] == [b"x = 1\n"]


# -- inside hooks --------------------------------------------------------------------------------------------------

HOOK = """#!{python}
import pathlib, sys
from pytestgen_hook.git import INDEX, Repository
repository = Repository.open(pathlib.Path({folder!r}))
print(*[change.path for change in repository.staged_changes()], file=open({log!r}, "a"))
print(repository.root, repository.is_partial_commit(), *repository.entries(INDEX), file=open({log!r}, "a"))
"""


def install_hook(repo: Path, log: Path, folder: str = ".") -> None:
    hooks = Path(git(repo, "rev-parse", "--path-format=absolute", "--git-path", "hooks"))
    hooks.mkdir(exist_ok=True)
    (hooks / "pre-commit").write_text(HOOK.format(python=sys.executable, folder=folder, log=str(log)))
    (hooks / "pre-commit").chmod(0o755)


def test_hook_of_a_plain_commit(repo: Path, tmp_path: Path) -> None:
    install_hook(repo, tmp_path / "log")
    commit(repo, a="x = 1\n")
    assert (tmp_path / "log").read_text() == f"a.py\n{repo.resolve()} False a.py\n"


def test_hook_of_commit_all_reads_the_index_that_git_is_making(repo: Path, tmp_path: Path) -> None:
    commit(repo, a="x = 1\n", b="x = 1\n")
    install_hook(repo, tmp_path / "log")
    write(repo, a="x = 2\n")
    git(repo, "commit", "--quiet", "--all", "--message", "all")
    assert (tmp_path / "log").read_text() == f"a.py\n{repo.resolve()} False a.py b.py\n"


def test_hook_of_a_partial_commit_sees_the_named_files_only(repo: Path, tmp_path: Path) -> None:
    commit(repo, a="x = 1\n", b="x = 1\n")
    install_hook(repo, tmp_path / "log")
    write(repo, a="x = 2\n", b="x = 2\n")
    git(repo, "add", "b.py")
    git(repo, "commit", "--quiet", "--message", "part", "a.py")
    assert (tmp_path / "log").read_text() == f"a.py\n{repo.resolve()} True a.py b.py\n"


def test_hook_in_a_linked_work_tree(repo: Path, tmp_path: Path) -> None:
    commit(repo, a="x = 1\n")
    git(repo, "worktree", "add", "--quiet", str(tmp_path / "linked"))
    install_hook(repo, tmp_path / "log")
    commit(tmp_path / "linked", b="x = 2\n")
    assert (tmp_path / "log").read_text() == f"b.py\n{(tmp_path / 'linked').resolve()} False a.py b.py\n"


def test_hook_in_a_linked_work_tree_whose_manager_changed_the_folder(repo: Path, tmp_path: Path) -> None:
    (repo / "pkg").mkdir()
    commit(repo, **{"pkg/a": "x = 1\n"})
    git(repo, "worktree", "add", "--quiet", str(tmp_path / "linked"))
    install_hook(repo, tmp_path / "log", folder="pkg")
    commit(tmp_path / "linked", b="x = 2\n")
    assert (tmp_path / "log").read_text() == f"b.py\n{(tmp_path / 'linked').resolve()} False b.py pkg/a.py\n"


def test_a_linked_work_tree_has_its_own_git_dir_and_operation(repo: Path, tmp_path: Path) -> None:
    commit(repo, a="x = 1\n")
    git(repo, "worktree", "add", "--quiet", str(tmp_path / "linked"))
    git(repo, "bisect", "start")
    assert Repository.open(tmp_path / "linked").git_dir == repo.resolve() / ".git" / "worktrees" / "linked"
    assert Repository.open(repo).operation() == "bisect"
    assert Repository.open(tmp_path / "linked").operation() is None


def test_a_submodule_is_a_repository_of_its_own(repo: Path, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    git(inner, "init", "--quiet")
    commit(inner, a="x = 1\n")
    git(repo, "submodule", "--quiet", "add", str(inner), "sub")
    install_hook(repo / "sub", tmp_path / "log")
    commit(repo / "sub", b="x = 1\n")
    assert (tmp_path / "log").read_text() == f"b.py\n{(repo / 'sub').resolve()} False a.py b.py\n"
    assert Repository.open(repo / "sub").git_dir == repo.resolve() / ".git" / "modules" / "sub"


def test_relative_variables_of_git_are_honoured_from_a_sub_directory(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repo / "pkg").mkdir()
    commit(repo, a="x = 1\n")
    write(repo, b="x = 2\n")
    git(repo, "add", "b.py", GIT_INDEX_FILE=".git/other")
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/other")
    repository = Repository.open(repo / "pkg")
    assert repository.root == repo.resolve()
    assert list(repository.entries(INDEX)) == ["b.py"]


def test_a_git_dir_apart_from_its_work_tree(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repo / ".git").rename(tmp_path / "elsewhere")
    write(repo, a="x = 1\n")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_WORK_TREE", str(repo))
    repository = Repository.open(repo)
    repository.stage(["a.py"])
    assert (repository.root, list(repository.entries(INDEX))) == (repo.resolve(), ["a.py"])


def test_a_work_tree_named_in_the_configuration(repo: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    write(work, a="x = 1\n")
    git(repo, "config", "core.worktree", str(work))
    repository = Repository.open(repo / ".git")
    repository.stage(["a.py"])
    assert (repository.root, list(repository.entries(INDEX))) == (work.resolve(), ["a.py"])


# -- since a ref ---------------------------------------------------------------------------------------------------


def test_since_compares_with_the_merge_base(repo: Path) -> None:
    commit(repo, a="x = 1\n")
    git(repo, "checkout", "--quiet", "-b", "topic")
    last = commit(repo, mine="y = 1\n")
    git(repo, "checkout", "--quiet", "main")
    commit(repo, a="x = 2\n")
    git(repo, "checkout", "--quiet", "topic")
    write(repo, mine="unstaged\n")
    revision, changes = Repository.open(repo).changes_since("main")
    assert revision == Revision(last)
    assert [(change.path, change.after) for change in changes] == [("mine.py", b"y = 1\n")]


def test_since_before_the_first_commit(repo: Path) -> None:
    with pytest.raises(FatalError, match="there is no commit yet"):
        Repository.open(repo).changes_since("main")


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    """A repository to clone: main with three commits, and a branch that left main at the first."""
    folder = tmp_path / "upstream"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, a="x = 1\n")
    git(folder, "branch", "topic")
    commit(folder, a="x = 2\n")
    commit(folder, a="x = 3\n")
    git(folder, "checkout", "--quiet", "topic")
    commit(folder, b="x = 4\n")
    git(folder, "checkout", "--quiet", "main")
    return folder


def clone(upstream: Path, *options: str) -> Path:
    git(upstream.parent, "clone", "--quiet", *options, upstream.as_uri(), "clone")
    return upstream.parent / "clone"


def advice(message: str) -> list[str]:
    """The command that a message names, as words."""
    import shlex

    return shlex.split(message.partition("`git ")[2].partition("`")[0])


@pytest.mark.parametrize("ref", ["origin/main", "main"])
def test_since_in_a_shallow_clone_of_one_branch_names_a_fetch_that_mends_it(upstream: Path, ref: str) -> None:
    folder = clone(upstream, "--depth=1", "--branch=topic")
    repository = Repository.open(folder)
    with pytest.raises(FatalError, match=r"no such commit in this clone.*fetch-depth: 0") as caught:
        repository.changes_since(ref)
    git(folder, *advice(str(caught.value)))
    assert [change.path for change in repository.changes_since(ref)[1]] == ["b.py"]


def test_since_in_a_shallow_clone_without_the_merge_base(upstream: Path) -> None:
    folder = clone(upstream, "--depth=1", "--branch=topic", "--no-single-branch")
    repository = Repository.open(folder)
    with pytest.raises(FatalError, match=r"clone is shallow.*fetch-depth: 0") as caught:
        repository.changes_since("origin/main")
    git(folder, *advice(str(caught.value)))
    assert [change.path for change in repository.changes_since("origin/main")[1]] == ["b.py"]


def test_since_a_commit_beyond_a_shallow_clone(upstream: Path) -> None:
    folder = clone(upstream, "--depth=1")
    repository = Repository.open(folder)
    with pytest.raises(FatalError, match="no such commit") as caught:
        repository.changes_since("HEAD~2")
    git(folder, *advice(str(caught.value)))
    assert [change.path for change in repository.changes_since("HEAD~2")[1]] == ["a.py"]


def test_since_a_commit_that_was_not_fetched_by_its_id(upstream: Path) -> None:
    main = git(upstream, "rev-parse", "main")
    git(upstream, "config", "uploadpack.allowAnySHA1InWant", "true")
    folder = clone(upstream, "--branch=topic", "--single-branch")
    repository = Repository.open(folder)
    with pytest.raises(FatalError, match="no such commit") as caught:
        repository.changes_since(main)
    git(folder, *advice(str(caught.value)))
    assert [change.path for change in repository.changes_since(main)[1]] == ["b.py"]


def test_since_unrelated_histories(repo: Path) -> None:
    commit(repo, a="x = 1\n")
    git(repo, "checkout", "--quiet", "--orphan", "fresh")
    commit(repo, "other", b="x = 1\n")
    with pytest.raises(FatalError, match="no commit in common"):
        Repository.open(repo).changes_since("main")


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ("nowhere", "no such commit in this clone. Run `git branch --all`"),
        ("0" * 40, "null id"),
        ("--output=pwned", "no such commit"),
        ("HEAD:a.py", "no such commit"),
        ("", "no such commit"),
    ],
)
def test_since_something_that_is_no_commit(repo: Path, ref: str, message: str) -> None:
    commit(repo, a="x = 1\n")
    with pytest.raises(FatalError) as caught:
        Repository.open(repo).changes_since(ref)
    assert message in str(caught.value)
    assert sorted(path.name for path in repo.iterdir()) == [".git", "a.py"]


def test_since_a_tag_and_a_ref_that_is_ahead(repo: Path) -> None:
    commit(repo, a="x = 1\n")
    git(repo, "tag", "--annotate", "v1", "--message", "v1")
    commit(repo, b="x = 1\n")
    repository = Repository.open(repo)
    assert [change.path for change in repository.changes_since("v1")[1]] == ["b.py"]
    git(repo, "branch", "ahead")
    git(repo, "reset", "--quiet", "--hard", "HEAD~1")
    assert repository.changes_since("ahead")[1] == []


# -- HEAD ----------------------------------------------------------------------------------------------------------


def test_changes_of_the_first_and_of_a_later_commit(repo: Path) -> None:
    commit(repo, a="x = 1\n")
    repository = Repository.open(repo)
    assert [(change.path, change.before) for change in repository.changes_of_head()] == [("a.py", None)]
    commit(repo, a="x = 2\n")
    assert [(change.path, change.before) for change in repository.changes_of_head()] == [("a.py", b"x = 1\n")]


def test_changes_of_head_where_a_shallow_clone_ends(upstream: Path) -> None:
    folder = clone(upstream, "--depth=1")
    repository = Repository.open(folder)
    with pytest.raises(FatalError, match="shallow clone ends at HEAD") as caught:
        repository.changes_of_head()
    git(folder, *advice(str(caught.value)))
    assert [change.before for change in repository.changes_of_head()] == [b"x = 2\n"]


def test_is_published(upstream: Path) -> None:
    folder = clone(upstream)
    repository = Repository.open(folder)
    published, own = repository.head(), commit(folder, own="x = 1\n")
    assert published is not None
    assert repository.is_published(published)
    assert not repository.is_published(own)


def test_amend_takes_the_named_files_only_and_keeps_message_and_author(repo: Path) -> None:
    commit(repo, a="x = 1\n")
    git(repo, "commit", "--quiet", "--allow-empty", "--message", "two\n\nlines", "--author=Bob <bob@example.org>")
    write(repo, staged="x = 1\n", test_a="x = 1\n", loose="x = 1\n")
    git(repo, "add", "staged.py")
    git(repo, "config", "user.name", "Ada")
    git(repo, "config", "user.email", "ada@example.org")
    repository = Repository.open(repo)
    repository.amend(["test_a.py"])
    assert git(repo, "log", "-1", "--format=%an|%B").strip() == "Bob|two\n\nlines"
    assert git(repo, "show", "--name-only", "--format=") == "test_a.py"
    assert git(repo, "status", "--porcelain") == "A  staged.py\n?? loose.py"
    assert repository.has_staged_changes()


def test_amend_inside_a_hook_is_refused(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = commit(repo, a="x = 1\n")
    write(repo, b="x = 1\n")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    with pytest.raises(FatalError, match="inside a git hook"):
        Repository.open(repo).amend(["b.py"])
    assert git(repo, "rev-parse", "HEAD") == first
    assert git(repo, "status", "--porcelain") == "?? b.py"


# -- contents ------------------------------------------------------------------------------------------------------


def test_entries_and_all_changes_of_a_commit(repo: Path) -> None:
    first = commit(repo, a="x = 1\n")
    (repo / "notes.txt").write_text("hello")
    commit(repo, a="x = 2\n", b="y = 1\n")
    repository = Repository.open(repo)
    assert list(repository.entries(Revision(first))) == ["a.py"]
    assert [(change.path, change.after, change.before) for change in repository.all_changes(INDEX)] == [
        ("a.py", b"x = 2\n", None),
        ("b.py", b"y = 1\n", None),
    ]
    assert repository.read(Revision(first), "a.py") == b"x = 1\n"
    assert repository.read(INDEX, "a.py") == b"x = 2\n"
    assert repository.read(INDEX, "none.py") is None


def test_blobs_are_raw_bytes_whatever_they_hold(repo: Path) -> None:
    contents = [b"", b"\n", b"no newline", b"\xef\xbb\xbfx = 1\r\n", b"\0\xff" * 5000, b"blob 3\nabc\n"]
    for number, content in enumerate(contents):
        (repo / f"{number}.bin").write_bytes(content)
    git(repo, "config", "core.autocrlf", "false")
    git(repo, "add", "--all")
    repository = Repository.open(repo)
    entries = repository.entries(INDEX)
    found = repository.blobs(entries.values())
    assert [found[entries[f"{number}.bin"]] for number in range(len(contents))] == contents
    assert repository.blobs([]) == {}
    assert repository.blobs(["1" * 40]) == {}


def test_export_of_the_index_and_of_a_commit_touches_nothing_else(repo: Path, tmp_path: Path) -> None:
    (repo / "pkg").mkdir()
    (repo / "run").write_text("#!/bin/sh\n")
    (repo / "run").chmod(0o755)
    (repo / "link").symlink_to("pkg")
    first = commit(repo, **{"pkg/a": "x = 1\n"})
    write(repo, **{"pkg/a": "x = 2\n"})
    git(repo, "add", "--all")
    write(repo, **{"pkg/a": "x = 3\n", "stray": "y = 1\n"})
    before = state(repo)
    repository = Repository.open(repo)
    for revision, text in [(INDEX, "x = 2\n"), (Revision(first), "x = 1\n")]:
        copy = tmp_path / f"copy {text.strip()}"
        repository.export(revision, copy)
        assert sorted(path.name for path in copy.iterdir()) == ["link", "pkg", "run"]
        assert (copy / "pkg" / "a.py").read_text() == text
        assert os.access(copy / "run", os.X_OK)
        assert (copy / "link").is_symlink()
    assert state(repo) == before


def test_export_where_a_filter_is_missing_gives_what_is_stored(repo: Path, tmp_path: Path) -> None:
    commit(repo, a="x = 1\n")
    (repo / ".gitattributes").write_text("*.bin filter=vault\n")
    (repo / "data.bin").write_text("stored")
    git(repo, "add", "--all")
    git(repo, "config", "filter.vault.smudge", "no-such-program")
    git(repo, "config", "filter.vault.required", "true")
    Repository.open(repo).export(INDEX, tmp_path / "copy")
    assert (tmp_path / "copy" / "data.bin").read_text() == "stored"
    assert (tmp_path / "copy" / "a.py").read_text() == "x = 1\n"


def test_export_to_where_nothing_can_be_written(repo: Path, tmp_path: Path) -> None:
    commit(repo, a="x = 1\n")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FatalError, match="git checkout-index failed"):
        Repository.open(repo).export(INDEX, tmp_path / "file" / "copy")


def test_ignored_files_and_folders(repo: Path) -> None:
    (repo / ".gitignore").write_text("build/\n*.so\n")
    (repo / "build" / "deep").mkdir(parents=True)
    (repo / "build" / "deep" / "x").write_text("")
    (repo / "fast.so").write_text("")
    (repo / "stray").write_text("")
    repository = Repository.open(repo)
    assert repository.ignored_files() == ["build/", "fast.so"]
    assert repository.ignored(["build/test_x.py", "test_x.py", "fast.so"]) == {"build/test_x.py", "fast.so"}
    assert repository.ignored([]) == set()


# -- the work tree -------------------------------------------------------------------------------------------------


def test_dirty_files(repo: Path) -> None:
    (repo / ".gitignore").write_text("ignored.py\n")
    commit(repo, clean="x = 1\n", edited="x = 1\n", staged="x = 1\n", removed="x = 1\n", touched="x = 1\n")
    write(repo, edited="x = 2\n", staged="x = 2\n", ignored="x = 1\n", untracked="x = 1\n")
    git(repo, "add", "staged.py")
    (repo / "removed.py").unlink()
    os.utime(repo / "touched.py", (1, 1))
    before = state(repo)
    names = ["clean", "edited", "staged", "removed", "touched", "ignored", "untracked", "missing", "no/such/folder"]
    found = Repository.open(repo).dirty(f"{name}.py" for name in names)
    assert found == {"edited.py", "removed.py", "ignored.py", "untracked.py"}
    assert state(repo) == before
    assert Repository.open(repo).dirty([]) == set()


@pytest.mark.parametrize("mark", ["--assume-unchanged", "--skip-worktree"])
def test_a_file_that_git_does_not_look_at_counts_as_dirty(repo: Path, mark: str) -> None:
    commit(repo, a="x = 1\n", b="x = 1\n")
    git(repo, "update-index", mark, "a.py")
    write(repo, a="x = 2\n")
    assert Repository.open(repo).dirty(["a.py", "b.py"]) == {"a.py"}
    (repo / "a.py").unlink()  # as a sparse checkout leaves it: its contents are in the index, and must not be replaced
    assert Repository.open(repo).dirty(["a.py", "b.py"]) == {"a.py"}


def test_dirty_asks_about_any_number_of_files(repo: Path) -> None:
    names = {f"file{number}": "x = 1\n" for number in range(1100)}
    commit(repo, **names)
    write(repo, file1050="x = 2\n")
    assert Repository.open(repo).dirty(f"{name}.py" for name in names) == {"file1050.py"}


def test_stage_adds_exactly_the_named_files(repo: Path) -> None:
    commit(repo, a="x = 1\n")
    write(repo, a="x = 2\n", b="x = 1\n", c="x = 1\n")
    repository = Repository.open(repo)
    repository.stage(["b.py"])
    repository.stage([])
    assert git(repo, "status", "--porcelain").splitlines() == [" M a.py", "A  b.py", "?? c.py"]


def test_staging_an_ignored_file_is_refused_and_stages_nothing(repo: Path) -> None:
    (repo / ".gitignore").write_text("b.py\n")
    commit(repo, a="x = 1\n")
    write(repo, a="x = 2\n", b="x = 1\n")
    before = state(repo)
    with pytest.raises(FatalError, match=r"^b\.py is ignored by git.*\.gitignore"):
        Repository.open(repo).stage(["a.py", "b.py"])
    assert state(repo) == before


def test_staging_while_another_process_holds_the_lock(repo: Path) -> None:
    commit(repo, a="x = 1\n")
    write(repo, a="x = 2\n")
    (repo / ".git" / "index.lock").write_text("")
    with pytest.raises(FatalError, match=r"index\.lock"):
        Repository.open(repo).stage(["a.py"])


def test_operations_under_way(repo: Path) -> None:
    first = commit(repo, a="x = 1\n")
    git(repo, "checkout", "--quiet", "-b", "topic")
    other = commit(repo, a="x = 2\n")
    patch = git(repo, "format-patch", "--stdout", "-1") + "\n"
    git(repo, "checkout", "--quiet", "main")
    commit(repo, a="x = 3\n")
    repository = Repository.open(repo)
    assert repository.operation() is None
    (repo.parent / "patch").write_text(patch)
    for name, start, abort in [
        ("merge", ["merge", "topic"], ["merge", "--abort"]),
        ("cherry-pick", ["cherry-pick", other], ["cherry-pick", "--abort"]),
        ("revert", ["revert", "--no-edit", first], ["revert", "--abort"]),
        ("rebase", ["rebase", "topic"], ["rebase", "--abort"]),
        ("rebase", ["rebase", "--apply", "topic"], ["rebase", "--abort"]),
        ("am", ["am", "--3way", str(repo.parent / "patch")], ["am", "--abort"]),
    ]:
        with pytest.raises(subprocess.CalledProcessError):
            git(repo, *start)
        assert repository.operation() == name
        git(repo, *abort)
    assert repository.operation() is None

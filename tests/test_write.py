from __future__ import annotations

import os
import random
import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from pytestgen_hook.error_handler import error_handler
from pytestgen_hook.errors import FatalError
from pytestgen_hook.types.generated import Edit
from pytestgen_hook.write import held_back, write_edits

posix_only = pytest.mark.skipif(os.name != "posix", reason="needs POSIX modes, links and signals")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    top = tmp_path / "work"
    top.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=top, check=True)
    return top


def write(root: Path, *edits: Edit) -> tuple[str, ...]:
    return write_edits(root, root / ".git", edits)


def files_below(root: Path) -> dict[str, bytes]:
    """All files of the work tree, those in our folder below .git too."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and (".git" not in path.relative_to(root).parts or "pytestgen" in path.parts)
    }


def test_new_file_is_written_in_new_folders(root):
    assert write(root, Edit("tests/a b/test_ü.py", None, b"x = 1\r\n")) == ("tests/a b/test_ü.py",)
    assert files_below(root) == {"tests/a b/test_ü.py": b"x = 1\r\n"}


def test_existing_file_is_replaced(root):
    (root / "test_x.py").write_bytes(b"old")
    write(root, Edit("test_x.py", b"old", b"new"))
    assert files_below(root) == {"test_x.py": b"new"}


def test_nothing_to_write_leaves_nothing_behind(root):
    assert write(root) == ()
    assert not (root / ".git/pytestgen").exists()


@posix_only
def test_mode_is_kept_and_that_of_new_files_follows_the_umask(root):
    (root / "test_x.py").write_bytes(b"old")
    (root / "test_x.py").chmod(0o754)
    before = os.umask(0o027)
    try:
        write(root, Edit("test_x.py", b"old", b"new"), Edit("test_y.py", None, b"new"))
    finally:
        os.umask(before)
    assert stat.S_IMODE((root / "test_x.py").stat().st_mode) == 0o754
    assert stat.S_IMODE((root / "test_y.py").stat().st_mode) == 0o640


def test_new_folders_in_a_package_of_tests_become_packages(root):
    (root / "tests").mkdir()
    (root / "tests/__init__.py").touch()
    edits = [Edit("tests/a/b/test_x.py", None, b"x"), Edit("tests/a/test_y.py", None, b"y")]
    paths = ("tests/a/__init__.py", "tests/a/b/__init__.py", "tests/a/b/test_x.py", "tests/a/test_y.py")
    assert write(root, *edits) == paths
    assert set(files_below(root)) == {"tests/__init__.py", *paths}


def test_folder_that_is_there_is_not_made_a_package(root):
    (root / "tests/a").mkdir(parents=True)
    (root / "tests/__init__.py").touch()
    assert write(root, Edit("tests/a/test_x.py", None, b"x")) == ("tests/a/test_x.py",)


@pytest.mark.parametrize(
    ("now", "before"),
    [
        pytest.param(b"edited", b"old", id="edited"),
        pytest.param(b"created", None, id="created"),
        pytest.param(None, b"old", id="deleted"),
    ],
)
def test_file_that_changed_is_left_alone_and_nothing_else_is_written(root, now, before):
    if now is not None:
        (root / "test_x.py").write_bytes(now)
    with pytest.raises(FatalError, match=r"test_x\.py changed while its tests were made"):
        write(root, Edit("test_a.py", None, b"a"), Edit("test_x.py", before, b"new"))
    assert files_below(root) == ({} if now is None else {"test_x.py": now})


@pytest.mark.parametrize("path", ["../test_x.py", "/test_x.py", "a/../../test_x.py", ".git/hooks/test_x.py"])
def test_path_outside_the_work_tree_is_refused(root, path):
    with pytest.raises(FatalError, match="not in the work tree"):
        write(root, Edit(path, None, b"new"))


@posix_only
@pytest.mark.parametrize("link", ["tests", "tests/a", "tests/a/test_x.py"])
def test_symbolic_link_is_not_followed(root, tmp_path, link):
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / link).parent.mkdir(parents=True, exist_ok=True)
    (root / link).symlink_to(outside / "test_x.py" if link.endswith(".py") else outside)
    with pytest.raises(FatalError, match=f"{link} is a symbolic link"):
        write(root, Edit("tests/a/test_x.py", None, b"new"))
    assert list(outside.iterdir()) == []


@posix_only
def test_work_tree_below_a_symbolic_link_is_fine(root, tmp_path):
    (tmp_path / "link").symlink_to(root)
    write_edits(tmp_path / "link", root / ".git", [Edit("tests/test_x.py", None, b"new")])
    assert files_below(root) == {"tests/test_x.py": b"new"}


def test_file_where_a_folder_is_needed_is_an_error_of_the_user(root):
    (root / "tests").write_bytes(b"a file")
    with pytest.raises(FatalError, match=r"tests/test_x\.py cannot be read"):
        write(root, Edit("tests/test_x.py", None, b"new"))
    assert files_below(root) == {"tests": b"a file"}


def test_folder_in_place_of_the_file_is_an_error_of_the_user(root):
    (root / "test_x.py").mkdir()
    with pytest.raises(FatalError, match=r"test_x\.py cannot be read"):
        write(root, Edit("test_x.py", None, b"new"))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_folder_without_write_permission_is_an_error_of_the_user(root):
    (root / "tests").mkdir(mode=0o555)
    with pytest.raises(FatalError, match="Make it writable"):
        write(root, Edit("tests/test_x.py", None, b"new"))
    assert files_below(root) == {}


def test_what_was_written_before_a_failure_is_taken_back(root):
    (root / "test_old.py").write_bytes(b"old")
    edits = [Edit("test_old.py", b"old", b"new"), Edit("a", None, b"a file"), Edit("a/test_a.py", None, b"in a folder")]
    with pytest.raises(FatalError, match=r"a/test_a\.py"):
        write(root, *edits)
    assert files_below(root) == {"test_old.py": b"old"}


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_where_one_folder_cannot_be_written_nothing_is(root):
    (root / "tests").mkdir(mode=0o555)
    with pytest.raises(FatalError, match=r"tests/test_b\.py: Permission denied"):
        write(root, Edit("test_a.py", None, b"a"), Edit("tests/test_b.py", None, b"b"))
    assert files_below(root) == {}


def test_git_folder_that_is_missing_is_an_error_of_the_user(root, tmp_path):
    with pytest.raises(FatalError, match="Make it writable"):
        write_edits(root, tmp_path / "nowhere", [Edit("test_x.py", None, b"new")])


@posix_only
def test_leftovers_of_killed_runs_are_removed_and_those_of_running_ones_stay(root):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    shared = root / ".git/pytestgen"
    for number in (ended.pid, os.getppid()):
        (shared / f"write-{number}").mkdir(parents=True)
        (shared / f"write-{number}/0").write_bytes(b"half")
    (root / ".test_x.py.tmp").write_bytes(b"half")
    (shared / f"write-{ended.pid}/beside").write_text(str(root / ".test_x.py.tmp"))
    write(root, Edit("test_x.py", None, b"new"))
    assert files_below(root) == {
        "test_x.py": b"new",
        f".git/pytestgen/write-{os.getppid()}/0": b"half",
    }


def _on_another_file_system(tmp_path: Path) -> Path | None:
    for place in (Path("/dev/shm"), Path.home()):
        if place.is_dir() and os.access(place, os.W_OK) and place.stat().st_dev != tmp_path.stat().st_dev:
            return place
    return None


@posix_only
def test_where_there_are_no_hard_links_files_are_renamed(root, monkeypatch):
    """As on exFAT and many network drives; there is none to be had here, so it is the system that says no."""

    def refuse(*places: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    assert write(root, Edit("tests/test_new.py", None, b"new")) == ("tests/test_new.py",)
    assert files_below(root) == {"tests/test_new.py": b"new"}


@posix_only
def test_git_folder_on_another_file_system(root, tmp_path):
    place = _on_another_file_system(tmp_path)
    if place is None:
        pytest.skip("needs two file systems")
    git_dir = place / f"pytestgen-test-{os.getpid()}"
    git_dir.mkdir()
    (root / "test_x.py").write_bytes(b"old")
    (root / "test_x.py").chmod(0o755)
    try:
        write_edits(root, git_dir, [Edit("test_x.py", b"old", b"new"), Edit("tests/test_y.py", None, b"new")])
        assert list((git_dir / "pytestgen").iterdir()) == []
    finally:
        (git_dir / "pytestgen").rmdir()
        git_dir.rmdir()
    assert files_below(root) == {"test_x.py": b"new", "tests/test_y.py": b"new"}
    assert (root / "test_x.py").stat().st_mode & 0o111


WRITER = """
    import itertools, sys
    from pathlib import Path
    from pytestgen_hook.types.generated import Edit
    from pytestgen_hook.write import held_back, write_edits

    root = Path(sys.argv[1])
    paths = ["test_old.py", "tests/test_a.py", "tests/new/test_b.py"]
    contents = [b"a" * 300_000, b"b" * 300_000]
    print("ready", flush=True)
    for number in itertools.count():
        after = contents[number % 2]
        edits = []
        for path in paths:
            target = root / path
            edits.append(Edit(path, target.read_bytes() if target.exists() else None, after))
        write_edits(root, root / ".git", edits)
"""


@posix_only
def test_killed_at_any_moment_every_file_is_as_before_or_complete(root):
    whole = [b"a" * 300_000, b"b" * 300_000]
    (root / "test_old.py").write_bytes(whole[0])
    (root / "tests").mkdir()
    (root / "tests/__init__.py").touch()
    chance = random.Random(7)
    allowed = {"test_old.py", "tests/__init__.py", "tests/test_a.py", "tests/new/__init__.py", "tests/new/test_b.py"}
    for attempt in range(30):
        if attempt % 2:  # the moment at which new files come into being, too
            for name in ("tests/test_a.py", "tests/new/test_b.py"):
                (root / name).unlink(missing_ok=True)
        writer = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WRITER), str(root)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        time.sleep(chance.random() * 0.03)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        there = {path: data for path, data in files_below(root).items() if not path.startswith(".git/")}
        assert there.keys() <= allowed
        assert all(data in whole for path, data in there.items() if not path.endswith("__init__.py"))
        assert "test_old.py" in there
    write(root, Edit("test_last.py", None, b""))
    assert list((root / ".git/pytestgen").iterdir()) == []


@posix_only
@pytest.mark.parametrize(("number", "end"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_an_interrupt_waits_until_the_files_are_written(root, number, end):
    def interrupted():
        yield Edit("tests/test_a.py", None, b"x = 1\n")
        os.kill(os.getpid(), number)
        yield Edit("tests/test_b.py", None, b"x = 2\n")

    with pytest.raises(end), error_handler(pytest.fail, (end,)), held_back():
        write(root, *interrupted())
    assert files_below(root) == {"tests/test_a.py": b"x = 1\n", "tests/test_b.py": b"x = 2\n"}

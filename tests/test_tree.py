"""The copy of the tree holds what will be committed and what a program needs beside it, and nothing else."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pytestgen_hook.git import INDEX, Repository, Revision
from pytestgen_hook.tree import quick_folder, staged_tree


def git(root: Path, *arguments: str) -> str:
    environment = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    settings = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always"]
    done = subprocess.run(
        ["git", *settings, *arguments], cwd=root, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def write(root: Path, path: str, text: str = "") -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


@pytest.fixture
def root(tmp_path: Path) -> Path:
    top = tmp_path / "repository"
    top.mkdir()
    git(top, "init", "-q")
    return top


def files_of(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def test_the_index_counts_not_the_work_tree(root: Path, tmp_path: Path) -> None:
    write(root, "m.py", "staged")
    git(root, "add", ".")
    write(root, "m.py", "edited since")
    write(root, "stray.py", "not added")
    tree = staged_tree(Repository.open(root), INDEX, tmp_path / "copy")
    assert files_of(tree.path) == {"m.py"}
    assert (tree.path / "m.py").read_text() == "staged"


def test_a_commit_is_copied_as_it_was(root: Path, tmp_path: Path) -> None:
    write(root, "m.py", "old")
    git(root, "add", ".")
    git(root, "commit", "-qm", "1")
    commit = git(root, "rev-parse", "HEAD")
    write(root, "m.py", "new")
    git(root, "add", ".")
    before = git(root, "ls-files", "-s")
    tree = staged_tree(Repository.open(root), Revision(commit), tmp_path / "copy")
    assert (tree.path / "m.py").read_text() == "old"
    assert git(root, "ls-files", "-s") == before


def test_ignored_files_that_programs_need_come_along(root: Path, tmp_path: Path) -> None:
    write(
        root,
        ".gitignore",
        "*.so\n_version.py\ndata/\n*.log\n*.pyc\n.venv/\nenv2/\nnode_modules/\nbuild/\n.env\n__pycache__/\n",
    )
    git(root, "add", ".")
    needed = ["pkg/fast.cpython-311.so", "pkg/_version.py", "data/deep/table.csv", ".env"]
    for path in [
        *needed, "x.log", "pkg/__pycache__/m.cpython-311.pyc", ".venv/pyvenv.cfg", ".venv/lib/x.py", "env2/pyvenv.cfg",
        "env2/y.py", "node_modules/z.py", "build/lib/m.py", "data/__pycache__/n.pyc", "stray.txt",
    ]:  # fmt: skip
        write(root, path, path)
    tree = staged_tree(Repository.open(root), INDEX, tmp_path / "copy")
    assert files_of(tree.path) == {".gitignore", *needed}
    assert tree.left_out == ()


def test_modes_stay(root: Path, tmp_path: Path) -> None:
    write(root, ".gitignore", "tool\nsecret\n")
    write(root, "script.sh").chmod(0o755)
    git(root, "add", ".")
    write(root, "tool").chmod(0o755)
    write(root, "secret").chmod(0o600)
    copy = staged_tree(Repository.open(root), INDEX, tmp_path / "copy").path
    assert [os.access(copy / name, os.X_OK) for name in ("script.sh", "tool")] == [True, True]
    assert (copy / "secret").stat().st_mode & 0o777 == 0o600


def test_what_does_not_fit_is_left_out_and_said(root: Path, tmp_path: Path) -> None:
    write(root, ".gitignore", "data/\n")
    git(root, "add", ".")
    for name, size in (("small", 10), ("middle", 400), ("large", 5000)):
        write(root, f"data/{name}", "x" * size)
    tree = staged_tree(Repository.open(root), INDEX, tmp_path / "copy", most_bytes=1000)
    assert (tree.left_out, (tree.path / "data/middle").exists()) == (("data/large",), True)
    tree = staged_tree(Repository.open(root), INDEX, tmp_path / "other", most_files=1)
    assert tree.left_out == ("data/large", "data/middle")


def test_links_do_not_lead_into_the_work_tree(root: Path, tmp_path: Path) -> None:
    outside = write(tmp_path, "outside/data.txt", "outside")
    write(root, ".gitignore", "link*\n")
    write(root, "m.py", "tracked")
    git(root, "add", ".")
    (root / "link_in").symlink_to("m.py")
    (root / "link_absolute").symlink_to(root / "m.py")
    (root / "link_out").symlink_to(Path("..") / "outside" / "data.txt")
    (root / "link_folder").symlink_to(outside.parent)
    (root / "link_dangling").symlink_to("nowhere")
    copy = staged_tree(Repository.open(root), INDEX, tmp_path / "deep" / "copy").path
    assert (copy / "link_in").resolve() == (copy / "m.py").resolve()
    assert (copy / "link_absolute").resolve() == (copy / "m.py").resolve()
    assert (copy / "link_out").read_text() == "outside"
    assert (copy / "link_folder" / "data.txt").read_text() == "outside"
    assert (copy / "link_dangling").is_symlink()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_pipes_do_not_block(root: Path, tmp_path: Path) -> None:
    write(root, ".gitignore", "run/\n")
    git(root, "add", ".")
    write(root, "run/pid", "1")
    os.mkfifo(root / "run" / "pipe")
    tree = staged_tree(Repository.open(root), INDEX, tmp_path / "copy")
    assert files_of(tree.path) == {".gitignore", "run/pid"}


def test_checked_out_submodules_come_along(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    write(other, "inner.py", "inner")
    git(other, "add", ".")
    git(other, "commit", "-qm", "1")
    git(root, "submodule", "add", "-q", str(other), "vendor/other")
    tree = staged_tree(Repository.open(root), INDEX, tmp_path / "copy")
    assert files_of(tree.path) == {".gitmodules", "vendor/other/inner.py"}


def test_the_copy_is_free_of_the_users_files(root: Path, tmp_path: Path) -> None:
    write(root, ".gitignore", "data\n")
    write(root, "m.py", "m")
    git(root, "add", ".")
    write(root, "data", "mine")
    copy = staged_tree(Repository.open(root), INDEX, tmp_path / "copy").path
    for name in ("m.py", "data"):
        (copy / name).write_text("changed by a test")
    assert [(root / name).read_text() for name in ("m.py", "data")] == ["m", "mine"]


def test_a_folder_in_memory_is_only_used_with_room() -> None:
    assert quick_folder(1 << 60) is None

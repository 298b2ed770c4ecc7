"""Makes the copy of the examined revision in which the project's tests run and its functions are called."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytestgen_hook.git import Repository, Revision

MOST_BYTES = 512 << 20
MOST_FILES = 50_000
_SPARE_BYTES = 32 << 20

# What tools leave behind and make again: none of it is imported or read by a test.
_TOOL_FOLDERS = {
    "__pycache__", ".cache", ".coverage", ".eggs", ".git", ".hg", ".hypothesis", ".idea", ".ipynb_checkpoints",
    ".mypy_cache", ".nox", ".pdm-build", ".pixi", ".pytest_cache", ".pytype", ".ruff_cache", ".svn", ".testmondata",
    ".tox", ".vscode", "__pypackages__", "build", "dist", "htmlcov", "node_modules", "site-packages", "target",
}  # fmt: skip
_TOOL_FILE = re.compile(r"\.py[co]$|\.swp$|~$|^\.coverage|^\.DS_Store$|^\.testmondata|^coverage\.xml$|\.log$")
_SUBMODULE_PATH = re.compile(r"^\s*path\s*=\s*(.+?)\s*$", re.MULTILINE)


def quick_folder(size: int) -> Path | None:
    """Return a folder for temporary files that lies in memory and has ample room for ``size`` bytes, if there is one.

    Thousands of small files take seconds on a busy disk. None stands for the default place of temporary files.
    """
    place = Path("/dev/shm")
    if not hasattr(os, "statvfs") or not os.access(place, os.W_OK | os.X_OK):
        return None
    status = os.statvfs(place)
    is_roomy = status.f_bavail * status.f_frsize > 4 * size + _SPARE_BYTES
    return place if is_roomy and not status.f_flag & os.ST_RDONLY else None


@dataclass(frozen=True, slots=True)
class StagedTree:
    """The copy, and the ignored files that did not fit into it: tests that need one of those fail for that reason."""

    path: Path
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Extra:
    """A file (or link) of the work tree that git does not keep, and its size."""

    path: str
    size: int


def staged_tree(
    repository: Repository,
    revision: Revision,
    folder: Path,
    *,
    most_bytes: int = MOST_BYTES,
    most_files: int = MOST_FILES,
) -> StagedTree:
    """Export the revision to ``folder`` and add the ignored files that a program may need when it runs.

    Those are built extensions, generated modules, data, and checked-out submodules; not environments, caches and build
    folders. Untracked files that are not ignored stay out: they are not part of the commit. Small files come first,
    up to the limits.
    """
    folder.mkdir(parents=True, exist_ok=True)
    repository.export(revision, folder)
    sources = [*repository.ignored_files(), *_submodules(folder, repository.root)]
    extras = sorted(_extras(repository.root, sources), key=lambda extra: (extra.size, extra.path))
    left_out: list[str] = []
    total = 0
    for number, extra in enumerate(extras):
        total += extra.size
        if number >= most_files or total > most_bytes or not _copy(repository.root, folder, extra.path):
            left_out.append(extra.path)
    return StagedTree(folder, tuple(sorted(left_out)))


def _submodules(copy: Path, root: Path) -> list[str]:
    """The folders of submodules that are checked out: git exports nothing of them."""
    listing = copy / ".gitmodules"
    if not listing.is_file():
        return []
    paths = _SUBMODULE_PATH.findall(listing.read_text(encoding="utf-8", errors="replace"))
    inside = [path for path in paths if not Path(path).is_absolute() and ".." not in Path(path).parts]
    return [f"{path}/" for path in inside if (root / path).is_dir()]


def _extras(root: Path, sources: Iterable[str]) -> Iterator[_Extra]:
    for source in sources:
        if any(part in _TOOL_FOLDERS for part in source.split("/")):
            continue
        if source.endswith("/") and not (root / source.rstrip("/")).is_symlink():
            yield from _below(root, source.rstrip("/"))
        else:
            yield from _file(root, source.rstrip("/"))


def _below(root: Path, folder: str) -> Iterator[_Extra]:
    place = root / folder
    if (place / "pyvenv.cfg").exists() or (place / "conda-meta").exists():
        return
    try:
        entries = sorted(os.scandir(place), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in _TOOL_FOLDERS:
                yield from _below(root, f"{folder}/{entry.name}")
        else:
            yield from _file(root, f"{folder}/{entry.name}")


def _file(root: Path, path: str) -> Iterator[_Extra]:
    name = path.rpartition("/")[2]
    if _TOOL_FILE.search(name) or name in _TOOL_FOLDERS:
        return
    with contextlib.suppress(OSError):
        place = root / path
        if place.is_symlink() or place.is_file():  # a pipe or socket would block the copying
            yield _Extra(path, place.lstat().st_size)


def _copy(root: Path, copy: Path, path: str) -> bool:
    """Copy one file; a link stays a link, to the copy if it points into the work tree. False where that failed."""
    source, target = root / path, copy / path
    try:
        if not target.parent.resolve().is_relative_to(copy.resolve()) or target.is_symlink() or target.exists():
            return True  # tracked after all, or below a tracked link that leads out of the copy
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_symlink():
            target.symlink_to(_link_target(root, source))
        else:
            shutil.copy2(source, target)
    except OSError:
        return False
    return True


def _link_target(root: Path, link: Path) -> Path:
    target = Path(os.path.normpath(link.parent / link.readlink()))
    if target.is_relative_to(root):
        return Path(os.path.relpath(target, link.parent))
    return target

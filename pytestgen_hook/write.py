"""Writes test files so that at every moment each of them is as it was or as it is to be, never half of it."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pytestgen_hook.errors import FatalError
from pytestgen_hook.types import Edit


def write_edits(root: Path, git_dir: Path, edits: Sequence[Edit]) -> None:
    """Write the files of the work tree ``root``; FatalError, and nothing written, if one is not as ``before`` says.

    Each is made whole below ``git_dir`` (usually on the same file system) and renamed into place, so that a killed run
    leaves no stray file in the work tree; what killed runs left below ``git_dir`` is removed.
    """
    for edit in edits:
        _check(root, edit)
    if not edits:
        return
    shared = git_dir / "pytestgen"
    shared.mkdir(exist_ok=True)
    _remove_leftovers(shared)
    place = shared / f"write-{os.getpid()}"
    place.mkdir(exist_ok=True)
    try:
        for edit in edits:
            _write(root / edit.path, edit, place)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _remove_leftovers(shared: Path) -> None:
    """Remove what runs left that were killed; those of running processes stay."""
    for folder in shared.glob("write-*"):
        number = folder.name.removeprefix("write-")
        if number.isdigit() and not _is_running(int(number)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_running(process: int) -> bool:
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _check(root: Path, edit: Edit) -> None:
    target = root / edit.path
    if not target.parent.resolve().is_relative_to(root.resolve()) or target.is_symlink():
        raise FatalError(f"{edit.path} leads out of the repository by a symbolic link; nothing was written.")
    now = target.read_bytes() if target.exists() else None
    if now != edit.before:
        raise FatalError(f"{edit.path} changed while its tests were made; nothing was written. Run the command again.")


def _write(target: Path, edit: Edit, place: Path) -> None:
    _make_folder(target.parent, edit)
    descriptor, name = tempfile.mkstemp(dir=place)
    temporary = Path(name)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(edit.after)
        stream.flush()
        os.fsync(stream.fileno())
    if edit.before is not None:
        shutil.copymode(target, temporary)
    else:
        temporary.chmod(0o666 & ~_umask())
    try:
        temporary.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _replace_across(temporary, target)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _make_folder(folder: Path, edit: Edit) -> None:
    if folder.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    # A package of tests stays one: a folder without __init__.py below it could not be imported from its siblings.
    if edit.before is None and (folder.parent / "__init__.py").exists() and "test" in folder.parent.name:
        (folder / "__init__.py").touch()


def _replace_across(temporary: Path, target: Path) -> None:
    """Rename is impossible between file systems: copy beside the target first, under a name that git ignores nowhere."""
    beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        shutil.copy2(temporary, beside)
        beside.replace(target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()
        temporary.unlink()

"""Writes test files so that at every moment each of them is as it was or as it is to be, never half of it."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import stat
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from pytestgen_hook.errors import FatalError
from pytestgen_hook.scratch import may_be_running
from pytestgen_hook.types.generated import Edit

_JOURNAL = "beside"  # names the file outside our folder that a killed run may have left


def write_edits(root: Path, git_dir: Path, edits: Sequence[Edit]) -> tuple[str, ...]:
    """Write files below the work tree ``root`` and return the paths written, ``__init__.py`` of new folders among them.

    A new folder in a package becomes one too. FatalError, and nothing written, if a file is not as ``before`` says (the
    bytes in the work tree), lies outside ``root`` or cannot be written. Each file is made whole below ``git_dir``, usually
    on the same file system, and renamed into place: a killed run leaves no stray file in the work tree. What killed runs
    left below ``git_dir`` is removed.
    """
    if not edits:
        return ()
    every = [*_markers(root, edits), *edits]
    for edit in every:
        _check(root, edit)
    try:
        with _own_folder(git_dir) as place:
            made = [_make(root, edit, place / str(number)) for number, edit in enumerate(every)]
            done: list[Edit] = []
            try:
                for edit, temporary in zip(every, made, strict=True):
                    _check(root, edit)
                    _put(temporary, root / edit.path, place, is_new=edit.before is None)
                    done.append(edit)
            except BaseException:
                _take_back(root, done, place)
                raise
    except OSError as error:
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise FatalError(
            f"{error.filename2 or error.filename}: {error.strerror}. "
            f"{'Make room there' if is_full else 'Make it writable'}, then run the command again."
        ) from error
    return tuple(edit.path for edit in every)


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Let SIGINT, SIGTERM and SIGHUP wait until the block is over, as far as this is the thread that gets them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, _frame: object) -> None:
        came.append(number)

    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    numbers = [number for number in numbers if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


def _markers(root: Path, edits: Sequence[Edit]) -> list[Edit]:
    """The ``__init__.py`` for folders that do not exist yet, where the folder above them is a package."""
    paths = {edit.path for edit in edits}
    found: list[Edit] = []
    for edit in edits:
        missing: list[PurePosixPath] = []
        folder = PurePosixPath(edit.path).parent
        while folder.parts and not (root / folder).exists():
            missing.append(folder)
            folder = folder.parent
        if folder.parts and (root / folder / "__init__.py").exists():
            for package in reversed(missing):
                marker = str(package / "__init__.py")
                if marker not in paths:
                    paths.add(marker)
                    found.append(Edit(marker, None, b""))
    return found


# -- checks ----------------------------------------------------------------------------------------------------------


def _check(root: Path, edit: Edit) -> None:
    path = PurePosixPath(edit.path)
    if path.is_absolute() or ".." in path.parts or ".git" in path.parts:
        raise FatalError(f"{edit.path} is not in the work tree; nothing was written. Name another folder for tests.")
    for part in [*reversed(path.parents), path]:
        if part.parts and (root / part).is_symlink():
            raise FatalError(
                f"{part} is a symbolic link, and what lies behind it is not git's; nothing was written to {edit.path}. "
                "Name another folder with --tests-dir."
            )
    try:
        now = (root / path).read_bytes()
    except FileNotFoundError:
        now = None
    except OSError as error:
        raise FatalError(
            f"{edit.path} cannot be read: {error.strerror}. Mend that, then run the command again."
        ) from error
    if now != edit.before:
        raise FatalError(f"{edit.path} changed while its tests were made; it was not written. Run the command again.")


# -- our own folder --------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _own_folder(git_dir: Path) -> Iterator[Path]:
    shared = git_dir / "pytestgen"
    shared.mkdir(exist_ok=True)
    _remove_leftovers(shared)
    place = shared / f"write-{os.getpid()}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _remove_leftovers(shared: Path) -> None:
    """Remove what killed runs left; what belongs to running processes stays."""
    for folder in shared.glob("write-*"):
        number = folder.name.removeprefix("write-")
        if number.isdigit() and not may_be_running(int(number), folder):
            with contextlib.suppress(OSError):
                Path((folder / _JOURNAL).read_text(encoding="utf-8")).unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)


# -- writing ---------------------------------------------------------------------------------------------------------


def _make(root: Path, edit: Edit, temporary: Path) -> Path:
    """Write the whole file, with the mode that it is to have, and make sure that it is on the disk."""
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(edit.after)
        stream.flush()
        os.fsync(stream.fileno())
    if edit.before is not None:
        temporary.chmod(stat.S_IMODE((root / edit.path).stat().st_mode))
    return temporary


def _put(temporary: Path, target: Path, place: Path, *, is_new: bool) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        _move(temporary, target, is_new=is_new)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _move_across(temporary, target, place, is_new=is_new)
    _settle(target.parent)


def _take_back(root: Path, done: Sequence[Edit], place: Path) -> None:
    """Undo what was written before the first failure, as far as that is still as we wrote it."""
    for edit in reversed(done):
        target = root / edit.path
        with contextlib.suppress(OSError):
            if target.read_bytes() != edit.after:
                continue
            if edit.before is None:
                target.unlink()
                continue
            back = Edit(edit.path, edit.after, edit.before)
            _put(_make(root, back, place / "back"), target, place, is_new=False)


def _move(source: Path, target: Path, *, is_new: bool) -> None:
    """Rename; a new file does not replace one that has come into being by now, where links can tell."""
    if is_new and hasattr(os, "link"):
        try:
            os.link(source, target)
        except FileExistsError:
            raise
        except OSError as error:
            if error.errno == errno.EXDEV:
                raise
        else:
            source.unlink()
            return
    source.replace(target)


def _move_across(temporary: Path, target: Path, place: Path, *, is_new: bool) -> None:
    """Between file systems nothing can be renamed: copy beside the target first, and note down where."""
    beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    (place / _JOURNAL).write_text(str(beside), encoding="utf-8")
    try:
        shutil.copy2(temporary, beside)
        with beside.open("rb+") as stream:
            os.fsync(stream.fileno())
        _move(beside, target, is_new=is_new)
    finally:
        beside.unlink(missing_ok=True)


def _settle(folder: Path) -> None:
    """Make sure that a rename in the folder outlives a power cut, where a folder can be opened."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

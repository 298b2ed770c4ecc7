"""Temporary folders of runs, and the removal of those that killed runs left behind."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_STALE_SECONDS = 24 * 60 * 60


@contextlib.contextmanager
def scratch_folder(place: Path | None = None) -> Iterator[Path]:
    """Make a folder for one run and remove it afterwards, and with it what killed runs of this user left.

    It lies in ``place``, or where temporary files are.
    """
    shared = place or Path(tempfile.gettempdir())
    _remove_leftovers(shared)
    prefix = f"pytestgen-{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=shared, ignore_cleanup_errors=True) as folder:
        yield Path(folder).resolve()


def _remove_leftovers(shared: Path) -> None:
    for folder in shared.glob("pytestgen-*-*"):
        number = folder.name.split("-")[1]
        with contextlib.suppress(OSError):
            if number.isdigit() and _is_ours(folder) and not may_be_running(int(number), folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    """Whether the folder is this user's own: a name in a shared folder proves nothing."""
    return not folder.is_symlink() and (not hasattr(os, "getuid") or folder.lstat().st_uid == os.getuid())


def may_be_running(process: int, folder: Path) -> bool:
    """Whether the process that made ``folder`` may still be there; a day later it is taken to be gone."""
    with contextlib.suppress(OSError):
        if time.time() - folder.stat().st_mtime > _STALE_SECONDS:
            return False
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

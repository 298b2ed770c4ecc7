"""Finds the unstaged edits that a hook manager has put aside while it runs us, and will put back when we are done."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from pytestgen_hook.scratch import may_be_running

_OF_A_PROCESS = re.compile(r"-(\d+)(?:\.patch)?$")


def patches(git_dir: Path, environ: Mapping[str, str]) -> list[Path]:
    """Return the patch files that hold such edits: of pre-commit, prek, lefthook and lint-staged."""
    found = [
        path
        for path in (git_dir / "info/lefthook-unstaged.patch", *git_dir.glob("lint-staged_*.patch"))
        if path.is_file()
    ]
    for folder in _folders(environ):
        for path in folder:
            process = _OF_A_PROCESS.search(path.name)
            # The number is that of the manager: the patches of runs that are over are kept for the user.
            if process and may_be_running(int(process[1]), path):
                found.append(path)
    return found


def _folders(environ: Mapping[str, str]) -> Iterator[Iterator[Path]]:
    """Yield what lies in the folders where pre-commit and prek keep their patches."""
    home = environ.get("HOME") or environ.get("USERPROFILE")
    caches = Path(environ["XDG_CACHE_HOME"]) if environ.get("XDG_CACHE_HOME") else Path(home or os.curdir) / ".cache"
    with contextlib.suppress(OSError):
        yield Path(environ.get("PRE_COMMIT_HOME") or caches / "pre-commit").glob("patch*")
    with contextlib.suppress(OSError):
        yield Path(environ.get("PREK_HOME") or caches / "prek").glob("patches/*.patch")

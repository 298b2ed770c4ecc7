"""Paths as the confined code gives them, and which of them it may change, read and load."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any

HARMLESS = frozenset(
    ("/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/dev/random", r"\\.\nul", r"\\.\NUL", "nul", "NUL")
)
# What an interpreter reads of a machine without the user's asking for it.
_MACHINE_DATA = ("/usr/share/zoneinfo", "/etc/localtime", "/usr/lib", "/usr/share/locale", "/lib")


class Places:
    """Which paths may be changed and which may be read without a word.

    The functions of ``os.path`` are bound here once, so that code that replaces them does not change the answers.
    """

    def __init__(self, writable: str, readable: Iterable[str]) -> None:
        self.writable = os.path.realpath(writable).rstrip(os.sep) + os.sep
        folders = [path for folder in readable if folder for path in (os.path.realpath(folder), folder)]
        self.readable = (*sorted({path.rstrip(os.sep) + os.sep for path in folders}), self.writable)
        self._realpath = os.path.realpath
        self._split = os.path.split
        self._join = os.path.join
        self._decode = os.fsdecode
        self._exists = os.path.exists
        self._readlink = getattr(os, "readlink", None)

    def followed(self, path: Any, folder: Any = None) -> str | None:
        """Return the file that the path leads to, links followed; None if it is no path."""
        try:
            if path is None or isinstance(path, bool):
                return None
            if isinstance(path, int):
                return self._opened(path)
            return self._realpath(self._join(self._base(folder), self._decode(path)))
        except (TypeError, ValueError, OSError):
            return None

    def entry(self, path: Any, folder: Any = None) -> str | None:
        """Return the entry of a folder that the path names: a link is itself here."""
        try:
            parent, name = self._split(self._join(self._base(folder), self._decode(path)).rstrip(os.sep))
            if name in ("", ".", ".."):
                return self._realpath(self._join(parent, name))
            return self._join(self._realpath(parent), name)
        except (TypeError, ValueError, OSError):
            return None

    def _base(self, folder: Any) -> str:
        if not isinstance(folder, int) or folder < 0:
            return ""
        return self._opened(folder) or ""

    def _opened(self, descriptor: int) -> str | None:
        """Return the path of an open file, where the system tells (Linux)."""
        if self._readlink is None or not sys.platform.startswith("linux"):
            return None
        path = str(self._readlink(f"/proc/self/fd/{descriptor}"))
        return path if path.startswith("/") else None

    def may_change(self, place: str) -> bool:
        """Whether the place is below the writable folder, which is itself to stay as it is."""
        return place in HARMLESS or place.startswith(self.writable)

    def relative(self, place: str) -> str:
        return place[len(self.writable) :]

    def is_readable(self, path: Any) -> bool:
        """Whether reading needs no note; paths that plainly lie in a known folder are not looked up."""
        if type(path) is str and path.startswith(self.readable) and ".." not in path:
            return True
        place = self.followed(path)
        if place is None or place in HARMLESS or (place + os.sep).startswith(self.readable):
            return True
        return place.startswith(_MACHINE_DATA) or not self._exists(place)

    def is_own_library(self, name: str) -> bool:
        """Whether the C library is one of the interpreter's or the project's, or is asked for by its bare name."""
        return os.sep not in name or self._realpath(name).startswith((*self.readable, *_MACHINE_DATA))

"""Notes what a test run reads of the tree, so that its result can be kept until one of those files changes."""

from __future__ import annotations

import os
import sys
from typing import Any

EVERYTHING = "*"
_MOST = 5000
_PROCESS_EVENTS = {"subprocess.Popen", "os.system", "os.posix_spawn", "os.exec", "os.fork", "os.forkpty", "pty.spawn"}
_LISTING_EVENTS = {"os.listdir", "os.scandir"}
# Parts of the standard library that start programs to learn about the machine, not about the project.
_INNOCENT = {"platform", "ctypes.util", "uuid", "sysconfig", "webbrowser", "getpass"}
_PASSED_OVER = {"subprocess", "os", "posixpath", "ntpath", "follow", __name__}


class Reads:
    """An audit hook that collects paths relative to the tree: files opened, folders (ending in ``/``) listed.

    A process that is started reads what cannot be seen from here: then the result depends on ``EVERYTHING``.
    """

    def __init__(self, root: str) -> None:
        self.paths: set[str] = set()
        self._root = root
        self._prefix = root + os.sep
        self._active = True
        sys.addaudithook(self._hook)

    def stop(self) -> None:
        """Note no more; a hook cannot be taken out."""
        self._active = False

    def _hook(self, event: str, arguments: Any) -> None:
        if not self._active:
            return
        if event == "open":
            flags = arguments[2] if len(arguments) > 2 and isinstance(arguments[2], int) else 0
            if not flags & os.O_WRONLY:
                self._add(arguments[0], "")
        elif event in _LISTING_EVENTS:
            if not _is_pytest_or_import(sys._getframe(1)):
                self._add(arguments[0] if arguments[0] is not None else ".", "/")
        elif event == "sqlite3.connect":
            self._add(arguments[0], "")
        elif event == "import" and arguments[1]:
            self._add(arguments[1], "")
        elif event in _PROCESS_EVENTS and not _is_innocent(sys._getframe(1)):
            self.paths.add(EVERYTHING)

    def _add(self, place: Any, ending: str) -> None:
        if not isinstance(place, (str, bytes)):
            return
        try:
            path = os.path.abspath(os.fsdecode(place))
        except (OSError, ValueError):  # the working folder is gone, or the name is no path at all
            return
        if path == self._root and ending:
            self.paths.add("/")
        elif path.startswith(self._prefix) and "__pycache__" not in path:
            self.paths.add(path[len(self._prefix) :].replace(os.sep, "/") + ending)
            if len(self.paths) > _MOST:
                self.paths = {EVERYTHING}


def watch_for_processes(tell: Any) -> None:
    """Call ``tell()`` once if this process starts another one, other than to learn about the machine."""
    told: list[str] = []

    def hook(event: str, arguments: Any) -> None:
        if event in _PROCESS_EVENTS and not told and not _is_innocent(sys._getframe(1)):
            told.append(event)
            tell()

    sys.addaudithook(hook)


def _is_pytest_or_import(frame: Any) -> bool:
    name = frame.f_globals.get("__name__") or ""
    return bool(name.startswith(("_pytest.", "_frozen_importlib", "importlib._bootstrap", "importlib.metadata")))


def _is_innocent(frame: Any) -> bool:
    while frame is not None and frame.f_globals.get("__name__") in _PASSED_OVER:
        frame = frame.f_back
    return frame is not None and frame.f_globals.get("__name__") in _INNOCENT

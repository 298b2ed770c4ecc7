"""Says on the terminal how far the work is: a line that goes away again, a heartbeat in CI, else nothing."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TextIO

from pytestgen_hook.errors import SettingsError
from pytestgen_hook.terminal import escaped

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

_PATIENCE = 0.5  # seconds in which most runs are over
_HEARTBEAT = 30.0  # seconds between lines in CI
_LONGEST_HEARTBEAT = 24 * 60 * 60.0
_MOST_ITEM = 60


class Silent:
    """Tells nobody."""

    def stage(self, text: str, total: int | None = None) -> None:
        """Nothing is said of it."""

    def step(self, item: str = "") -> None:
        """Nothing is said of it."""

    def at(self, item: str) -> None:
        """Nothing is said of it."""


class _Watched:
    """Keeps the state of the work under a lock, for a thread that shows it from time to time."""

    def __init__(self, stream: TextIO, every: float) -> None:
        self._stream = stream
        self._every = every
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._text = ""
        self._item = ""
        self._total: int | None = None
        self._done = 0
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def stage(self, text: str, total: int | None = None) -> None:
        """Begin a stage."""
        with self._lock:
            self._text, self._total, self._done, self._item = text, total, 0, ""

    def step(self, item: str = "") -> None:
        """Count one item."""
        with self._lock:
            self._done += 1
        self.at(item)

    def at(self, item: str) -> None:
        """Say which item is being worked on."""
        with self._lock:
            self._item = escaped(item)[:_MOST_ITEM]

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching, and clear what is shown."""
        self._ended.set()
        self._thread.join(timeout=2.0)

    def _watch(self) -> None:
        # Whoever closed the stream does not want to be told; the work itself goes on.
        with contextlib.suppress(OSError, ValueError):
            while not self._ended.wait(self._every):
                self._show()

    def _state(self) -> str:
        with self._lock:
            count = "" if self._total is None else f" {self._done}/{self._total}"
            return f"{self._text or 'starting'}{count}{'  ' if self._item else ''}{self._item}"

    def _show(self) -> None:
        raise NotImplementedError


class Heartbeat(_Watched):
    """One line now and then, so that a log shows that the run is alive."""

    def __init__(self, stream: TextIO, every: float = _HEARTBEAT) -> None:
        super().__init__(stream, every)
        self._started = time.monotonic()

    def _show(self) -> None:
        self._stream.write(f"pytestgen: {self._state()} ({time.monotonic() - self._started:.0f} s)\n")
        self._stream.flush()


class Line(_Watched):
    """A spinner with a count, drawn by rich, that appears when a run takes more than a moment and leaves no trace."""

    def __init__(self, stream: TextIO, patience: float = _PATIENCE) -> None:
        super().__init__(stream, patience)
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def stop(self) -> None:
        """Stop, and wipe the line."""
        super().stop()
        with contextlib.suppress(OSError, ValueError):
            if self._bar is not None:
                self._bar.stop()

    def _show(self) -> None:
        if self._bar is None:
            self._begin()
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=self._state())

    def _begin(self) -> None:
        # Only here: rich costs as much to import as a whole run on a commit without Python.
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        bar = Progress(
            SpinnerColumn("line"),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            console=Console(file=self._stream, force_terminal=True),
            transient=True,
        )
        self._task = bar.add_task("", total=None)
        bar.start()
        self._bar = bar
        self._every = 0.1


def in_ci(environ: Mapping[str, str]) -> bool:
    """Whether this runs in CI, by the variable that its services set."""
    return environ.get("CI", "").lower() not in ("", "0", "false")


def heartbeat(environ: Mapping[str, str]) -> float:
    """Return the seconds between lines in CI, which ``PYTESTGEN_HEARTBEAT`` may set; 0 is for none."""
    text = environ.get("PYTESTGEN_HEARTBEAT") or str(_HEARTBEAT)
    with contextlib.suppress(ValueError):
        if 0 <= float(text) <= _LONGEST_HEARTBEAT:
            return float(text)
    raise SettingsError(f"PYTESTGEN_HEARTBEAT: {text!r} is no number of seconds. Choose from 0 (no lines) to 86400.")


@contextlib.contextmanager
def shown(environ: Mapping[str, str], *, quiet: bool) -> Iterator[Silent | Heartbeat | Line]:
    """Give someone to tell, the right one for where this runs; whatever is shown is gone at the end."""
    with contextlib.ExitStack() as opened:
        progress = _chosen(environ, opened, quiet=quiet)
        if isinstance(progress, _Watched):
            progress.start()
            opened.callback(progress.stop)
        yield progress


def _chosen(environ: Mapping[str, str], opened: contextlib.ExitStack, *, quiet: bool) -> Silent | Heartbeat | Line:
    if quiet:
        return Silent()
    if in_ci(environ):
        every = heartbeat(environ)
        return Heartbeat(sys.stderr, every) if every else Silent()
    if environ.get("TERM") == "dumb":
        return Silent()
    # pre-commit gives its hooks a terminal of its own making, and shows what they wrote to it when they have ended.
    if sys.stderr.isatty() and "PRE_COMMIT" not in environ:
        return Line(sys.stderr)
    try:
        # Not opened for reading: nothing here may ever wait for an answer.
        descriptor = os.open("/dev/tty", os.O_WRONLY | getattr(os, "O_NOCTTY", 0))
    except OSError:
        return Silent()
    return Line(opened.enter_context(os.fdopen(descriptor, "w", encoding="utf-8", errors="replace")))

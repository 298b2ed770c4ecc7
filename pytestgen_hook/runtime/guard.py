"""The audit hook: refuses what confined code may not do, and notes what it tried even if it swallows the refusal.

The kernel is the wall (``confine``); this names what was tried, and is all there is where the kernel offers nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from events import Note, Refused, handlers
from places import Places

__all__ = ["Guard", "Refused"]

_MOST_NOTES = 100


class Guard:
    """An audit hook, active between ``start`` and ``stop``, both called by one function; Python cannot remove one.

    The lists come as copies, oldest first, and take at most 100 notes of each kind after each ``start``.
    """

    __slots__ = ("_copied", "start", "stop")

    def __init__(self, writable: str, readable: Sequence[str]) -> None:
        """Allow changes below ``writable``; note reading outside it and the folders ``readable``."""
        # The notes and the switch live in closures: no attribute of this object leads to them.
        note, renew, self._copied = _notebook()
        hook, turn = _hook(note, Places(writable, readable))

        starter: object = None

        def start() -> None:
            nonlocal starter
            starter = sys._getframe(1)
            renew()
            turn(True)

        def stop() -> None:
            # Code that finds this object by walking the stack is not in the frame that started it.
            if sys._getframe(1) is starter:
                turn(False)

        self.start: Callable[[], None] = start
        self.stop: Callable[[], None] = stop
        sys.addaudithook(hook)

    @property
    def attempts(self) -> list[str]:
        """What was tried and refused, each to be read after "it tries to": ``write /etc/passwd``."""
        return self._copied("attempts")

    @property
    def writes(self) -> list[str]:
        """What was changed and allowed: paths relative to the writable folder, and what the whole process shares."""
        return self._copied("writes")

    @property
    def reads(self) -> list[str]:
        """Files and folders outside the readable ones, opened for reading."""
        return self._copied("reads")


def _notebook() -> tuple[Note, Callable[[], None], Callable[[str], list[str]]]:
    """Return three functions: note a text of a kind, make room for more, and copy what was noted of a kind."""
    kept: dict[str, list[str]] = {"attempts": [], "writes": [], "reads": []}
    full = dict.fromkeys(kept, _MOST_NOTES)

    def note(kind: str, text: str) -> None:
        if len(kept[kind]) < full[kind]:
            kept[kind].append(text)

    def renew() -> None:
        for kind, texts in kept.items():
            full[kind] = len(texts) + _MOST_NOTES

    return note, renew, lambda kind: list(kept[kind])


def _hook(note: Note, places: Places) -> tuple[Callable[[str, tuple[Any, ...]], None], Callable[[bool], None]]:
    """Return the hook and the function that turns it on and off."""
    find = handlers(note, places).get
    active = False

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if active:
            handler = find(event)
            if handler is not None:
                handler(*arguments)

    def turn(on: bool) -> None:
        nonlocal active
        active = on

    return hook, turn

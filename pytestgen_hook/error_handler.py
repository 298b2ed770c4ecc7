"""The one place where exceptions become exit statuses: 2 for what the user must mend, 3 for our bugs, 130 for ^C."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from pytestgen_hook.errors import FatalError
from pytestgen_hook.terminal import escaped

FATAL, BUG, INTERRUPTED = 2, 3, 130
_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextlib.contextmanager
def error_handler(say: Callable[[str], None], passed_on: tuple[type[BaseException], ...] = ()) -> Iterator[None]:
    """Run the block; what goes wrong is said by ``say`` and ends in SystemExit. ``passed_on`` are let through."""
    _open_standard_streams()
    try:
        with _ended_in_order():
            yield
    except passed_on:
        raise
    except FatalError as error:
        say(f"error: {escaped(str(error))}")
        raise SystemExit(FATAL) from None
    except KeyboardInterrupt:
        say("interrupted")
        raise SystemExit(INTERRUPTED) from None
    except Exception as error:  # any other exception is our bug, and must come with what mends it
        if isinstance(error, OSError) and error.errno == errno.EPIPE:
            raise
        say(f"pytestgen has a bug: {type(error).__name__}: {escaped(str(error))}")
        say(_advice(error))
        raise SystemExit(BUG) from None


def _open_standard_streams() -> None:
    """Open what was closed when we were started: the next file opened would else take the place of a standard stream."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "r" if number == 0 else "w", closefd=False))  # noqa: SIM115  as long as we live


@contextlib.contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the block as an exception does: temporary folders are removed, processes of ours ended."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    # A terminal that is closed sends SIGHUP; whoever runs us by nohup has it ignored.
    before = {number: signal.getsignal(number) for number in _ENDING}
    for number, handler in before.items():
        if handler != signal.SIG_IGN:
            signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _advice(error: BaseException) -> str:
    log = _log(error)
    for folder in _folders():
        path = folder / "pytestgen-error.log"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(log, encoding="utf-8", errors="backslashreplace")
        except OSError:
            continue
        return f"Please report it with this file: {path}"
    return f"Please report it with this text:\n{log}"


def _folders() -> Iterator[Path]:
    from pytestgen_hook.cache import default_folder

    yield default_folder()
    import tempfile

    yield Path(tempfile.gettempdir())


def _log(error: BaseException) -> str:
    """What a report of a bug needs: versions, the command, the trace. No source of the user's, no environment."""
    import platform
    import traceback

    from pytestgen_hook import __version__

    return "\n".join(
        [
            f"pytestgen-hook {__version__}",
            f"Python {sys.version}",
            f"{platform.system()} {platform.release()} {platform.machine()}",  # platform.platform() would start uname
            f"command: {sys.argv}",
            "",
            "".join(traceback.format_exception(error)),
        ]
    )

"""Progress goes where someone looks, and nowhere else."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Callable

import pytest

from pytestgen_hook.errors import SettingsError
from pytestgen_hook.progress import Heartbeat, Line, Silent, heartbeat, shown

POSIX = os.name == "posix"


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    assert condition()


def test_quiet_is_silent() -> None:
    with shown({"CI": "true"}, quiet=True) as progress:
        assert isinstance(progress, Silent)
        progress.stage("reading", 3)
        progress.step("a.py")


def test_ci_gets_a_heartbeat() -> None:
    with shown({"CI": "true"}, quiet=False) as progress:
        assert isinstance(progress, Heartbeat)


def test_the_seconds_between_lines_can_be_set_and_0_is_for_none() -> None:
    assert heartbeat({}) == heartbeat({"PYTESTGEN_HEARTBEAT": ""}) == 30
    assert heartbeat({"PYTESTGEN_HEARTBEAT": "0.5"}) == 0.5
    with shown({"CI": "true", "PYTESTGEN_HEARTBEAT": "0"}, quiet=False) as progress:
        assert isinstance(progress, Silent)


@pytest.mark.parametrize("text", ["often", "-1", "nan", "inf", "86401"])
def test_seconds_between_lines_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=f"PYTESTGEN_HEARTBEAT: '{text}' is no number of seconds"):
        heartbeat({"PYTESTGEN_HEARTBEAT": text})


def test_a_dumb_terminal_gets_nothing() -> None:
    with shown({"TERM": "dumb"}, quiet=False) as progress:
        assert isinstance(progress, Silent)


def test_a_heartbeat_says_where_the_work_is() -> None:
    stream = io.StringIO()
    progress = Heartbeat(stream, every=0.02)
    progress.start()
    progress.stage("looking for calls", 7)
    progress.step("evil\x1b[2J")
    wait_for(lambda: "looking for calls 1/7  evil\\x1b[2J" in stream.getvalue())
    progress.stop()
    said = stream.getvalue()
    assert all(line.startswith("pytestgen: ") for line in said.splitlines())
    time.sleep(0.1)
    assert stream.getvalue() == said


def test_steps_of_many_threads_are_all_counted() -> None:
    stream = io.StringIO()
    progress = Heartbeat(stream, every=0.02)
    progress.stage("proving", 400)
    threads = [threading.Thread(target=lambda: [progress.step() for _ in range(100)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    progress.start()
    wait_for(lambda: "400/400" in stream.getvalue())
    progress.stop()


def test_a_closed_stream_does_not_stop_the_work() -> None:
    stream = io.StringIO()
    progress = Heartbeat(stream, every=0.01)
    progress.start()
    stream.close()
    time.sleep(0.05)
    progress.stage("going on")
    progress.stop()


@pytest.mark.skipif(not POSIX, reason="needs a pseudo-terminal")
def test_a_line_appears_and_leaves_no_trace() -> None:
    parent, child = os.openpty()
    seen: list[bytes] = []

    def read() -> None:
        while True:
            try:
                piece = os.read(parent, 4096)
            except OSError:
                return
            if not piece:
                return
            seen.append(piece)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    with os.fdopen(child, "w") as stream:
        progress = Line(stream, patience=0.02)
        progress.start()
        progress.stage("running tests", 2)
        progress.step("[red]a.py")
        wait_for(lambda: b"running tests 1/2  [red]a.py" in b"".join(seen))
        progress.stop()
    reader.join(timeout=5)
    assert b"".join(seen).rstrip(b"\r\n").endswith(b"\x1b[2K")  # the line is erased at the end
    os.close(parent)


def test_a_run_that_is_soon_over_shows_nothing() -> None:
    stream = io.StringIO()
    progress = Line(stream, patience=60)
    progress.start()
    progress.stage("reading")
    progress.stop()
    assert stream.getvalue() == ""

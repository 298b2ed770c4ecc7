"""Exceptions become exit statuses, and a bug leaves a log."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path

import pytest

from pytestgen_hook.error_handler import error_handler
from pytestgen_hook.errors import FatalError


def outcome(error: BaseException) -> tuple[int, list[str]]:
    said: list[str] = []
    with pytest.raises(SystemExit) as caught, error_handler(said.append):
        raise error
    assert isinstance(caught.value.code, int)
    return caught.value.code, said


def test_what_the_user_must_mend_is_2() -> None:
    assert outcome(FatalError("mode: no\x1b[2J. Mend it.")) == (2, ["error: mode: no\\x1b[2J. Mend it."])


def test_an_interrupt_is_130() -> None:
    assert outcome(KeyboardInterrupt()) == (130, ["interrupted"])


def test_a_bug_is_3_and_leaves_a_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTESTGEN_CACHE_DIR", str(tmp_path / "cache"))
    status, said = outcome(KeyError("lost"))
    log = tmp_path / "cache" / "pytestgen-error.log"
    assert status == 3
    assert said[0] == "pytestgen has a bug: KeyError: 'lost'"
    assert str(log) in said[1]
    text = log.read_text()
    assert text.startswith("pytestgen-hook ")
    assert "Traceback" in text
    assert "KeyError: 'lost'" in text


def test_where_the_cache_cannot_be_written_the_log_goes_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("PYTESTGEN_CACHE_DIR", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    status, said = outcome(ValueError("x"))
    assert status == 3
    assert str(tmp_path / "temporary" / "pytestgen-error.log") in said[1]


def test_without_any_place_for_a_log_it_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PYTESTGEN_CACHE_DIR", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file" / "temporary"))
    _, said = outcome(ValueError("x"))
    assert "Traceback" in said[1]


def test_what_is_passed_on_goes_through() -> None:
    with pytest.raises(LookupError), error_handler(lambda _: None, (LookupError,)):
        raise LookupError


def test_a_closed_pipe_is_no_bug() -> None:
    with pytest.raises(BrokenPipeError), error_handler(lambda _: None):
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_request_to_end_cleans_up() -> None:
    before = signal.getsignal(signal.SIGTERM)
    cleaned = []

    def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
        finally:
            cleaned.append(True)

    with pytest.raises(SystemExit) as caught, error_handler(lambda _: None):
        work()
    assert caught.value.code == 143
    assert cleaned
    assert signal.getsignal(signal.SIGTERM) is before


def test_without_an_exception_nothing_happens() -> None:
    said: list[str] = []
    with error_handler(said.append):
        pass
    assert said == []

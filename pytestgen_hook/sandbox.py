"""The one door to other processes: plain commands, the runtime that runs the user's code, and confined runs of pytest."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

RUNTIME = Path(__file__).parent / "runtime"
OUTPUT_LIMIT = 1 << 20

# What a program needs of the environment to find itself and to read text; nothing that names accounts or carries secrets.
_KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT", "SYSTEMDRIVE", "COMSPEC", "PATHEXT", "WINDIR", "LD_LIBRARY_PATH")
_POSIX = os.name == "posix"


@dataclass(frozen=True, slots=True)
class Completed:
    """How a process ended; output is decoded and cut at a limit."""

    returncode: int
    output: str
    errors: str
    timed_out: bool
    seconds: float


class RuntimeTimeout(Exception):
    """The runtime did not answer in time; it has been killed."""


class RuntimeDied(Exception):
    """The runtime ended or answered nonsense; it has been killed."""


def clean_environment(home: Path, *, keep: Iterable[str] = ()) -> dict[str, str]:
    """Return an environment for code that nobody has read: no secrets, no git, no settings of Python; home and temp below ``home``."""
    environment = {name: os.environ[name] for name in (*_KEPT, *keep) if name in os.environ}
    place = str(home)
    for name in ("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "APPDATA"):
        environment[name] = place
    return environment


class _Reader(threading.Thread):
    """Drains a pipe to its end, and keeps only so much."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self._limit = limit
        self._kept: list[bytes] = []
        self._size = 0
        self.start()

    def run(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while piece := self._stream.read1(1 << 16):  # type: ignore[attr-defined]
                if self._size < self._limit:
                    self._kept.append(piece[: self._limit - self._size])
                    self._size += len(piece)

    def text(self) -> str:
        # A grandchild may hold the pipe open for ever; what has come so far is enough then.
        self.join(timeout=2.0)
        return b"".join(self._kept).decode("utf-8", "replace")


def run(
    arguments: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout: float,
    input: bytes | None = None,
    output_limit: int = OUTPUT_LIMIT,
) -> Completed:
    """Run a command and wait for it; after ``timeout`` seconds, or if we are interrupted, it and its children are killed."""
    started = time.monotonic()
    process = subprocess.Popen(
        [str(argument) for argument in arguments],
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.PIPE if input is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=_POSIX,
    )
    assert process.stdout is not None and process.stderr is not None
    readers = [_Reader(process.stdout, output_limit), _Reader(process.stderr, output_limit)]  # type: ignore[arg-type]
    timed_out = False
    try:
        if input is not None and process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(input)
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
        process.wait(timeout=timeout)
    except subprocess.TimeoutExpired:
        timed_out = True
    finally:
        _kill(process)
    return Completed(
        process.returncode, readers[0].text(), readers[1].text(), timed_out, time.monotonic() - started
    )


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and, on POSIX, the whole group that it leads."""
    if _POSIX:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    if process.poll() is None:
        process.kill()
    process.wait()


def run_confined(
    python: Path,
    script_arguments: Sequence[str | Path],
    *,
    writable: Sequence[Path],
    cwd: Path,
    env: Mapping[str, str],
    timeout: float,
) -> Completed:
    """Run a Python script that can write only below ``writable``, has no network and starts no programs."""
    folders = [option for folder in writable for option in ("--writable", str(folder))]
    return run(
        [python, "-B", RUNTIME / "confined.py", *folders, "--", *script_arguments], cwd=cwd, env=env, timeout=timeout
    )


class Runtime:
    """The process in the project's interpreter that runs the user's code; requests and answers are JSON objects."""

    def __init__(self, python: Path, *, folder: Path, tree: Path, roots: Sequence[str], memory_bytes: int) -> None:
        self._lines = b""
        arguments = [str(python), "-B", str(RUNTIME / "server.py"), "--folder", str(folder), "--tree", str(tree)]
        arguments += [option for root in roots for option in ("--root", root or ".")]
        environment = {**clean_environment(folder), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
        if _POSIX:
            down, self._to = os.pipe()
            self._from, up = os.pipe()
            arguments += ["--read-fd", str(down), "--write-fd", str(up)]
            self._process = subprocess.Popen(
                arguments,
                cwd=folder,
                env=environment,
                pass_fds=(down, up),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            os.close(down)
            os.close(up)
        else:
            self._process = subprocess.Popen(
                arguments, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            assert self._process.stdin is not None and self._process.stdout is not None
            self._to = os.dup(self._process.stdin.fileno())
            self._from = os.dup(self._process.stdout.fileno())

    def request(self, message: Mapping[str, object], seconds: float) -> dict[str, Any]:
        """Send a request and return its answer; RuntimeTimeout or RuntimeDied, after which this object is of no more use."""
        data = json.dumps(message).encode() + b"\n"
        try:
            while data:
                data = data[os.write(self._to, data) :]
            line = self._line(seconds)
            answer = json.loads(line)
        except OSError as error:
            self.close()
            raise RuntimeDied(str(error)) from None
        except ValueError:
            self.close()
            raise RuntimeDied("it answered something that is no JSON") from None
        except BaseException:
            self.close()
            raise
        if not isinstance(answer, dict):
            self.close()
            raise RuntimeDied("it answered something that is no object")
        return answer

    def _line(self, seconds: float) -> bytes:
        end = time.monotonic() + seconds
        while b"\n" not in self._lines:
            if not self._ready(max(0.0, end - time.monotonic())):
                raise RuntimeTimeout(f"no answer within {seconds:g} s")
            piece = os.read(self._from, 1 << 16)
            if not piece:
                raise RuntimeDied(f"status {self._process.poll()}")
            self._lines += piece
        line, _, self._lines = self._lines.partition(b"\n")
        return line

    def _ready(self, seconds: float) -> bool:
        if not _POSIX:
            return True  # pipes cannot be waited for there; the calls themselves have their limits
        with selectors.DefaultSelector() as selector:
            selector.register(self._from, selectors.EVENT_READ)
            return bool(selector.select(seconds))

    def close(self) -> None:
        """End the process and all it started."""
        for descriptor in (self._to, self._from):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self._to = self._from = -1
        _kill(self._process)

    def __enter__(self) -> Runtime:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def own_prefix() -> Path:
    """Return the prefix of the environment this program runs in."""
    return Path(sys.prefix).resolve()

"""The one door to other processes: plain commands, the runtime for the user's code, and confined runs of pytest."""

from __future__ import annotations

import contextlib
import json
import os
import select
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
ANSWER_LIMIT = 1 << 28
CONFINED_MEMORY_BYTES = 4 << 30

# What a program needs to find itself and to read text; nothing that names accounts or carries secrets.
_KEPT = (
    "PATH", "LANG", "LANGUAGE", "TZ", "SYSTEMROOT", "SYSTEMDRIVE", "COMSPEC", "PATHEXT", "WINDIR", "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE",
)  # fmt: skip
_REDIRECTED = (
    "HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME",
    "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "APPDATA", "LOCALAPPDATA",
)  # fmt: skip
_POSIX = os.name == "posix"
# How long output is waited for after a process has ended: a process that left its group may hold the pipe for ever.
_DRAIN_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Completed:
    """How a process ended; output is decoded and cut at a limit."""

    returncode: int
    output: str
    errors: str
    timed_out: bool
    seconds: float


def program(name: str) -> list[str]:
    """Return the options of an interpreter that has it run a program of the runtime, to be followed by those of the program."""
    keep = () if os.environ.get("PYTHONDONTWRITEBYTECODE") else ("--keep",)
    return ["-B", str(RUNTIME / "start.py"), *keep, name]


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class RuntimeTimeout(Exception):  # noqa: N818  # what happened, not whose error it is
    """The runtime did not answer in time; it has been killed."""


_LOOKS_EVERY = 0.5  # seconds between two looks at what the user's code has taken of the machine
_MOST_PROCESSES = 64
_MOST_RESIDENT = 8 << 30


class RuntimeDied(Exception):  # noqa: N818
    """The runtime ended or answered nonsense; it has been killed."""


def clean_environment(home: Path, *, keep: Iterable[str] = ()) -> dict[str, str]:
    """Return an environment for code that nobody has read, with home and temporary folders at ``home``.

    No secrets, nothing of git's, no settings of Python or pytest; variables named in ``keep`` stay.
    """
    names = [*_KEPT, *(name for name in os.environ if name.startswith("LC_")), *keep]
    environment = {name: os.environ[name] for name in names if name in os.environ}
    return {**environment, **dict.fromkeys(_REDIRECTED, str(home))}


# -- plain commands --------------------------------------------------------------------------------------------------


class _Reader(threading.Thread):
    """Drains a pipe to its end, and keeps only so much."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self._limit = limit
        self._kept = bytearray()
        self.start()

    def run(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while piece := os.read(self._stream.fileno(), 1 << 16):
                self._kept += piece[: max(0, self._limit - len(self._kept))]

    def text(self) -> str:
        self.join(timeout=_DRAIN_SECONDS)
        if not self.is_alive():
            self._stream.close()
        return bytes(self._kept).decode("utf-8", "replace")


class _Writer(threading.Thread):
    """Feeds a process that may not want to read."""

    def __init__(self, stream: IO[bytes], data: bytes) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self._data = data
        self.start()

    def run(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(self._data)
        with contextlib.suppress(OSError, ValueError):
            self._stream.close()


def run(
    arguments: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout: float,
    input: bytes | None = None,
    output_limit: int = OUTPUT_LIMIT,
    stopped: threading.Event | None = None,
) -> Completed:
    """Run a command and wait for it; it is killed after ``timeout`` seconds, once ``stopped``, or if we are interrupted.

    What it has left running in its process group is killed too. Raises OSError when it cannot be started.
    """
    has_input = input is not None
    with Started(arguments, cwd=cwd, env=env, has_input=has_input, output_limit=output_limit) as started:
        return started.completed(timeout, input, stopped)


class Started:
    """A command that runs, and with ``has_input`` may be told later what to do; what is left of it is killed at the end."""

    def __init__(
        self,
        arguments: Sequence[str | Path],
        *,
        cwd: Path,
        env: Mapping[str, str],
        has_input: bool = True,
        output_limit: int = OUTPUT_LIMIT,
        pass_fds: Sequence[int] = (),
    ) -> None:
        """Start it. Raises OSError when it cannot be started."""
        self._since = time.monotonic()
        self._process = subprocess.Popen(
            [str(argument) for argument in arguments],
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.PIPE if has_input else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=_POSIX,
            pass_fds=tuple(pass_fds),
        )
        streams = (self._process.stdout, self._process.stderr)
        self._readers = [_Reader(stream, output_limit) for stream in streams if stream is not None]

    def tell(self, message: Mapping[str, object]) -> None:
        """Write a small message as a line of JSON to its input, ahead of what ``completed`` gives it."""
        stream = self._process.stdin
        if stream is not None:
            with contextlib.suppress(OSError):  # it has ended: how shows at the end
                stream.write(json.dumps(message).encode() + b"\n")
                stream.flush()

    def completed(
        self, timeout: float, input: bytes | None = None, stopped: threading.Event | None = None
    ) -> Completed:
        """Give it its input, if it has one, and wait for its end.

        It is killed after ``timeout`` seconds, or once another thread sets ``stopped``.
        """
        ended = False
        try:
            if input is not None and self._process.stdin is not None:
                _Writer(self._process.stdin, input)
            ended = _ends(self._process, timeout, stopped)
        finally:
            self.close()
        output, errors = (reader.text() for reader in self._readers)
        return Completed(self._process.returncode, output, errors, not ended, time.monotonic() - self._since)

    def close(self) -> None:
        """Kill what is left of it."""
        if self._process.returncode is None:
            _kill(self._process)

    def __enter__(self) -> Started:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _ends(process: subprocess.Popen[bytes], seconds: float, stopped: threading.Event | None) -> bool:
    """Whether the process ends in time, and before another thread sets ``stopped``.

    Where possible it stays unreaped, so that no other process can get its number before its group is killed.
    """
    try:
        descriptor = os.pidfd_open(process.pid) if sys.platform == "linux" else -1
    except OSError:
        descriptor = -1
    end = time.monotonic() + seconds
    try:
        while stopped is None or not stopped.is_set():
            left = end - time.monotonic()
            if _ended(process, descriptor, left if stopped is None else min(left, _LOOKS_EVERY)):
                return True
            if time.monotonic() >= end:
                return False
        return False
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _ended(process: subprocess.Popen[bytes], descriptor: int, seconds: float) -> bool:
    if descriptor >= 0:
        return _is_ready(descriptor, select.POLLIN, seconds)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=max(0.0, seconds))
    return process.returncode is not None


def _is_ready(descriptor: int, event: int, seconds: float) -> bool:
    """Wait until a descriptor is ready, or closed at its other end (POSIX)."""
    poll = select.poll()
    poll.register(descriptor, event)
    return bool(poll.poll(max(0.0, seconds) * 1000))


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and all it started: its process group, on Windows its tree."""
    if sys.platform == "win32":
        if process.poll() is None:
            command = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
            subprocess.run(command, capture_output=True, check=False)
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    if process.poll() is None:
        process.kill()
    process.wait()


# -- confined runs ---------------------------------------------------------------------------------------------------


def started_confined(
    python: Path,
    script_arguments: Sequence[str | Path],
    *,
    writable: Sequence[Path],
    cwd: Path,
    env: Mapping[str, str],
    timeout: float,
    paths: Sequence[Path] = (),
    memory_bytes: int = CONFINED_MEMORY_BYTES,
    has_input: bool = True,
    pass_fds: Sequence[int] = (),
) -> Started:
    """Start a Python script, or ``-m`` and a module, that can write only below ``writable`` (existing folders).

    It has no network, starts no processes, sends no signals, its memory is limited, and its computing to ``timeout`` seconds
    on every processor. ``paths`` are searched for modules before all else; code of others in them has no place in the
    environment, where it would run unconfined. It ends with the thread that calls this.
    """
    folders = [option for folder in writable for option in ("--writable", str(folder))]
    folders += [option for folder in paths for option in ("--path", str(folder))]
    seconds = int(timeout + 1) * (os.cpu_count() or 1)  # of all its threads together
    limits = ["--parent", str(os.getpid()), "--seconds", str(seconds), "--memory", str(memory_bytes)]
    arguments = [python, "-B", RUNTIME / "confined.py", *folders, *limits, "--", *script_arguments]
    return Started(arguments, cwd=cwd, env=env, has_input=has_input, pass_fds=pass_fds)


# -- the runtime -----------------------------------------------------------------------------------------------------


class Runtime:
    """The process in the project's interpreter that runs the user's code; requests and answers are JSON objects.

    Use it and close it in the thread that made it: the process ends when that thread does.
    """

    def __init__(
        self,
        python: Path,
        *,
        folder: Path,
        tree: Path,
        roots: Sequence[str],
        memory_bytes: int,
        stopped: threading.Event | None = None,
    ) -> None:
        """Start it: its temporary folder is ``folder``, it imports from ``tree`` by ``roots`` (relative to it).

        ``memory_bytes`` bounds the data of each of its processes. Once ``stopped`` is set by another thread no answer is
        waited for (where pipes can be waited for). Raises OSError when it cannot be started.
        """
        self._stopped = stopped
        work = folder / "work"
        work.mkdir(parents=True, exist_ok=True)
        self._lines = bytearray()
        self._log = folder / "runtime.log"
        arguments = [str(python), *program("server"), "--folder", str(folder), "--tree", str(tree)]
        arguments += [option for root in roots for option in ("--root", root or ".")]
        environment = {**clean_environment(work), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
        with self._log.open("wb") as log:
            self._process, self._to, self._from = _start(arguments, folder, environment, log)
        _limit_memory(self._process.pid, memory_bytes)

    def request(self, message: Mapping[str, object], seconds: float) -> dict[str, Any]:
        """Send a request and return its answer, for which it has so many seconds.

        Raises RuntimeTimeout or RuntimeDied; the process is gone then, and this object of no more use.
        """
        try:
            answer = json.loads(self._exchange(json.dumps(message).encode() + b"\n", seconds))
        except RuntimeDied:
            self.close()
            raise
        except (OSError, EOFError) as error:
            self.close()
            raise RuntimeDied(self._last_words() or str(error)) from None
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

    def prepare(self, module: str, path: str, seconds: float) -> None:
        """Let it import a module, for which it has so many seconds, ahead of the first request; that is not waited for."""
        message = {"module": module, "path": path, "import_seconds": seconds, "prepare": True}
        with contextlib.suppress(OSError, RuntimeTimeout):  # what went wrong shows at the request
            if self._to >= 0:
                self._write(json.dumps(message).encode() + b"\n", time.monotonic() if _POSIX else None, 0.0)

    def _exchange(self, data: bytes, seconds: float) -> bytes:
        if self._to < 0:
            raise EOFError("it has been closed")
        end = time.monotonic() + seconds
        if _POSIX:
            self._write(data, end, seconds)
            return self._read(end, seconds)
        # Pipes cannot be waited for there: at the deadline the process is killed, which ends both.
        late = threading.Event()

        def expire() -> None:
            late.set()
            _kill(self._process)

        timer = threading.Timer(seconds, expire)
        timer.start()
        try:
            self._write(data, None, seconds)
            return self._read(None, seconds)
        except (OSError, EOFError):
            if late.is_set():
                raise RuntimeTimeout(f"no answer within {seconds:g} s") from None
            raise
        finally:
            timer.cancel()

    def _write(self, data: bytes, end: float | None, seconds: float) -> None:
        while data:
            if end is not None and not _is_ready(self._to, select.POLLOUT, end - time.monotonic()):
                raise RuntimeTimeout(f"no answer within {seconds:g} s")
            # A pipe that is ready takes this much without blocking.
            data = data[os.write(self._to, data[: select.PIPE_BUF if _POSIX else 1 << 16]) :]

    def _read(self, end: float | None, seconds: float) -> bytes:
        looked_at = 0
        while (found := self._lines.find(b"\n", looked_at)) < 0:
            looked_at = len(self._lines)
            if looked_at > ANSWER_LIMIT:
                raise ValueError("the answer is too long")
            if end is not None:
                self._await_answer(end, seconds)
            piece = os.read(self._from, 1 << 16)
            if not piece:
                raise EOFError("it ended without an answer")
            self._lines += piece
        line = bytes(self._lines[:found])
        del self._lines[: found + 1]
        return line

    def _await_answer(self, end: float, seconds: float) -> None:
        """Wait until there is something to read; meanwhile see that the user's code does not take the whole machine."""
        while not _is_ready(self._from, select.POLLIN, min(_LOOKS_EVERY, end - time.monotonic())):
            if time.monotonic() > end:
                raise RuntimeTimeout(f"no answer within {seconds:g} s")
            if self._stopped is not None and self._stopped.is_set():
                raise RuntimeDied("it is needed no more")
            excess = _excess(self._process.pid)
            if excess:
                raise RuntimeDied(excess)

    def _last_words(self) -> str:
        """Return the last line that the process wrote to its standard error: mostly the end of a traceback."""
        with contextlib.suppress(OSError):
            lines = self._log.read_bytes()[-4096:].decode("utf-8", "replace").split("\n")
            return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")
        return ""

    def close(self) -> None:
        """End the process and all it started. Closing twice does no harm."""
        if self._to < 0:
            return
        _kill(self._process)
        os.close(self._to)
        os.close(self._from)
        self._to = self._from = -1

    def __enter__(self) -> Runtime:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _start(
    arguments: Sequence[str], cwd: Path, env: Mapping[str, str], log: IO[bytes]
) -> tuple[subprocess.Popen[bytes], int, int]:
    """Start the server; return it and the descriptors to write requests to and to read answers from."""
    if not _POSIX:
        process = subprocess.Popen(
            arguments, cwd=cwd, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
        )
        streams = [stream for stream in (process.stdin, process.stdout) if stream is not None]
        to, source = (os.dup(stream.fileno()) for stream in streams)
        for stream in streams:
            stream.close()
        return process, to, source
    down, to = os.pipe()
    source, up = os.pipe()
    try:
        process = subprocess.Popen(
            [*arguments, "--read-fd", str(down), "--write-fd", str(up)],
            cwd=cwd,
            env=env,
            pass_fds=(down, up),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )
    except BaseException:
        os.close(to)
        os.close(source)
        raise
    finally:
        os.close(down)
        os.close(up)
    return process, to, source


def _limit_memory(process: int, memory_bytes: int) -> None:
    """Bound the memory of another process and of what it starts, where the system can (Linux)."""
    if sys.platform == "linux":
        import resource

        with contextlib.suppress(OSError, ValueError):
            resource.prlimit(process, resource.RLIMIT_DATA, (memory_bytes, memory_bytes))


def _excess(group: int) -> str | None:
    """Say in words if a process group has too many processes or too much memory, where the system tells (Linux).

    The limits of the kernel hold for a process, and a module may fork while it is imported.
    """
    resident: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = (folder / "stat").read_bytes().rpartition(b")")[2].split()
            if int(fields[2]) == group:
                resident.append(int(fields[21]) * os.sysconf("SC_PAGE_SIZE"))
    if len(resident) > _MOST_PROCESSES:
        return f"it started {len(resident)} processes"
    if sum(resident) > _MOST_RESIDENT:
        return f"it took {sum(resident) >> 30} GiB of memory"
    return None


def own_prefix() -> Path:
    """Return the prefix of the environment this program runs in."""
    return Path(sys.prefix).resolve()

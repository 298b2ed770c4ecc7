"""What to do about each audit event of CPython that reaches out of the process: refuse it, note it, or let it pass."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Callable, Sequence
from types import CodeType
from typing import Any

from places import HARMLESS, Places

Handler = Callable[..., None]
Note = Callable[[str, str], None]

_SHOWN_LENGTH = 200  # whole paths: what of them lies in folders of the run is cut later


class Refused(PermissionError):  # it is not an error of the confined code's
    """Raised in the confined code in place of what it tried to do."""


def handlers(note: Note, places: Places) -> dict[str, Handler]:
    """Return what handles each event; ``note(kind, text)`` keeps ``"attempts"``, ``"writes"`` and ``"reads"``."""
    found = {event: _refusing(note, sentence) for event, sentence in _REFUSED.items()}
    for group in (_Files(note, places), _Processes(note), _Network(note), _Libraries(note, places)):
        found.update(group.handlers())
    return found


def _refuse(note: Note, sentence: str) -> None:
    note("attempts", sentence)
    raise Refused(errno.EPERM, "refused by the sandbox: " + sentence)


def _refusing(note: Note, sentence: str) -> Handler:
    return lambda *_: _refuse(note, sentence)


def _shown(text: str) -> str:
    """Return the text fit for one line of a report."""
    text = "".join(char if char.isprintable() else "?" for char in text)
    return text if len(text) <= _SHOWN_LENGTH else text[: _SHOWN_LENGTH - 3] + "..."


# Always refused, whatever the arguments.
_REFUSED = {
    "signal.pthread_kill": "send a signal to a thread",
    "syslog.openlog": "write to the log of the system",
    "syslog.syslog": "write to the log of the system",
    "resource.setrlimit": "change its limits",
    "resource.prlimit": "change its limits",
    "socket.sethostname": "rename the machine",
    "winreg.CreateKey": "change the registry",
    "winreg.SetValue": "change the registry",
    "winreg.DeleteKey": "change the registry",
    "winreg.DeleteValue": "change the registry",
    "winreg.LoadKey": "change the registry",
    "winreg.SaveKey": "change the registry",
    "_winapi.TerminateProcess": "end a process",
    "gc.get_objects": "search the objects of the interpreter",
    "gc.get_referrers": "search the objects of the interpreter",
    "sqlite3.load_extension": "load a C library into SQLite",
    "sys.remote_exec": "run code in another process",
    "cpython._PySys_ClearAuditHooks": "remove the sandbox",
}


# -- files -----------------------------------------------------------------------------------------------------------

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Event → (what it does, position of the folder descriptor that a relative path starts from).
_CHANGING = {
    "os.rmdir": ("delete", 1),
    "shutil.rmtree": ("delete", 1),
    "os.mkdir": ("make", 2),
    "os.truncate": ("truncate", 99),
    "os.chmod": ("change the mode of", 2),
    "os.chown": ("change the owner of", 3),
    "os.utime": ("change the times of", 3),
    "os.setxattr": ("change the attributes of", 99),
    "os.removexattr": ("change the attributes of", 99),
    "os.chflags": ("change the flags of", 99),
}


class _Files:
    """Changes pass inside the writable folder and are noted; reading outside known folders is noted."""

    def __init__(self, note: Note, places: Places) -> None:
        self._note = note
        self._places = places

    def handlers(self) -> dict[str, Handler]:
        found = {event: self._changing(verb, position) for event, (verb, position) in _CHANGING.items()}
        found["open"] = self._on_open
        found["os.remove"] = self._on_remove
        found["os.rename"] = self._on_rename
        found["os.link"] = self._on_link
        found["os.symlink"] = self._on_symlink
        found["os.listdir"] = found["os.scandir"] = self._read
        found["sqlite3.connect"] = self._on_database
        return found

    def _change(self, verb: str, place: str | None) -> None:
        if place is None or place in HARMLESS:
            return
        if not self._places.may_change(place):
            _refuse(self._note, f"{verb} {_shown(place)}")
        self._note("writes", _shown(self._places.relative(place)))

    def _read(self, path: Any, *_: Any) -> None:
        if not self._places.is_readable(path):
            self._note("reads", _shown(str(self._places.followed(path))))

    def _on_open(self, path: Any, mode: Any, flags: Any) -> None:
        if isinstance(path, int):
            return
        # A file object tells its mode, ``os.open`` only flags.
        writes = (flags or 0) & _WRITING if mode is None else not set("wax+").isdisjoint(mode)
        if writes:
            self._change("write", self._places.followed(path))
        else:
            self._read(path)

    def _changing(self, verb: str, position: int) -> Handler:
        def on_change(path: Any, *rest: Any) -> None:
            folder = rest[position - 1] if len(rest) >= position else None
            self._change(verb, self._places.followed(path, folder))

        return on_change

    def _on_remove(self, path: Any, folder: Any = None) -> None:
        self._change("delete", self._places.entry(path, folder))

    def _on_rename(self, source: Any, target: Any, source_folder: Any = None, target_folder: Any = None) -> None:
        self._change("rename", self._places.entry(source, source_folder))
        self._change("overwrite", self._places.entry(target, target_folder))

    def _on_link(self, source: Any, target: Any, source_folder: Any = None, target_folder: Any = None) -> None:
        # A hard link is the file itself: who may write the link may write the file.
        self._change("link to", self._places.entry(source, source_folder))
        self._change("make the link", self._places.entry(target, target_folder))

    def _on_symlink(self, _: Any, target: Any, folder: Any = None) -> None:
        self._change("make the link", self._places.entry(target, folder))

    def _on_database(self, path: Any, *_: Any) -> None:
        name = path.decode("utf-8", "replace") if isinstance(path, bytes) else str(path)
        if name.startswith("file:"):
            if ":memory:" in name or "mode=memory" in name:
                return
            name = name[len("file:") :].partition("?")[0]
        if name not in (":memory:", ""):
            self._change("open the database", self._places.followed(name))


# -- processes and what they share -----------------------------------------------------------------------------------

_STARTING = (
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "os.forkpty",
    "pty.spawn",
    "os.startfile",
    "os.startfile/2",
    "_winapi.CreateProcess",
)


class _Processes:
    """No new ones, no signals; the environment and the working folder may change, which is noted."""

    def __init__(self, note: Note) -> None:
        self._note = note

    def handlers(self) -> dict[str, Handler]:
        found: dict[str, Handler] = dict.fromkeys(_STARTING, self._on_start)
        found["os.kill"] = lambda _, number: self._on_signal(number, "a process")
        found["os.killpg"] = lambda _, number: self._on_signal(number, "a group of processes")
        found["os.putenv"] = found["os.unsetenv"] = self._on_environment
        found["os.chdir"] = lambda *_: self._note("writes", "the working folder")
        found["builtins.input"] = lambda *_: self._note("reads", "the terminal")
        return found

    def _on_start(self, *arguments: Any) -> None:
        command = _command(arguments)
        _refuse(self._note, f"start a process: {command}" if command else "start a process")

    def _on_signal(self, number: Any, whom: str) -> None:
        _refuse(self._note, f"send signal {int(number)} to {whom}")

    def _on_environment(self, name: Any, *_: Any) -> None:
        self._note("writes", "the environment variable " + _shown(os.fsdecode(name)))


def _command(arguments: Sequence[Any]) -> str:
    """Return the command line in the arguments of an event that starts a process."""
    words: list[str] = []
    for argument in arguments[:2]:
        if isinstance(argument, (str, bytes, os.PathLike)):
            words = [_word(argument)]
        elif isinstance(argument, (list, tuple)) and argument:
            words = [_word(word) for word in argument]
    if len(words) == 3 and words[1] == "-c" and words[0].endswith("sh"):
        words = words[2:]
    return _shown(" ".join(words))


def _word(argument: Any) -> str:
    return os.fsdecode(argument) if isinstance(argument, (str, bytes, os.PathLike)) else type(argument).__name__


# -- the network -----------------------------------------------------------------------------------------------------

_CONNECTING = {
    "socket.connect": "connect to",
    "socket.bind": "listen at",
    "http.client.connect": "connect to",
    "ftplib.connect": "connect to",
    "smtplib.connect": "connect to",
    "imaplib.open": "connect to",
    "poplib.connect": "connect to",
    "nntplib.connect": "connect to",
    "telnetlib.Telnet.open": "connect to",
}
_LOOKING_UP = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo")


class _Network:
    """None of it, but the pair of sockets that an event loop wakes itself with."""

    def __init__(self, note: Note) -> None:
        self._note = note
        self._socket_made = socket.socket.__init__.__code__
        self._pair_made = getattr(socket.socketpair, "__code__", None)
        self._frame = sys._getframe

    def handlers(self) -> dict[str, Handler]:
        found = {event: self._connecting(verb) for event, verb in _CONNECTING.items()}
        found.update(dict.fromkeys(_LOOKING_UP, self._on_lookup))
        found["socket.__new__"] = self._on_socket
        found["socket.sendto"] = found["socket.sendmsg"] = self._on_send
        found["urllib.Request"] = self._on_request
        found["webbrowser.open"] = lambda url, *_: _refuse(self._note, f"open the browser at {_shown(str(url))}")
        return found

    def _is_half_of_pair(self) -> bool:
        """Whether a socket object is being made for a descriptor that exists or, on Windows, inside ``socketpair``."""
        frame = self._frame(3)  # the code that raised the event: this, its handler and the hook are above it
        if frame.f_code is self._socket_made and frame.f_locals.get("fileno") is not None:
            return True
        if os.name == "posix":
            return False
        codes: list[CodeType] = []
        caller = frame.f_back
        while caller is not None and len(codes) < 3:
            codes.append(caller.f_code)
            caller = caller.f_back
        return self._pair_made in (frame.f_code, *codes)

    def _on_socket(self, _: Any, family: int, *_kind: Any) -> None:
        if not self._is_half_of_pair():
            local = family == getattr(socket, "AF_UNIX", None)
            _refuse(self._note, "open a local socket" if local else "open a network socket")

    def _connecting(self, verb: str) -> Handler:
        def on_connect(_: Any, *address: Any) -> None:
            if os.name == "posix" or not self._is_half_of_pair():
                _refuse(self._note, f"{verb} {_shown(_address(address))}")

        return on_connect

    def _on_send(self, _: Any, address: Any) -> None:
        if address is not None:  # else it goes to the other half of a pair
            _refuse(self._note, f"send to {_shown(_address((address,)))}")

    def _on_lookup(self, host: Any, *rest: Any) -> None:
        name = _address((host,))
        if rest and rest[0] and (":" in name or name.replace(".", "").isdigit()):
            _refuse(self._note, f"connect to {_shown(_address((host, rest[0])))}")  # a number needs no looking up
        _refuse(self._note, f"look up the host {_shown(name)}")

    def _on_request(self, url: Any, *_: Any) -> None:
        if not str(url).startswith(("data:", "file:")):
            _refuse(self._note, f"fetch {_shown(str(url))}")


def _address(parts: Sequence[Any]) -> str:
    """Return an address as people write it: ``1.2.3.4:80``, or the path of a local socket."""
    if len(parts) == 1 and isinstance(parts[0], tuple):
        parts = parts[0]
    return ":".join(part.decode("utf-8", "replace") if isinstance(part, bytes) else str(part) for part in parts[:2])


# -- C libraries -----------------------------------------------------------------------------------------------------

# The functions of the C library that only compute. Of any other we cannot say what it does.
_PURE = frozenset(
    """
    abs labs llabs div ldiv atoi atol atof strtol strtoul strtod strlen strcmp strncmp strchr strrchr strstr strcpy
    strncpy strcat memcpy memmove memset memcmp toupper tolower isalpha isdigit isspace qsort bsearch malloc calloc
    realloc free sin cos tan asin acos atan atan2 sinh cosh tanh exp log log10 log2 pow sqrt cbrt hypot floor ceil fabs
    fmod round
    sprintf snprintf sscanf rand srand
    """.split()  # noqa: SIM905
)


class _Libraries:
    """Libraries of the project and the interpreter are code like any other; the system's are a way around this hook."""

    def __init__(self, note: Note, places: Places) -> None:
        self._note = note
        self._places = places

    def handlers(self) -> dict[str, Handler]:
        return {
            "ctypes.dlopen": self._on_library,
            "ctypes.dlsym": self._on_symbol,
            "ctypes.dlsym/handle": self._on_symbol,
        }

    def _on_library(self, name: Any, *_: Any) -> None:
        if name is not None and not self._places.is_own_library(os.fsdecode(name)):
            _refuse(self._note, f"load the C library {_shown(os.fsdecode(name))}")

    def _on_symbol(self, *arguments: Any) -> None:
        # CPython gives (library, name) or (name, library), by the way that was taken.
        names = [os.fsdecode(argument) for argument in arguments if isinstance(argument, (str, bytes))]
        libraries = [getattr(argument, "_name", None) for argument in arguments]
        for name in names:
            if not self._is_harmless(name, libraries):
                _refuse(self._note, f"call the C function {_shown(name)}")

    def _is_harmless(self, name: str, libraries: Sequence[Any]) -> bool:
        if name.startswith(("Py", "_Py")):
            return "AuditHook" not in name
        return name in _PURE or any(isinstance(file, str) and os.sep in file for file in libraries)

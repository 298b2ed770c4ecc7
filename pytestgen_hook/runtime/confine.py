"""Takes rights away from the process: by the kernel where it can (Landlock, seccomp, limits), by an audit hook always.

Two steps: ``restrict_process`` before any of the user's code is imported, ``restrict_call`` in the process forked for
calls. Nothing relies on the code that is confined: what hangs is killed from outside, what the hook misses the kernel
denies.
Both steps bind the thread that takes them and all it starts later: take them before there are other threads.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Mapping, Sequence

import landlock
import linux
import seccomp
from guard import Guard, Refused

__all__ = [
    "Guard",
    "Refused",
    "describe",
    "die_with_parent",
    "is_denial",
    "prepare_calls",
    "restrict_call",
    "restrict_process",
]

MOST_FILE_BYTES = 64 << 20
MOST_OPEN_FILES = 512


def restrict_process(writable: Sequence[str]) -> list[str]:
    """Confine this process and all it forks; return what is enforced: ``"landlock"``, ``"seccomp"``, ``"rlimits"``.

    Afterwards it can write only below the folders ``writable``, which must exist, has no network, starts no programs,
    cannot leave its process group, and ends with the process that started it.
    """
    enforced = []
    die_with_parent()
    linux.give_up_new_privileges()
    if landlock.restrict([os.path.realpath(folder) for folder in writable]):
        enforced.append("landlock")
    if _limit({"RLIMIT_FSIZE": MOST_FILE_BYTES, "RLIMIT_CORE": 0, "RLIMIT_NOFILE": MOST_OPEN_FILES}):
        enforced.append("rlimits")
    linux.drop_capabilities()
    architecture = linux.architecture()
    if architecture and linux.install_filter(seccomp.process_program(architecture, _ancestors())):
        enforced.append("seccomp")
    return sorted(enforced)


def prepare_calls() -> None:
    """Make beforehand what ``restrict_call`` needs in every process that is forked from this one."""
    architecture = linux.architecture()
    if architecture:
        seccomp.call_program(architecture, os.getpid())


def restrict_call(cpu_seconds: int, memory_bytes: int) -> None:
    """Confine the process of a call further: no new processes, signals only to itself, bounded time and memory.

    ``memory_bytes`` come on top of what the process has mapped already.
    """
    die_with_parent()
    _limit({"RLIMIT_CPU": cpu_seconds, "RLIMIT_AS": _mapped_bytes() + memory_bytes})
    architecture = linux.architecture()
    if architecture:
        linux.install_filter(seccomp.call_program(architecture, os.getpid()))


def die_with_parent(parent: int | None = None) -> None:
    """Ask the kernel (Linux) to kill this process when the thread that started it ends.

    With ``parent``, the id of that thread's process: end at once if it has ended already.
    """
    linux.die_with_parent()
    if parent is not None and hasattr(os, "getppid") and os.getppid() != parent:
        os._exit(1)


def is_denial(error: BaseException) -> bool:
    """Whether the exception may be the kernel's refusal, so that it says nothing about the code that raised it."""
    return isinstance(error, OSError) and error.errno in (errno.EPERM, errno.EACCES, errno.EXDEV, errno.EFBIG)


def describe() -> list[str]:
    """Return what this machine can enforce, in words."""
    found = []
    version = landlock.version()
    if version:
        found.append(f"Landlock version {version}: writes only below the temporary folder")
    if linux.architecture() and linux.has_filters():
        found.append("seccomp: no network, no programs, no signals to others")
    if _limit({}):
        found.append("limits on time, memory and file size")
    found.append("audit hook: names what was tried")
    if not version:
        found.append("not enforced by the kernel here: where files are written")
    return found


def _limit(limits: Mapping[str, int]) -> bool:
    """Lower limits, hard and soft; return whether the platform has them."""
    try:
        import resource
    except ImportError:
        return False
    for name, value in limits.items():
        kind = getattr(resource, name, None)
        if kind is None:
            continue
        _, hard = resource.getrlimit(kind)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (value, value))
        except (ValueError, OSError):  # macOS takes some of them only in part
            continue
    return True


def _mapped_bytes() -> int:
    """Return the size of this process's address space, 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as stream:
            return int(stream.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def _ancestors() -> list[int]:
    """Return the processes that this one descends from, as far as the system tells (Linux)."""
    found: list[int] = []
    if not sys.platform.startswith("linux"):
        return found
    process = os.getppid()
    while process > 0 and len(found) < 64:
        found.append(process)
        try:
            with open(f"/proc/{process}/stat", "rb") as stream:
                process = int(stream.read().rpartition(b")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            break
    return found

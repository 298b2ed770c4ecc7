"""Linux system calls that the standard library has no function for; elsewhere they all answer that they are missing."""

from __future__ import annotations

import errno
import platform
import struct
import sys
from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:
    import ctypes

_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_INSTRUCTION_BYTES = 8
_SECCOMP_MODE_FILTER = 2
_SIGKILL = 9
_CAPABILITY_VERSION = 0x20080522
_CAP_DAC_READ_SEARCH = 1 << 2
_CAPSET = {"x86_64": 126, "aarch64": 91}

Argument = Union[int, bytes, None]  # noqa: UP007  # evaluated, and 3.9 has no ``|`` of types


def _c_library() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        import ctypes
    except ImportError:  # an interpreter that was built without libffi
        return None
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    return library


_LIBRARY = _c_library()


def architecture() -> str | None:
    """Return the system call table of this process, ``"x86_64"`` or ``"aarch64"``; None if it is another."""
    if _LIBRARY is None or struct.calcsize("P") != 8:
        return None
    names = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}
    return names.get(platform.machine().lower())


def system_call(number: int, *arguments: Argument) -> int:
    """Make a system call and return its result, or minus the error number."""
    if _LIBRARY is None:
        return -errno.ENOSYS
    import ctypes

    passed = [ctypes.c_long(argument) if isinstance(argument, int) else argument for argument in arguments]
    result = int(_LIBRARY.syscall(ctypes.c_long(number), *passed))
    return -ctypes.get_errno() if result == -1 else result


def _prctl(option: int, *arguments: object) -> int:
    """Return 0, or the error number."""
    if _LIBRARY is None:
        return errno.ENOSYS
    import ctypes

    passed = [ctypes.c_ulong(argument) if isinstance(argument, int) else argument for argument in arguments]
    passed += [ctypes.c_ulong(0)] * (4 - len(passed))
    return 0 if _LIBRARY.prctl(option, *passed) == 0 else ctypes.get_errno()


def die_with_parent() -> bool:
    """Ask the kernel to kill this process when the thread that started it ends; return whether it will."""
    return _prctl(_PR_SET_PDEATHSIG, _SIGKILL) == 0


def give_up_new_privileges() -> bool:
    """Let no program started from here gain rights; the kernel takes no filter from an ordinary user before."""
    return _prctl(_PR_SET_NO_NEW_PRIVS, 1) == 0


def has_filters() -> bool:
    """Whether the kernel takes seccomp filters: it then complains of the missing program, not of the question."""
    return _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER) == errno.EFAULT


def install_filter(code: bytes) -> bool:
    """Install a seccomp filter, packed instructions, in this thread and all it starts; return whether the kernel took it."""
    if _LIBRARY is None:
        return False
    import ctypes

    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("HxxxxxxP", len(code) // _INSTRUCTION_BYTES, ctypes.addressof(buffer))
    return _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.create_string_buffer(header, len(header))) == 0


def drop_capabilities() -> bool:
    """Give up what makes root more than an owner of files, all but reading; return whether that is so.

    Root could otherwise raise its own limits again, and change owners, clocks and devices.
    """
    name = architecture()
    if name is None:
        return False
    header = struct.pack("Ii", _CAPABILITY_VERSION, 0)
    for kept in (_CAP_DAC_READ_SEARCH, 0):
        if system_call(_CAPSET[name], header, struct.pack("6I", kept, kept, 0, 0, 0, 0)) == 0:
            return True
    return False

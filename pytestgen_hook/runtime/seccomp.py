"""Programs for seccomp: which system calls the kernel refuses, and which more in the process of a call.

A program is a list of packed BPF instructions. Each rule is a block that a call with another number jumps over, and
that always ends in an answer, so rules do not depend on each other.
"""

from __future__ import annotations

import errno
import functools
import struct
from collections.abc import Sequence

# Numbers by name: (x86_64, aarch64); None where that table lacks the call.
_NEVER = {
    # the network; socketpair stays, event loops need it
    "socket": (41, 198), "connect": (42, 203), "accept": (43, 202), "bind": (49, 200), "listen": (50, 201),
    "accept4": (288, 242),
    # messages that carry an address or descriptors (sendto has a rule of its own)
    "sendmsg": (46, 211), "sendmmsg": (307, 269),
    # other programs and other processes
    "execve": (59, 221), "execveat": (322, 281), "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424), "process_madvise": (440, 440), "process_mrelease": (448, 448), "kcmp": (312, 272),
    # leaving the group that is killed as a whole, and what would make the kernel forget to kill us with our parent
    "setsid": (112, 157), "setpgid": (109, 154), "setuid": (105, 146), "setgid": (106, 144), "setreuid": (113, 145),
    "setregid": (114, 143), "setgroups": (116, 159), "setresuid": (117, 147), "setresgid": (119, 149),
    "setfsuid": (122, 151), "setfsgid": (123, 152), "capset": (126, 91), "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    # ways around these filters
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "bpf": (321, 280),
    "userfaultfd": (323, 282), "perf_event_open": (298, 241), "unshare": (272, 97), "setns": (308, 268),
    # the machine
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "reboot": (169, 142),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "swapon": (167, 224), "swapoff": (168, 225), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266), "sethostname": (170, 161),
    "setdomainname": (171, 162), "iopl": (172, None), "ioperm": (173, None), "acct": (163, 89), "quotactl": (179, 60),
    "vhangup": (153, 58), "syslog": (103, 116), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    # keys, queues and memory that outlive the process, or that no limit counts
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "msgget": (68, 186), "msgsnd": (69, 189),
    "msgrcv": (70, 188), "msgctl": (71, 187), "semget": (64, 190), "semop": (65, 193), "semtimedop": (220, 192),
    "semctl": (66, 191), "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "mq_open": (240, 180),
    "mq_unlink": (241, 181), "memfd_create": (319, 279), "memfd_secret": (447, 447),
    # files beside what Landlock covers: devices, handles, modes, owners, times, attributes
    "mknod": (133, None), "mknodat": (259, 33), "open_by_handle_at": (304, 265), "fanotify_init": (300, 262),
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, None),
    "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54), "utime": (132, None), "utimes": (235, None),
    "futimesat": (261, None), "utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6),
    "fsetxattr": (190, 7), "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "setxattrat": (463, 463), "removexattrat": (466, 466), "file_setattr": (469, 469),
}  # fmt: skip
_NEVER_IN_CALLS = {
    "fork": (57, None), "vfork": (58, None), "setrlimit": (160, 164),
}  # fmt: skip
_SIGNALS = {
    "kill": (62, 129), "tgkill": (234, 131), "tkill": (200, 130), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
}  # fmt: skip
# For these 0 means the calling process.
_SCHEDULING = {
    "sched_setaffinity": (203, 122), "sched_setscheduler": (144, 119), "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
}  # fmt: skip
_CLONE, _CLONE3, _PRCTL, _PRLIMIT64 = (56, 220), (435, 435), (157, 167), (302, 261)
_FCNTL, _IOCTL, _SENDTO = (72, 25), (16, 29), (44, 206)

_CLONE_THREAD, _CLONE_NEW_NAMESPACE = 0x00010000, 0x7E020000
_PR_SET_PDEATHSIG, _SIGKILL = 1, 9
# A descriptor can be told to send any signal to any process of the same user when data arrives.
_F_SETOWN, _F_SETSIG, _F_SETOWN_EX, _FIOSETOWN, _SIOCSPGRP = 8, 10, 15, 0x8901, 0x8902
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C  # typing on a terminal
_FILE_IOCTLS = (0x40086602, 0x401C5820)  # FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR: attributes of files opened for reading

_AUDIT_NUMBER = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_BIT = 0x40000000
_NEGATIVE = 0x80000000
_OWN = 0x5F4F574E  # stands for a process: no number of the kernel's own has these four bytes

_LOAD, _EQUAL, _AT_LEAST, _HAS_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_OFFSET, _ARCHITECTURE_OFFSET, _ARGUMENTS_OFFSET = 0, 4, 16


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)


_ALLOW = _instruction(_RETURN, 0x7FFF0000)
_DENY = _instruction(_RETURN, 0x00050000 | errno.EPERM)
_MISSING = _instruction(_RETURN, 0x00050000 | errno.ENOSYS)


def _argument(index: int, high: bool = False) -> bytes:
    """Load one half of an argument of the system call."""
    return _instruction(_LOAD, _ARGUMENTS_OFFSET + 8 * index + (4 if high else 0))


def _rule(number: int | None, block: list[bytes]) -> list[bytes]:
    return [] if number is None else [_instruction(_EQUAL, number, 0, len(block)), *block]


def _deny_values(index: int, values: Sequence[int]) -> list[bytes]:
    """Deny when the argument is one of the values."""
    tests = [_instruction(_EQUAL, value, len(values) - position, 0) for position, value in enumerate(values)]
    return [_argument(index), *tests, _ALLOW, _DENY]


def _deny_bits(index: int, bits: int) -> list[bytes]:
    return [_argument(index), _instruction(_HAS_BITS, bits, 0, 1), _DENY, _ALLOW]


def _only_these(index: int, values: Sequence[int]) -> list[bytes]:
    """Allow only when the argument is one of the values."""
    block = [_argument(index)]
    for value in values:
        block += [_instruction(_EQUAL, value, 0, 1), _ALLOW]
    return [*block, _DENY]


def _only_null(index: int) -> list[bytes]:
    """Allow only when the argument, a pointer, is null."""
    low, high = _argument(index), _argument(index, high=True)
    is_zero = _instruction(_EQUAL, 0, 1, 0)
    return [low, is_zero, _DENY, high, is_zero, _DENY, _ALLOW]


def _head(architecture: str) -> list[bytes]:
    """Deny calls through another architecture's table, and through the x32 table of x86-64."""
    program = [
        _instruction(_LOAD, _ARCHITECTURE_OFFSET),
        _instruction(_EQUAL, _AUDIT_NUMBER[architecture], 1, 0),
        _DENY,
        _instruction(_LOAD, _NUMBER_OFFSET),
    ]
    if architecture == "x86_64":
        program += [_instruction(_AT_LEAST, _X32_BIT, 0, 1), _DENY]
    return program


def _column(architecture: str) -> int:
    return ("x86_64", "aarch64").index(architecture)


def process_program(architecture: str, ancestors: Sequence[int]) -> bytes:
    """Return the filter of a process that may still fork, and signal what it forked, but none of its ``ancestors``."""
    column = _column(architecture)
    program = _head(architecture)
    for numbers in _NEVER.values():
        program += _rule(numbers[column], [_DENY])
    # The flags of clone3 cannot be looked at; without it the C library falls back to clone.
    program += _rule(_CLONE3[column], [_MISSING])
    program += _rule(_CLONE[column], _deny_bits(0, _CLONE_NEW_NAMESPACE))
    program += _rule(
        _PRCTL[column],
        [
            _argument(0),
            _instruction(_EQUAL, _PR_SET_PDEATHSIG, 0, 3),
            _argument(1),
            _instruction(_EQUAL, _SIGKILL, 1, 0),
            _DENY,
            _ALLOW,
        ],
    )
    program += _rule(_FCNTL[column], _deny_values(1, (_F_SETOWN, _F_SETSIG, _F_SETOWN_EX)))
    program += _rule(_IOCTL[column], _deny_values(1, (_FIOSETOWN, _SIOCSPGRP, _TIOCSTI, _TIOCLINUX, *_FILE_IOCTLS)))
    # 0 and negative numbers are whole groups.
    signals = [_argument(0), _instruction(_HAS_BITS, _NEGATIVE, 0, 1), _DENY, *_deny_values(0, (0, *ancestors))]
    for numbers in _SIGNALS.values():
        program += _rule(numbers[column], signals)
    for numbers in _SCHEDULING.values():
        program += _rule(numbers[column], _only_these(0, (0,)))
    # One end of a socket pair could still send to a socket of the machine by its path.
    program += _rule(_SENDTO[column], _only_null(4))
    # Limits of other processes may be asked for (no new value), not set: to lower them is to kill.
    program += _rule(_PRLIMIT64[column], [_argument(0), _instruction(_EQUAL, 0, 0, 1), _ALLOW, *_only_null(2)])
    return b"".join([*program, _ALLOW])


def call_program(architecture: str, own: int) -> bytes:
    """Return the filter of the process ``own`` that runs a call: threads, no new processes, signals to itself."""
    return _call_template(architecture).replace(struct.pack("I", _OWN), struct.pack("I", own))


@functools.cache
def _call_template(architecture: str) -> bytes:
    """The filter with ``_OWN`` for the process: made once, as every call needs it."""
    own = _OWN
    column = _column(architecture)
    program = _head(architecture)
    for numbers in _NEVER_IN_CALLS.values():
        program += _rule(numbers[column], [_DENY])
    program += _rule(_CLONE3[column], [_MISSING])
    program += _rule(_CLONE[column], [_argument(0), _instruction(_HAS_BITS, _CLONE_THREAD, 1, 0), _DENY, _ALLOW])
    for numbers in _SIGNALS.values():
        program += _rule(numbers[column], _only_these(0, (own,)))
    # Limits may be asked for, not set: the pointer to the new value is the third argument.
    program += _rule(_PRLIMIT64[column], _only_null(2))
    return b"".join([*program, _ALLOW])

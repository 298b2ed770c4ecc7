"""Takes rights away from the process: by the kernel where it can (Landlock, seccomp, limits), by an audit hook everywhere.

Two steps: ``restrict_process`` before any of the user's code is imported, ``restrict_call`` in the process forked for calls.
Nothing here relies on the code that is confined: what hangs is killed from outside, what the hook misses the kernel denies.
"""

import ctypes
import errno
import os
import platform
import signal
import struct
import sys

_IS_LINUX = sys.platform.startswith("linux")

MOST_FILE_BYTES = 64 << 20
MOST_OPEN_FILES = 512

# -- system calls ----------------------------------------------------------------------------------------------------
# Numbers by name for the two architectures; what one of them lacks is None there.
_X86_64, _AARCH64 = 0xC000003E, 0xC00000B7

_NEVER = {
    # the network
    "socket": (41, 198), "connect": (42, 203), "accept": (43, 202), "bind": (49, 200), "listen": (50, 201), "accept4": (288, 242),
    # other programs and other processes
    "execve": (59, 221), "execveat": (322, 281), "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424),
    # ways around these filters
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "bpf": (321, 280),
    "userfaultfd": (323, 282), "perf_event_open": (298, 241), "unshare": (272, 97), "setns": (308, 268),
    # the machine
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "reboot": (169, 142),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "swapon": (167, 224), "swapoff": (168, 225), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266), "sethostname": (170, 161),
    "setdomainname": (171, 162), "iopl": (172, None), "ioperm": (173, None), "acct": (163, 89), "quotactl": (179, 60),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "mount_setattr": (442, 442),
    # keys, queues and memory that outlive the process
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "msgget": (68, 186), "semget": (64, 190),
    "shmget": (29, 194), "mq_open": (240, 180),
    # files beside what Landlock covers: devices, handles, modes, owners, times, attributes
    "mknod": (133, None), "mknodat": (259, 33), "open_by_handle_at": (304, 265), "fanotify_init": (300, 262),
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, None),
    "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54), "utime": (132, None), "utimes": (235, None),
    "futimesat": (261, None), "utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16), "setxattrat": (463, 463),
    "removexattrat": (466, 466),
}  # fmt: skip
_NEVER_IN_CALLS = {
    "fork": (57, None), "vfork": (58, None), "setpgid": (109, 154), "setsid": (112, 157), "setpriority": (141, 140),
    "ioprio_set": (251, 30),
}  # fmt: skip
# Allowed when the first argument is this process (for the last three also 0, which means the same).
_ONLY_ITSELF = {
    "kill": (62, 129), "tgkill": (234, 131), "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "prlimit64": (302, 261), "sched_setaffinity": (203, 122), "sched_setscheduler": (144, 119),
}  # fmt: skip
_CLONE, _CLONE3 = (56, 220), (435, 435)
_CLONE_THREAD = 0x00010000

_LOAD, _EQUAL, _AT_LEAST, _HAS_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW = 0x7FFF0000
_DENY = 0x00050000 | errno.EPERM
_MISSING = 0x00050000 | errno.ENOSYS


def _architecture():
    """Return (audit number, column of the tables), or None where there is no table."""
    if not _IS_LINUX or struct.calcsize("P") != 8:
        return None
    return {"x86_64": (_X86_64, 0), "amd64": (_X86_64, 0), "aarch64": (_AARCH64, 1), "arm64": (_AARCH64, 1)}.get(
        platform.machine().lower()
    )


def _instruction(code, k, jump_true=0, jump_false=0):
    return struct.pack("HBBI", code, jump_true, jump_false, k)


def _head(architecture):
    """Deny calls through another architecture's table, and through the x32 table of x86-64."""
    program = [
        _instruction(_LOAD, 4),
        _instruction(_EQUAL, architecture, 1, 0),
        _instruction(_RETURN, _DENY),
        _instruction(_LOAD, 0),
    ]
    if architecture == _X86_64:
        program += [_instruction(_AT_LEAST, 0x40000000, 0, 1), _instruction(_RETURN, _DENY)]
    return program


def _deny(number, answer=_DENY):
    return [_instruction(_EQUAL, number, 0, 1), _instruction(_RETURN, answer)]


def _filter_process(architecture, column):
    program = _head(architecture)
    for numbers in _NEVER.values():
        if numbers[column] is not None:
            program += _deny(numbers[column])
    return [*program, _instruction(_RETURN, _ALLOW)]


def _filter_call(architecture, column, own):
    program = _head(architecture)
    for numbers in _NEVER_IN_CALLS.values():
        if numbers[column] is not None:
            program += _deny(numbers[column])
    # Without clone3 the C library falls back to clone, whose flags can be looked at.
    program += _deny(_CLONE3[column], _MISSING)
    program += [
        _instruction(_EQUAL, _CLONE[column], 0, 3),
        _instruction(_LOAD, 16),
        _instruction(_HAS_BITS, _CLONE_THREAD, 0, 1),
        _instruction(_RETURN, _ALLOW),
        # Reached with flags loaded, or with the number when it was not clone: load the number again to tell.
        _instruction(_LOAD, 0),
        *_deny(_CLONE[column]),
    ]
    for name, numbers in _ONLY_ITSELF.items():
        or_zero = name in ("prlimit64", "sched_setaffinity", "sched_setscheduler")
        program += [
            _instruction(_EQUAL, numbers[column], 0, 5 if or_zero else 4),
            _instruction(_LOAD, 16),
            *([_instruction(_EQUAL, 0, 2, 0)] if or_zero else []),
            _instruction(_EQUAL, own, 1, 0),
            _instruction(_RETURN, _DENY),
            _instruction(_RETURN, _ALLOW),
        ]
    return [*program, _instruction(_RETURN, _ALLOW)]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def _install(program):
    """Install a seccomp filter in this process and what it forks; return whether the kernel took it."""
    code = b"".join(program)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = _Program(len(program), ctypes.cast(buffer, ctypes.c_void_p))
    return _LIBC.prctl(22, 2, ctypes.byref(header), 0, 0) == 0


_LIBC = ctypes.CDLL(None, use_errno=True) if _IS_LINUX else None
if _LIBC is not None:
    _LIBC.syscall.restype = ctypes.c_long

# -- Landlock --------------------------------------------------------------------------------------------------------
_CREATE, _ADD, _RESTRICT = 444, 445, 446
# Everything that writes: the file itself, and making and removing entries of folders.
_WRITE_RIGHTS = sum(1 << bit for bit in (1, 4, 5, 6, 7, 8, 9, 10, 11, 12))
_FILE_RIGHTS = 1 << 1
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full")


def landlock_version():
    """Return the version of Landlock that the kernel offers; 0 if none."""
    if _LIBC is None:
        return 0
    return max(0, _LIBC.syscall(_CREATE, None, 0, 1))


def _landlock(writable):
    version = landlock_version()
    if version < 1:
        return False
    rights = _WRITE_RIGHTS
    rights |= (1 << 13) if version >= 2 else 0  # moving between folders
    rights |= (1 << 14) if version >= 3 else 0  # truncating
    file_rights = _FILE_RIGHTS | ((1 << 14) if version >= 3 else 0)
    fields = [rights]
    if version >= 4:
        fields.append(3)  # TCP bind and connect, with no rule that allows any
    if version >= 6:
        fields.append(3)  # abstract sockets and signals stay inside
    attributes = struct.pack("Q" * len(fields), *fields)
    ruleset = _LIBC.syscall(_CREATE, attributes, len(attributes), 0)
    if ruleset < 0:
        return False
    try:
        for path, allowed in [*((folder, rights) for folder in writable), *((device, file_rights) for device in _DEVICES)]:
            try:
                place = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except OSError:
                continue
            try:
                _LIBC.syscall(_ADD, ruleset, 1, struct.pack("=Qi", allowed, place), 0)
            finally:
                os.close(place)
        return _LIBC.syscall(_RESTRICT, ruleset, 0) == 0
    finally:
        os.close(ruleset)


# -- the two steps ---------------------------------------------------------------------------------------------------


def restrict_process(writable):
    """Confine this process and all it forks; return what is enforced, by name (``"landlock"``, ``"seccomp"``, ``"limits"``).

    Afterwards it can write only below the folders ``writable``, has no network, starts no programs, and ends with its parent.
    """
    enforced = []
    if _LIBC is not None:
        _LIBC.prctl(1, signal.SIGKILL, 0, 0, 0)
        _LIBC.prctl(38, 1, 0, 0, 0)  # no new privileges: needed for the filters, and wanted for itself
        if _landlock([os.path.realpath(folder) for folder in writable]):
            enforced.append("landlock")
        architecture = _architecture()
        if architecture is not None and _install(_filter_process(*architecture)):
            enforced.append("seccomp")
    if _limit({"RLIMIT_FSIZE": MOST_FILE_BYTES, "RLIMIT_CORE": 0, "RLIMIT_NOFILE": MOST_OPEN_FILES}):
        enforced.append("limits")
    return enforced


def restrict_call(cpu_seconds, memory_bytes):
    """Confine the process of a call further: no new processes, signals only to itself, bounded time and memory."""
    if _LIBC is not None:
        _LIBC.prctl(1, signal.SIGKILL, 0, 0, 0)
        architecture = _architecture()
        if architecture is not None:
            _install(_filter_call(*architecture, os.getpid()))
    _limit({"RLIMIT_CPU": cpu_seconds, "RLIMIT_AS": memory_bytes})


def _limit(limits):
    try:
        import resource
    except ImportError:
        return False
    for name, value in limits.items():
        kind = getattr(resource, name, None)
        if kind is None:
            continue
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        try:
            resource.setrlimit(kind, (value, value))
        except (ValueError, OSError):
            continue
    return True


def describe():
    """Return what this machine can enforce, in words."""
    found = []
    version = landlock_version()
    if version:
        found.append(f"Landlock version {version}: writes only below the temporary folder")
    if _architecture() is not None:
        found.append("seccomp: no network, no programs, no signals to others")
    try:
        import resource  # noqa: F401

        found.append("limits on time, memory and file size")
    except ImportError:
        pass
    found.append("audit hook: names what was tried")
    return found


# -- the audit hook --------------------------------------------------------------------------------------------------


class Refused(PermissionError):
    """Raised in the confined code in place of what it tried to do."""


_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_HARMLESS = ("/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/dev/random")
_MACHINE_DATA = ("/usr/share/zoneinfo", "/etc/localtime", "/usr/lib", "/usr/share/locale", "/lib")


class Guard:
    """An audit hook that is active between ``start`` and ``stop`` and cannot be removed.

    ``attempts`` are sentences about what was tried and refused; ``writes`` what was changed inside the writable folder (or
    in the process: environment, working folder); ``reads`` files outside ``readable`` that were opened for reading.
    """

    def __init__(self, writable, readable):
        self.attempts = []
        self.writes = []
        self.reads = []
        switch = [False]
        hook = _hook(switch, self.attempts, self.writes, self.reads, os.path.realpath(writable), _folders(readable))
        self._set = switch.__setitem__
        sys.addaudithook(hook)

    def start(self):
        self._set(0, True)

    def stop(self):
        self._set(0, False)


def _folders(readable):
    return tuple({os.path.realpath(folder).rstrip(os.sep) + os.sep for folder in readable if folder} | set(_MACHINE_DATA))


def _hook(switch, attempts, writes, reads, writable, readable):
    writable = writable.rstrip(os.sep) + os.sep

    def refuse(sentence):
        if len(attempts) < 100:
            attempts.append(sentence)
        raise Refused(errno.EPERM, "refused by the sandbox: " + sentence)

    def located(path):
        if isinstance(path, int) or path is None:
            return None
        try:
            return os.path.realpath(os.fsdecode(path))
        except (TypeError, ValueError):
            return None

    def change(verb, path):
        place = located(path)
        if place is None or place in _HARMLESS:
            return
        if (place + os.sep).startswith(writable):
            if len(writes) < 100:
                writes.append(os.path.basename(place) or place)
            return
        refuse(f"{verb} {_shown(place)}")

    def read(path):
        place = located(path)
        if place is None or place in _HARMLESS or place.startswith(readable) or place.startswith(writable):
            return
        if len(reads) < 100 and os.path.exists(place):
            reads.append(_shown(place))

    def on_open(path, mode, flags):
        if isinstance(path, int):
            return
        writing = (flags or 0) & _WRITING if mode is None else set(mode) & set("wax+")
        if writing:
            change("write", path)
        else:
            read(path)

    def changing(verb, position=0):
        return lambda *arguments: change(verb, arguments[position])

    def on_rename(source, target, *_):
        change("rename", source)
        change("overwrite", target)

    def starting(*arguments):
        refuse("start a process" + _command(arguments))

    def on_socket(_, family, *rest):
        import socket

        if family in (socket.AF_INET, socket.AF_INET6, -1):
            refuse("open a network socket")

    def connecting(verb):
        return lambda *arguments: refuse(f"{verb} {_shown(str(arguments[-1]))}")

    def on_database(path, *_):
        if path not in (":memory:", b":memory:", ""):
            change("open the database", path)

    def on_library(name, *_):
        if name is not None:
            refuse(f"load the C library {_shown(str(name))}")

    def on_environment(name, *_):
        if len(writes) < 100:
            writes.append("the environment variable " + _shown(os.fsdecode(name)))

    def on_folder(path):
        if len(writes) < 100:
            writes.append("the working folder")

    handlers = {
        "open": on_open,
        "os.rename": on_rename,
        "os.symlink": changing("link", 1),
        "os.link": changing("link", 1),
        "socket.__new__": on_socket,
        "sqlite3.connect": on_database,
        "ctypes.dlopen": on_library,
        "os.putenv": on_environment,
        "os.unsetenv": on_environment,
        "os.chdir": on_folder,
        "os.kill": lambda pid, number: refuse(f"send signal {number} to a process"),
        "os.killpg": lambda pid, number: refuse(f"send signal {number} to a process group"),
        "signal.pthread_kill": lambda *_: refuse("send a signal to a thread"),
        "os.listdir": read,
        "os.scandir": read,
        "webbrowser.open": connecting("open the browser at"),
        "urllib.Request": lambda url, *_: refuse(f"fetch {_shown(str(url))}"),
        "winreg.SetValue": lambda *_: refuse("write the registry"),
        "winreg.DeleteKey": lambda *_: refuse("delete from the registry"),
        "winreg.DeleteValue": lambda *_: refuse("delete from the registry"),
    }
    for event, verb in {
        "os.remove": "delete", "os.rmdir": "delete", "shutil.rmtree": "delete", "os.mkdir": "make", "os.truncate": "truncate",
        "os.chmod": "change the mode of", "os.chown": "change the owner of", "os.utime": "change the times of",
        "os.setxattr": "change the attributes of", "os.removexattr": "change the attributes of", "os.mkfifo": "make", "os.mknod": "make",
    }.items():  # fmt: skip
        handlers[event] = changing(verb)
    for event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "pty.spawn", "os.startfile"):
        handlers[event] = starting
    for event in ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"):
        handlers[event] = connecting({"socket.bind": "listen at"}.get(event, "connect to"))
    for event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        handlers[event] = lambda host, *_: refuse(f"look up the host {_shown(str(host))}")

    def hook(event, arguments):
        if switch[0]:
            handler = handlers.get(event)
            if handler is not None:
                switch[0] = False  # what the handler itself does is not the user's
                try:
                    handler(*arguments)
                finally:
                    switch[0] = True

    return hook


def _command(arguments):
    words = []
    for argument in arguments[:2]:
        if isinstance(argument, (str, bytes)):
            words = [os.fsdecode(argument)]
        elif isinstance(argument, (list, tuple)) and argument:
            words = [os.fsdecode(word) if isinstance(word, (str, bytes)) else str(word) for word in argument]
    return ": " + _shown(" ".join(words)) if words else ""


def _shown(text):
    """Return the text fit for one line of a report."""
    text = "".join(char if char.isprintable() else "?" for char in text)
    return text if len(text) <= 80 else text[:77] + "..."

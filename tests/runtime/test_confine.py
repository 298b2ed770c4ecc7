"""Hostile code against the kernel's wall alone, against the audit hook alone, as root and as an ordinary user."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import confine
import landlock
import linux
import pytest

from pytestgen_hook.sandbox import RUNTIME

HOSTILE = Path(__file__).with_name("hostile.py")
NOBODY = 65534

needs_kernel = pytest.mark.skipif(
    linux.architecture() is None or landlock.version() == 0, reason="this kernel offers no Landlock"
)
needs_posix = pytest.mark.skipif(os.name != "posix", reason="forks")


@dataclass(frozen=True)
class Field:
    """A folder that hostile code may write to, and a file beside it that it shall not touch."""

    top: Path

    @property
    def work(self) -> Path:
        return self.top / "work"

    @property
    def place(self) -> Path:
        return self.top / "outside"

    @property
    def victim(self) -> Path:
        return self.place / "victim.txt"

    def state(self) -> list[tuple[object, ...]]:
        """Everything about what is outside, except when it was last read."""
        found: list[tuple[object, ...]] = []
        for path in (self.place, *sorted(self.place.rglob("*"))):
            stat = path.lstat()
            content = path.read_bytes() if path.is_file() else b""
            attributes = os.listxattr(path) if hasattr(os, "listxattr") else []
            found.append((path.name, stat.st_mode, stat.st_uid, stat.st_nlink, stat.st_mtime_ns, content, attributes))
        return found

    def run(self, code: str, *, kernel: bool = True, hook: bool = True, **request: object) -> dict[str, Any]:
        """Run the code confined and return what came of it."""
        message = {
            "code": code,
            "kernel": kernel,
            "hook": hook,
            "stage": "call",
            "work": str(self.work),
            "place": str(self.place),
            "victim": str(self.victim),
            **request,
        }
        process = subprocess.run(
            [sys.executable, "-B", str(HOSTILE)],
            input=json.dumps(message),
            env={**os.environ, "PYTHONPATH": str(RUNTIME)},
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
            timeout=60,
        )
        assert process.returncode == 0, process.stderr
        answer: dict[str, Any] = json.loads(process.stdout)
        return answer


@pytest.fixture
def field() -> Iterator[Field]:
    # Not below tmp_path, which only its owner can enter.
    with tempfile.TemporaryDirectory() as top:
        made = Field(Path(top))
        made.top.chmod(0o755)
        made.work.mkdir()
        made.place.mkdir()
        made.victim.write_text("precious")
        (made.place / "empty").mkdir()
        yield made


# What it is → (code, the sentence of the hook or None where CPython raises no event).
FILES = {
    "delete": ("os.remove(victim)", "delete {victim}"),
    "delete through a folder descriptor": (
        "os.unlink('victim.txt', dir_fd=os.open(place, os.O_RDONLY))",
        "delete {victim}",
    ),
    "overwrite": ("open(victim, 'w').write('gone')", "write {victim}"),
    "append": ("open(victim, 'ab').write(b'gone')", "write {victim}"),
    "write in place": ("open(victim, 'r+b').write(b'gone')", "write {victim}"),
    "overwrite through descriptors": ("os.write(os.open(victim, os.O_WRONLY), b'gone')", "write {victim}"),
    "overwrite through a link": ("os.symlink(victim, 'link'); open('link', 'w').write('gone')", "write {victim}"),
    "truncate": ("os.truncate(victim, 0)", "truncate {victim}"),
    "create": ("open(place + '/new', 'x')", "write {place}/new"),
    "rename": ("os.rename(victim, victim + '2')", "rename {victim}"),
    "move away": ("os.rename(victim, 'mine')", "rename {victim}"),
    "replace": ("open('mine', 'w').close(); os.replace('mine', victim)", "overwrite {victim}"),
    "change the mode": ("os.chmod(victim, 0o777)", "change the mode of {victim}"),
    "change the mode by descriptor": (
        "os.fchmod(os.open(victim, os.O_RDONLY), 0o777)",
        "change the mode of {victim}",
    ),
    "change the owner": ("os.chown(victim, 1, 1)", "change the owner of {victim}"),
    "change the times": ("os.utime(victim, (0, 0))", "change the times of {victim}"),
    "change the attributes": ("os.setxattr(victim, 'user.x', b'1')", "change the attributes of {victim}"),
    "make a folder": ("os.mkdir(place + '/new')", "make {place}/new"),
    "remove a folder": ("os.rmdir(place + '/empty')", "delete {place}/empty"),
    "remove a tree": ("import shutil; shutil.rmtree(place)", "delete {place}"),
    "make a symbolic link": ("os.symlink('/', place + '/new')", "make the link {place}/new"),
    "hard link to be written through": ("os.link(victim, 'mine'); open('mine', 'w')", "link to {victim}"),
    "make a database": ("import sqlite3; sqlite3.connect(place + '/x.db').execute('create table t(a)')", "open the"),
    "make a named pipe": ("os.mkfifo(place + '/new')", None),
    "make a socket file": ("import socket; socket.socket(socket.AF_UNIX).bind(place + '/new')", "open a local socket"),
    "replace the writable folder": (
        "os.rename(os.getcwd(), place + '/new')",
        "rename ",
    ),
}
PROCESSES = {
    "subprocess": (
        "import subprocess; subprocess.run(['touch', place + '/new'])",
        "start a process: touch {place}/new",
    ),
    "shell": ("import subprocess; subprocess.run('touch new', shell=True)", "start a process: touch new"),
    "os.system": ("assert os.system('touch ' + place + '/new') == 0", "start a process: touch {place}/new"),
    "os.popen": ("os.popen('id').read()", "start a process: id"),
    "os.posix_spawn": ("os.posix_spawn('/bin/true', ['true'], {})", "start a process: true"),
    "os.spawnv": ("value = os.spawnv(os.P_WAIT, '/bin/true', ['true'])", "start a process"),
    "os.execv": ("os.execv('/bin/true', ['true'])", "start a process: true"),
    "os.fork": ("if os.fork() == 0: os._exit(0)", "start a process"),
    "os.forkpty": ("if os.forkpty()[0] == 0: os._exit(0)", "start a process"),
    "multiprocessing": ("import multiprocessing as m; m.Process(target=print).start()", None),
    "fork through ctypes": (
        "value = ctypes.CDLL(None).fork()\nif value == 0: os._exit(0)",
        "call the C function fork",
    ),
    "execve through ctypes": ("value = ctypes.CDLL(None).execv(b'/bin/true', None)", "call the C function execv"),
    "socket through ctypes": ("value = ctypes.CDLL(None).socket(2, 1, 0)", "call the C function socket"),
    "kill the parent": ("os.kill(parent, 9)", "send signal 9 to a process"),
    "kill the parent through ctypes": ("value = ctypes.CDLL(None).kill(parent, 9)", "call the C function kill"),
    "kill the group": ("os.killpg(os.getpgrp(), 15)", "send signal 15 to a group of processes"),
    "kill everything": ("os.kill(-1, 0)", "send signal 0 to a process"),
    "lift the limits": (
        "import resource; resource.setrlimit(resource.RLIMIT_CPU, (-1, -1))",
        "change its limits",
    ),
    "lift the limits of the parent": (
        "import resource; resource.prlimit(parent, resource.RLIMIT_NOFILE, (9, 9))",
        "change its limits",
    ),
}
NETWORK = {
    "socket": ("import socket; socket.socket()", "open a network socket"),
    "datagram": ("import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM)", "open a network socket"),
    "local socket": ("import socket; socket.socket(socket.AF_UNIX)", "open a local socket"),
    "netlink": ("import socket; socket.socket(16, socket.SOCK_RAW)", "open a network socket"),
    "connect": ("import socket; socket.create_connection(('127.0.0.1', 9))", "connect to 127.0.0.1:9"),
    "serve": ("import socket; socket.create_server(('127.0.0.1', 0))", "open a network socket"),
    "fetch": ("import urllib.request as r; r.urlopen('http://127.0.0.1:9/')", "fetch http://127.0.0.1:9/"),
    "http": ("import http.client as h; h.HTTPConnection('127.0.0.1', 9).request('GET', '/')", "connect to 127.0.0.1:9"),
    "mail": ("import smtplib; smtplib.SMTP('127.0.0.1', 9)", "connect to 127.0.0.1:9"),
}
SYSTEM_CALLS = {
    "io_uring": "value = syscall(425, 425, 4, bytes(120))",
    "clone without a thread": "value = syscall(56, 220, 17, 0, 0, 0, 0)\nif value == 0: os._exit(0)",
    "clone3": "value = syscall(435, 435, bytes(32) + bytes([17]) + bytes(31), 64)\nif value == 0: os._exit(0)",
    "ptrace the parent": "value = syscall(101, 117, 16, parent, 0, 0)",
    "read the parent's memory": "value = syscall(310, 270, parent, bytes(16), 1, bytes(16), 1, 0)",
    "pidfd of the parent": "value = syscall(434, 434, parent, 0)",
    "signal a thread of the parent": "value = syscall(200, 130, parent, 9)",
    "queue a signal": "value = syscall(129, 138, parent, 9, bytes(128))",
    "new namespaces": "value = syscall(272, 97, 0x10000000)",
    "mount": "value = syscall(165, 40, b'none', b'/tmp', b'tmpfs', 0, 0)",
    "chroot": "value = syscall(161, 51, b'/tmp')",
    "kernel keys": "value = syscall(250, 219, 0, -3, 1)",
    "BPF": "value = syscall(321, 280, 0, bytes(72), 72)",
    "page faults": "value = syscall(323, 282, 0)",
    "memory file": "value = syscall(319, 279, b'x', 0)",
    "shared memory": "value = syscall(29, 194, 0, 4096, 0o1600)",
    "new session": "value = syscall(112, 157)",
    "another user": "value = syscall(105, 146, 12345)",
    "outlive the parent": "value = syscall(157, 167, 1, 0, 0, 0, 0)",
    "signals by descriptor": (
        "import fcntl; r, w = os.pipe(); fcntl.fcntl(r, 8, parent); fcntl.fcntl(r, 10, 9)\n"
        "fcntl.fcntl(r, fcntl.F_SETFL, os.O_ASYNC); os.write(w, b'x')"
    ),
    "datagram to a socket of the machine": (
        "import socket; a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "value = syscall(44, 206, a.fileno(), b'x', 1, 0, bytes([1, 0]) + b'/tmp/none' + bytes(99), 110)"
    ),
    "message to a socket of the machine": (
        "import socket; a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "value = syscall(46, 211, a.fileno(), bytes(56), 0)"
    ),
    "change the mode": "value = syscall(268, 53, -100, victim.encode(), 0o777)",
    "set the clock": "value = syscall(227, 112, 0, bytes(16))",
    "rename the machine": "value = syscall(170, 161, b'mine', 4)",
}
EVERYTHING = FILES | PROCESSES | NETWORK
WITH_SENTENCE = {name: attack for name, attack in EVERYTHING.items() if attack[1] is not None}


def is_refused(answer: dict[str, Any]) -> bool:
    return answer["raised"] is not None or answer["value"] == -1


@needs_kernel
@pytest.mark.parametrize("code", [code for code, _ in EVERYTHING.values()], ids=EVERYTHING)
def test_kernel_stops_it_without_the_hook(field: Field, code: str) -> None:
    before = field.state()
    answer = field.run(code, hook=False)
    assert is_refused(answer), answer
    assert field.state() == before


@needs_kernel
@pytest.mark.parametrize("code", SYSTEM_CALLS.values(), ids=SYSTEM_CALLS)
def test_kernel_stops_raw_system_calls(field: Field, code: str) -> None:
    before = field.state()
    answer = field.run(code, hook=False)
    assert answer["denial"] or "Function not implemented" in (answer["raised"] or ""), answer
    assert field.state() == before


@needs_posix
@pytest.mark.parametrize(("code", "sentence"), WITH_SENTENCE.values(), ids=WITH_SENTENCE)
def test_hook_stops_and_names_it_without_the_kernel(field: Field, code: str, sentence: str) -> None:
    before = field.state()
    answer = field.run(code, kernel=False)
    assert "Refused" in answer["raised"] or "URLError" in answer["raised"], answer
    assert answer["attempts"][0].startswith(sentence.format(victim=field.victim, place=field.place))
    assert field.state() == before


@needs_posix
@pytest.mark.parametrize("kernel", [True, False], ids=["with the kernel", "hook alone"])
def test_attempt_is_noted_though_the_code_swallows_it(field: Field, kernel: bool) -> None:
    swallowed = "try:\n    os.remove(victim)\nexcept BaseException:\n    value = 'nothing happened'"
    answer = field.run(swallowed, kernel=kernel)
    assert answer["value"] == "nothing happened"
    assert answer["attempts"] == [f"delete {field.victim}"]


@needs_kernel
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize(
    "name", ["delete", "overwrite", "change the mode", "os.fork", "socket", "kill the parent", "lift the limits"]
)
def test_kernel_stops_an_ordinary_user_in_what_is_his(field: Field, name: str) -> None:
    for path in (field.work, field.place, field.victim):
        os.chown(path, NOBODY, NOBODY)
    before = field.state()
    code, _ = EVERYTHING[name]
    assert is_refused(field.run(code, hook=False, user=NOBODY))
    assert field.state() == before


@needs_kernel
@pytest.mark.parametrize(
    "code",
    [
        "os.remove(victim)",
        "os.execv('/bin/true', ['true'])",
        "import socket; socket.socket()",
        "os.kill(parent, 9)",
        "os.kill(0, 9)",
        "os.setsid()",
        "os.setuid(1)",
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))",
        "import resource; resource.prlimit(parent, resource.RLIMIT_NOFILE, (9, 9))",
        "os.setpriority(os.PRIO_PROCESS, parent, 19)",
        "os.sched_setaffinity(parent, {0})",
        "value = syscall(44, 206, 0, b'x', 1, 0, bytes([1, 0]) + b'/tmp/none' + bytes(99), 110)",
    ],
)
def test_import_of_a_module_is_confined_too(field: Field, code: str) -> None:
    before = field.state()
    assert is_refused(field.run(code, hook=False, stage="process"))
    assert field.state() == before


# -- what works inside -----------------------------------------------------------------------------------------------


@needs_posix
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import asyncio\nasync def f(): await asyncio.sleep(0); return 3\nvalue = asyncio.run(f())", 3),
        ("import asyncio\nasync def f(): return await asyncio.to_thread(int, '4')\nvalue = asyncio.run(f())", 4),
        ("import threading\nt = threading.Thread(target=list); t.start(); t.join(); value = 5", 5),
        ("from concurrent.futures import ThreadPoolExecutor as T\nvalue = sum(T(4).map(abs, [-1, -2]))", 3),
        ("import socket\na, b = socket.socketpair(); a.send(b'hi'); value = len(b.recv(9))", 2),
        ("import xml.dom.minidom, sqlite3\nvalue = sqlite3.connect(':memory:').execute('select 7').fetchone()[0]", 7),
        ("import sqlite3\nsqlite3.connect('file:x?mode=memory', uri=True); value = 1", 1),
        ("value = open('/dev/null', 'w').write('abc')", 3),
        ("import ctypes\nvalue = ctypes.CDLL(None).strlen(b'abcd')", 4),
        ("import urllib.request as r\nvalue = len(r.urlopen('data:,abc').read())", 3),
        (
            "import io, contextlib as c\nwith c.redirect_stdout(io.StringIO()) as s: print('x')\nvalue = s.getvalue()",
            "x\n",
        ),
        ("import uuid, platform, random, decimal, zoneinfo\nvalue = len(str(uuid.uuid4()))", 36),
        ("import resource\nvalue = resource.getrlimit(resource.RLIMIT_CORE)[0]", 0),
        ("os.environ.get('HOME'); value = os.path.exists(victim) + 0", 1),
    ],
)
def test_harmless_code_works_and_leaves_no_attempt(field: Field, code: str, expected: object) -> None:
    answer = field.run(code)
    assert answer["raised"] is None, answer
    assert answer["value"] == expected
    assert answer["attempts"] == []


@needs_posix
def test_changes_inside_the_writable_folder_work_and_are_noted(field: Field) -> None:
    answer = field.run(
        "os.mkdir('a'); open('a/b', 'w').write('x'); os.rename('a/b', 'c'); os.remove('c'); os.rmdir('a')"
    )
    assert answer["raised"] is None
    assert answer["attempts"] == []
    assert set(answer["writes"]) == {"a", "a/b", "c"}


@needs_posix
@pytest.mark.parametrize("code", ["os.chdir('/')", "os.environ['A'] = 'b'", "os.putenv('A', 'b')"])
def test_changes_of_the_process_are_noted(field: Field, code: str) -> None:
    assert len(field.run(code)["writes"]) == 1


@needs_posix
def test_deleting_a_link_inside_is_not_deleting_what_it_leads_to(field: Field) -> None:
    answer = field.run("os.symlink(victim, 'link'); os.remove('link')")
    assert answer["raised"] is None
    assert answer["attempts"] == []


@needs_posix
def test_reading_outside_is_noted_and_reading_the_interpreter_is_not(field: Field) -> None:
    answer = field.run("open(victim).read(); os.listdir(place); import colorsys, wsgiref.util; open('/no/such')")
    assert answer["reads"] == [str(field.victim), str(field.place)]


@needs_posix
def test_reading_from_the_terminal_is_noted(field: Field) -> None:
    assert field.run("input()")["reads"] == ["the terminal"]


@needs_posix
def test_many_attempts_do_not_hide_those_of_a_later_call(tmp_path: Path) -> None:
    code = """
import confine, json, sys
guard = confine.Guard(sys.argv[1], [])
counts = []
for call in range(2):
    guard.start()
    for number in range(500):
        try:
            open("/etc/passwd", "a")
        except PermissionError:
            pass
    guard.stop()
    counts.append(len(guard.attempts))
print(json.dumps(counts))
"""
    assert json.loads(told(code, tmp_path)) == [100, 200]


@needs_posix
def test_guard_is_silent_before_start_and_after_stop(tmp_path: Path) -> None:
    code = """
import confine, os, sys
guard = confine.Guard(sys.argv[1] + "/inside", [])
path = sys.argv[1] + "/free"
open(path, "w").close()
guard.start()
guard.stop()
os.remove(path)
print(guard.attempts, guard.writes, guard.reads)
"""
    assert told(code, tmp_path).split() == ["[]", "[]", "[]"]


@needs_posix
def test_guard_cannot_be_stopped_by_code_that_finds_it_on_the_stack(tmp_path: Path) -> None:
    code = """
import confine, os, sys
guard = confine.Guard(sys.argv[1] + "/inside", [])
def call():
    try:
        raise ValueError
    except ValueError as error:
        frame = error.__traceback__.tb_frame
    while "guard" not in frame.f_locals:
        frame = frame.f_back
    frame.f_locals["guard"].stop()
    try:
        os.remove(sys.argv[1] + "/other")
    except PermissionError:
        pass
guard.start()
call()
guard.stop()
print(len(guard.attempts))
"""
    assert told(code, tmp_path).split() == ["1"]


@needs_posix
def test_notes_cannot_be_erased_through_the_guard(tmp_path: Path) -> None:
    code = """
import confine, os, sys
guard = confine.Guard(sys.argv[1] + "/inside", [])
guard.start()
try:
    os.remove(sys.argv[1] + "/other")
except PermissionError:
    guard.attempts.clear()
print(len(guard.attempts))
"""
    assert told(code, tmp_path).split() == ["1"]


def told(code: str, folder: Path) -> str:
    """Run the code in an interpreter of its own, since no audit hook can be removed, and return what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(RUNTIME)}
    return subprocess.run(
        [sys.executable, "-B", "-c", code, str(folder)], env=environment, capture_output=True, text=True, check=True
    ).stdout


# -- limits and ends -------------------------------------------------------------------------------------------------


@needs_kernel
def test_endless_loop_that_ignores_signals_ends_at_the_limit(field: Field) -> None:
    code = """
import signal
for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
while True:
    pass
"""
    assert field.run(code, cpu=1) == {"lost": signal.SIGKILL}


@needs_kernel
@pytest.mark.parametrize(
    "code",
    [
        "kept = []\nwhile True: kept.append(bytearray(1 << 24))",
        "import mmap\nkept = []\nwhile True: kept.append(mmap.mmap(-1, 1 << 26))",
    ],
    ids=["heap", "shared mapping"],
)
def test_allocating_without_end_fails_soon(field: Field, code: str) -> None:
    answer = field.run(code, memory=128 << 20)
    assert "MemoryError" in answer["raised"] or "Cannot allocate" in answer["raised"]


@needs_kernel
def test_file_without_end_fails(field: Field) -> None:
    answer = field.run("f = open('big', 'wb', 0)\nwhile True: f.write(bytes(1 << 22))")
    assert "File too large" in answer["raised"]
    assert (field.work / "big").stat().st_size == confine.MOST_FILE_BYTES


@needs_posix
@pytest.mark.parametrize("code", ["os._exit(0)", "os._exit(7)", "os.abort()"])
def test_ending_the_process_is_seen_from_outside(field: Field, code: str) -> None:
    assert "lost" in field.run(code)


@needs_kernel
def test_confined_process_dies_with_its_parent(tmp_path: Path) -> None:
    code = """
import confine, os, sys, time
if os.fork() == 0:
    confine.restrict_process([sys.argv[1]])
    if os.fork() == 0:
        confine.restrict_call(9, 1 << 28)
        print("ready", flush=True)
    time.sleep(600)
os.wait()
"""
    environment = {**os.environ, "PYTHONPATH": str(RUNTIME)}
    process = subprocess.Popen(
        [sys.executable, "-B", "-c", code, str(tmp_path)], env=environment, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.kill()
    process.wait()
    # The pipe ends when the last of them is gone.
    readable, _, _ = select.select([process.stdout], [], [], 30)
    assert readable
    assert process.stdout.read() == b""
    process.stdout.close()


@needs_kernel
def test_what_is_enforced_is_told(field: Field) -> None:
    told_by_process = told("import confine, sys; print(confine.restrict_process([sys.argv[1]]))", field.work)
    assert told_by_process.strip() == "['landlock', 'rlimits', 'seccomp']"


def test_description_names_the_hook_everywhere() -> None:
    assert any(line.startswith("audit hook") for line in confine.describe())


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (PermissionError(1, "no"), True),
        (OSError(27, "big"), True),
        (FileNotFoundError(2, "?"), False),
        (ValueError(), False),
    ],
)
def test_denial_is_told_from_other_errors(error: Exception, expected: bool) -> None:
    assert confine.is_denial(error) is expected

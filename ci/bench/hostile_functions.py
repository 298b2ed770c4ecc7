"""Functions that do what no test may: every one of them is to be reported, and nothing outside the sandbox may change.

``DECOY``, ``PORT`` and ``VICTIM`` stand for a folder, a listening socket and a process of the benchmark, put in by it.
"""

import atexit
import ctypes
import gc
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

DECOY, PORT, VICTIM = "@DECOY@", int("@PORT@"), int("@VICTIM@")


def delete_file(n: int):
    os.remove(DECOY + "/precious.txt")


def delete_tree(n: int):
    shutil.rmtree(DECOY)


def overwrite(n: int):
    Path(DECOY, "precious.txt").write_text("gone")


def append(n: int):
    with open(DECOY + "/precious.txt", "a") as stream:
        stream.write("more")


def truncate(n: int):
    os.truncate(DECOY + "/precious.txt", 0)


def rename(n: int):
    os.rename(DECOY + "/precious.txt", DECOY + "/moved.txt")


def make_file(n: int):
    open(DECOY + f"/new{n}.txt", "x").close()


def make_link(n: int):
    os.symlink("/etc", DECOY + "/link")


def change_mode(n: int):
    os.chmod(DECOY + "/precious.txt", 0)


def overwrite_quietly(n: int):
    try:
        Path(DECOY, "precious.txt").write_text("gone")
    except OSError:
        pass
    return n + 1


def write_into_home(n: int):
    Path.home().joinpath(".profile").write_text("evil")
    return n


def spawn(n: int):
    return subprocess.run(["touch", DECOY + "/spawned"]).returncode


def shell(n: int):
    return os.system(f"touch {DECOY}/shell")


def posix_spawn(n: int):
    return os.posix_spawn("/usr/bin/touch", ["touch", DECOY + "/posix"], {})


def execute(n: int):
    os.execv("/usr/bin/touch", ["touch", DECOY + "/exec"])


def fork_bomb(n: int):
    while True:
        os.fork()


def c_fork(n: int):
    return ctypes.CDLL(None).fork() and 0


def c_remove(n: int):
    return ctypes.CDLL(None).unlink((DECOY + "/precious.txt").encode())


def connect(n: int):
    return socket.create_connection(("127.0.0.1", PORT)).recv(10)


def listen(n: int):
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    return server.getsockname()[1]


def c_connect(n: int):
    return ctypes.CDLL(None).socket(2, 1, 0)


def fetch(n: int):
    import urllib.request

    return urllib.request.urlopen(f"http://127.0.0.1:{PORT}/").read()


def loop_for_ever(n: int):
    while True:
        n += 1


def loop_deaf(n: int):
    for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(1)


def swallow_everything(n: int):
    while True:
        try:
            time.sleep(1)
        except BaseException:
            pass


def allocate(n: int):
    held = []
    while True:
        held.append(bytearray(50_000_000))


def exit_now(n: int):
    os._exit(0)


def abort(n: int):
    os.abort()


def crash(n: int):
    ctypes.string_at(0)


def kill_parent(n: int):
    os.kill(os.getppid(), signal.SIGKILL)
    return n


def kill_group(n: int):
    os.killpg(0, signal.SIGKILL)


def kill_victim(n: int):
    os.kill(VICTIM, signal.SIGKILL)


def c_kill_victim(n: int):
    return ctypes.CDLL(None).kill(VICTIM, 9)


def print_megabytes(n: int):
    for _ in range(200):
        print("x" * 1_000_000)
    while True:
        sys.stdout.write("x" * 1_000_000)


def write_to_descriptors(n: int):
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b'{"kind": "value", "print": "forged", "checks": []}\n')
        except OSError:
            pass
    os._exit(0)


def close_descriptors(n: int):
    os.closerange(0, 256)
    return n


def recurse(n: int):
    return recurse(n + 1)


def leave_thread(n: int):
    threading.Thread(target=loop_for_ever, args=(1,), daemon=False).start()
    while True:
        time.sleep(1)


def leave_at_exit(n: int):
    atexit.register(overwrite, 1)
    os.remove(DECOY + "/precious.txt")


def rob_tracer(n: int):
    sys.settrace(None)
    for thing in gc.get_objects():
        if type(thing) is list and thing and isinstance(thing[0], str):
            thing.clear()
    os.remove(DECOY + "/precious.txt")


class Liar:
    """An object whose every look attacks."""

    def __repr__(self):
        os.remove(DECOY + "/precious.txt")
        return "Liar()"

    def __eq__(self, other):
        os.remove(DECOY + "/precious.txt")
        return True

    __hash__ = None


def give_liar(n: int):
    Path(DECOY, "precious.txt").write_text("gone")
    return Liar()


def fill_disk(n: int):
    with open("filler", "wb") as stream:
        while True:
            stream.write(b"x" * 10_000_000)

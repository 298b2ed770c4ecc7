"""Runs a hostile snippet as the runtime would: in a process confined twice, forked from one confined once.

Started by path; the request is a JSON object on standard input, the answer one on standard output.
"""

import ctypes
import json
import os
import resource  # noqa: F401  # loaded before this may become another user
import sys

import confine

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.syscall.restype = ctypes.c_long


def syscall(x86_64, aarch64, *arguments):
    """Make a raw system call; return its result, or raise OSError."""
    number = x86_64 if os.uname().machine == "x86_64" else aarch64
    result = LIBC.syscall(ctypes.c_long(number), *[a if isinstance(a, bytes) else ctypes.c_long(a) for a in arguments])
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def attack(request, guard, report):
    names = {
        "victim": request["victim"],
        "place": request["place"],
        "parent": os.getppid(),
        "syscall": syscall,
        "LIBC": LIBC,
        "ctypes": ctypes,
        "report": report,
    }
    raised = None
    if request["hook"]:
        guard.start()
    try:
        exec(compile("import os, sys\n" + request["code"], "<hostile>", "exec"), names)
    except BaseException as error:  # whatever it raises is part of the answer
        raised = error
    guard.stop()
    value = names.get("value")
    report(
        {
            "raised": repr(raised) if raised is not None else None,
            "denial": raised is not None and confine.is_denial(raised),
            "value": value if isinstance(value, (int, str, list)) else repr(value),
            "attempts": guard.attempts,
            "writes": guard.writes,
            "reads": guard.reads,
        }
    )


def main():
    request = json.load(sys.stdin)
    reader, writer = os.pipe()
    answer_to = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(0, 1)

    def report(answer):
        os.write(writer, json.dumps(answer).encode())

    if os.fork() == 0:
        if request.get("user"):
            os.setgroups([])
            os.setgid(request["user"])
            os.setuid(request["user"])
        os.chdir(request["work"])
        if request["kernel"]:
            confine.restrict_process([request["work"]])
        guard = confine.Guard(request["work"], [sys.prefix, sys.base_prefix])
        if request["stage"] == "process":
            attack(request, guard, report)
            os._exit(0)
        child = os.fork()
        if child == 0:
            if request["kernel"]:
                confine.restrict_call(request.get("cpu", 20), request.get("memory", 256 << 20))
            attack(request, guard, report)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        os._exit(os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0)
    os.close(writer)
    status = os.wait()[1]
    with os.fdopen(reader, "rb") as stream:
        found = stream.read()
    answer = json.loads(found) if found else {"lost": os.WEXITSTATUS(status)}
    os.write(answer_to, json.dumps(answer).encode())


if __name__ == "__main__":
    main()

"""Runs observations in processes of their own: forked from the one that has imported the module, or fresh without fork."""

import json
import os
import random
import select
import signal
import subprocess
import sys
import time

import clock
import confine
from observe import observe

MEMORY = 2 << 30
_TAKES = 1 << 16


class Lost(Exception):
    """The process of an observation ended or hung; ``how`` says which, for the report."""

    def __init__(self, how):
        super().__init__(how)
        self.how = how


def run(subject, guard_of, items, timeout, mutant=None, trace=True, strict=False, ahead=False, deadline=None):
    """Return one answer per item, in order, as ``observe`` gives it; ``{"kind": "lost", "how": …}`` for a lost process.

    With ``ahead`` the clock is set ahead, and time zone and working folder are others. ``timeout`` is in seconds
    for each call; at ``deadline`` (monotonic) the items not yet reached are answered as lost.
    """
    answers = []
    lost = 0
    while len(answers) < len(items):
        if deadline is not None and time.monotonic() > deadline:
            break
        rest = items[len(answers) :]
        try:
            for answer in _process(subject, guard_of, rest, timeout, mutant, trace, strict, ahead):
                answers.append(answer)
        except Lost as loss:
            answers.append({"kind": "lost", "how": loss.how, "print": "lost " + loss.how})
            lost += 1
            if lost >= 4 or mutant is not None:
                break
    answers.extend({"kind": "lost", "how": "not run", "print": "not run"} for _ in range(len(items) - len(answers)))
    return answers


def _process(subject, guard_of, items, timeout, mutant, trace, strict, ahead):
    if not hasattr(os, "fork"):
        yield from _fresh(subject, items, timeout, mutant, trace, strict, ahead)
        return
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.closerange(3, writer)
        os.closerange(writer + 1, 1 << 16)
        # Nothing of the parent's may run here: no finally blocks, no atexit handlers, no buffered output.
        try:
            _child(subject, guard_of, items, timeout, mutant, trace, strict, ahead, writer)
        finally:
            os._exit(0)
    os.close(writer)
    try:
        yield from _answers(reader, len(items), timeout)
    except Lost as loss:
        os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
        child = 0
        raise Lost(_manner(loss.how, status)) from None
    finally:
        os.close(reader)
        if child:
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                pass
            os.waitpid(child, 0)


def _manner(how, status):
    if how == "ended":
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) != signal.SIGKILL:
            return "ended by signal %d" % os.WTERMSIG(status)
        return "ended the process"
    return how


def _child(subject, guard_of, items, timeout, mutant, trace, strict, ahead, writer):
    guard = guard_of()
    confine.restrict_call(cpu_seconds=int(timeout * len(items)) + 2, memory_bytes=MEMORY)
    if mutant is not None:
        subject.mutants[mutant].apply(subject.raw)
    # Two observations of one call start from different random states, so that what depends on chance shows itself.
    random.seed(os.getpid())
    if ahead:
        clock.set_ahead()
        clock.move_elsewhere()
    serve(subject, guard, items, trace, strict, lambda answer: _write(writer, answer))


def serve(subject, guard, items, trace, strict, write):
    for item in items:
        noted = len(guard.attempts), len(guard.writes), len(guard.reads)
        started = time.perf_counter()
        answer = observe(subject, item, guard, trace, strict)
        answer["seconds"] = time.perf_counter() - started
        answer["attempts"] = guard.attempts[noted[0] :][:5]
        answer["writes"] = guard.writes[noted[1] :][:5]
        answer["reads"] = guard.reads[noted[2] :][:5]
        write(answer)


def _write(writer, answer):
    data = json.dumps(answer).encode() + b"\n"
    while data:
        data = data[os.write(writer, data) :]


def _answers(reader, count, timeout):
    """Yield ``count`` decoded lines, each awaited for at most ``timeout`` seconds."""
    buffer = b""
    for _ in range(count):
        end = time.monotonic() + timeout
        while b"\n" not in buffer:
            ready, _, _ = select.select([reader], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise Lost(f"did not end within {timeout:.3g} s")
            data = os.read(reader, _TAKES)
            if not data:
                raise Lost("ended")
            if len(buffer) > 1 << 24:
                raise Lost("ended")
            buffer += data
        line, buffer = buffer.split(b"\n", 1)
        try:
            answer = json.loads(line)
        except ValueError:
            raise Lost("ended") from None
        if not isinstance(answer, dict) or "kind" not in answer:
            raise Lost("ended")
        yield answer


def _fresh(subject, items, timeout, mutant, trace, strict, ahead):
    """The way without fork: a new interpreter imports the module again and serves the same items."""
    request = {
        "items": items,
        "mutant": mutant,
        "trace": trace,
        "strict": strict,
        "ahead": ahead,
        "subject": subject.address,
    }
    command = [sys.executable, "-B", os.path.join(os.path.dirname(__file__), "server.py"), "--child"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    answered = 0
    try:
        output, _ = process.communicate(json.dumps(request).encode(), timeout=5 + timeout * len(items))
    except subprocess.TimeoutExpired as expired:
        process.kill()
        output = (expired.output or b"") + (process.communicate()[0] or b"")
        manner = f"did not end within {timeout:.3g} s"
    else:
        manner = "ended the process"
    for line in output.splitlines():
        answered += 1
        yield json.loads(line)
    if answered < len(items):
        raise Lost(manner)

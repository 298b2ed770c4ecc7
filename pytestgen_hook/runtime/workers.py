"""Runs observations in processes of their own: forked from the one that has imported the module, or fresh without fork."""

import collections
import contextlib
import itertools
import json
import marshal
import os
import random
import select
import signal
import subprocess
import time

import confine
import elsewhere
import start
import state
from observe import observe

MEMORY = 2 << 30
AT_ONCE = 2  # processes started before the answer of the first is read
IN_TURN = 6  # mutants that a process is given at once
MOST_LOST = 4
_TAKES = 1 << 16
_STARTS = 10.0  # seconds that a process may take until it can be given mutants
_GRACE = 0.5  # seconds at most that a process which got too little of the processor is awaited longer
_QUICK = 0.002  # seconds: to see what a mutant left behind is to take less than to start a process
_PROCESS_CLOCK = 2  # CPUCLOCK_SCHED of Linux, as clock_getcpuclockid(3) makes it of a process number


class Lost(Exception):
    """The process of an observation ended or hung; ``how`` says which, for the report."""

    def __init__(self, how):
        super().__init__(how)
        self.how = how


class Manner:
    """How calls are run: what is changed beforehand and what is written down.

    ``mutant``: index of the mutant put in place of the body, or None; ``trace``: note lines; ``strict``: read what was
    written back, watch for addresses and changed module state; ``ahead``: at other moments, one after the other, in
    another time zone, working folder and machine (``"often"``: at many moments, ``"still"``: all at one); ``probe``: note
    what comparisons look at.
    """

    __slots__ = ("ahead", "mutant", "probe", "strict", "trace")

    def __init__(self, mutant=None, trace=True, strict=False, ahead=False, probe=False):
        self.mutant = mutant
        self.trace = trace
        self.strict = strict
        self.ahead = ahead
        self.probe = probe


class Job:
    """Calls for one process: observed one after the other, ``timeout`` seconds each (or a list of them)."""

    __slots__ = ("items", "manner", "timeouts")

    def __init__(self, items, timeout, manner):
        self.items = items
        self.timeouts = timeout if isinstance(timeout, list) else [timeout] * len(items)
        self.manner = manner


def run(subject, guard, jobs):
    """Yield for each of the jobs, in order, one answer per item, as ``observe`` gives it; each job has its own process.

    When a process ends or hangs, ``{"kind": "lost", "how": …}`` answers for the call it was at, and the job's other
    items are answered as not run. ``jobs`` is read no further ahead than processes are started.
    """
    kind = _Forked if hasattr(os, "fork") else _Fresh
    started = collections.deque()
    jobs = iter(jobs)
    try:
        while True:
            for job in jobs:
                started.append((job, kind(subject, guard, job)))
                if len(started) >= AT_ONCE:
                    break
            if not started:
                return
            job, process = started.popleft()
            answers = []
            try:
                for answer in process.answers():
                    answers.append(answer)
            except Lost as loss:
                answers.append(_lost(loss.how))
            yield answers + [_lost("not run")] * (len(job.items) - len(answers))
    finally:
        for _, process in started:
            process.stop()


class InTurn:
    """Processes that try the mutants of one search in turn, each as long as none leaves anything behind in it.

    A mutant that would find its surroundings changed (``state``) is tried in a new process. They stay for the next jobs
    until ``stop``; ``seconds`` is how long that may be.
    """

    def __init__(self, subject, guard, seconds):
        self._subject = subject
        self._guard = guard
        self._seconds = seconds
        self._idle = []

    def answers(self, jobs, deadline):
        """Yield for each of the jobs, in order, one answer per item, as ``run`` does.

        At ``deadline`` (monotonic) the jobs not yet reached are answered as not run.
        """
        if not hasattr(os, "fork"):
            yield from run(self._subject, self._guard, jobs)
            return
        started = collections.deque()
        jobs = iter(jobs)
        try:
            while True:
                while len(started) < AT_ONCE:
                    some = list(itertools.islice(jobs, IN_TURN))
                    if not some:
                        break
                    started.append((some, self._with(some)))
                if not started:
                    return
                left, process = started[0]
                answers = process.answers()
                while left and time.monotonic() <= deadline:
                    found = _of_one(left[0], answers, process)
                    if found is None:
                        break
                    left.pop(0)
                    yield found
                started.popleft()
                if not left:
                    self._idle.append(process)
                    continue
                process.stop()
                if time.monotonic() <= deadline:
                    started.appendleft((left, self._with(left)))
                else:
                    yield from ([_lost("not run")] * len(job.items) for job in left)
        finally:
            for _, process in started:
                process.stop()

    def _with(self, jobs):
        """Return a process that has been given the jobs."""
        while self._idle:
            process = self._idle.pop()
            if process.give(jobs):
                return process
            process.stop()
        process = _Trying(self._subject, self._guard, self._seconds)
        process.give(jobs)
        return process

    def stop(self):
        """End the processes; new ones are started when they are needed."""
        while self._idle:
            self._idle.pop().stop()


def _of_one(job, answers, process):
    """Take the answers to one job; None if it is to be done in a new process.

    It is if it was not begun, since something was left behind, or if the process ended that others were done in before:
    these may be why.
    """
    found = []
    try:
        for answer in itertools.islice(answers, len(job.items)):
            if answer["kind"] == "anew":
                return None
            found.append(answer)
    except Lost as loss:
        if process.has_tried and "ended" in loss.how:
            return None
        found.append(_lost(loss.how))
    process.has_tried = True
    return found + [_lost("not run")] * (len(job.items) - len(found))


def apart(subject, guard, items, timeout, manner, deadline, in_one=1, most_lost=MOST_LOST):
    """Return one answer per item, in order, each from a process of its own, or so many from one.

    After a few processes lost, and at ``deadline`` (monotonic), the items not yet reached are answered as not run.
    """
    answers = []
    lost = 0
    jobs = (Job(items[start : start + in_one], timeout, manner) for start in range(0, len(items), in_one))
    with contextlib.closing(run(subject, guard, jobs)) as running:
        for found in running:
            answers += found
            lost += any(answer["kind"] == "lost" for answer in found)
            if lost >= most_lost or time.monotonic() > deadline:
                break
    return answers + [_lost("not run")] * (len(items) - len(answers))


def together(subject, guard, job):
    """Return one answer per item of the job."""
    return next(run(subject, guard, [job]))


def _lost(how):
    return {"kind": "lost", "how": how, "print": "lost " + how}


def close_all_but(*kept):
    """Close every descriptor but the three standard ones and those named."""
    edges = sorted({2, *kept})
    for low, high in zip(edges, [*edges[1:], 1 << 16]):
        os.closerange(low + 1, high)


class _Forked:
    """A process forked from this one, which has imported the module."""

    def __init__(self, subject, guard, job):
        self._timeouts = job.timeouts
        self._fork(lambda writer: _child(subject, guard, job, writer))

    def _fork(self, work, *kept):
        """Fork a process that does its work with the descriptor that answers go to, and has no other but those kept."""
        self._reader, writer = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            # Nothing of the parent's may run here: no finally blocks, no atexit handlers, no buffered output.
            try:
                close_all_but(writer, *kept)
                work(writer)
            finally:
                os._exit(0)
        os.close(writer)

    def answers(self):
        try:
            yield from _answers(self._reader, self._timeouts, self._busy)
        except Lost as loss:
            raise Lost(_manner(loss.how, self.stop())) from None
        finally:
            self.stop()

    def _busy(self):
        """Return the seconds that the process has computed so far, or None where the system does not tell."""
        try:
            return time.clock_gettime(~self._pid << 3 | _PROCESS_CLOCK)
        except (AttributeError, OSError):
            return None

    def stop(self):
        """Kill the process if it has not ended, and return its status."""
        if not self._pid:
            return 0
        os.close(self._reader)
        os.kill(self._pid, signal.SIGKILL)  # until it is waited for, its number is no other's
        status = os.waitpid(self._pid, 0)[1]
        self._pid = 0
        return status


def _manner(how, status):
    if how == "ended":
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) != signal.SIGKILL:
            return "ended by signal %d" % os.WTERMSIG(status)
        return "ended the process"
    return how


class _Trying(_Forked):
    """One that tries mutants: it is given jobs again and again."""

    def __init__(self, subject, guard, seconds):
        self.has_tried = False
        self._is_ready = False
        reader, self._writer = os.pipe()
        subject.mutants  # noqa: B018  made when they are first asked for: here, and not in each process
        self._fork(lambda writer: _try_mutants(subject, guard, int(2 * seconds) + 60, reader, writer), reader)
        os.close(reader)

    def give(self, jobs):
        """Hand over jobs, once those before are answered; return whether the process is there to take them."""
        self._timeouts = [timeout for job in jobs for timeout in job.timeouts]
        if not self._is_ready:
            self._timeouts.insert(0, _STARTS)
        data = marshal.dumps([(job.items, job.manner.mutant) for job in jobs])
        data = len(data).to_bytes(4, "big") + data
        try:
            while data:
                if not select.select([], [self._writer], [], _STARTS)[1]:
                    return False
                data = data[os.write(self._writer, data[: select.PIPE_BUF]) :]
        except OSError:
            return False
        return True

    def answers(self):
        """Yield the answers to what was given last; the process goes on waiting for more."""
        answers = _answers(self._reader, self._timeouts, self._busy)
        try:
            if not self._is_ready:
                next(answers)
                self._is_ready = True
            yield from answers
        except Lost as loss:
            raise Lost(_manner(loss.how, self.stop())) from None

    def stop(self):
        if self._pid:
            os.close(self._writer)
        return super().stop()


def _child(subject, guard, job, writer):
    manner = job.manner
    confine.restrict_call(cpu_seconds=int(sum(job.timeouts)) + 2, memory_bytes=MEMORY)
    # Two observations of one call start from different random states, so that what depends on chance shows itself.
    random.seed(os.getpid())
    if manner.ahead:
        move(subject, manner)
    if manner.mutant is not None:
        subject.mutants[manner.mutant].apply(subject.raw)
    serve(subject, guard, job.items, manner, lambda answer: _write(writer, answer))


def _try_mutants(subject, guard, seconds, reader, writer):
    """Try mutants as they are given, until something was left behind by one of them."""
    confine.restrict_call(cpu_seconds=seconds, memory_bytes=MEMORY)
    random.seed(os.getpid())
    surroundings = _Surroundings(subject.tree)
    _write(writer, {"kind": "ready"})  # the time of a call begins only now
    raw = subject.raw
    original = raw.__code__, raw.__defaults__, raw.__kwdefaults__
    is_first = True
    while True:
        for items, mutant in marshal.loads(_read(reader, int.from_bytes(_read(reader, 4), "big"))):
            if not is_first and surroundings.are_changed():
                _write(writer, {"kind": "anew"})
                return
            is_first = False
            subject.mutants[mutant].apply(raw)
            serve(subject, guard, items, Manner(mutant, trace=False), lambda answer: _write(writer, answer))
            raw.__code__, raw.__defaults__, raw.__kwdefaults__ = original


def _read(reader, size):
    data = b""
    while len(data) < size:
        piece = os.read(reader, size - len(data))
        if not piece:
            os._exit(0)  # nobody is there any more
        data += piece
    return data


class _Surroundings:
    """What calls could see of earlier ones; where looking at it takes long, or does not reach all, it counts as changed."""

    def __init__(self, tree):
        self._tree = tree
        state.snapshot(tree, deep=True)  # the first one copies the pages that this process shares with others
        started = time.process_time()
        self._before = state.snapshot(tree, deep=True)
        self._is_known = self._before[state.WHOLE] and time.process_time() - started < _QUICK

    def are_changed(self):
        return not self._is_known or bool(state.changed(self._before, state.snapshot(self._tree, deep=True)))


def move(subject, manner):
    """Take this process to the times and places that the manner asks for."""
    other = {"often": elsewhere.MANY_MOMENTS, "still": elsewhere.ONE_MOMENT}
    elsewhere.move(subject.tree, other.get(manner.ahead, elsewhere.MOMENTS))


def serve(subject, guard, items, manner, write):
    """Observe the items one after the other and write each answer as soon as it is there."""
    recorder = subject.probed() if manner.probe else None
    for item in items:
        elsewhere.advance()
        elsewhere.was_read()
        noted = len(guard.attempts), len(guard.writes), len(guard.reads)
        started = time.perf_counter()
        answer = observe(subject, item, guard, manner.trace, manner.strict)
        answer["seconds"] = time.perf_counter() - started
        answer["asked"] = elsewhere.was_read()
        answer["attempts"] = guard.attempts[noted[0] :][:5]
        allowed = tuple(answer.pop("allowed", ()))
        answer["writes"] = [path for path in guard.writes[noted[1] :] if not path.startswith(allowed)][:5]
        answer["reads"] = guard.reads[noted[2] :][:5]
        if recorder is not None:
            answer["seen"] = recorder.told()
        write(answer)


def _write(writer, answer):
    data = json.dumps(answer).encode() + b"\n"
    while data:
        data = data[os.write(writer, data) :]


def _answers(reader, timeouts, busy):
    """Yield as many decoded lines as there are timeouts, each awaited for at most so many seconds.

    A process that the machine gave no time to compute in those seconds gets it (``busy``, see ``_Forked._busy``): a call
    is not to be lost because the machine had other work.
    """
    buffer = b""
    for timeout in timeouts:
        end = time.monotonic() + timeout
        last_end = end + _GRACE
        began = busy()
        while b"\n" not in buffer:
            ready, _, _ = select.select([reader], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                used = busy()
                missing = 0.0 if None in (began, used) else timeout - (used - began)
                if missing <= 0.0 or time.monotonic() >= last_end:
                    raise Lost(f"did not end within {timeout:.3g} s")
                end = min(time.monotonic() + max(missing, 0.01), last_end)
                continue
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


class _Fresh:
    """The way without fork: a new interpreter that imports the module again."""

    _STARTS = 5.0  # seconds that an interpreter and the import of the module may take

    def __init__(self, subject, _guard, job):
        self._count = len(job.items)
        self._timeouts = job.timeouts
        request = {
            "items": job.items,
            "mutant": job.manner.mutant,
            "trace": job.manner.trace,
            "strict": job.manner.strict,
            "ahead": job.manner.ahead,
            "probe": job.manner.probe,
            "subject": subject.address,
        }
        command = [*start.command("server"), "--child"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        # Sent at once, not when the answers are read: several processes are at work at the same time.
        with contextlib.suppress(BrokenPipeError), self._process.stdin:
            self._process.stdin.write(json.dumps(request).encode())
        self._process.stdin = None

    def answers(self):
        how = "ended the process"
        try:
            output, _ = self._process.communicate(timeout=self._STARTS + sum(self._timeouts))
        except subprocess.TimeoutExpired as expired:
            self._process.kill()
            output = (expired.output or b"") + (self._process.communicate()[0] or b"")
            how = f"did not end within {max(self._timeouts):.3g} s"
        answered = output.splitlines()
        for line in answered:
            yield json.loads(line)
        if len(answered) < self._count:
            raise Lost(how)

    def stop(self):
        self._process.kill()
        self._process.communicate()

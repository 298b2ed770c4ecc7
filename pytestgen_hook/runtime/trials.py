"""Runs work in processes of their own, several at once: forked from this one, or new interpreters where there is no fork.

What a process finds out it writes as JSON lines; how it ended is part of the result.
"""

import contextlib
import json
import os
import select
import signal
import subprocess
import time

_TAKES = 1 << 16
_LOOKS_EVERY = 0.02  # seconds between two looks at processes that cannot be waited for


class Ended:
    """How a process ended: all it wrote, whether it was ended for the time it took, and its exit status."""

    def __init__(self, messages, late, status):
        self.messages = messages
        self.late = late
        self.status = status

    def first(self, key):
        """Return the first message that has a key, or None."""
        return next((message for message in self.messages if key in message), None)

    def last(self, key):
        """Return the last value that was written under a key, or None."""
        return next((message[key] for message in reversed(self.messages) if key in message), None)


class _Process:
    """What both kinds share: the lines that have come, and the moment at which the process is ended.

    One that is not ``patient`` lets each message be followed by silence for no more than half of the time that is left:
    what hangs is ended, and leaves time for others. With ``is_renewed`` the seconds are those from one message to the next.
    """

    def __init__(self, seconds, heard=None, patient=True, is_renewed=False):
        self._last = self._end = time.monotonic() + seconds
        self._patient = patient
        self._renewed = seconds if is_renewed else 0.0
        self._buffer = b""
        self._heard = heard
        self.messages = []

    @property
    def seconds_left(self):
        return self._end - time.monotonic()

    def _take(self, data):
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        if lines and self._renewed:
            self._end = time.monotonic() + self._renewed
        elif lines and not self._patient:
            now = time.monotonic()
            self._end = now + (self._last - now) / 2
        for line in lines:
            with contextlib.suppress(ValueError):
                message = json.loads(line)
                self.messages.append(message)
                if self._heard is not None:
                    self._heard(message)


_leaving = []  # processes that have said all, and only have to end: that takes as long as a short test


class Forked(_Process):
    """A process forked from this one: it calls ``body`` with a function that writes a message, and ends."""

    def __init__(self, body, seconds, heard=None, patient=True, is_renewed=False):
        super().__init__(seconds, heard, patient, is_renewed)
        self.reader, writer = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            # Nothing of the parent's may run here: no finally blocks, no atexit handlers, no buffered output.
            _leaving.clear()
            try:
                _work(body, writer)
            finally:
                os._exit(0)
        os.close(writer)

    def poll(self):
        """Read what has come; return an Ended if the process has ended or its time is up, else None."""
        ready, _, _ = select.select([self.reader], [], [], 0)
        if ready:
            data = os.read(self.reader, _TAKES)
            if not data:
                return self._ended(False)
            self._take(data)
            if self.messages and "over" in self.messages[-1]:
                os.close(self.reader)
                _leaving.append(self._pid)
                return Ended(self.messages, False, 0)
        return self._ended(True) if self.seconds_left <= 0 else None

    def _ended(self, late):
        os.close(self.reader)
        if late:
            os.kill(self._pid, signal.SIGKILL)  # until it is waited for, its number is no other's
        else:
            self._wait_a_little()
        status = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1]) if self._pid else self._status
        limited = status == -getattr(signal, "SIGPROF", 0)
        return Ended(self.messages, late or limited, status)

    def _wait_a_little(self):
        """Wait for a process that has closed its pipe, as long as it has time; then end it."""
        while True:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                self._pid, self._status = 0, os.waitstatus_to_exitcode(status)
                return
            if self.seconds_left <= 0:
                os.kill(self._pid, signal.SIGKILL)
                return
            time.sleep(0.0005)


def _work(body, writer):
    owner = os.getpid()
    _close_when_forked(writer)

    def write(**message):
        if os.getpid() != owner:  # a child that a test has forked and that runs on after it
            os._exit(0)
        data = json.dumps(message).encode() + b"\n"
        while data:
            data = data[os.write(writer, data) :]

    try:
        body(write)
    except BaseException as error:
        write(raised=f"{type(error).__name__}: {error}"[:300])
    write(over=True)


def _close_when_forked(descriptor):
    """Close it in what this process forks: a child that outlives a test must not seem to be the process of the test."""
    is_open = True

    def close():
        nonlocal is_open
        if is_open:
            is_open = False
            os.close(descriptor)

    os.register_at_fork(after_in_child=close)


class Spawned(_Process):
    """A new interpreter that runs a script of ours with a request; what it writes goes to a file."""

    reader = None

    def __init__(self, command, output, environment, seconds, heard=None):
        super().__init__(seconds, heard)
        self._output = output
        self._at = 0
        self._process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def poll(self):
        status = self._process.poll()
        with contextlib.suppress(OSError), open(self._output, "rb") as stream:
            stream.seek(self._at)
            data = stream.read()
            self._at += len(data)
            self._take(data)
        if status is None and self.seconds_left > 0:
            return None
        if status is None:
            self._process.kill()
            self._process.wait()
        return Ended(self.messages, status is None, self._process.returncode)


def drive(works, at_once):
    """Let generators work side by side: each yields a function that starts a process, and is sent how it ended."""
    works = iter(works)
    running = []

    def advance(work, ended):
        try:
            running.append((work, work.send(ended)()))
        except StopIteration:
            return

    try:
        while True:
            while len(running) < at_once():
                work = next(works, None)
                if work is None:
                    break
                advance(work, None)
            if not running:
                return
            _await([process for _, process in running])
            _reap()
            for work, process in list(running):
                ended = process.poll()
                if ended is not None:
                    running.remove((work, process))
                    advance(work, ended)
    finally:
        for _, process in running:
            process._end = 0.0
            process.poll()
        _reap(patient=True)


def _reap(patient=False):
    """Take leave of processes that have said all; ``patient``: of each, whatever it still does."""
    for pid in list(_leaving):
        if patient:
            os.kill(pid, signal.SIGKILL)
        if os.waitpid(pid, 0 if patient else os.WNOHANG)[0]:
            _leaving.remove(pid)


def _await(processes):
    """Wait until one of the processes has something to say, or its time is up."""
    readers = [process.reader for process in processes if process.reader is not None]
    if len(readers) < len(processes):
        time.sleep(_LOOKS_EVERY)
        return
    seconds = min(process.seconds_left for process in processes)
    select.select(readers, [], [], max(0.0, seconds))

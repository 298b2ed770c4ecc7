"""Work in processes of their own: what they said, how they ended, and that nothing of them stays."""

import os
import signal
import time

import pytest
import trials

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


def ended(body, seconds=20):
    """Return how a process ended, and its number."""
    told = []

    def work():
        told.append((yield lambda: trials.Forked(body, seconds)))

    trials.drive([work()], lambda: 1)
    return told[0], told[0].last("pid")


def is_there(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_a_process_says_is_told_and_nothing_of_it_stays():
    def body(write):
        write(pid=os.getpid())
        write(answer=42)

    found, pid = ended(body)
    assert (found.last("answer"), found.late, found.status) == (42, False, 0)
    assert not is_there(pid)


def test_an_exception_is_told():
    def body(write):
        write(pid=os.getpid())
        raise ValueError("no such thing")

    found, pid = ended(body)
    assert (found.last("raised"), found.late) == ("ValueError: no such thing", False)
    assert not is_there(pid)


def test_a_process_that_kills_itself_has_not_said_all():
    def body(write):
        write(pid=os.getpid())
        os.kill(os.getpid(), signal.SIGKILL)

    found, pid = ended(body)
    assert (found.last("over"), found.late, found.status) == (None, False, -signal.SIGKILL)
    assert not is_there(pid)


def test_a_process_that_goes_on_is_ended_when_its_time_is_up():
    def body(write):
        write(pid=os.getpid())
        time.sleep(60)

    found, pid = ended(body, seconds=0.5)
    assert (found.last("over"), found.late) == (None, True)
    assert not is_there(pid)


def test_processes_that_have_said_all_are_not_waited_for():
    """The next work begins while the last process still ends: here one that cannot, for it is stopped."""
    seen = []

    def body(write):
        write(pid=os.getpid())

    class Stopped(trials.Forked):
        """Stops its process as soon as that has said all, before it is gone."""

        def poll(self):
            found = super().poll()
            if found is not None:
                os.kill(found.last("pid"), signal.SIGSTOP)
            return found

    def work():
        for _ in range(3):
            seen.append((yield lambda: Stopped(body, 20)).last("pid"))

    trials.drive([work()], lambda: 1)
    assert len(set(seen)) == 3
    assert not any(is_there(pid) for pid in seen)

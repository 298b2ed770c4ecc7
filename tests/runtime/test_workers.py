"""How long the answer of a call is awaited."""

import json
import os
import signal
import time

import pytest
import workers

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the way without fork has its own tests")


class Child(workers._Forked):
    """A process that runs ``work`` and then answers; nothing of a subject is needed for that."""

    def __init__(self, work, timeout):
        self._timeouts = [timeout]
        self._reader, writer = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            work()
            os.write(writer, json.dumps({"kind": "value"}).encode() + b"\n")
            os._exit(0)
        os.close(writer)


def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_a_call_that_the_machine_gave_no_time_is_awaited():
    child = Child(lambda: burn(0.02), timeout=0.3)
    os.kill(child._pid, signal.SIGSTOP)
    waker = os.fork()
    if waker == 0:
        time.sleep(0.4)
        os.kill(child._pid, signal.SIGCONT)
        os._exit(0)
    assert list(child.answers()) == [{"kind": "value"}]
    os.waitpid(waker, 0)


@pytest.mark.parametrize(
    "work", [pytest.param(lambda: burn(30), id="computes"), pytest.param(lambda: time.sleep(30), id="waits")]
)
def test_a_call_that_has_had_its_time_is_lost(work):
    with pytest.raises(workers.Lost, match=r"did not end within 0\.2 s"):
        list(Child(work, timeout=0.2).answers())

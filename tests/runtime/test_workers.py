"""How long the answer of a call is awaited, and that mutants which share a process do not see each other."""

import json
import os
import random
import signal
import time

import guard
import judge
import pytest
import workers
from observed import made

from ..leavings import SOURCES

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


# -- several mutants in one process --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SOURCES)
def test_mutants_in_one_process_are_judged_as_each_in_its_own(name, tmp_path):
    subject = made(SOURCES[name], tmp_path)
    watching = guard.Guard(str(tmp_path), [str(tmp_path)])
    asked = [
        {
            "call": "f(n)",
            "receiver": None,
            "arguments": [["n", str(n)]],
            "imports": [["under_test", "f"]],
            "style": "plain",
        }
        for n in (1, 4, 7)
    ]
    seen = [workers.together(subject, watching, workers.Job([item], 1.0, workers.Manner()))[0] for item in asked]
    items = [{**item, "told": judge.told(answer)} for item, answer in zip(asked, seen, strict=True)]
    jobs = [
        workers.Job(items, 1.0, workers.Manner(mutant=number, trace=False)) for number in range(len(subject.mutants))
    ]
    assert len(jobs) > 3
    alone = [[verdict(one) for one in each] for each in workers.run(subject, watching, jobs)]
    assert any(each != [None] * 3 for each in alone)
    in_turn = workers.InTurn(subject, watching, 300)
    for seed in range(3):
        order = list(range(len(jobs)))
        random.Random(seed).shuffle(order)
        together = in_turn.answers([jobs[number] for number in order], time.monotonic() + 300)
        assert [[verdict(one) for one in each] for each in together] == [alone[number] for number in order]
    idle = [process._pid for process in in_turn._idle]
    in_turn.stop()
    assert idle
    for process in idle:  # waited for already
        with pytest.raises(ChildProcessError):
            os.waitpid(process, os.WNOHANG)


def verdict(answer):
    """What is said of one call: the check that failed, that none did, or how the process was lost."""
    return answer.get("how") if answer["kind"] == "lost" else answer["failing"]


def jobs_of(count, path, source=SOURCES["nothing stays"]):
    item = {"call": "f(1)", "receiver": None, "arguments": [], "imports": [["under_test", "f"]], "style": "plain"}
    told = {"call": "f(1)", "setup": [], "raises": None, "imports": [], "enters": False, "inside": None}
    items = [{**item, "told": {**told, "checks": [["result", "==", "2"]]}}]
    subject = made(source, path)
    return subject, [workers.Job(items, 1.0, workers.Manner(mutant=number, trace=False)) for number in range(count)]


def test_processes_stay_for_the_next_mutants_and_one_that_is_gone_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "_QUICK", 60.0)  # however long it takes on a busy machine to look at the surroundings
    subject, jobs = jobs_of(4, tmp_path)
    in_turn = workers.InTurn(subject, guard.Guard(str(tmp_path), [str(tmp_path)]), 300)
    first = list(in_turn.answers(jobs, time.monotonic() + 300))
    (process,) = in_turn._idle
    list(in_turn.answers(jobs, time.monotonic() + 300))
    assert in_turn._idle == [process]
    os.kill(process._pid, signal.SIGKILL)
    again = list(in_turn.answers(jobs, time.monotonic() + 300))
    assert in_turn._idle != [process]
    assert [[verdict(one) for one in each] for each in again] == [[verdict(one) for one in each] for each in first]
    in_turn.stop()


def test_the_time_of_a_call_does_not_begin_before_its_process_is_ready(tmp_path):
    """To look at all that the module holds takes longer than the call may."""
    source = "TABLE = {n: [n, n, n] for n in range(4500)}\n" + SOURCES["nothing stays"]
    subject, jobs = jobs_of(3, tmp_path, source)
    in_turn = workers.InTurn(subject, guard.Guard(str(tmp_path), [str(tmp_path)]), 300)
    for job in jobs:
        job.timeouts = [0.004]
    found = [verdict(one) for each in in_turn.answers(jobs, time.monotonic() + 300) for one in each]
    in_turn.stop()
    assert found == [-1, -1, -1]


def test_when_the_time_is_over_no_further_mutant_is_tried(tmp_path):
    subject, jobs = jobs_of(3, tmp_path)
    answers = workers.InTurn(subject, guard.Guard(str(tmp_path), []), 300).answers(jobs, time.monotonic() - 1)
    assert [[one["how"] for one in each] for each in answers] == [["not run"]] * 3

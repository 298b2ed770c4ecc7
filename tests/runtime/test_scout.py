"""Inputs that are tried hastily, many in one process: what is said of each, and which are worth more."""

import os
import time

import guard
import pytest
import scout
import workers
from observed import made

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the way without fork has its own tests")

SOURCE = """
import os

def f(n):
    if n == 13:
        os._exit(1)
    if n > 100:
        return "large"
    for place in range(n):
        if place % 7 == 6:
            return n * [1][n - place - 1]
    return n + 1
"""


def item(number):
    return {
        "call": "f(n)",
        "receiver": None,
        "define": [],
        "prepare": [],
        "arguments": [["n", str(number)]],
        "imports": [],
        "style": "plain",
        "inside": None,
    }


@pytest.fixture
def subject(tmp_path):
    return made(SOURCE, tmp_path)


def tried(subject, numbers, deadline=300.0):
    watching = guard.Guard(subject.tree, [subject.tree])
    return scout.tried(subject, watching, [item(n) for n in numbers], 5.0, time.monotonic() + deadline)


def test_many_inputs_share_a_process_and_are_answered_as_if_each_had_its_own(subject):
    numbers = [0, 3, 101, 7, 9, *range(200, 200 + 2 * scout.IN_ONE)]
    answers = tried(subject, numbers)
    watching = guard.Guard(subject.tree, [subject.tree])
    alone = workers.apart(subject, watching, [item(n) for n in numbers], 5.0, workers.Manner(), time.monotonic() + 300)
    told = ("kind", "print", "arcs", "ways", "steps")
    assert [[one.get(part) for part in told] for one in answers] == [[one.get(part) for part in told] for one in alone]


def test_an_input_that_ends_its_process_costs_only_those_that_share_it(subject):
    answers = tried(subject, [1, 13, 2, *range(200, 200 + scout.IN_ONE)])
    assert [one["kind"] for one in answers[:4]] == ["value", "lost", "lost", "lost"]
    assert [one["how"] for one in answers[1:3]] == ["ended the process", "not run"]
    assert answers[scout.IN_ONE]["kind"] == "value"


def test_after_some_lost_processes_no_other_is_started(subject):
    answers = tried(subject, [13] * (scout.IN_ONE * (scout.MOST_LOST + 3)))
    assert [one["how"] for one in answers].count("ended the process") == scout.MOST_LOST


def test_new_steps_come_first_then_other_ways(subject):
    answers = tried(subject, [0, 1, 2, 101])
    known = {tuple(arc) for arc in answers[0]["arcs"]}
    assert scout.newest(answers, known, {tuple(way) for way in answers[0]["ways"]}, 9) == [1, 3, 2]
    assert scout.newest(answers[:1], known, {tuple(way) for way in answers[0]["ways"]}, 9) == []


def test_of_calls_that_failed_by_mistake_the_farthest_counts(subject):
    answers = tried(subject, [101, 9, 20])
    assert [answer["kind"] for answer in answers] == ["value", "raise", "raise"]
    assert scout.furthest(answers, 0, 1) in ([1], [2])
    assert scout.furthest(answers, max(answer["steps"] for answer in answers), 9) == []


def test_inputs_that_end_otherwise_under_a_mutant_are_found(subject):
    numbers = [101, 100, 3, 5]
    items, answers = [item(n) for n in numbers], tried(subject, numbers)
    watching = guard.Guard(subject.tree, [subject.tree])
    (boundary,) = [index for index, one in enumerate(subject.mutants) if one.label == "> became >="]
    found = scout.noticing(subject, watching, items, answers, [boundary], 5.0, time.monotonic() + 300)
    assert found == [1]


@pytest.mark.parametrize(("seconds", "many"), [(0.0, True), (0.001, True), (0.2, False)])
def test_slow_calls_are_not_worth_it(seconds, many):
    assert (scout.how_many(seconds) >= scout.IN_ONE) is many


def test_the_seconds_of_a_call_are_its_own(tmp_path):
    """What is done before and after each takes longer, and the longer the more others have to do on the machine."""
    subject = made("import time\n\ndef f(n):\n    time.sleep(n)\n    return n\n", tmp_path)
    long_made = {**item(0), "define": ["made = sum(number % 7 for number in range(1_000_000))"]}
    watching = guard.Guard(subject.tree, [subject.tree])
    some = [long_made, item(0.1)]
    quick, slow = workers.apart(subject, watching, some, 60.0, workers.Manner(), time.monotonic() + 300)
    assert quick["took"] < quick["seconds"] / 2
    assert slow["took"] >= 0.1


@pytest.mark.parametrize(
    ("check", "leads"),
    [
        pytest.param(["dict(box)", "==", "{1: 2}"], 2, id="what asking an object tells"),
        pytest.param(["result.size", "==", "3"], 2, id="what the result holds"),
        pytest.param(["box.size", "==", "3"], 1, id="what a call left as it was"),
    ],
)
def test_a_lead_shows_what_none_before_it_did(check, leads):
    tries = scout.Tries()
    tries.note([("", {}, {"kind": "value", "print": "is None", "more": more}) for more in ([], [check])], 0)
    assert len(tries.leads) == leads

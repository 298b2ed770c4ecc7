"""The steps of a call, and the ways that tell calls apart which take the same steps."""

import sys

import observe

SOURCE = """
def helper(n):
    if n > 2:
        return n
    return 0


def f(text):
    count = 0
    for letter in text:
        if letter == "a":
            count += helper(count)
        else:
            count = 1
    return count
"""
BRANCHING = frozenset({10, 11})


def traced(text):
    names = {}
    exec(compile(SOURCE, "subject.py", "exec"), names)
    tracer = observe.Tracer("subject.py", 8, 15, BRANCHING)
    tracer.start()
    try:
        names["f"](text)
    finally:
        tracer.stop()
    return tracer


def test_arcs_are_of_the_function_alone():
    assert traced("b").arcs == {(-8, 9), (9, 10), (10, 11), (11, 14), (14, 10), (10, 15), (15, 0)}


def test_a_loop_that_goes_the_same_way_twice_goes_another_way():
    once, twice = traced("ab"), traced("aab")
    assert once.arcs == twice.arcs
    assert {way for way in twice.ways - once.ways if len(way) == 6} == {(11, 12, 10, 11, 11, 12)}


def test_steps_in_other_functions_of_the_file_are_ways():
    assert {(3, 5)} <= traced("a").ways
    assert not {way for way in traced("b").ways if len(way) == 2}


def test_the_tracer_of_others_is_there_again_afterwards():
    def other(frame, event, argument):
        return None

    before = sys.gettrace()
    sys.settrace(other)
    try:
        traced("a")
        assert sys.gettrace() is other
        observe.Tracer("subject.py", 8, 15).stop()  # that never began
        assert sys.gettrace() is other
    finally:
        sys.settrace(before)
